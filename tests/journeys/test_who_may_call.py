"""Who is served, and who is turned away with which words."""

from __future__ import annotations

from tests.kit.house import DIVERTED, HouseCase
from tests.kit.raw_sip import RawPeer, sdp


class WhoMayCall(HouseCase):
    """Gateways, limits, numbers."""

    def refused(self, peer: RawPeer, port: int, user: str, status: int, number: int) -> None:
        """This call is turned away with this status and diagnostics (feature 23)."""
        peer.got.clear()
        peer.invite((self.host, port), user, body=sdp(9000))
        self.stage.walk(1.0)
        final = peer.final()
        assert final is not None
        self.assertEqual(final.status, status)
        diagnostics = final.header("ms-diagnostics")
        self.assertTrue(diagnostics.startswith(f'{number};source="um.example.com"'), diagnostics)

    def test_an_unknown_gateway(self) -> None:
        """A peer that no administrator has named is refused by router and desk (feature 8)."""
        self.start()
        stranger = RawPeer(self.stage, "127.0.0.9")
        for port in (self.router_port, self.desk_port):
            self.refused(stranger, port, "1001", 403, 15001)
        self.no_mail()

    def test_a_forged_routing_result(self) -> None:
        """A stranger cannot make up a routing result, and a peer cannot change one."""
        self.start()
        stranger = RawPeer(self.stage, "127.0.0.9")
        stranger.invite(
            (self.host, self.desk_port),
            body=sdp(9000),
            uri=f"sip:1001@127.0.0.1:{self.desk_port};um-route=1.2.3.4",
        )
        self.stage.walk(1.0)
        self.assertEqual(stranger.final().status, 403)  # type: ignore[union-attr]

    def test_a_number_that_nobody_has(self) -> None:
        """A number of nobody is refused with id, source and reason (feature 23)."""
        self.start()
        self.refused(self.gateway(), self.router_port, "7777", 404, 15017)

    def test_a_full_server(self) -> None:
        """At the limit further callers get 503 with Retry-After; when one leaves there is room."""
        self.start(lambda text: text + "\n[service]\nmax_calls_allowed = 2\n")
        first, second = self.dial(), self.dial()
        self.refused(self.gateway(), self.desk_port, "1001", 503, 15010)
        first.hang_up()
        third = self.dial()
        for caller in (second, third):
            caller.hang_up()
        self.mails(count=3)

    def test_is_the_service_alive(self) -> None:
        """OPTIONS is answered 200 at once, also to somebody who may not call (feature 21)."""
        self.start()
        stranger = RawPeer(self.stage, "127.0.0.9")
        for port in (self.router_port, self.desk_port):
            stranger.got.clear()
            stranger.send(
                stranger.request("OPTIONS", f"sip:127.0.0.1:{port}", call_id=f"o{port}"),
                (self.host, port),
            )
            self.stage.settle()
            self.assertEqual(stranger.responses("OPTIONS"), [200])

    def test_a_stopping_server(self) -> None:
        """A server that stops ends its calls and keeps what was said; it is delivered later."""
        self.start()
        caller = self.dial("5000", headers=DIVERTED).until_beep().say(3.0)
        self.stop()
        self.assertEqual(caller.over, "peer")
        self.start()
        [mail] = self.mails()
        self.assertEqual((mail["Content-Class"], mail["X-VoiceMessageDuration"]), ("voice-ca", "3"))

    def test_stopping_while_a_peer_has_vanished(self) -> None:
        """A peer that answers nothing any more does not keep the server from stopping."""
        self.start()
        gateway = self.gateway(BYE=None)
        gateway.call((self.host, self.desk_port))
        gateway.keep_silent(5.0)
        gateway.play(bytes(range(0x10, 0x30)) * 500)
        began = self.stage.seconds()
        self.stop()
        self.assertLess(self.stage.seconds() - began, 25.0)
        self.assertGreaterEqual(len(gateway.requests("BYE")), 3)
        self.start()
        self.assertEqual(self.mails()[0]["Content-Class"], "voice-ca")
