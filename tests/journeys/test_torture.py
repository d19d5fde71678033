"""Published torture messages against the whole server."""

from __future__ import annotations

from unittest import SkipTest

from tests.kit.house import HouseCase
from tests.kit.torture import Rack, Result, rounds, vectors, with_rack

WANT_SRTP = {"audiocodes-mediant-sbc-srtp-tel-diversion.sip", "lync-mediation-server.sip"}
TAKEN = {"dtls-only.sip"}
"""Refused by most servers of this kind: we have handshakes for the keys of sound."""


class Torture(HouseCase):
    """Nothing that anybody sends does harm, and what is right gets the right answer."""

    def send_all(self, transport: str, **overrides: object) -> list[Result]:
        """Every vector to the answering desk; after each the server is as alive as before."""
        self.start(with_rack, overrides)
        try:
            rack = Rack((self.host, self.desk_port), self.stage.walk)
        except OSError as taken:
            raise SkipTest(f"port 5060 of the rack is taken: {taken}") from None
        self.addCleanup(rack.close)
        results = []
        for group in rounds(vectors()):
            for vector in group:
                results.append(rack.send(vector, transport))
                self.assertTrue(rack.is_alive(), vector.name)
            self.stage.walk(40.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual((self.um.desk.role.active, self.um.desk.server.active), (0, 0))
        return results

    def check(self, transport: str) -> None:
        """Every answer is ideal, but for keys told over plain SIP: those are refused cleanly."""
        results = self.send_all(transport)
        self.assertEqual([str(result) for result in results if result.grade == "wrong"], [])
        rest = {result.vector.entry["file"] for result in results if result.grade != "ideal"}
        self.assertEqual(rest, WANT_SRTP | TAKEN)

    def test_with_keys_over_plain_sip(self) -> None:
        """As an administrator may want it: then these calls are taken like any other."""
        results = self.send_all("udp", **{"media.keys_over_plain_sip": True})
        rest = {result.vector.entry["file"] for result in results if result.grade != "ideal"}
        self.assertEqual(rest, TAKEN)

    def test_over_udp(self) -> None:
        """Datagrams."""
        self.check("udp")

    def test_over_tcp(self) -> None:
        """Streams."""
        self.check("tcp")
