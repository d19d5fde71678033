"""The answering desk: every call is served to its end, whatever its script does (spec 4.6, 9.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.fake_mailbox import MemoryGreetingDesk, MemoryMailboxes, MemoryPins
from tests.kit.fake_office import MemoryPeople, MemorySettingsDesk, MemoryShelf, MemorySpool
from tests.kit.fake_phone import FakePhone
from tests.org.examples import ORG, PLAN, forwarded, offer
from tests.roles.parts import CallLog, Directory
from umserver.calls.call import Call
from umserver.calls.flows.leave_message import FLOW as LEAVE_MESSAGE
from umserver.calls.flows.not_available import FLOW as NOT_AVAILABLE
from umserver.calls.office import Flow, Office
from umserver.interfaces import Clip, Unavailable
from umserver.org import refusals
from umserver.org.facts import CallFacts
from umserver.org.refusals import Refusal
from umserver.org.routes import Route
from umserver.org.tokens import Claim
from umserver.roles.mbx import AnsweringDesk, Equipment

WALL = 1_790_000_000.0


class AnsweringDeskTests(SynchronousTestCase):
    """One desk, its scripts, its callers."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.org = ORG
        self.directory = Directory()
        self.log = CallLog()
        self.spool = MemorySpool()
        self.shelf = MemoryShelf()
        self.claim: Claim | None = None
        self.most = 10
        self.desk = AnsweringDesk(
            clock=self.clock,
            wall=lambda: WALL + self.clock.seconds(),
            settings=lambda: self.org,
            directory=self.directory,
            call_log=self.log,
            equipment=Equipment(
                shelf=self.shelf,
                greetings=MemoryGreetingDesk(),
                spool=self.spool,
                mailboxes=MemoryMailboxes(),
                pins=MemoryPins(),
                people=MemoryPeople(),
                desk=MemorySettingsDesk(),
                random=Random(7),
                host="um.example.com",
            ),
            flows={"leave-message": LEAVE_MESSAGE, "not-available": NOT_AVAILABLE},
            routed=lambda facts: self.claim,
            admission=self.admission,
        )

    def admission(self, running: int) -> Refusal | None:
        return refusals.TOO_MANY_CALLS if running >= self.most else None

    def call(
        self, facts: CallFacts, *, offers_srtp: bool = True
    ) -> tuple[FakePhone, Deferred[None]]:
        phone = FakePhone(self.clock, facts=facts, offers_srtp=offers_srtp)
        return phone, self.desk.offered(phone)

    def serve_with(self, script: Callable[[Call, Office, Route], Awaitable[str]]) -> None:
        """Let this script answer calls to users."""
        self.desk.flows = {**self.desk.flows, "leave-message": Flow("leave-message", script)}

    @property
    def entry(self) -> dict[str, object]:
        return dict(self.log.entries[-1])

    # ordinary calls

    def test_message(self) -> None:
        """A caller leaves a message for Ada; the call log says what became of the call."""
        phone, done = self.call(offer("5000", forwarded("1001")))
        self.assertEqual(self.desk.active, 1)
        phone.press("#")
        phone.listen_on(1)
        phone.talk(3)
        phone.hang_up_now()
        self.successResultOf(done)
        self.assertEqual(self.spool.drafts[0].envelope.mailbox, "ada@example.com")
        self.assertEqual(self.spool.drafts[0].fate, "message")
        entry = self.entry
        self.assertEqual(
            [entry[key] for key in ("role", "flow", "outcome", "left", "at")],
            ["mbx", "leave-message", "message", "message", WALL],
        )
        self.assertEqual(entry["seconds"], round(self.clock.seconds(), 3))
        self.assertEqual((self.desk.active, self.desk.answered, self.desk.refused), (0, 1, 0))

    def test_why_a_call_came(self) -> None:
        """Feature 34: the reason of a forwarding stands in the call record."""
        for word, reason in (
            ("no-answer", "DivertNoAnswer"),
            ("user-busy", "DivertBusy"),
            ("unconditional", "DivertForward"),
        ):
            phone, done = self.call(offer("5000", forwarded("1001", word)))
            phone.hang_up_now()
            self.successResultOf(done)
            self.assertEqual(self.entry["reason"], reason)
        phone, done = self.call(offer("1001"))
        phone.hang_up_now()
        self.successResultOf(done)
        self.assertEqual(self.entry["reason"], "Direct")

    def test_calls_are_counted(self) -> None:
        """Feature 57: escapes rise with each caller who leaves call answering by the star key."""
        for count in (1, 2):
            phone, done = self.call(offer("5000", forwarded("1001")))
            phone.press("*")
            phone.listen_on(5)
            self.successResultOf(done)
            counted = self.desk.tally.shown()["call_answering"]
            self.assertEqual((counted["calls"], counted["escapes"]), (count, count))

    def test_router_decided(self) -> None:
        """A call that lost its Diversion on the way is still answered for the right user."""
        self.claim = Claim(
            flow="leave-message",
            dial_plan="Boston",
            mailbox="1001",
            mailbox_plan="Boston",
            reason="DivertBusy",
            caller_number="1002",
            called="5000",
        )
        phone, _ = self.call(offer("5000", caller=None))
        envelope = self.spool.drafts[0].envelope
        self.assertEqual((envelope.mailbox, envelope.reason), ("ada@example.com", "DivertBusy"))
        self.assertEqual(envelope.caller.name, "Ben Example")
        phone.hang_up_now()

    def test_service_that_is_not_there(self) -> None:
        """A number whose service is not built yet ends with an apology, not with silence."""
        phone, done = self.call(offer("5001"))
        phone.listen_on(3)
        self.successResultOf(done)
        self.assertEqual(phone.heard, ["(answered)", "service-not-available", "goodbye"])
        self.assertEqual(
            (self.entry["flow"], self.entry["outcome"]), ("attendant", "not-available")
        )
        self.assertEqual(phone.over, "us")

    # refusals

    def test_refused(self) -> None:
        """A call that nobody takes is refused with the reason and on record."""
        for facts, refusal in (
            (offer("1001", source="203.0.113.9"), refusals.UNKNOWN_GATEWAY),
            (offer("1999"), refusals.NOBODY_CALLED),
        ):
            phone, done = self.call(facts)
            self.successResultOf(done)
            self.assertEqual(phone.refusal, refusal)
            self.assertEqual(phone.heard, [])
            self.assertEqual(
                (self.entry["outcome"], self.entry["why"]), ("Rejected", refusal.reason)
            )
        self.assertEqual((self.desk.active, self.desk.answered, self.desk.refused), (0, 0, 2))

    def test_sound_of_a_secured_plan(self) -> None:
        """Sound in the clear is refused on a Secured plan, on record; others may have it
        (features 15, 16)."""
        facts = evolve(offer("1001", transport="tls"), peer_names=("192.0.2.10",))
        for security, wanted in (("Secured", True), ("SIPSecured", False), ("Unsecured", False)):
            self.org = evolve(ORG, dial_plans=(evolve(PLAN, voip_security=security),))
            for offers_srtp in (False, True):
                phone, done = self.call(facts, offers_srtp=offers_srtp)
                self.assertEqual(phone.secured, wanted, security)
                refused = wanted and not offers_srtp
                self.assertEqual(phone.refusal, refusals.SOUND_NOT_SECURED if refused else None)
                phone.hang_up_now()
                self.successResultOf(done)
        self.assertEqual(self.desk.refused, 1)

    def test_full(self) -> None:
        """One call more than allowed is refused at once and may try again later; others go on."""
        self.most = 2
        first, done = self.call(offer("1001"))
        self.call(offer("1002"))
        third, refused = self.call(offer("1001"))
        self.successResultOf(refused)
        assert third.refusal is not None
        self.assertEqual(third.refusal.status, 503)
        self.assertIsNotNone(third.refusal.retry_after)
        first.hang_up_now()
        self.successResultOf(done)
        fourth, _ = self.call(offer("1001"))
        self.assertIsNone(fourth.refusal)
        self.assertEqual(self.desk.active, 2)

    def answer_questions(self) -> None:
        """Let the directory answer everything that it was asked, and is asked then."""
        while self.directory.waiting:
            self.directory.waiting.pop().callback(None)

    def test_a_call_being_looked_up_counts(self) -> None:
        """While the directory thinks, the call already takes its place."""
        self.directory.waiting = []
        phone, done = self.call(offer("1001"))
        self.assertEqual((self.desk.active, phone.heard), (1, []))
        self.answer_questions()
        self.assertEqual(phone.heard[0], "(answered)")
        phone.hang_up_now()
        self.successResultOf(done)

    def test_given_up_while_being_looked_up(self) -> None:
        """A caller who gives up before we know who is called leaves a missed call."""
        self.directory.waiting = []
        phone, done = self.call(offer("1001"))
        phone.hang_up_now()
        self.answer_questions()
        self.successResultOf(done)
        self.assertEqual((self.spool.drafts[0].fate, self.entry["outcome"]), ("missed", "missed"))
        self.assertEqual((self.desk.active, self.desk.answered), (0, 0))

    def test_directory_down(self) -> None:
        """With the directory down the call is refused with that reason."""
        self.directory.broken = Unavailable("database is locked")
        phone, _ = self.call(offer("1001"))
        self.assertEqual(phone.refusal, refusals.DIRECTORY_UNREACHABLE)

    def test_fault_before_the_script(self) -> None:
        """A fault of ours before the script is answered 500, recorded and logged."""
        self.directory.broken = ZeroDivisionError("a bug")
        phone, done = self.call(offer("1001"))
        self.successResultOf(done)
        self.assertEqual(phone.refusal, refusals.TROUBLE)
        self.assertEqual(self.entry["outcome"], "Rejected")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    # faults in scripts

    def test_script_fails_in_the_call(self) -> None:
        """When a script breaks, the caller hears an apology, and the log has the traceback."""

        async def broken(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            raise ZeroDivisionError("a bug")

        self.serve_with(broken)
        phone, done = self.call(offer("1001"))
        phone.listen_on(3)
        self.successResultOf(done)
        self.assertEqual(phone.heard, ["(answered)", "trouble", "goodbye"])
        self.assertEqual((self.entry["outcome"], phone.over), ("failed", "us"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_script_fails_before_the_answer(self) -> None:
        """When a script breaks before it answers, the peer gets 500 and may try elsewhere."""

        async def broken(call: Call, office: Office, route: Route) -> str:
            raise ZeroDivisionError("a bug")

        self.serve_with(broken)
        phone, done = self.call(offer("1001"))
        self.successResultOf(done)
        self.assertEqual(phone.refusal, refusals.TROUBLE)
        self.assertEqual(self.entry["outcome"], "failed")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_script_fails_after_the_hang_up(self) -> None:
        """When a script breaks after the caller left, nothing more is said or refused."""

        async def broken(call: Call, office: Office, route: Route) -> str:
            phone.hang_up_now()
            raise ZeroDivisionError("a bug")

        self.serve_with(broken)
        phone = FakePhone(self.clock, facts=offer("1001"))
        self.successResultOf(self.desk.offered(phone))
        self.assertEqual((phone.refusal, phone.heard), (None, []))
        self.assertEqual(self.entry["outcome"], "failed")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_even_the_apology_fails(self) -> None:
        """When even the apology breaks, the call ends, on record, and gives its place back."""

        class BrokenShelf(MemoryShelf):
            def prompt(
                self, language: str, name: str, values: Mapping[str, str] = {}
            ) -> Deferred[Clip]:
                if name == "trouble":
                    raise KeyError("another bug")
                return super().prompt(language, name, values)

        async def broken(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            raise ZeroDivisionError("a bug")

        self.serve_with(broken)
        self.desk.equipment = evolve(self.desk.equipment, shelf=BrokenShelf())
        phone, done = self.call(offer("1001"))
        self.successResultOf(done)
        self.assertEqual((phone.over, self.entry["outcome"], self.desk.active), ("us", "failed", 0))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError, KeyError)), 2)

    def test_the_end_itself_fails(self) -> None:
        """A fault while a call is put away is logged; the place is given back all the same."""

        async def leave(call: Call, office: Office, route: Route) -> str:
            return "left"

        class BrokenLog(CallLog):
            def record(self, entry: Mapping[str, object]) -> None:
                raise ZeroDivisionError("a bug")

        self.serve_with(leave)
        self.desk.call_log = BrokenLog()
        _, done = self.call(offer("1001"))
        self.successResultOf(done)
        self.assertEqual(self.desk.active, 0)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    # limits and the end of the service

    def test_longest_call(self) -> None:
        """At MaxCallDuration the caller is told so and what was said is kept (feature 29)."""
        self.org = evolve(
            ORG,
            dial_plans=(evolve(PLAN, max_call_duration=1, recording_idle_timeout=10),),
        )
        phone, done = self.call(offer("1001"))
        phone.press("#")
        phone.listen_on(1)
        phone.talk(60)
        phone.listen_on(5)
        self.successResultOf(done)
        self.assertIn("call-time-exceeded", phone.heard)
        self.assertEqual(phone.heard[-1], "goodbye")
        self.assertEqual((self.spool.drafts[0].fate, self.entry["outcome"]), ("message", "message"))

    def test_longest_call_in_a_script_without_a_draft(self) -> None:
        """The limit holds for every script."""

        async def wait(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            await call.key(1e6)
            return "never"

        self.serve_with(wait)
        phone, done = self.call(offer("1001"))
        self.clock.advance(PLAN.max_call_duration * 60.0)
        phone.listen_on(3)
        self.successResultOf(done)
        self.assertEqual((self.entry["outcome"], self.entry["ended"]), ("time-up", "us"))

    def test_hang_up_in_a_script_without_a_draft(self) -> None:
        """A caller who just leaves is on record as hung up."""

        async def wait(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            await call.key(1e6)
            return "never"

        self.serve_with(wait)
        phone, done = self.call(offer("1001"))
        phone.hang_up_now()
        self.successResultOf(done)
        self.assertEqual((self.entry["outcome"], self.entry["ended"]), ("hung-up", "peer"))

    def test_stop(self) -> None:
        """When the server stops, calls end and what was said is safe before it goes."""
        phones = [self.call(offer("1001"))[0] for _ in range(3)]
        for phone in phones:
            phone.press("#")
        phones[0].listen_on(1)
        phones[0].talk(2)
        stopped = self.desk.hang_up_all()
        self.successResultOf(stopped)
        self.assertEqual(self.desk.active, 0)
        self.assertEqual([phone.over for phone in phones], ["us"] * 3)
        self.assertEqual([draft.fate for draft in self.spool.drafts].count("message"), 1)

    def test_stop_waits_for_the_script(self) -> None:
        """The server does not go before the last script has put its message away."""
        safe: Deferred[None] = Deferred()

        async def slow(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            try:
                await call.key(1e6)
            finally:
                await safe
            return "never"

        self.serve_with(slow)
        _, done = self.call(offer("1001"))
        stopped = self.desk.hang_up_all()
        self.assertNoResult(stopped)
        self.assertNoResult(done)
        safe.callback(None)
        self.successResultOf(stopped)
        self.successResultOf(done)

    def test_idle_desk(self) -> None:
        """A desk without calls stops at once."""
        self.successResultOf(self.desk.hang_up_all())
        self.successResultOf(self.desk.idle())

    def test_settings_change_during_a_call(self) -> None:
        """A running call keeps its settings to the end; the next one has the new."""
        seen: list[object] = []

        async def look(call: Call, office: Office, route: Route) -> str:
            await call.answer()
            await call.key(5)
            seen.append((office.settings, route.dial_plan.audio_codec))
            return "seen"

        self.serve_with(look)
        self.call(offer("1001"))
        self.org = evolve(ORG, dial_plans=(evolve(PLAN, audio_codec="Gsm"),))
        self.call(offer("1001"))
        self.clock.advance(5)
        self.assertEqual(seen, [(ORG, "Mp3"), (self.org, "Gsm")])
