"""What an offered call is (spec 4.3–4.5), as callers and administrators see it."""

from __future__ import annotations

from attrs import evolve

from tests.org.examples import (
    ADA,
    BEN,
    LOBBY,
    ORG,
    PLAN,
    USERS,
    forwarded,
    offer,
)
from tests.org.resolving import ResolveTestCase, claim_of
from umserver.org import refusals
from umserver.org.facts import CallFacts, Diversion, Party
from umserver.org.messages import CallerId
from umserver.org.resolve import numbers_to_look_up, reason_of
from umserver.org.routes import Attendant, LeaveMessage, TestCall, VoiceAccess
from umserver.org.settings import EVERYWHERE, DialPlan, Mailbox
from umserver.org.tokens import Claim


class DiversionTests(ResolveTestCase):
    """Calls that a PBX forwards."""

    def test_forwarded_call(self) -> None:
        """A call that Ada did not answer is answered for Ada, whatever number leads to us
        (feature 32)."""
        for called in ("5000", "5001", "5008", "1002", "9999", "+12125550100", ""):
            route = self.assertAnsweredFor(ADA, "DivertNoAnswer", offer(called, forwarded("1001")))
            self.assertEqual(route.policy.name, "Boston Default Policy")
            self.assertEqual(route.flow, "leave-message")

    def test_reasons(self) -> None:
        """The mail says why the call came: no answer, busy, forwarded; PBXs spell it their way."""
        for word, reason in (
            ("no-answer", "DivertNoAnswer"),
            ("NoAnswer", "DivertNoAnswer"),
            ("no_answer", "DivertNoAnswer"),
            ("user-busy", "DivertBusy"),
            ("busy", "DivertBusy"),
            ("unconditional", "DivertForward"),
            ("send_to_vm", "DivertForward"),
            ("", "DivertForward"),
        ):
            self.assertEqual(reason_of(forwarded("1001", word)), reason, word)

    def test_the_last_forwarding_wins(self) -> None:
        """Whoever forwarded last did not answer: not the operator that was called first."""
        self.assertAnsweredFor(
            BEN, "DivertNoAnswer", offer("5000", forwarded("1002"), forwarded("1001"))
        )

    def test_the_first_called_wins_where_wanted(self) -> None:
        """A gateway may prefer the mailbox of the person whom the caller dialled."""
        self.prefer("FirstCalled")
        call = offer("5000", forwarded("1002"), forwarded("1001", "user-busy"))
        self.assertAnsweredFor(ADA, "DivertBusy", call)
        self.assertAnsweredFor(
            ADA, "DivertBusy", offer(history=(forwarded("1002"), forwarded("1001", "user-busy")))
        )

    def test_the_next_one_when_the_last_is_nobody(self) -> None:
        """A colleague without mailbox in the chain does not cost the caller the message."""
        call = offer("5000", forwarded("1077"), forwarded("1001", "user-busy"))
        self.assertAnsweredFor(ADA, "DivertBusy", call)

    def test_history_info_alone(self) -> None:
        """A PBX that only sends History-Info is understood (feature 33)."""
        self.assertAnsweredFor(ADA, "DivertBusy", offer(history=(forwarded("1001", "user-busy"),)))

    def test_diversion_before_history(self) -> None:
        """With both headers Diversion counts, and History-Info only where it leads nowhere."""
        history = (forwarded("1001"),)
        self.assertAnsweredFor(
            BEN, "DivertBusy", offer("5000", forwarded("1002", "busy"), history=history)
        )
        self.assertAnsweredFor(
            ADA, "DivertNoAnswer", offer("5000", forwarded("1077"), history=history)
        )

    def test_nobody_forwarded(self) -> None:
        """A forwarding by a number without mailbox is refused, not offered a login."""
        for called in ("5000", "9999"):
            resolution = self.assertRejected(
                refusals.NOT_UM_ENABLED, offer(called, forwarded("1077"))
            )
            self.assertIn("1077 is no UM-enabled user of Boston (event 1109)", resolution.reasons)

    def test_user_not_enabled(self) -> None:
        """A user who was disabled gets no messages, and explain-route says so (feature 36)."""
        resolution = self.assertRejected(refusals.NOT_UM_ENABLED, offer("5000", forwarded("1003")))
        self.assertIn("1003 is Eve Example, who is not UM-enabled", resolution.reasons)

    def test_direct_call_beside_useless_diversion(self) -> None:
        """A call to Ada's own number is hers, even if somebody unknown forwarded it."""
        self.assertAnsweredFor(ADA, "Direct", offer("1001", forwarded("1077")))

    def test_the_pilot_itself_forwards(self) -> None:
        """A PBX that forwards its own pilot to us has a person calling voice access."""
        route = self.resolve(offer("5000", forwarded("5000"))).route
        self.assertIsInstance(route, VoiceAccess)

    def test_nameless_forwarding(self) -> None:
        """A Diversion without a user says nothing."""
        self.assertAnsweredFor(ADA, "Direct", offer("1001", Diversion(Party(""))))

    def test_long_forms(self) -> None:
        """Gateways send extensions as whole numbers: the last digits are the extension at home."""
        for number in ("+12125551001", "12125551001", "2125551001", "+1 (212) 555-0101"):
            self.assertAnsweredFor(ADA, "DivertNoAnswer", offer("5000", forwarded(number)))

    def test_foreign_number(self) -> None:
        """A number abroad that ends like an extension is nobody here."""
        self.assertRejected(refusals.NOT_UM_ENABLED, offer("5000", forwarded("+442079461001")))


