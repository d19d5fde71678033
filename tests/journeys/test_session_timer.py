"""Session timers: who refreshes, and what happens when nobody does (RFC 4028)."""

from __future__ import annotations

from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase


class SessionTimers(HouseCase):
    """A long call over a network that forgets."""

    def call(self, expires: str, **replies: int | None) -> Gateway:
        """A call to the announcement with this Session-Expires."""
        self.start()
        gateway = self.gateway(**replies)
        headers = [
            ("Session-Expires", expires),
            ("Supported", "timer"),
            ("Allow", "INVITE, ACK, BYE, UPDATE"),
        ]
        gateway.call((self.host, self.desk_port), "5009", headers=headers)
        return gateway

    def test_the_peer_wants_us_to_refresh(self) -> None:
        """We refresh at half time; a peer that answers keeps its call."""
        gateway = self.call("90;refresher=uas")
        answer = gateway.final()
        assert answer is not None
        self.assertEqual(answer.header("Session-Expires").replace(" ", ""), "90;refresher=uas")
        gateway.keep_silent(44.0)
        self.assertEqual(gateway.requests("UPDATE"), [])
        gateway.keep_silent(2.0)
        [refresh] = gateway.requests("UPDATE")
        self.assertIn("90", refresh.header("Session-Expires"))
        gateway.keep_silent(60.0)
        self.assertEqual(gateway.requests("BYE"), [])

    def test_the_peer_does_not_know_the_call_any_more(self) -> None:
        """A refresh that finds nobody ends the call on our side."""
        gateway = self.call("90;refresher=uas", UPDATE=481)
        gateway.keep_silent(46.0)
        self.assertEqual(len(gateway.requests("BYE")), 1)
        self.stage.walk(1.0)
        assert self.um is not None and self.um.desk is not None
        self.assertEqual(self.um.desk.role.active, 0)

    def test_the_peer_forgets_to_refresh(self) -> None:
        """A peer that promised to refresh and does not is gone: the call ends in time."""
        gateway = self.call("90;refresher=uac")
        gateway.keep_silent(50.0)
        self.assertEqual(gateway.requests("BYE"), [])
        gateway.keep_silent(45.0)
        self.assertEqual(len(gateway.requests("BYE")), 1)

    def test_too_short(self) -> None:
        """An interval below the least is refused with the least that we take."""
        self.start()
        gateway = self.gateway()
        gateway.invite(
            (self.host, self.desk_port),
            "5009",
            headers=[("Session-Expires", "30"), ("Supported", "timer")],
        )
        self.stage.walk(1.0)
        final = gateway.final()
        assert final is not None
        self.assertEqual((final.status, final.header("Min-SE")), (422, "90"))
