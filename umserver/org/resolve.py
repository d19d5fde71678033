"""What an offered call is, and why (spec 4.3, 4.4, 4.5): a pure function of settings and facts.

Order: door (gateway, hunt group, dial plan) → the claim a call router signed → diversions → what
answers at the called number → the called user → refusal. Knows: the rules. Must never know: stores,
SIP, who asks. Use: ask the directory for `numbers_to_look_up`, then `resolve` with what it found.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, field, frozen

from umserver.org import refusals
from umserver.org.callers import Caller, Found, caller_of, enabled, user_of
from umserver.org.claims import as_claimed
from umserver.org.entrance import Closed, Entrance, enter
from umserver.org.facts import CallFacts, Diversion, Party
from umserver.org.routes import Attendant, LeaveMessage, Rejected, Route, TestCall, VoiceAccess
from umserver.org.settings import (
    EVERYWHERE,
    AutoAttendant,
    DialPlan,
    IPGateway,
    Mailbox,
    Organisation,
    TestNumber,
)
from umserver.org.spellings import spellings
from umserver.org.tokens import Claim


@frozen
class Resolution:
    """The decision with its reasons, in the order in which they were found."""

    route: Route | Rejected
    reasons: tuple[str, ...] = ()
    incomplete: bool = False
    """The call names neither caller nor forwarding, and its gateway sends such things late (spec
    4.3 order 5): whoever can wait should do so, and decide again."""


def numbers_to_look_up(
    org: Organisation, facts: CallFacts, claim: Claim | None = None
) -> Sequence[tuple[str, Sequence[str]]]:
    """What to ask the directory before `resolve`: dial plans, each with keys."""
    entrance = enter(org, facts, claim)
    if isinstance(entrance, Closed):
        return ()
    facts = as_claimed(claim, facts)
    own = [entry.party for entry in (*facts.diversions, *facts.history)]
    own.append(facts.called)
    asked: dict[str, list[str]] = {}
    for plan in org.family_of[entrance.dial_plan.name]:
        asked[plan.name] = [word for party in own for word in spellings(plan, party, own=True)]
        if facts.caller is not None:
            asked[plan.name] += spellings(plan, facts.caller, own=False)
    if claim is not None and claim.mailbox:
        asked.setdefault(claim.mailbox_plan, []).append(claim.mailbox)
    if facts.caller is not None:
        asked[EVERYWHERE] = [*spellings(entrance.dial_plan, facts.caller, own=False)]
    return [(plan, tuple(dict.fromkeys(keys))) for plan, keys in asked.items()]


@frozen
class Decision:
    """What a call is, whoever calls: the route does not name the caller yet."""

    route: Route | Rejected
    reasons: tuple[str, ...]
    entrance: Entrance | None = None
    """None where the door stays shut."""


def resolve(
    org: Organisation, facts: CallFacts, found: Found, claim: Claim | None = None
) -> Resolution:
    """What this call is. `found`: the answers to `numbers_to_look_up` with the same arguments.

    A claim decides as far as today's settings bear it out; where they do not, the facts decide.
    """
    decision = decide(org, facts, found, claim)
    reasons, entrance = list(decision.reasons), decision.entrance
    route = decision.route
    if not isinstance(route, Rejected):
        caller = caller_of(route.dial_plan, org, as_claimed(claim, facts).caller, found)
        reasons += caller.reasons
        route = named(route, caller)
    incomplete = entrance is not None and claim is None and names_nobody(entrance.gateway, facts)
    if incomplete:
        reasons.append("neither caller nor forwarding is named, and the gateway may name them late")
    return Resolution(route, tuple(reasons), incomplete)


def decide(
    org: Organisation, facts: CallFacts, found: Found, claim: Claim | None = None
) -> Decision:
    """The part of `resolve` that does not depend on who calls."""
    entrance = enter(org, facts, claim)
    if isinstance(entrance, Closed):
        return Decision(Rejected(entrance.refusal), entrance.reasons)
    reasons = list(entrance.reasons)
    case = _Case(
        org, as_claimed(claim, facts), found, entrance.gateway, entrance.dial_plan, reasons
    )
    return Decision(case.decide(claim), tuple(reasons), entrance)


def named(route: Route, caller: Caller) -> Route:
    """The route with its caller."""
    if isinstance(route, VoiceAccess):
        return evolve(route, caller=caller.id, mailbox=caller.mailbox)
    return evolve(route, caller=caller.id)


def names_nobody(gateway: IPGateway, facts: CallFacts) -> bool:
    """Whether to wait for the names of a call (spec 3.3 DelayedSourcePartyInfoEnabled)."""
    late = gateway.delayed_source_party_info_enabled
    return late and not (facts.caller or facts.diversions or facts.history)


@define(eq=False)
class _Case:
    """One call while it is being classified."""

    org: Organisation
    facts: CallFacts
    found: Found
    gateway: IPGateway
    plan: DialPlan
    reasons: list[str]
    forwarded: bool = field(init=False, default=False)
    """Whether the call was forwarded by somebody whom no rule knows."""

    def decide(self, claim: Claim | None) -> Route | Rejected:
        """The first rule that fits."""
        return (
            self._claimed(claim)
            or self._diverted()
            or self._service()
            or self._access()
            or self._called_user()
            or self._nobody()
        )

    # the rules

    def _claimed(self, claim: Claim | None) -> Route | Rejected | None:
        """What a call router has found out already, looked up again."""
        if claim is None:
            return None
        self.reasons.append(f"a call router decided on {claim.flow}")
        if claim.mailbox:
            mailbox = self._enabled(claim.mailbox_plan, claim.mailbox)
            return self._leave(mailbox, claim.reason) if mailbox is not None else None
        for attendant in self.org.auto_attendants:
            if attendant.name == claim.attendant and attendant.dial_plan == self.plan.name:
                return self._attend(attendant)
        return None

    def _diverted(self) -> Route | Rejected | None:
        """The first forwarding that leads somewhere, in the order that the gateway prefers."""
        for entry in self._chain():
            why = f" ({entry.reason})" if entry.reason else ""
            self.reasons.append(f"forwarded by {entry.party.user}{why}")
            service = self._service_of(entry.party)
            if isinstance(service, AutoAttendant) and service.status == "Enabled":
                return self._attend(service)
            mailbox = self._user(entry.party)
            if mailbox is not None:
                return self._leave(mailbox, reason_of(entry))
            self.reasons.append(self._unknown(entry.party.user))
            self.forwarded = True
        return None

    def _service(self) -> Route | Rejected | None:
        """An attendant or a test number was called."""
        service = self._service_of(self.facts.called)
        if service is None:
            return None
        if isinstance(service, AutoAttendant):
            return self._attend(service)
        self.reasons.append(f"{service.number} is the test number of {service.script}")
        return TestCall(dial_plan=self.plan, flow=service.script)

    def _access(self) -> Route | None:
        """The number of voice access was called, by a person and not by a forwarding."""
        if self.forwarded or not self._is_access(self.facts.called):
            return None
        self.reasons.append(f"{self.facts.called.user} is the number of voice access")
        return VoiceAccess(dial_plan=self.plan)

    def _called_user(self) -> Route | Rejected | None:
        """A user's own number was called."""
        mailbox = self._user(self.facts.called)
        if mailbox is None:
            return None
        self.reasons.append("called directly")
        return self._leave(mailbox, "Direct")

    def _nobody(self) -> Rejected:
        self.reasons.append(f"nothing has the number {self.facts.called.user or '(none)'}")
        return Rejected(refusals.NOT_UM_ENABLED if self.forwarded else refusals.NOBODY_CALLED)

    # what the rules ask

    def _chain(self) -> Sequence[Diversion]:
        """The forwardings in the order in which the gateway's preference tries them (spec 4.3).

        Those of Diversion before those of History-Info. Where the number of voice access itself
        forwards, as pilots of a PBX do, nobody was called before.
        """
        facts = self.facts
        if not facts.diversions and not facts.history:
            return ()
        preference = self.gateway.diversion_preference
        step = -1 if preference == "FirstCalled" else 1
        entries = [*facts.diversions[::step], *facts.history[::step]]
        users = {entry.party.user: entry for entry in reversed(entries)}
        once = [entry for entry in entries if users[entry.party.user] is entry]
        if preference == "AutoAttendant":
            once.sort(key=lambda e: not isinstance(self._service_of(e.party), AutoAttendant))
        return [entry for entry in once if entry.party.user and not self._is_access(entry.party)]

    def _service_of(self, party: Party) -> AutoAttendant | TestNumber | None:
        services, plan = self.org.service_at, self.plan
        for spelling in spellings(plan, party, own=True):
            service = services.get((plan.name, spelling))
            if service is not None:
                return service
        return None

    def _unknown(self, number: str) -> str:
        """Why a forwarding leads nowhere, as event 1109 says it."""
        length = self.plan.number_of_digits_in_extension
        if number.isdigit() and len(number) != length:
            return (
                f"{number} is no UM-enabled user: it has {len(number)} digits, an extension of "
                f"{self.plan.name} has {length} (event 1109)"
            )
        return f"{number} is no UM-enabled user of {self.plan.name} (event 1109)"

    def _is_access(self, party: Party) -> bool:
        plan, numbers = self.plan, self.org.access_numbers
        return any((plan.name, word) in numbers for word in spellings(plan, party, own=True))

    def _user(self, party: Party) -> Mailbox | None:
        return user_of(self.plan, self.org, party, self.found, self.reasons, own=True)

    def _enabled(self, plan: str, spelling: str) -> Mailbox | None:
        return enabled(plan, spelling, self.found, self.reasons)

    # the routes

    def _leave(self, mailbox: Mailbox, reason: str) -> Route | Rejected:
        self.reasons.append(f"call answering for {mailbox.display_name}, {reason}")
        policy = self.org.policy_named.get(mailbox.policy)
        if policy is None:
            self.reasons.append(f"the policy {mailbox.policy} does not exist")
            return Rejected(refusals.BROKEN_USER)
        return LeaveMessage(
            dial_plan=self.plan,
            mailbox=mailbox,
            policy=policy,
            reason=reason,
        )

    def _attend(self, attendant: AutoAttendant) -> Route | Rejected:
        if attendant.status != "Enabled":
            self.reasons.append(f"the auto attendant {attendant.name} is disabled")
            return Rejected(refusals.ATTENDANT_DISABLED)
        self.reasons.append(f"the auto attendant {attendant.name} answers")
        return Attendant(dial_plan=self.plan, attendant=attendant)


def reason_of(entry: Diversion) -> str:
    """DivertNoAnswer, DivertBusy or DivertForward (spec 4.3; RFC 5806 §4 and what PBXs write)."""
    word = "".join(letter for letter in entry.reason.lower() if letter.isalpha())
    if word.startswith("noanswer"):
        return "DivertNoAnswer"
    return "DivertBusy" if word in ("userbusy", "busy") else "DivertForward"
