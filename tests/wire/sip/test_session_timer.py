"""Session timers: who says that the call lives, and what if nobody does (RFC 4028)."""

from __future__ import annotations

from tests.kit.network import LIFETIME, WorldCase
from tests.kit.sip_peer import OUR_SDP, SDP, Peer, new_endpoint
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Ended
from umserver.wire.sip.message import Request

TIMER = ("Supported", "timer")


def expires(text: str) -> tuple[str, str]:
    return ("Session-Expires", text)


class AgreementTests(PeerCase):
    def agreed(self, *headers: tuple[str, str]) -> tuple[str | None, str | None]:
        """Session-Expires and Require of our 200."""
        self.setUp()
        self.peer.answered(headers=headers)
        answer = self.peer.response.headers
        return answer.get("session-expires"), answer.get("require")

    def test_what_is_agreed(self) -> None:
        """The peer refreshes unless it cannot or wants us to (§9, table 2)."""
        self.assertEqual(self.agreed(), (None, None))
        self.assertEqual(self.agreed(TIMER), (None, None))
        by_peer = ("1800;refresher=uac", "timer")
        self.assertEqual(self.agreed(TIMER, expires("1800")), by_peer)
        self.assertEqual(self.agreed(TIMER, expires("1800;refresher=uac")), by_peer)
        self.assertEqual(self.agreed(("k", "timer"), ("x", "1800 ;refresher=uac")), by_peer)
        by_us = ("1800;refresher=uas", None)
        self.assertEqual(self.agreed(TIMER, expires("1800;refresher=uas")), by_us)
        self.assertEqual(self.agreed(expires("1800")), by_us)
        self.assertEqual(self.agreed(expires("20")), (None, None))
        self.assertEqual(self.agreed(TIMER, expires("nonsense")), (None, None))

    def test_too_small(self) -> None:
        """A session shorter than 90 s is told 422 and the least we take."""
        self.peer.ask("INVITE", 1, body=SDP, headers=[TIMER, expires("60")])
        self.assertEqual(self.peer.names, ["422"])
        self.assertEqual(self.peer.response.headers.get("min-se"), "90")

    def test_too_small_later(self) -> None:
        """In an UPDATE too."""
        self.peer.established()
        self.peer.ask("UPDATE", 2, headers=[TIMER, expires("60")])
        self.assertEqual(self.peer.names, ["422"])


class PeerRefreshesTests(PeerCase):
    def setUp(self) -> None:
        super().setUp()
        self.headers = [TIMER, expires("90;refresher=uac")]

    def test_expiry(self) -> None:
        """A peer that gives no sign of life loses the call a third of the interval too early."""
        call = self.peer.established(headers=self.headers)
        moments = self.peer.moments(self.peer.now + 61)
        self.assertEqual([n for at, n in moments if at >= 59], ["Ended", "BYE", "BYE"])
        self.assertEqual(self.peer.every.count(Ended(call, "timeout", "the session expired")), 1)

    def test_long_interval(self) -> None:
        """Of a long interval only 32 s are kept back (§10)."""
        self.peer.established(headers=[TIMER, expires("1800")])
        self.assertEqual(self.peer.moments(self.peer.now + 1767.9), [])
        self.assertEqual(self.peer.moments(self.peer.now + 0.2)[0][1], "Ended")

    def test_refreshed(self) -> None:
        """UPDATE and re-INVITE begin the interval anew; other requests do not."""
        call = self.peer.established(headers=self.headers)
        self.peer.wake(self.peer.now + 50)
        self.peer.ask("UPDATE", 2, headers=self.headers)
        self.assertEqual(self.peer.response.headers.get("session-expires"), "90;refresher=uac")
        self.peer.wake(self.peer.now + 50)
        self.peer.ask("INVITE", 3, body=SDP, headers=self.headers)
        self.do("accept_offer", call, OUR_SDP, self.peer.now)
        self.peer.ask("ACK", 3)
        self.peer.wake(self.peer.now + 50)
        self.peer.ask("INFO", 4)
        self.assertEqual(self.peer.moments(self.peer.now + 11)[0], (10.0, "Ended"))

    def test_refresh_that_forgets_the_interval(self) -> None:
        """A refresh without Session-Expires keeps what was agreed."""
        self.peer.established(headers=self.headers)
        self.peer.ask("UPDATE", 2, headers=[TIMER])
        self.assertEqual(self.peer.response.headers.get("session-expires"), "90;refresher=uac")
        self.peer.ask("UPDATE", 3)
        self.assertEqual(self.peer.response.headers.get("session-expires"), "90;refresher=uas")

    def test_end_stops_the_timer(self) -> None:
        """A call that ended does not expire."""
        self.peer.established(headers=self.headers)
        self.peer.ask("BYE", 2)
        self.assert_nothing_left()


