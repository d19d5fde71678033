"""Calls that ended stay in nobody's memory: they need no garbage collector to go away."""

from __future__ import annotations

import gc
from typing import Any

from tests.journeys.test_bridged_transfers import BridgedCase
from tests.kit.house import HouseCase
from tests.kit.journey import JourneyCase
from tests.kit.two_ends import TwoEnds
from umserver.calls.call import Call
from umserver.edges.net.media import Leg
from umserver.edges.net.phone import Phone
from umserver.edges.net.placed import PlacedPhone
from umserver.edges.net.referral import Referral
from umserver.wire.media import MediaSession
from umserver.wire.sip.acceptance import Acceptance
from umserver.wire.sip.invite_client import PlacedCall
from umserver.wire.sip.invite_server import OfferedCall
from umserver.wire.sip.offers import Offers
from umserver.wire.sip.session import Session
from umserver.wire.sip.transaction import Transaction

PARTS = (
    Call,
    Phone,
    PlacedPhone,
    Leg,
    Acceptance,
    OfferedCall,
    PlacedCall,
    Offers,
    Session,
    Transaction,
)
OF_A_TELEPHONE = (MediaSession, Referral)
"""Parts that the caller's own telephone, in the same process, may have too."""
OF_CALLS = ("INVITE", "CANCEL", "BYE", "REFER")
"""The server asks gateways and sets lamps besides."""
_HEAD = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
UNKNOWN = f"{_HEAD}m=audio 4000 RTP/AVP 99\r\na=rtpmap:99 nobody/8000\r\n"
TWICE = f"{_HEAD}m=video 4002 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 99\r\na=rtpmap:99 no/8000\r\n"
DAMAGED = f"{_HEAD}m=audio 4000 RTP/AVP 0\r\nc=IN IP4 nowhere\r\nm=audio 4004 XYZ 0\r\n"
LONGER_THAN_ANY_TIMER = 70.0
"""Seconds."""


class _Collectorless(JourneyCase):
    """From `forget` on the garbage collector does nothing."""

    def forget(self) -> None:
        """Whatever there is does not count."""
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        self._before = self.parts(*OF_A_TELEPHONE)

    def parts(self, *more: type) -> list[Any]:
        """Parts of calls that are anywhere in memory."""
        found = [each for each in gc.get_objects() if isinstance(each, (*PARTS, *more))]
        return [
            each
            for each in found
            if not isinstance(each, Transaction) or each.request.method in OF_CALLS
        ]

    def assert_nothing_stays(self, *more: type) -> None:
        """Every part of every call since then is gone once its last timer is."""
        self.stage.walk(LONGER_THAN_ANY_TIMER)
        stay = [each for each in self.parts(*more) if not any(each is one for one in self._before)]
        self.assertEqual([type(each).__name__ for each in stay], [])


class OfferedTests(HouseCase, _Collectorless):
    """Calls that came to us."""

    def setUp(self) -> None:
        super().setUp()
        self.start()
        self.forget()

    def test_answered(self) -> None:
        """A caller leaves a message."""
        self.dial().until_beep().say(2.0).hang_up()
        self.assert_nothing_stays()

    def test_we_hang_up(self) -> None:
        """A caller says nothing for too long, and is hung up on."""
        self.dial("5000").until_over(120.0)
        self.assert_nothing_stays()

    def test_hung_up_at_any_moment(self) -> None:
        """Callers who give up before the greeting, while they hear it, while they speak."""
        for seconds in (0.0, 0.1, 1.0, 8.0):
            self.dial().wait(seconds).hang_up()
        self.assert_nothing_stays()

    def test_no_common_sound(self) -> None:
        """Gateways that offer several things, of which none can be taken."""
        gateway = self.gateway()
        for offer in (UNKNOWN, TWICE, DAMAGED):
            gateway.call(("127.0.0.1", self.desk_port), body=offer)
            answer = gateway.final()
            self.assertEqual(answer.status if answer else None, 488)
        self.assert_nothing_stays(MediaSession)

    def test_refused(self) -> None:
        """A number that is nobody's."""
        self.turned_away("77777")
        self.assert_nothing_stays()


class CancelledTests(TwoEnds, _Collectorless):
    """Calls that nobody answered."""

    def test_cancelled(self) -> None:
        """A caller gives up while it rings."""
        self.forget()
        call = self.dial()
        self.phones.pop().ring()
        self.stage.settle()
        call.hang_up()
        self.stage.settle()
        self.assertTrue(any("487" in title for title in self.titles()))
        del call
        self.assert_nothing_stays()


class SentOnTests(BridgedCase, _Collectorless):
    """Calls that went on to somebody else."""

    def open(self, *settings: str) -> None:
        """Nothing counts that is there before the first call."""
        super().open(*settings)
        self.forget()

    def test_transferred(self) -> None:
        """The gateway takes the caller over."""
        self.open()
        gateway = self.caller(refer=202)
        self.hold_on(gateway, lambda: bool(gateway.requests("REFER")), 20.0)
        gateway.within("BYE", cseq=9)
        self.assert_nothing_stays(*OF_A_TELEPHONE)

    def test_bridged(self) -> None:
        """Two calls are joined, and one of them hangs up."""
        self.open()
        gateway = self.caller()
        self.joined(gateway)
        self.both_speak(gateway)
        self.desk.ask("BYE")
        self.assert_nothing_stays(*OF_A_TELEPHONE)
        self.assertEqual(len(gateway.requests("BYE")), 1)

    def test_bridged_to_nobody(self) -> None:
        """Whom we called declines; the caller hangs up."""
        self.open()
        gateway = self.caller()
        self.until_called(gateway)
        self.desk.refuse(486)
        gateway.keep_silent(1.0)
        gateway.within("BYE", cseq=9)
        self.assert_nothing_stays(*OF_A_TELEPHONE)
