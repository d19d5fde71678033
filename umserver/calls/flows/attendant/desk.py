"""One attendant while it serves one call: settings, voice, and how to say things.

Knows: the attendant's time and language. Must never know: keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from attrs import define
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import ANY_KEY, Call
from umserver.calls.dialogs import farewell, patiently
from umserver.calls.grammar import Grammar, grammar_for, local_time
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip
from umserver.org.prompt_files import AUTO_ATTENDANT
from umserver.org.reception import Reception, reception
from umserver.org.routes import Attendant
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox, MailboxPolicy

log = Logger()
T = TypeVar("T")
Phrase = tuple[str, Mapping[str, str]]
"""A prompt's name and what fills its places."""


@define(eq=False)
class AttendantDesk:
    """Made anew for every attendant that a call comes to."""

    call: Call
    office: Office
    route: Attendant
    attendant: AutoAttendant
    plan: DialPlan
    now: Reception
    speaker: Speaker
    grammar: Grammar
    failures: int = 0
    """Wrong keys and silences in a row."""

    @property
    def tries(self) -> int:
        """How many failures in a row end the call (InputFailuresBeforeDisconnect)."""
        return self.plan.input_failures_before_disconnect

    async def say(self, *names: str, keys: str = ANY_KEY, **values: str) -> None:
        """Say these prompts; the values fill the places of all of them."""
        await self.call.play(*await self.clips([(name, values) for name in names]), keys=keys)

    async def say_goodbye(self, *names: str) -> None:
        """Say these prompts and goodbye, to the end."""
        await farewell(self.call, self.speaker, *names, "goodbye")

    async def clips(self, phrases: Sequence[Phrase]) -> list[Clip]:
        """Prompts with their places filled in; where they are slow, one moment is asked for."""
        return await self.soon(Deferred.fromCoroutine(self.made(phrases)))

    async def made(self, phrases: Sequence[Phrase]) -> list[Clip]:
        """The same prompts, made at the same time, while something else is being said."""
        wanted = [
            Deferred.fromCoroutine(self.speaker.clip(name, **values)) for name, values in phrases
        ]
        return [await clip for clip in wanted]

    async def imported(self, file: str) -> Clip | None:
        """A recording of this attendant; None where it has none of this name."""
        return await self.soon(Deferred.fromCoroutine(self.loaded(file)))

    async def loaded(self, file: str) -> Clip | None:
        """The same recording, loaded while something else is being said."""
        if not file:
            return None
        clip = await self.office.shelf.imported(AUTO_ATTENDANT, self.attendant.name, file)
        if clip is None:
            self.note("a prompt is missing, a generated one takes its place", file)
        return clip

    async def soon(self, work: Deferred[T]) -> T:
        """The result of something that may be slow; the caller does not wait in silence."""
        return await patiently(self.call, self.speaker, work)

    def enabled(self, name: str) -> AutoAttendant | None:
        """Another attendant, when it is there and switched on."""
        for attendant in self.office.settings.auto_attendants:
            if attendant.name.casefold() == name.casefold() and attendant.status == "Enabled":
                return attendant
        return None

    def count(self, name: str) -> None:
        """One more of this (spec 9.6)."""
        self.office.count("auto_attendant", name)

    def note(self, what: str, why: object) -> None:
        """Tell the administrator."""
        log.warn(
            "attendant {attendant}: {what}: {why}",
            call=self.call.id,
            attendant=self.attendant.name,
            what=what,
            why=str(why),
        )


def desk_for(
    call: Call, office: Office, route: Attendant, attendant: AutoAttendant
) -> AttendantDesk:
    """The desk at this moment; the plan is the attendant's own."""
    plan = office.settings.plan_named.get(attendant.dial_plan, route.dial_plan)
    language = attendant.language or plan.default_language
    return AttendantDesk(
        call=call,
        office=office,
        route=route,
        attendant=attendant,
        plan=plan,
        now=reception(attendant, plan, local(office.wall(), attendant.time_zone)),
        speaker=office.speaker(language),
        grammar=grammar_for(language),
    )


def local(seconds: float, zone: str) -> datetime:
    """A moment on the clocks of this zone; without one, of the server's."""
    return local_time(seconds, zone) if zone else datetime.fromtimestamp(seconds).astimezone()


def policy_of(office: Office, mailbox: Mailbox | None) -> MailboxPolicy | None:
    """The policy of a user whose messages are taken; None otherwise."""
    if mailbox is None or not mailbox.um_enabled:
        return None
    return office.settings.policy_named.get(mailbox.policy)
