"""How languages say numbers, counts, telephone numbers, times and lists: text, no sound.

One module a language, each with `GRAMMAR = Grammar(…)`, found by `umserver.discover`; what a
language must be able to do stands in `language`, opening hours in `hours`. Everything is a pure
function: the time now is an argument. Numbers come as words, since voices read digits wrongly where
gender, ordinals or hours matter (« vingt et une minutes », "three oh five PM"). Sentences do not
belong here: they are prompts of the catalogue, with places for these words.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

import umserver.calls.grammar as here
from umserver.calls.grammar.language import Grammar, Noun
from umserver.discover import constants

__all__ = ["Grammar", "Noun", "grammar_for", "grammars", "local_time"]

DEFAULT = "en-US"


@cache
def grammars() -> Mapping[str, Grammar]:
    """Every grammar by its language tag."""
    found = constants(here, "GRAMMAR")
    return {grammar.language: grammar for grammar in found if isinstance(grammar, Grammar)}


@cache
def grammar_for(language: str) -> Grammar:
    """That of the language, else of a sibling (fr-CA: fr-FR), else American English (spec 9.8)."""
    known = grammars()
    wanted = language.replace("_", "-").casefold()
    for tag, grammar in known.items():
        if tag.casefold() == wanted:
            return grammar
    for tag, grammar in known.items():
        if tag.casefold().partition("-")[0] == wanted.partition("-")[0]:
            return grammar
    return known[DEFAULT]


def local_time(seconds: float, zone: str) -> datetime:
    """A moment in seconds since 1970 on the clocks of a zone; UTC where the zone is not known."""
    try:
        return datetime.fromtimestamp(seconds, ZoneInfo(zone))
    except (ValueError, OSError, LookupError):
        return datetime.fromtimestamp(seconds, UTC)
