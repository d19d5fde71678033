"""Finding what an administrator named: by identity, by parts of it, users by any name of theirs.

Knows: nouns, an archive, the forms of an identity (spec 3.1). Must never know: what is done with
what is found.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

from umserver.edges.admin.desk import Archive, Kept
from umserver.edges.admin.line import Mistyped, choose
from umserver.edges.admin.nouns import Noun
from umserver.org.numbers import key
from umserver.org.sections import identity_of
from umserver.org.settings import Mailbox

MOST_NAMED = 10
"""So many are named when several could be meant."""
MOST_COMPARED = 2_000
"""With so many mailboxes the nearest right word is looked for; with more it would take long."""


def find(archive: Archive, noun: Noun, name: str) -> Kept:
    """The object of this name. Raises LookupError, and Mistyped when several could be meant.

    A hunt group's gateway may be left out, and a user be named in all the ways of spec 3.1.
    """
    try:
        return archive.get(noun.section, name)
    except LookupError:
        pass
    if noun.section == "mailboxes":
        return find_mailbox(archive, noun, name)
    others = list(getattr(archive.load(), noun.section))
    matches = [other for other in others if name.casefold() == other_name(other).casefold()]
    return _the_one(archive, noun, name, matches, others)


def other_name(thing: Any) -> str:
    """What an object is also called: a hunt group without its gateway."""
    return str(getattr(thing, "name", ""))


def find_mailbox(archive: Archive, noun: Noun, name: str) -> Kept:
    """A user by extension, number, SIP or EUM address, display name, alias or domain\\user.

    Distinguished names (CN=Ada Example,OU=…) and canonical ones (example.com/Users/Ada Example)
    stand for the display name in them.
    """
    found = {user.address: user for user in _by_number(archive, name)}
    if not found:
        words = _names_in(name)
        users = archive.mailboxes()
        found = {user.address: user for user in users if words & _also_called(user)}
    few = list(islice(archive.mailboxes(), MOST_COMPARED + 1)) if not found else []
    others = few if len(few) <= MOST_COMPARED else []
    return _the_one(archive, noun, name, list(found.values()), others)


def _by_number(archive: Archive, name: str) -> Iterable[Mailbox]:
    """Users who have this number, in whatever plan; by the index."""
    text = name.strip()
    plan = ""
    if text.lower().startswith("eum:"):
        text, _, rest = text[4:].partition(";")
        plan = rest.partition("phone-context=")[2].casefold()
    number = key(text)
    if not number:
        return
    for one in archive.load().dial_plans:
        if not plan or plan in (one.name.casefold(), one.name.casefold().partition(".")[0]):
            yield from archive.find(one.name, [number]).values()


def _names_in(name: str) -> set[str]:
    """What could be a user's name in an identity, folded."""
    text = name.strip()
    if text.upper().startswith("CN="):
        text = text[3:].partition(",")[0]
    elif "/" in text:
        text = text.rpartition("/")[2]
    elif "\\" in text:
        text = text.rpartition("\\")[2]
    return {text.casefold()} - {""}


def _also_called(user: Mailbox) -> set[str]:
    return {user.display_name.casefold(), user.address.partition("@")[0].casefold()}


def _the_one(
    archive: Archive, noun: Noun, name: str, matches: list[Any], others: list[Any]
) -> Kept:
    names = [identity_of(match) for match in matches]
    if len(names) == 1:
        return archive.get(noun.section, names[0])
    if names:
        raise Mistyped(f"there are several: {', '.join(names[:MOST_NAMED])}")
    try:
        near = choose(name, [identity_of(other) for other in others], noun.word) if others else ""
    except Mistyped as fault:
        raise LookupError(str(fault)) from None
    hint = f"; did you mean {near}?" if near else ""
    raise LookupError(f"there is no {noun.word} {name}{hint}")
