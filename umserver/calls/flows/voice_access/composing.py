"""Gathering the recipients of a message: add, remove, hear them, then go on (spec 5.6).

Knows: the menu. Must never know: what is sent to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.parties import Party, are_too_many, asked_party
from umserver.calls.flows.voice_access.sending import record_and_send

MOST_PARTIES = 9
"""People and groups to whom one message goes; as many as there are keys to remove one."""

MOST_NAMED = 20
"""People of a group that are named."""


class Turn(Enum):
    """The menu of recipients: what can be done with them, and the two ways on."""

    RECORD = "1"
    ADD = "2"
    REMOVE = "3"
    HEAR = "4"
    AS_IT_IS = "#"
    BACK = "*"


COMPOSING: Mapping[str, Turn] = {t.value: t for t in Turn if t is not Turn.AS_IT_IS}
FORWARDING: Mapping[str, Turn] = {t.value: t for t in Turn}


async def compose(owner: Owner, *parties: Party) -> None:
    """A new voice message; some recipients may be known already."""
    gathered = list(parties)
    if await gather(owner, gathered, "compose-menu", COMPOSING) is Turn.RECORD:
        await record_and_send(owner, gathered)


async def gather(
    owner: Owner, parties: list[Party], words: str, choices: Mapping[str, Turn]
) -> Turn:
    """RECORD or AS_IT_IS with at least one recipient in `parties`; BACK after saying so.

    Raises HungUp, TimeUp.
    """
    while True:
        if not parties and not await _add(owner, parties):
            break
        prompt = await owner.speaker.clips(words)
        turn = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries)
        if turn in (Turn.RECORD, Turn.AS_IT_IS):
            assert turn is not None
            return turn
        if turn is Turn.ADD:
            await _add(owner, parties)
        elif turn is Turn.REMOVE:
            await _remove(owner, parties)
        elif turn is Turn.HEAR:
            await _hear(owner, parties)
        else:
            break
    await owner.say("not-sent")
    return Turn.BACK


async def _add(owner: Owner, parties: list[Party]) -> bool:
    if len(parties) >= MOST_PARTIES:
        await owner.say("recipients-full")
        return False
    party = await asked_party(owner)
    if party is None:
        return False
    if any(party.people == other.people for other in parties):
        await owner.say_filled("recipient-twice", name=party.name)
    elif are_too_many([*parties, party]):
        await owner.say("recipients-full")
        return False
    else:
        parties.append(party)
        people = owner.grammar.count(len(party.people), "person")
        name = "group-added" if party.is_group else "recipient-added"
        await owner.say_filled(name, **({"people": people} if party.is_group else {}))
    return True


async def _remove(owner: Owner, parties: list[Party]) -> None:
    """The only one, or which one of several."""
    gone: Party | None = parties[0]
    if len(parties) > 1:
        digit = owner.grammar.digits
        prompt, choices = [], dict[str, Party | None]({"*": None})
        for number, party in enumerate(parties, start=1):
            choices[str(number)] = party
            key = digit(str(number))
            prompt.append(await owner.clip("search-choice", name=party.name, key=key))
        prompt += await owner.speaker.clips("choice-back")
        gone = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries)
    if gone is not None:
        parties.remove(gone)
        await owner.say_filled("recipient-removed", name=gone.name)


async def _hear(owner: Owner, parties: list[Party]) -> None:
    """Who gets it; groups with the people in them, or their number where they are many."""
    names = [_details(owner, party) if party.is_group else party.name for party in parties]
    await owner.say_filled("recipient-is", name=owner.grammar.listed(names))


def _details(owner: Owner, group: Party) -> str:
    """A group and who is in it."""
    if len(group.people) > MOST_NAMED:
        return f"{group.name}, {owner.grammar.count(len(group.people), 'person')}"
    names = [one.mailbox_name or one.mailbox for one in group.people]
    return f"{group.name}: {owner.grammar.listed(names)}"
