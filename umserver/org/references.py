"""Who is named where: every object that another one names must exist (spec 2.1).

Knows: declarations with `refers_to`. Must never know: what the objects mean.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from umserver.org.declare import Declared, declared
from umserver.org.faults import Fault, unknown
from umserver.org.sections import NOUNS, SECTIONS, identity_field, identity_of
from umserver.org.settings import Organisation

Names = Mapping[str, Collection[str]]


def everything(org: Organisation) -> Iterator[tuple[str, Any]]:
    """All objects but the mailboxes, each with its path."""
    for section in SECTIONS:
        for thing in getattr(org, section, ()):
            yield f"{section}.{identity_of(thing)}", thing


def names_of(org: Organisation, also: Names) -> Names:
    """The identities of each section, and those that exist besides."""
    return {
        section: {
            *also.get(section, ()),
            *(str(getattr(t, identity_field(type(t)))) for t in getattr(org, section, ())),
        }
        for section in SECTIONS
    }


def reference_faults(thing: Any, path: str, known: Names) -> Iterator[Fault]:
    """What this object names and is not there."""
    for setting in _naming(type(thing)):
        value = getattr(thing, setting.name)
        if setting.item is not None:
            for number, entry in enumerate(value, start=1):
                yield from reference_faults(entry, f"{path}.{setting.name}[{number}]", known)
            continue
        section = setting.setting.refers_to
        for word in (value,) if isinstance(value, str) else value:
            if word and word not in known[section]:
                yield unknown(f"{path}.{setting.name}", word, known[section], NOUNS[section])


def named_by(thing: Any) -> Iterator[tuple[str, str, str]]:
    """Field, section and name of everything that this object names itself."""
    for setting in _naming(type(thing)):
        value = getattr(thing, setting.name)
        if setting.item is not None:
            for entry in value:
                for _, section, name in named_by(entry):
                    yield setting.name, section, name
            continue
        for word in (value,) if isinstance(value, str) else value:
            if word:
                yield setting.name, setting.setting.refers_to, word


def _naming(owner: type[Any]) -> tuple[Declared, ...]:
    """The settings of a class in which a name can stand."""
    if owner not in _NAMING:
        _NAMING[owner] = tuple(
            setting
            for setting in declared(owner)
            if setting.setting.refers_to or (setting.item and _naming(setting.item))
        )
    return _NAMING[owner]


_NAMING: dict[type[Any], tuple[Declared, ...]] = {}
