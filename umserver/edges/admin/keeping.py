"""An object is made or changed and kept; what is wrong is told in the names of parameters.

Knows: nouns, the store. Must never know: which cmdlet asks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from umserver.edges.admin.desk import Archive
from umserver.edges.admin.finding import find
from umserver.edges.admin.nouns import Noun
from umserver.edges.admin.parameters import in_parameters
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_object
from umserver.org.sections import identity_of

MOST_TOLD = 8
"""So many parameters are named in a message."""


def changed(noun: Noun, archive: Archive, name: str, changes: Callable[[Any], Any]) -> Any:
    """Read an object, change it, keep it; the object after that. Raises SettingsFaults."""
    kept = archive.get(noun.section) if noun.single else find(archive, noun, name)
    thing = rebuilt(noun, kept.thing, changes(kept.thing))
    keep(noun, archive, thing, kept.version)
    return thing


def keep(noun: Noun, archive: Archive, thing: Any, version: int | None) -> None:
    """Put it into the store; what is wrong is told in the names of parameters."""
    try:
        archive.put(noun.section, thing, version)
    except SettingsFaults as faults:
        raise in_parameters(faults, noun, thing) from None


def rebuilt(noun: Noun, thing: Any, changes: dict[str, Any]) -> Any:
    """The object with these settings changed. Raises SettingsFaults for bad values."""
    required = {s.name: getattr(thing, s.name) for s in noun.settings if s.required}
    good = made(noun, {**required, **changes}, thing)
    taken: dict[str, Any] = {name: getattr(good, name) for name in changes}
    return evolve(thing, **taken)


def made(noun: Noun, values: dict[str, Any], thing: Any = None) -> Any:
    """An object of these settings. Raises SettingsFaults in the names of parameters."""
    try:
        return parse_object(noun.owner, values, noun.unix)
    except SettingsFaults as faults:
        raise in_parameters(faults, noun, thing) from None


def called(noun: Noun, thing: Any) -> str:
    """The object in a sentence: `dial plan Demo`."""
    return noun.cmdlet if noun.single else f"{noun.word} {identity_of(thing)}"


def some_of(noun: Noun) -> str:
    """The first parameters that can be set, and where all of them stand."""
    names = [f"-{s.parameter}" for s in noun.settings if not s.setting.fixed]
    names = [name for name in names if name != "-Name"]
    if len(names) <= MOST_TOLD:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_TOLD])} … umctl help Set-{noun.cmdlet} shows all"
