"""Who of several people is meant, and what is to be done with somebody who was found (spec 6.2).

Knows: lists of namesakes, wishes. Must never know: how a name is spelled, what becomes of a wish.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from typing import TypeAlias, TypeVar

from attrs import define, frozen
from twisted.internet.defer import Deferred

from umserver.calls.call import Call
from umserver.calls.dialogs import menu, patiently
from umserver.calls.grammar import grammar_for
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, Unavailable
from umserver.org.people import Scope, told_apart
from umserver.org.settings import DialPlan, DistributionGroup, Mailbox

ANSWERS = "01*#"
"""Keys that interrupt what is said after a name; the others may be the rest of the name."""


class Wish(Enum):
    """What a caller wants of the person, or instead."""

    CALL = "search-call"
    MESSAGE = "search-message"
    TAKE = "search-take"
    OPERATOR = "operator"


T = TypeVar("T")
Found: TypeAlias = tuple[Mailbox, Wish]
Somebody: TypeAlias = Mailbox | DistributionGroup


def called(one: Somebody) -> str:
    """The name that is said."""
    return one.display_name if isinstance(one, Mailbox) else one.name


@frozen(kw_only=True)
class Search:
    """Who may be found, how, and what for."""

    scope: Scope
    ways: Sequence[str]
    """Words of DialByName: the primary one, perhaps a secondary one."""
    method: str
    """MatchedNameSelectionMethod."""
    wishes: Sequence[Wish]
    """What is offered, in the order of the keys 1, 2 …"""
    plan: DialPlan
    """For extensions, and how many failures a caller has."""
    with_operator: bool = False
    """Whether 0 asks for the operator."""
    groups: Sequence[DistributionGroup] = ()
    """Groups that can be found too; none of the wishes is asked for them."""


@define(eq=False)
class Choosing:
    """One choice among people, for one caller."""

    call: Call
    office: Office
    speaker: Speaker
    search: Search

    async def one_of(self, people: Sequence[Somebody]) -> Somebody | Wish | None:
        """The only one, who is named, or who of several; None for another name, or given up."""
        if len(people) == 1:
            name = await self._soon(Deferred.fromCoroutine(self._name(people[0])))
            await self.call.play(name, keys=ANSWERS)
            return people[0]
        digit = grammar_for(self.speaker.language).digits
        choices: dict[str, Somebody | Wish | None] = {"*": None}
        phrases = []
        users = [one for one in people if isinstance(one, Mailbox)]
        groups = [one for one in people if isinstance(one, DistributionGroup)]
        listed: list[tuple[Somebody, str]] = [*told_apart(users, self.search.method)]
        listed += [(group, "") for group in groups]
        for number, (one, detail) in enumerate(listed, start=1):
            values = {"name": called(one), "key": digit(str(number))}
            if detail:
                phrases.append(("search-choice-detail", {**values, "detail": detail}))
            else:
                phrases.append(("search-choice", values))
            choices[str(number)] = one
        return await self._menu([*phrases, ("search-none-of-them", {})], choices)

    async def wish(self, person: Mailbox) -> Found | Wish | None:
        """What to do with the one who was found."""
        digit = grammar_for(self.speaker.language).digits
        choices: dict[str, Wish | None] = {"*": None}
        phrases = []
        for number, wish in enumerate(self.search.wishes, start=1):
            values = {"name": person.display_name, "key": digit(str(number))}
            phrases.append((wish.value, values))
            choices[str(number)] = wish
        wanted = await self._menu([*phrases, ("search-again", {})], choices)
        if wanted is None or wanted is Wish.OPERATOR:
            return wanted
        return person, wanted

    async def _menu(
        self, phrases: Sequence[tuple[str, dict[str, str]]], choices: Mapping[str, T]
    ) -> T | Wish | None:
        """A menu with the operator in it where there is one; how to go back is said last."""
        offered: dict[str, T | Wish] = {**choices}
        if self.search.with_operator:
            offered["0"] = Wish.OPERATOR
            phrases = [*phrases[:-1], ("attendant-operator", {}), phrases[-1]]
        wanted = [
            Deferred.fromCoroutine(self.speaker.clip(name, **values)) for name, values in phrases
        ]

        async def prompt() -> list[Clip]:
            return [await clip for clip in wanted]

        said = await self._soon(Deferred.fromCoroutine(prompt()))
        tries = self.search.plan.input_failures_before_disconnect
        return await menu(self.call, self.speaker, said, offered, tries=tries)

    async def _soon(self, work: Deferred[T]) -> T:
        return await patiently(self.call, self.speaker, work)

    async def _name(self, person: Somebody) -> Clip:
        """The recorded name, else the spoken one."""
        if isinstance(person, DistributionGroup):
            return await self.speaker.clip("search-found-group", name=person.name)
        with suppress(Unavailable):
            recorded = await self.office.greetings.recorded(person.address, "name")
            if recorded is not None:
                return recorded
        return await self.speaker.clip("search-found", name=person.display_name)
