"""What callers of an attendant hear, in words and as sound: for administrators who try it out.

Knows: the attendant's own sentences, the catalogue, the shelf. Must never know: calls, the words of
cmdlets. Nothing is played to anybody.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from attrs import define, evolve

from umserver.calls.flows.attendant.acts import hours_phrase, location_phrase
from umserver.calls.flows.attendant.desk import Phrase, local
from umserver.calls.flows.attendant.menu import menu_phrases
from umserver.calls.flows.attendant.welcome import greeting_phrases
from umserver.calls.grammar import Grammar, grammar_for
from umserver.edges.speech.shelf import PromptShelf
from umserver.interfaces import Clip
from umserver.org.prompt_files import AUTO_ATTENDANT
from umserver.org.reception import Reception, reception
from umserver.org.settings import AutoAttendant, DialPlan, Organisation
from umserver.wire.audio import g711
from umserver.wire.audio.wav import pcm_wav

ALL, GREETING, HOURS, LOCATION = "all", "greeting", "hours", "location"
PARTS = (ALL, GREETING, HOURS, LOCATION)
Said = Phrase | str
"""A sentence of the catalogue, or the file of a recording."""


@define(eq=False)
class Hearing:
    """One attendant at one moment."""

    shelf: PromptShelf
    attendant: AutoAttendant
    plan: DialPlan
    now: Reception

    @property
    def language(self) -> str:
        """What it speaks."""
        return self.attendant.language or self.plan.default_language

    @property
    def grammar(self) -> Grammar:
        """How it says numbers and hours."""
        return grammar_for(self.language)

    def said(self, part: str) -> Sequence[Said]:
        """What is heard, piece by piece; `part` is one of `PARTS`."""
        if part == HOURS:
            return [hours_phrase(self.attendant, self.grammar)]
        if part == LOCATION:
            return [location_phrase(self.attendant)]
        now = self.now
        greeting: list[Said] = [*greeting_phrases(self.attendant, now)]
        if now.greeting:
            greeting = [now.greeting]
        if part == GREETING:
            return greeting
        news: list[Said] = [now.announcement] if now.announcement else []
        menu: list[Said] = [*menu_phrases(now, self.grammar)]
        return [*greeting, *news, *([now.menu] if now.menu else menu)]

    def words(self, part: str) -> Sequence[str]:
        """The same as text; recordings by their names."""
        return [
            f"(recording {one})"
            if isinstance(one, str)
            else self.shelf.catalogue.text(self.language, one[0], one[1])
            for one in self.said(part)
        ]

    async def recording(self, file: str) -> Clip | None:
        """A recording of the attendant; None where there is none of this name."""
        return await self.shelf.imported(AUTO_ATTENDANT, self.attendant.name, file)

    async def sound(self, part: str) -> bytes:
        """The same as a WAV file: 16 bit, 8 kHz, mono. Raises LookupError, Unavailable."""
        octets = bytearray()
        for one in self.said(part):
            if isinstance(one, str):
                clip = await self.recording(one)
                if clip is None:
                    raise LookupError(f"the recording {one} is not there")
            else:
                clip = await self.shelf.prompt(self.language, one[0], one[1])
            octets += clip.encoded["PCMU"]
        return pcm_wav(g711.decode("PCMU", bytes(octets)))


async def heard(
    shelf: PromptShelf, org: Organisation, wall: float, question: Mapping[str, object]
) -> Mapping[str, object]:
    """The answer to an administrator: `words`, and `wav` in base64 where `sound` is true.

    `attendant` names it; `at` is a moment by its clock, `hours` open or closed instead of one;
    `part`, `business_name`: see `Hearing`. Raises LookupError, ValueError, Unavailable.
    """
    hearing = await _with_what_is_there(_hearing(shelf, org, wall, question))
    part = str(question.get("part") or ALL)
    if part not in PARTS:
        raise ValueError(f"there is no part {part[:40]!r} of an attendant")
    answer: dict[str, object] = {"words": list(hearing.words(part))}
    if question.get("sound"):
        answer["wav"] = base64.b64encode(await hearing.sound(part)).decode("ascii")
    return answer


async def _with_what_is_there(hearing: Hearing) -> Hearing:
    """The same without recordings that nobody imported: callers hear what takes their place."""
    for name in ("greeting", "announcement", "menu"):
        file = getattr(hearing.now, name)
        if file and await hearing.recording(file) is None:
            nothing: dict[str, Any] = {name: ""}
            hearing.now = evolve(hearing.now, **nothing)
    return hearing


def _hearing(
    shelf: PromptShelf, org: Organisation, wall: float, question: Mapping[str, object]
) -> Hearing:
    name = str(question.get("attendant") or "")
    attendant = next((a for a in org.auto_attendants if a.name.casefold() == name.casefold()), None)
    if attendant is None:
        raise LookupError(f"there is no auto attendant {name[:64]!r}")
    if business := str(question.get("business_name") or ""):
        attendant = evolve(attendant, business_name=business[:64])
    plan = org.plan_named[attendant.dial_plan]
    at = str(question.get("at") or "")
    moment = datetime.fromisoformat(at) if at else local(wall, attendant.time_zone)
    return Hearing(shelf, attendant, plan, _now(attendant, plan, moment, question.get("hours")))


def _now(attendant: AutoAttendant, plan: DialPlan, moment: datetime, hours: object) -> Reception:
    """At this moment; or open or closed, whatever the schedule says."""
    if hours == "open":
        attendant = evolve(attendant, holiday_schedule=(), business_hours_schedule=())
    elif hours == "closed":
        attendant = evolve(
            attendant, holiday_schedule=(), business_hours_schedule=("Sun.0:00-Sun.0:15",)
        )
        moment = datetime(2026, 1, 5, 12)  # a Monday
    return reception(attendant, plan, moment)
