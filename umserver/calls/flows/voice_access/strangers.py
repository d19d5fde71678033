"""Callers of the access number who do not sign in: people found by name, the plan's attendant (spec
5.8).

Knows: what the dial plan lets them do. Must never know: mailboxes' insides. Each leads away, or
back to the question for the extension.
"""

from __future__ import annotations

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import ANY_KEY, NO_KEY, Call
from umserver.calls.dialogs import patiently
from umserver.calls.directory import Search, Wish, find_person
from umserver.calls.flows.leave_message import leave_message_and_return
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.org.dialing import allowed_to_dial
from umserver.org.people import method_of, scope_of_plan, ways_of
from umserver.org.reaching import number_of
from umserver.org.routes import Attendant, LeaveMessage, VoiceAccess
from umserver.org.settings import AutoAttendant, Mailbox

log = Logger()

SEARCH, ATTENDANT = "#", "*"
PROMPTS = {SEARCH: "enter-extension-search", ATTENDANT: "enter-extension-attendant"}
TRANSFERRED = "transferred"


@define(eq=False)
class Stranger:
    """One caller."""

    call: Call
    office: Office
    route: VoiceAccess
    speaker: Speaker

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What can be done with somebody who is found."""
        plan = self.route.dial_plan
        wanted = [(plan.call_someone_enabled, Wish.CALL)]
        wanted += [(plan.send_voice_msg_enabled, Wish.MESSAGE)]
        return tuple(wish for allowed, wish in wanted if allowed)

    @property
    def attendant(self) -> AutoAttendant | None:
        """The plan's own, when it answers."""
        name = self.route.dial_plan.um_auto_attendant.casefold()
        for attendant in self.office.settings.auto_attendants:
            if attendant.name.casefold() == name and attendant.status == "Enabled":
                return attendant
        return None

    @property
    def keys(self) -> str:
        """The keys that lead somewhere."""
        search = SEARCH if self.wishes and ways_of(self.route.dial_plan) else ""
        return search + (ATTENDANT if self.attendant is not None else "")

    async def serve(self, key: str) -> str | None:
        """Where one of `keys` leads; None: back to the question. Raises HungUp, TimeUp."""
        attendant = self.attendant
        linked = self.route.dial_plan.contact_scope == "AutoAttendantLink"
        if attendant is not None and (key == ATTENDANT or linked):
            plan = self.office.settings.plan_named.get(attendant.dial_plan, self.route.dial_plan)
            onward = Attendant(dial_plan=plan, caller=self.route.caller, attendant=attendant)
            return await self.office.follow(self.call, onward)
        return await self._search()

    async def _search(self) -> str | None:
        plan = self.route.dial_plan
        search = Search(
            scope=scope_of_plan(self.office.settings, plan),
            ways=ways_of(plan),
            method=method_of(plan),
            wishes=self.wishes,
            plan=plan,
            with_operator=bool(plan.operator_extension),
        )
        found = await find_person(self.call, self.office, self.speaker, search)
        if found is Wish.OPERATOR:
            return await self._connect(plan.operator_extension, "transferring-to-operator")
        if not isinstance(found, tuple):
            return None
        person, wish = found
        return await (self._call(person) if wish is Wish.CALL else self._message(person))

    async def _call(self, person: Mailbox) -> str | None:
        plan = self.route.dial_plan
        is_user = person.um_enabled and person.dial_plan == plan.name
        number = number_of(self.office.settings, plan, person)
        dialing = allowed_to_dial(plan, plan, number, is_user=is_user)
        if dialing.number is None:
            log.info("a person may not be called: {why}", call=self.call.id, why=dialing.reasons)
            await self._say("search-not-reachable", name=person.display_name)
            return None
        return await self._connect(
            dialing.number, "attendant-connecting-to", name=person.display_name
        )

    async def _connect(self, number: str, words: str, /, **values: str) -> str | None:
        await self._say(words, keys=NO_KEY, **values)
        if await self.call.transfer(number):
            self.office.facts["left"] = TRANSFERRED
            return TRANSFERRED
        await self._say("transfer-failed", keys=NO_KEY)
        return None

    async def _message(self, person: Mailbox) -> str | None:
        policy = self.office.settings.policy_named.get(person.policy)
        if policy is None or not person.um_enabled:
            await self._say("search-not-reachable", name=person.display_name)
            return None
        plan = self.office.settings.plan_named.get(person.dial_plan, self.route.dial_plan)
        route = LeaveMessage(
            dial_plan=plan, caller=self.route.caller, mailbox=person, policy=policy
        )
        done = await leave_message_and_return(self.call, self.office, route, self.speaker)
        return TRANSFERRED if done == TRANSFERRED else None

    async def _say(self, prompt: str, /, keys: str = ANY_KEY, **values: str) -> None:
        making = Deferred.fromCoroutine(self.speaker.clip(prompt, **values))
        await self.call.play(await patiently(self.call, self.speaker, making), keys=keys)
