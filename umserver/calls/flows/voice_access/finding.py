"""Somebody found by name or extension: to be called, or sent a message (spec 5.2 key 4, 5.6).

Knows: what may be done with whom. Must never know: how names are searched.
"""

from __future__ import annotations

from umserver.calls.directory import Wish, find_person
from umserver.calls.flows.voice_access.calling import call_person, to_operator
from umserver.calls.flows.voice_access.composing import compose
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.parties import party_of, search_of


async def find_somebody(owner: Owner) -> None:
    """One person, and what the owner wants of them. Raises HungUp, TimeUp."""
    search = search_of(owner, Wish.CALL, Wish.MESSAGE)
    found = await find_person(owner.call, owner.office, owner.speaker, search)
    if found is Wish.OPERATOR:
        await to_operator(owner)
    elif isinstance(found, tuple):
        person, wish = found
        if wish is Wish.CALL:
            await call_person(owner, person)
        else:
            await compose(owner, party_of(owner, person))