class WeRefreshTests(PeerCase):
    def begin(self, *headers: tuple[str, str]) -> str:
        return self.peer.established(headers=[expires("90;refresher=uas"), TIMER, *headers])

    def next(self, seconds: float) -> tuple[float, Request]:
        """When something was sent next, and what."""
        start = self.peer.now
        while not self.peer.messages and self.peer.now < start + seconds:
            self.peer.now = self.endpoint.deadline or 0.0
            self.peer.do(self.endpoint.wake(self.peer.now))
        return self.peer.now - start, self.peer.sent_request

    def test_update(self) -> None:
        """Where the peer takes UPDATE, one without description goes out after half the interval."""
        self.begin(("Allow", "INVITE, ACK, BYE, UPDATE"))
        for _ in range(3):
            at, update = self.next(60)
            self.assertEqual((at, update.method, update.body), (45.0, "UPDATE", b""))
            self.assertEqual(update.headers.get("session-expires"), "90;refresher=uac")
            self.peer.answer(update, 200, headers=[expires("90;refresher=uac")])
            self.assertEqual(self.peer.effects, [])

    def test_reinvite(self) -> None:
        """Elsewhere a re-INVITE repeats our description, and its answer is nobody's business."""
        self.begin(("Allow", "INVITE, ACK, BYE"))
        at, invite = self.next(60)
        self.assertEqual((at, invite.method, invite.body), (45.0, "INVITE", OUR_SDP))
        self.peer.answer(invite, 200, body=SDP, headers=[expires("90;refresher=uac")])
        self.assertEqual(self.peer.names, ["ACK"])

    def test_update_that_is_not_taken(self) -> None:
        """A peer that refuses UPDATE after all gets a re-INVITE."""
        self.begin(("Allow", "UPDATE"))
        _, update = self.next(60)
        self.peer.answer(update, 501)
        self.assertEqual(self.peer.sent_request.method, "INVITE")

    def test_refused(self) -> None:
        """A refused refresh is tried again before the session expires, then the call ends."""
        self.begin(("Allow", "UPDATE"))
        found = []
        for _ in range(5):
            at, update = self.next(60)
            found.append((at, update.method))
            self.peer.answer(update, 488)
        self.assertEqual(found, [(45.0, "UPDATE"), *[(9.0, "UPDATE")] * 4])
        names = [name for _, name in self.peer.moments(self.peer.now + 9.1)]
        self.assertEqual(names[:2], ["Ended", "BYE"])

    def test_longer_interval_wanted(self) -> None:
        """422 to a refresh is answered with what it asks for (§7.3)."""
        self.begin(("Allow", "UPDATE"))
        _, update = self.next(60)
        self.peer.answer(update, 422, headers=[("Min-SE", "300")])
        again = self.peer.sent_request
        self.assertEqual(again.headers.get("session-expires"), "300;refresher=uac")
        self.assertEqual(again.headers.get("min-se"), "300")

    def test_peer_without_timers(self) -> None:
        """An answer that agrees on nothing ends the refreshing."""
        self.begin(("Allow", "UPDATE"))
        _, update = self.next(60)
        self.peer.answer(update, 200)
        self.assertEqual(self.peer.moments(self.peer.now + 500), [])

    def test_dead_peer(self) -> None:
        """A refresh without answer ends the call."""
        call = self.begin(("Allow", "UPDATE"))
        self.peer.wake(self.peer.now + 45 + 32.1)
        ended = [effect for effect in self.peer.effects if isinstance(effect, Ended)]
        self.assertEqual(ended, [Ended(call, "timeout", "no answer to UPDATE")])
        self.assert_nothing_left()


class CallerTests(PeerCase):
    def test_what_the_callee_decides(self) -> None:
        """The 200 says who refreshes a call of ours (§7.2)."""
        for refresher, first in (("uac", (45.0, "UPDATE")), ("uas", (60.0, "Ended"))):
            self.peer = Peer(new_endpoint(session_interval=90))
            self.endpoint = self.peer.endpoint
            agreed = [expires(f"90;refresher={refresher}"), ("Allow", "UPDATE")]
            self.peer.placed(headers=agreed)
            self.peer.wake(self.peer.now + 33)
            self.assertEqual(self.peer.moments(self.peer.now + 30)[0], (first[0] - 33, first[1]))

    def test_tiny_interval(self) -> None:
        """A peer cannot make us refresh more often than every 45 s."""
        self.peer.placed(headers=[expires("1;refresher=uac"), ("Allow", "UPDATE")])
        self.peer.wake(self.peer.now + 33)
        self.assertEqual(self.peer.moments(self.peer.now + 12.1), [(12.0, "UPDATE")])


class BothTests(WorldCase):
    def test_long_call(self) -> None:
        """A call with session timers lives for hours, and ends soon after one side vanishes."""
        self.build(session_interval=120)
        ours, _ = self.established()
        self.world.run(4 * 3600)
        self.assertEqual((self.caller.heard(Ended), self.callee.heard(Ended)), ([], []))
        self.assertGreater(len(self.caller.requests("UPDATE")), 200)
        del self.world.stations[self.callee.address]
        self.world.run(120 + LIFETIME)
        self.assertEqual([(e.call, e.by) for e in self.caller.heard(Ended)], [(ours, "timeout")])