class AttendantTests(ResolveTestCase):
    """Numbers that a menu answers."""

    def assertAttended(self, facts: CallFacts) -> None:
        route = self.resolve(facts).route
        assert isinstance(route, Attendant), route
        self.assertEqual((route.attendant, route.flow), (LOBBY, "attendant"))

    def test_pilot(self) -> None:
        """The attendant answers its number (feature 39)."""
        self.assertAttended(offer("5001"))

    def test_pilot_with_useless_diversion(self) -> None:
        """A main number that is forwarded to the attendant's reaches it."""
        self.assertAttended(offer("5001", forwarded("5090")))

    def test_forwarded_by_an_attendants_number(self) -> None:
        """A number of the attendant that the PBX forwards is answered by it."""
        self.assertAttended(offer("5000", forwarded("5001")))

    def test_nearer_user_wins(self) -> None:
        """By default a user who forwarded later than an attendant gets the message."""
        self.assertAnsweredFor(
            ADA, "DivertNoAnswer", offer("5000", forwarded("1001"), forwarded("5001"))
        )

    def test_attendant_preferred_where_wanted(self) -> None:
        """A gateway may prefer the attendant wherever it stands, as Exchange did."""
        self.prefer("AutoAttendant")
        self.assertAttended(offer("5000", forwarded("1001"), forwarded("5001")))
        self.assertAnsweredFor(ADA, "DivertNoAnswer", offer("5000", forwarded("1001")))

    def test_disabled(self) -> None:
        """A disabled attendant is temporarily unavailable."""
        resolution = self.assertRejected(refusals.ATTENDANT_DISABLED, offer("5002"))
        self.assertIn("the auto attendant Night is disabled", resolution.reasons)

    def test_disabled_in_a_forwarding(self) -> None:
        """A forwarding by a disabled attendant's number leads nowhere."""
        self.assertRejected(refusals.NOT_UM_ENABLED, offer("5000", forwarded("5002")))


class DirectTests(ResolveTestCase):
    """Calls that nobody forwarded."""

    def test_own_number(self) -> None:
        """A call straight to Ada is answered for Ada."""
        for called in ("1001", "+12125550101", "2125550101", "tel:+1-212-555-0101"):
            self.assertAnsweredFor(ADA, "Direct", offer(called))

    def test_test_number(self) -> None:
        """The test number starts its script."""
        route = self.resolve(offer("5008")).route
        self.assertIsInstance(route, TestCall)
        assert isinstance(route, TestCall)
        self.assertEqual(route.flow, "echo")

    def test_voice_access_of_a_user(self) -> None:
        """Ada, calling from her own telephone, is greeted by name."""
        route = self.resolve(offer("5000", caller="1001")).route
        assert isinstance(route, VoiceAccess)
        self.assertEqual((route.mailbox, route.flow), (ADA, "voice-access"))

    def test_voice_access_of_a_stranger(self) -> None:
        """From any other telephone the caller has to say who it is."""
        for caller in ("3125550142", "+12125551001", None):
            route = self.resolve(offer("5000", caller=caller)).route
            assert isinstance(route, VoiceAccess)
            self.assertIsNone(route.mailbox)

    def test_nobody(self) -> None:
        """A number that nobody has is not found."""
        resolution = self.assertRejected(refusals.NOBODY_CALLED, offer("1999"))
        self.assertEqual(resolution.reasons[-1], "nothing has the number 1999")
        self.assertRejected(refusals.NOBODY_CALLED, offer(""))

    def test_damaged_user(self) -> None:
        """A user whose policy is gone costs one call, with a clear reason."""
        self.users = (evolve(ADA, policy="Gone"),)
        resolution = self.assertRejected(refusals.BROKEN_USER, offer("1001"))
        self.assertEqual(resolution.reasons[-1], "the policy Gone does not exist")


