"""What has to hold between an organisation that is and one that shall be.

Knows: two organisations, and what users have to do with them. Must never know: rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import evolve

from umserver.edges.store.statement import fold
from umserver.org.declare import declared
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.parse import parse_object
from umserver.org.sections import SECTIONS, SINGLES, identity_of
from umserver.org.settings import Organisation

MAILBOXES = "mailboxes"


def merge(old: Organisation, new: Organisation) -> Organisation:
    """The old organisation with the objects of the new one put over or beside its own."""
    merged: dict[str, Any] = {}
    for section in SECTIONS:
        if section != MAILBOXES:
            things = {fold(identity_of(thing)): thing for thing in getattr(old, section)}
            things.update({fold(identity_of(thing)): thing for thing in getattr(new, section)})
            merged[section] = tuple(things.values())
    for section, owner in SINGLES.items():
        if getattr(new, section) != owner():
            merged[section] = getattr(new, section)
    return evolve(old, **merged)


def only(section: str, thing: Any) -> Organisation:
    """An organisation of this one object."""
    things: dict[str, Any] = {section: thing if section in SINGLES else (thing,)}
    return Organisation(**things)


def without(organisation: Organisation, section: str, name: str) -> Organisation:
    """The organisation as it is when this object is gone."""
    things = getattr(organisation, section)
    left: dict[str, Any] = {
        section: tuple(thing for thing in things if fold(identity_of(thing)) != fold(name))
    }
    return evolve(organisation, **left)


def objects(organisation: Organisation) -> Iterator[tuple[str, Any]]:
    """Every object with its section; single ones only where they say something."""
    for section in SECTIONS:
        for thing in getattr(organisation, section, ()):
            yield section, thing
    for section, owner in SINGLES.items():
        if getattr(organisation, section) != owner():
            yield section, getattr(organisation, section)


def newly_claimed(before: Organisation, after: Organisation) -> Sequence[tuple[str, str]]:
    """Dial plan and number of what can no longer be a user's."""
    return sorted(_claimed(after) - _claimed(before))


def _claimed(organisation: Organisation) -> set[tuple[str, str]]:
    return {*organisation.service_at, *organisation.access_numbers}


def rigid_faults(before: Organisation, after: Organisation) -> Iterator[Fault]:
    """Settings that changed and can only be given when an object is made."""
    old = dict(_named(before))
    for name, thing in _named(after):
        yield from rigid(old.get(name, thing), thing)


def _named(organisation: Organisation) -> Iterator[tuple[tuple[str, str], Any]]:
    for section, thing in objects(organisation):
        if section in SECTIONS:
            yield (section, fold(identity_of(thing))), thing


def rigid(old: Any, new: Any) -> Iterator[Fault]:
    """The same of one object (URI type, extension length, the plan)."""
    for setting in declared(type(new)):
        was = getattr(old, setting.name)
        if setting.setting.fixed and was != getattr(new, setting.name):
            path = f"{identity_of(new)}.{setting.name}"
            yield Fault(path, f"is {was}, and can only be given when it is made")


def told(faults: Sequence[Fault]) -> None:
    """Raises SettingsFaults when there are any."""
    if faults:
        raise SettingsFaults(faults)


def changed(thing: Any, changes: Mapping[str, object]) -> Any:
    """The object with these fields in the TOML form. Raises SettingsFaults for bad values."""
    needed = {s.name: getattr(thing, s.name) for s in declared(type(thing)) if s.required}
    good = parse_object(type(thing), {**needed, **changes}, "")
    return evolve(thing, **{name: getattr(good, name) for name in changes})
