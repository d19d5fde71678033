"""Sending a caller on: by the peer, or by a second call of ours; and whose call it is then."""

from __future__ import annotations

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_office import clip
from tests.kit.fake_phone import FakePhone
from umserver.calls.call import QUIET_SECONDS, Call
from umserver.interfaces import HungUp
from umserver.org.outcalls import Exit, Onward, SentOn

OUT = Onward(method="Auto", exits=(Exit("pbx", "192.0.2.1", 5060, "udp"),), country="1")


class SlowPeer(FakePhone):
    """A phone whose peer takes its time to transfer."""

    answer_to_refer: Deferred[bool]

    def transfer(self, target: str) -> Deferred[bool]:
        self.transfers.append(target)
        self.answer_to_refer = Deferred()
        return self.answer_to_refer


class SendingOn(SynchronousTestCase):
    """One call whose script wants to get rid of it."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.phone = FakePhone(self.clock)
        self.use(OUT)

    def use(self, onward: Onward, has_room: bool = True) -> None:
        """A call that may be sent on like this."""
        self.call = Call(self.phone, self.clock, onward, lambda: has_room)
        self.successResultOf(Deferred.fromCoroutine(self.call.answer()))

    def send(self, target: str = "1002") -> Deferred[bool]:
        """Begin."""
        return Deferred.fromCoroutine(self.call.transfer(target))

    def somebody_answers(self, gateway: str = "pbx") -> None:
        """The second call is taken; empty: it is not."""
        assert self.phone.bridging is not None
        self.phone.bridging.callback(gateway)

    def test_by_the_peer(self) -> None:
        """A peer that knows transfers does it; no second call is placed."""
        self.assertTrue(self.successResultOf(self.send()))
        self.assertEqual((self.phone.transfers, self.phone.bridged), (["1002"], []))
        self.assertEqual(self.call.sent_on, SentOn("1002", "Refer"))

    def test_nobody_took_it(self) -> None:
        """A transfer that failed for the target's sake is not tried by another way."""
        self.phone.transfer_works = False
        self.assertFalse(self.successResultOf(self.send()))
        self.assertEqual((self.phone.bridged, self.call.sent_on), ([], None))

    def test_by_us(self) -> None:
        """A peer that transfers nobody: the caller hears ringing at once, then talks."""
        self.phone.sends_on = False
        done = self.send()
        self.assertEqual((self.phone.transfers, self.phone.bridged), ([], ["1002"]))
        self.clock.advance(5.0)
        self.assertEqual(self.phone.heard, ["(answered)", "ringing"])
        self.clock.pump([1.0] * 8)
        self.assertEqual(self.phone.heard[1:], ["ringing"] * 3)
        self.somebody_answers()
        self.assertTrue(self.successResultOf(done))
        self.assertFalse(self.phone.playing)
        self.assertEqual(self.call.sent_on, SentOn("1002", "Bridge", "pbx", is_joined=True))

    def test_learnt_from_the_answer(self) -> None:
        """A peer that refuses the REFER as unknown is not asked again."""
        self.phone = SlowPeer(self.clock)
        self.use(OUT)
        done = self.send()
        self.phone.sends_on = False
        self.phone.answer_to_refer.callback(False)
        self.somebody_answers("")
        self.assertFalse(self.successResultOf(done))
        again = self.send("1003")
        self.somebody_answers()
        self.assertTrue(self.successResultOf(again))
        self.assertEqual((self.phone.transfers, self.phone.bridged), (["1002"], ["1002", "1003"]))

    def test_always_by_us(self) -> None:
        """The gateway's setting can say that transfers are no use."""
        self.use(evolve(OUT, method="Bridge"))
        self.send()
        self.assertEqual((self.phone.transfers, self.phone.bridged), ([], ["1002"]))

    def test_never_by_us(self) -> None:
        """The setting can forbid second calls; so do a full house and gateways that allow none."""
        self.phone.sends_on = False
        for onward, room in (
            (evolve(OUT, method="Refer"), True),
            (evolve(OUT, exits=()), True),
            (OUT, False),
        ):
            self.use(onward, room)
            self.assertFalse(self.successResultOf(self.send()))
        self.assertEqual((self.phone.transfers, self.phone.bridged), (["1002"], []))

    def test_no_number(self) -> None:
        """Only numbers are called, not whole addresses."""
        self.phone.sends_on = False
        self.assertFalse(self.successResultOf(self.send("sip:fax@partner.example.com")))
        self.assertEqual(self.phone.bridged, [])

    def test_a_slow_transfer(self) -> None:
        """Who waits for a transfer hears nothing for a moment, then ringing, until it is done."""
        self.phone = SlowPeer(self.clock)
        self.use(OUT)
        done = self.send()
        self.clock.advance(QUIET_SECONDS - 0.1)
        self.assertEqual(self.phone.heard, ["(answered)"])
        self.clock.advance(0.2)
        self.assertEqual(self.phone.heard, ["(answered)", "ringing"])
        self.phone.answer_to_refer.callback(True)
        self.assertTrue(self.successResultOf(done))
        self.assertEqual(self.phone.heard, ["(answered)", "ringing!"])

    def test_the_caller_gives_up(self) -> None:
        """A caller who hangs up while it rings ends the script, whichever way it was."""
        for sends_on in (True, False):
            self.phone = SlowPeer(self.clock, sends_on=sends_on)
            self.use(OUT)
            done = self.send()
            self.clock.advance(3.0)
            self.phone.hang_up_now()
            if sends_on:
                self.phone.answer_to_refer.errback(HungUp("peer"))
            self.failureResultOf(done, HungUp)
            self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_whose_call_it_is(self) -> None:
        """Once both talk the script can neither speak to the caller nor hang up on them."""
        self.phone.sends_on = False
        self.send()
        self.somebody_answers()
        for verb in (
            self.call.play(clip("late", 1)),
            self.call.key(1.0),
            self.call.transfer("1003"),
        ):
            self.failureResultOf(Deferred.fromCoroutine(verb), HungUp)
        self.successResultOf(Deferred.fromCoroutine(self.call.hang_up()))
        self.successResultOf(Deferred.fromCoroutine(self.call.say_last([clip("late", 1)])))
        self.assertIsNone(self.phone.over)
        gone = Deferred.fromCoroutine(self.call.gone())
        self.assertNoResult(gone)
        self.phone.hang_up_now()
        self.successResultOf(gone)
        self.successResultOf(Deferred.fromCoroutine(self.call.gone()))

    def test_time_is_up(self) -> None:
        """The longest time that a call may take counts for bridged calls too."""
        self.phone.sends_on = False
        self.call.allow(60.0)
        self.send()
        self.somebody_answers()
        self.clock.advance(59.0)
        self.assertIsNone(self.phone.over)
        self.clock.advance(2.0)
        self.assertEqual(self.phone.over, "us")

    def test_time_is_up_while_it_rings(self) -> None:
        """Who answers after the caller's time was up does not get a call without an end."""
        self.phone.sends_on = False
        self.call.allow(5.0)
        done = self.send()
        self.clock.advance(6.0)
        self.somebody_answers()
        self.assertTrue(self.successResultOf(done))
        self.assertEqual(self.phone.over, "us")

    def test_gone_without_a_bridge(self) -> None:
        """A call that was not sent on keeps nobody waiting."""
        self.successResultOf(Deferred.fromCoroutine(self.call.gone()))