class CallerTests(ResolveTestCase):
    """Who calls, as the mail will say it (spec 4.5)."""

    def caller(self, facts: CallFacts) -> CallerId:
        route = self.resolve(facts).route
        assert isinstance(route, LeaveMessage)
        return route.caller

    def test_colleague(self) -> None:
        """A caller who is one of our users has name and address in the mail."""
        expected = CallerId("1002", "Ben Example", "ben@example.com")
        self.assertEqual(self.caller(offer("1001", caller="1002", name="PBX 1002")), expected)

    def test_stranger(self) -> None:
        """A stranger has the number, and the name the network gave."""
        for caller, name, expected in (
            ("3125550142", "", CallerId("3125550142")),
            ("3125550142", "3125550142", CallerId("3125550142")),
            ("3125550142", "Grace", CallerId("3125550142", "Grace")),
            ("3125550142@pbx.example.com", "", CallerId("3125550142")),
            ("grace@example.com", "Grace", CallerId("grace@example.com", "Grace")),
            ("grace", "", CallerId("grace")),
        ):
            self.assertEqual(self.caller(offer("1001", caller=caller, name=name)), expected)

    def test_a_novel_as_a_name(self) -> None:
        """A caller's endless name is cut."""
        self.assertEqual(len(self.caller(offer("1001", name="x" * 5000)).name), 64)

    def test_anonymous(self) -> None:
        """A caller who hides stays anonymous."""
        self.assertEqual(self.caller(offer("1001", caller=None)), CallerId())

    def test_an_outside_number_is_not_an_extension(self) -> None:
        """An outside number that ends like Ben's extension is not Ben."""
        number = "+12125551002"
        self.assertEqual(self.caller(offer("1001", caller=number)), CallerId(number))

    def test_numbering_plan_formats(self) -> None:
        """A mask of the plan turns an outside form of a number into a colleague (feature 72)."""
        plan = evolve(PLAN, numbering_plan_formats=("1212555xxxx",))
        self.org = evolve(ORG, dial_plans=(plan,))
        self.assertEqual(self.caller(offer("1001", caller="+12125551002")).name, "Ben Example")


class EquivalentPlanTests(ResolveTestCase):
    """Two plans that know each other's users."""

    paris = DialPlan(name="Paris", number_of_digits_in_extension=5, country_or_region_code="33")
    zoe = Mailbox(
        address="zoe@example.com",
        display_name="Zoé Exemple",
        extension="51001",
        dial_plan="Paris",
        policy="Boston Default Policy",
    )

    def setUp(self) -> None:
        boston = evolve(PLAN, equivalent_dial_plan_phone_contexts=("Paris",))
        self.org = evolve(ORG, dial_plans=(boston, self.paris))
        self.users = (*USERS, self.zoe)

    def test_called_and_calling(self) -> None:
        """Users of an equivalent plan get messages, and have a name as callers (feature 44)."""
        route = self.assertAnsweredFor(
            self.zoe, "DivertNoAnswer", offer("5000", forwarded("51001"), caller="51001")
        )
        self.assertEqual(route.dial_plan.name, "Boston")
        self.assertEqual(route.caller.name, "Zoé Exemple")

    def test_claim_names_the_users_own_plan(self) -> None:
        """A routing result leads back to the user of the other plan."""
        facts = offer("5000", forwarded("51001"))
        route = self.resolve(facts).route
        assert isinstance(route, LeaveMessage)
        claim = claim_of(route, facts)
        self.assertEqual((claim.mailbox_plan, claim.mailbox), ("Paris", "51001"))
        self.assertEqual(self.resolve(offer("5000"), claim).route, route)


class LookUpTests(ResolveTestCase):
    """What the directory is asked."""

    def test_one_question(self) -> None:
        """One question a plan, each number once, one about whose line calls, none when refused."""
        call = offer("5000", forwarded("1001"), forwarded("1001"), caller="1001")
        asked = [("Boston", ("1001", "5000")), (EVERYWHERE, ("1001",))]
        self.assertEqual(numbers_to_look_up(ORG, call), asked)
        claim = Claim(
            flow="leave-message", dial_plan="Boston", mailbox="1001", mailbox_plan="Boston"
        )
        self.assertEqual(numbers_to_look_up(ORG, call, claim), [("Boston", ("1001",))])
        self.assertEqual(numbers_to_look_up(ORG, offer(source="203.0.113.9")), ())

    def test_bounded_work(self) -> None:
        """However many forwardings of whatever length a peer invents, the questions stay few."""
        chain = tuple(forwarded("9" * n) for n in range(1, 2000, 60))
        asked = numbers_to_look_up(ORG, offer("5000", *chain, history=chain))
        self.assertLess(sum(len(numbers) for _, numbers in asked), 200)
