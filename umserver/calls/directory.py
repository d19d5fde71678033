"""Finding a person by spelling the name, for attendants, callers and owners (spec 6.2, 5.6, 5.8).

Knows: spelling, extensions; what follows stands in `choosing`. Must never know: stores, dialing
rules, what becomes of the wish. A name is complete when nobody or one person is
left, with #, or after a pause; what is still being spelled then is not taken for an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from attrs import define
from twisted.logger import Logger

from umserver.calls.call import Call
from umserver.calls.choosing import (
    ANSWERS,
    Choosing,
    Found,
    Search,
    Somebody,
    Wish,
    called,
)
from umserver.calls.dialogs import KEY_SECONDS, patiently
from umserver.calls.digits import BACK_KEY, enter_digits
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Unavailable
from umserver.org.dtmf import digits_of
from umserver.org.people import (
    ADDRESS,
    LEAST_KEYS,
    MOST_KEYS,
    WAYS,
    NameQuery,
    is_in,
)
from umserver.org.settings import DistributionGroup, Mailbox

__all__ = ["Search", "Wish", "find_person"]

log = Logger()

NEXT_SECONDS = 1.8
"""A longer pause ends a name."""
SOON_SECONDS = 0.3
"""The pause behind a letter that was looked up for so long that the next one had its time."""
TWICE_SECONDS = 0.7
"""How soon the second of two keys follows that belong together."""
MOST_LISTED = 9
"""People that are read out; of more, further letters are asked for."""
PROMPTS = {
    "LastFirst": "search-last-first",
    "FirstLast": "search-first-last",
    "SMTPAddress": "search-address",
}


class _Said(Enum):
    """Keys that are no name."""

    NOTHING = "nothing"
    BACK = "back"
    OPERATOR = "operator"
    NO_OPERATOR = "no operator"
    OTHER_WAY = "other way"
    EXTENSION = "extension"


SPOKEN = {_Said.NOTHING: "are-you-there", _Said.NO_OPERATOR: "no-operator"}
"""Failures that are no name either."""


async def find_person(
    call: Call, office: Office, speaker: Speaker, search: Search
) -> Found | DistributionGroup | Wish | None:
    """Somebody with what the caller wants of them; Wish.OPERATOR; None for back, or given up.

    With the one wish TAKE the person is taken without a further question. Raises HungUp, TimeUp.
    """
    if not search.ways or not search.wishes:
        return None
    finding = _Finding(call, office, speaker, search)
    try:
        return await finding.converse()
    except Unavailable as fault:
        log.error("names cannot be searched: {fault}", call=call.id, fault=fault)
        await finding.say("search-failed")
        return None


@define(eq=False)
class _Finding:
    """One search."""

    call: Call
    office: Office
    speaker: Speaker
    search: Search
    way: str = ""
    failures: int = 0
    begun: str = ""
    """The first digit of an extension, where it came at once behind the #."""

    @property
    def tries(self) -> int:
        return self.search.plan.input_failures_before_disconnect

    async def say(self, *names: str, keys: str = ANSWERS, **values: str) -> None:
        """Say these prompts; letters do not interrupt them."""
        clips = [await self.speaker.clip(name, **values) for name in names]
        await self.call.play(*clips, keys=keys)

    async def converse(self) -> Found | DistributionGroup | Wish | None:
        """Ask for names until somebody is found and wanted."""
        self.way = self.search.ways[0]
        while self.failures < self.tries:
            found = await self._spell()
            if found is _Said.BACK:
                return None
            if found is _Said.OPERATOR:
                return Wish.OPERATOR
            if found is _Said.OTHER_WAY:
                self.way = self._other_way
                continue
            if found is _Said.EXTENSION:
                found = await self._by_extension()
            if isinstance(found, _Said) or not found:
                continue
            wanted = await self._choose(found)
            if wanted is not None:
                return wanted
        return None

    @property
    def _other_way(self) -> str:
        ways = list(self.search.ways)
        place = ways.index(self.way) if self.way in ways else -1
        return ways[(place + 1) % len(ways)]

    # spelling

    async def _spell(self) -> Sequence[Somebody] | _Said:
        """Whose name was spelled: one to `MOST_LISTED` people, or none after a failure."""
        others = ["search-other-way"] if len(self.search.ways) > 1 else []
        others += ["attendant-operator"] if self.search.with_operator else []
        await self.call.play(*await self.speaker.clips(PROMPTS[self.way], *others, "choice-back"))
        keys = before = ""
        while True:
            keys, people = await self._letters(keys)
            if isinstance(people, _Said):
                if people in SPOKEN:
                    await self._failed(SPOKEN[people])
                return people
            if len(keys) < LEAST_KEYS:
                await self._failed("search-too-short")
                return []
            if not people:
                await self._failed("search-nobody")
                return []
            if len(people) <= MOST_LISTED:
                return people
            if len(keys) >= MOST_KEYS:
                await self._failed("search-nobody")
                return []
            if keys == before:
                await self._failed("search-nobody")
                return []
            before = keys
            await self.call.play(await self.speaker.clip("search-more-letters"))

    async def _letters(self, keys: str) -> tuple[str, Sequence[Somebody] | _Said]:
        """Further letters after `keys`, until it is clear who is meant."""
        begun, patience = keys, KEY_SECONDS
        people: Sequence[Somebody] = ()
        while (key := await self.call.key(patience)) is not None:
            if key == "*":
                return keys, _Said.BACK
            if key == "#":
                if keys == "":
                    return keys, await self._pound()
                break
            if key == "0" and keys == "":
                if self.search.with_operator:
                    return keys, _Said.OPERATOR
                return keys, _Said.NO_OPERATOR
            if key.isdigit():
                keys += key
            patience = NEXT_SECONDS
            if len(keys) >= LEAST_KEYS:
                since = self.call.clock.seconds()
                people = await self._ask(keys)
                patience = max(patience - (self.call.clock.seconds() - since), SOON_SECONDS)
                if len(people) < 2 or len(keys) >= MOST_KEYS:
                    return keys, people
        if keys == "":
            return keys, _Said.NOTHING
        return keys, people if keys != begun else await self._ask(keys)

    async def _pound(self) -> _Said:
        """A second # spells another way; a digit is the first one of an extension."""
        again = await self.call.key(self.call.left_of(TWICE_SECONDS)) or ""
        if again == "#" and len(self.search.ways) > 1:
            return _Said.OTHER_WAY
        if again == BACK_KEY:
            return _Said.BACK
        self.begun = again if again.isdigit() else ""
        return _Said.EXTENSION

    async def _ask(self, keys: str) -> Sequence[Somebody]:
        query = NameQuery(way=WAYS[self.way], keys=keys, scope=self.search.scope)
        asked = self.office.people.spelled(query, MOST_LISTED + 1)
        people = await patiently(self.call, self.speaker, asked)
        return [*people, *(group for group in self.search.groups if self._spells(group, keys))]

    def _spells(self, group: DistributionGroup, keys: str) -> bool:
        """Whether these keys begin the name of a group, or its address."""
        text = group.primary_smtp_address.partition("@")[0] if self.way == ADDRESS else group.name
        return digits_of(text).startswith(keys)

    async def _by_extension(self) -> Sequence[Somebody]:
        """The user with the extension that was typed instead of a name."""
        plan, scope = self.search.plan, self.search.scope
        most = plan.number_of_digits_in_extension
        prompt = [await self.speaker.clip("search-extension")]
        begun, self.begun = self.begun, ""
        typed = await enter_digits(self.call, prompt, most=most, exact=True, begun=begun)
        if typed == BACK_KEY:
            return []
        if not typed:
            await self._failed("are-you-there" if typed is None else "search-nobody")
            return []
        asked = self.office.directory.find(plan.name, [typed])
        person = (await patiently(self.call, self.speaker, asked)).get(typed)
        if person is None or not is_in(scope, person):
            await self._failed("search-nobody")
            return []
        return [person]

    async def _failed(self, name: str) -> None:
        self.failures += 1
        if self.failures < self.tries or name != "are-you-there":
            await self.say(name)

    async def _choose(self, people: Sequence[Somebody]) -> Found | DistributionGroup | Wish | None:
        """Of several the one that is meant, then the wish; None to spell again."""
        names = {called(one).casefold() for one in people}
        by_alias = self.search.method == "PromptForAlias" and self.way != ADDRESS
        if len(people) > 1 and len(names) == 1 and by_alias:
            self.way = ADDRESS
            return None
        choosing = Choosing(self.call, self.office, self.speaker, self.search)
        person = await choosing.one_of(people)
        found: Found | DistributionGroup | Wish | None
        if isinstance(person, Mailbox):
            self.failures = 0
            taken = list(self.search.wishes) == [Wish.TAKE]
            found = (person, Wish.TAKE) if taken else await choosing.wish(person)
        else:
            found = person
        self.failures += found is None
        return found
