"""Every cmdlet there is, and which of them was typed.

Knows: the folder of cmdlets, names in both spellings. Must never know: what a cmdlet does.
"""

from __future__ import annotations

from functools import cache

import umserver.edges.admin.cmdlets
from umserver.discover import constants
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.line import Line, Mistyped, choose, fold
from umserver.edges.admin.nouns import NAMED
from umserver.org.faults import nearest

VERBS = ("Get", "Set", "New", "Remove", "Enable", "Disable")
SYNONYMS = {"list": "get", "show": "get", "add": "new", "create": "new", "delete": "remove"}


@cache
def cmdlets() -> tuple[Cmdlet, ...]:
    """All of them: the nouns of the organisation first, then the others by name."""
    found = [
        cmdlet
        for table in constants(umserver.edges.admin.cmdlets, "CMDLETS")
        if isinstance(table, tuple)
        for cmdlet in table
    ]
    return tuple(sorted(found, key=_order))


def _order(cmdlet: Cmdlet) -> tuple[int, str, int, str]:
    nouns, verb = list(NAMED), cmdlet.verb
    place = nouns.index(cmdlet.noun) if cmdlet.noun in NAMED else len(nouns)
    return place, cmdlet.noun, VERBS.index(verb) if verb in VERBS else len(VERBS), verb


@cache
def by_name() -> dict[str, Cmdlet]:
    """By folded name."""
    return {cmdlet.name.casefold(): cmdlet for cmdlet in cmdlets()}


@cache
def by_word() -> dict[str, dict[str, Cmdlet]]:
    """By the Unix noun, then by the Unix verb."""
    found: dict[str, dict[str, Cmdlet]] = {}
    for cmdlet in cmdlets():
        noun, _, verb = cmdlet.unix.partition(" ")
        if noun:
            found.setdefault(noun, {})[verb] = cmdlet
    return found


def recognise(line: Line) -> Cmdlet | None:
    """The cmdlet at the beginning of the line, removed from it; None when there is none.

    Raises Mistyped when it is nearly there.
    """
    first = line.words[0] if line.words else ""
    for noun, verbs in by_word().items():
        if fold(noun) == fold(first):
            del line.words[0]
            return _of_noun(line, noun, verbs)
    if "-" in first:
        found = named(first)
        del line.words[0]
        return found
    return None


def _of_noun(line: Line, noun: str, verbs: dict[str, Cmdlet]) -> Cmdlet:
    typed = line.words.pop(0) if line.words else "get"
    typed = SYNONYMS.get(typed.lower(), typed)
    return verbs[choose(typed, verbs, f"verb of {noun}")]


def named(name: str) -> Cmdlet:
    """The cmdlet of this name. Raises Mistyped with the nearest right one."""
    found = by_name().get(name.casefold())
    if found is not None:
        return found
    near = nearest(name, [cmdlet.name for cmdlet in cmdlets()])
    hint = f"did you mean {near}?" if near else "umctl help shows what there is"
    raise Mistyped(f"there is no command {name}; {hint}")
