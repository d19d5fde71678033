"""Callers of the access number who do not sign in (spec 5.8)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import BEN, PLAN, STRANGE_PHONE, Visit, VisitCase
from tests.calls.rehearsal import ADA, POLICY
from tests.kit.fake_office import MemoryPeople
from umserver.calls.call import Call
from umserver.calls.office import Flow, Office
from umserver.org.routes import Attendant, Route
from umserver.org.settings import AutoAttendant, Organisation

BEN_IN_KEYS = "72675323"
"""Sample, Be…: the last name, then the first."""
LOBBY = AutoAttendant(name="Lobby", dial_plan=PLAN.name, status="Enabled")


def visit(people: MemoryPeople | None = None, **changes: object) -> Visit:
    """Somebody calls from elsewhere; the plan has these settings."""
    plan = evolve(PLAN, **changes)  # type: ignore[arg-type]
    call = Visit(route=evolve(STRANGE_PHONE, dial_plan=plan))
    organisation = Organisation(
        dial_plans=(plan,), mailbox_policies=(POLICY,), auto_attendants=(LOBBY,)
    )

    async def attend(call: Call, office: Office, route: Route) -> str:
        assert isinstance(route, Attendant)
        await call.play(await office.speaker("en-US").clip("attendant-welcome"))
        return f"went to {route.attendant.name}"

    call.office = evolve(
        call.office,
        settings=organisation,
        people=people or MemoryPeople([ADA, BEN]),
        flows={"attendant": Flow("attendant", attend)},
    )
    return call


class StrangerTests(VisitCase):
    """At the question for the extension."""

    def found(self, **changes: object) -> Visit:
        """Ben has been found."""
        call = visit(**changes).dial().until("enter-extension").press("#")
        call.until("choice-back").press(BEN_IN_KEYS)
        return call.until("search-again")  # type: ignore[return-value]

    def test_call_somebody(self) -> None:
        """The pound key finds people by name, and puts through to them."""
        call = self.found(allow_dial_plan_subscribers=True).press("1")
        self.check(call.until("attendant-connecting-to[Ben Sample]").to_the_end())
        self.assertEqual(call.phone.transfers, ["1002"])
        self.assertEqual(call.outcome, "transferred")

    def test_a_transfer_that_fails(self) -> None:
        """Where nobody takes the call the caller hears that, and is asked once more."""
        call = self.found(allow_dial_plan_subscribers=True)
        call.phone.transfer_works = False
        call.press("1").until("transfer-failed").until("enter-extension")
        self.check(call.hang_up())

    def test_a_call_that_is_not_allowed(self) -> None:
        """The plan's rules of dialling out hold for whoever did not sign in (feature 148)."""
        nothing = {"allow_dial_plan_subscribers": False, "allow_extensions": False}
        call = self.found(**nothing).press("1")
        call.until("search-not-reachable[Ben Sample]").until("enter-extension")
        self.assertEqual(call.phone.transfers, [])
        self.check(call.hang_up())

    def test_leave_a_message(self) -> None:
        """A message can be left without ringing; then the call goes on."""
        call = self.found().press("2").until_the_tone().talk(3.0).press("#")
        call.until("message-menu").press("1").until("message-options").press("#")
        call.until("message-sent")
        (draft,) = call.spool.drafts
        self.assertEqual((draft.envelope.mailbox, draft.fate), (BEN.address, "message"))
        self.check(call.hang_up())

    def test_what_the_plan_does_not_let_callers_do(self) -> None:
        """Where the plan allows neither, the pound key is no choice and nothing speaks of it."""
        call = visit(call_someone_enabled=False, send_voice_msg_enabled=False)
        call.dial().until("enter-extension").press("#").until("extension-wrong")
        self.assertNotIn("enter-extension-search", call.heard)
        self.check(call.hang_up())

    def test_the_operator(self) -> None:
        """0 in the search leads to the plan's operator."""
        call = visit(operator_extension="1002").dial().until("enter-extension").press("#")
        call.until("choice-back").press("0").until("transferring-to-operator")
        self.check(call.to_the_end())
        self.assertEqual(call.phone.transfers, ["1002"])

    def test_back(self) -> None:
        """Who finds nobody comes back and may sign in."""
        call = visit().dial().until("enter-extension").press("#")
        call.until("choice-back").press("*").until("enter-extension").press("1001")
        self.check(call.until("enter-pin").hang_up())

    def test_the_attendant(self) -> None:
        """The star key leads to the plan's attendant, where there is one."""
        call = visit(um_auto_attendant="lobby").dial().until("enter-extension").press("*")
        call.to_the_end()
        self.assertIn("enter-extension-attendant", call.heard)
        self.assertEqual(call.outcome, "went to Lobby")
        self.check(call)
        none = visit(um_auto_attendant="Elsewhere").dial().until("enter-extension").press("*")
        self.check(none.until("extension-wrong").hang_up())

    def test_only_the_attendant(self) -> None:
        """Feature 129: with the scope AutoAttendantLink # leads to the plan's attendant as well."""
        linked = {"um_auto_attendant": "Lobby", "contact_scope": "AutoAttendantLink"}
        call = visit(**linked).dial().until("enter-extension").press("#").to_the_end()
        self.assertEqual(call.outcome, "went to Lobby")

    def test_the_policy_is_gone(self) -> None:
        """For somebody whose messages cannot be taken nothing is recorded."""
        people = MemoryPeople([evolve(BEN, policy="gone")])
        call = visit(people).dial().until("enter-extension").press("#")
        call.until("choice-back").press(BEN_IN_KEYS).until("search-again").press("2")
        call.until("search-not-reachable[Ben Sample]")
        self.check(call.hang_up())
