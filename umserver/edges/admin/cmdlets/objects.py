"""New, Set, Get, Remove, Enable and Disable: the same for every noun, made of the declarations.

Knows: nouns and their settings, what is made together (spec 2.1). Must never know: mailboxes'
and servers' own cmdlets; they stand beside this module.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import evolve

from umserver.edges.admin.ask import NotRunning
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Archive, Desk
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.keeping import called, changed, keep, made, some_of
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import NOUNS, Noun
from umserver.edges.admin.outcome import Outcome, Record
from umserver.edges.admin.parameter import Parameter, flag
from umserver.edges.admin.parameters import identity, in_parameters, settings_of
from umserver.edges.admin.reach import COLUMN, reach_of
from umserver.edges.admin.records import record_of
from umserver.org.consequences import (
    changed_with,
    group_made_with,
    policy_made_with,
    removed_with,
    why_not_disabled,
    why_not_removed,
)
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.sections import NOUNS as NOUNS_OF
from umserver.org.sections import identity_of
from umserver.org.settings import AutoAttendant, Organisation

Run = Callable[[Given, Desk], Outcome]


# showing


def get(noun: Noun) -> Run:
    """All objects, those that fit the given settings, or one in full."""

    def run(given: Given, desk: Desk) -> Outcome:
        organisation = desk.archive.load()
        name = given.identity()
        reach = reach_of(desk) if noun.section == "gateways" else {}

        def record(thing: Any) -> Record:
            return (*record_of(noun, thing, organisation), *reach.get(identity_of(thing), ()))

        if name:
            thing = find(desk.archive, noun, name).thing
            return Outcome((record(thing),), noun.columns, in_full=True)
        things = fitting(given, all_of(desk.archive, noun))
        if noun.section == "gateways" and not given.flag("IncludeSimulator"):
            asked = given.has("Simulator")
            things = (thing for thing in things if asked or not thing.simulator)
        columns = (*noun.columns, COLUMN) if reach else noun.columns
        return Outcome(tuple(map(record, things)), columns)

    return run


def all_of(archive: Archive, noun: Noun) -> Iterable[Any]:
    """Every object of this noun."""
    if noun.section == "mailboxes":
        return archive.mailboxes()
    return list(getattr(archive.load(), noun.section))


def fitting(given: Given, things: Iterable[Any]) -> Iterator[Any]:
    """Those that have the settings that were given; texts are compared without regard to case."""
    wanted = given.settings()
    for thing in things:
        if all(_folded(getattr(thing, key)) == _folded(wanted[key]) for key in wanted):
            yield thing


def _folded(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_folded(item) for item in value]
    return value.casefold() if isinstance(value, str) else value


# changing


def set_(noun: Noun) -> Run:
    """Change settings of one object."""

    def run(given: Given, desk: Desk) -> Outcome:
        name = "" if noun.single else given.needed("Identity", noun.word)
        before: list[Any] = []

        def changes(thing: Any) -> dict[str, Any]:
            before.append(thing)
            found = given.settings(thing)
            if not found:
                raise Mistyped(f"say what to set: {some_of(noun)}")
            key = noun.identity
            if key in found and found[key] != getattr(thing, key):
                raise Mistyped(f"the {noun.word} {name} cannot get another {key}")
            return found

        thing = changed(noun, desk.archive, name, changes)
        if thing == before[-1]:
            return Outcome(done=f"{called(noun, thing)} is like that already")
        return Outcome(done=f"{called(noun, thing)} is changed", changed=True)

    return run


def new(noun: Noun) -> Run:
    """Make an object, and what Exchange makes with it (spec 2.1)."""

    def run(given: Given, desk: Desk) -> Outcome:
        thing = made(noun, given.settings())
        together = _made_with(noun, thing, given)
        if together is None:
            keep(noun, desk.archive, thing, 0)
        else:
            _must_be_new(desk.archive, noun, thing)
            try:
                desk.archive.import_organisation(together, (), replace=False)
            except SettingsFaults as faults:
                raise in_parameters(faults, noun, thing) from None
        return Outcome(done=f"{called(noun, thing)} is made", changed=True)

    return run


def _made_with(noun: Noun, thing: Any, given: Given) -> Organisation | None:
    """The object with what belongs to it from the start; None when it stands alone."""
    if noun.section == "dial_plans" and given.flag("GenerateUMMailboxPolicy", True):
        try:
            policy = policy_made_with(thing)
        except ValueError as fault:
            raise SettingsFaults([Fault("-Name", str(fault))]) from None
        return Organisation(dial_plans=(thing,), mailbox_policies=(policy,))
    if noun.section == "gateways" and given.text("UMDialPlan"):
        group = group_made_with(thing, given.text("UMDialPlan"))
        return Organisation(gateways=(thing,), hunt_groups=(group,))
    return None


def _must_be_new(archive: Archive, noun: Noun, thing: Any) -> None:
    try:
        archive.get(noun.section, identity_of(thing))
    except LookupError:
        return
    raise Mistyped(f"{called(noun, thing)} exists already")


def remove(noun: Noun) -> Run:
    """Forget an object that nothing needs, and what cannot be without it (spec 2.1)."""

    def run(given: Given, desk: Desk) -> Outcome:
        archive = desk.archive
        kept = find(archive, noun, given.needed("Identity", noun.word))
        name, what = identity_of(kept.thing), called(noun, kept.thing)
        organisation = archive.load()
        together = removed_with(organisation, noun.section, name)
        why = why_not_removed(organisation, noun.section, name)
        if why:
            raise LookupError(f"{why}; nothing was changed")
        also = f" and its {', '.join(f'{NOUNS_OF[s]} {n}' for s, n in together)}"
        if not desk.sure(f"Remove {what}{also if together else ''}?"):
            return Outcome()
        if given.what_if and together:
            return Outcome(done=f"{what}{also} are removed")
        for section, changed_thing in changed_with(organisation, noun.section, name):
            archive.put(section, changed_thing)
        for section, other in together:
            archive.remove(section, other)
        archive.remove(noun.section, name, kept.version)
        done = f"{what}{also} are removed" if together else f"{what} is removed"
        return Outcome(done=done, changed=True)

    return run


def switch(noun: Noun, on: bool) -> Run:
    """Enable or disable."""

    def run(given: Given, desk: Desk) -> Outcome:
        assert noun.switch is not None
        key, enabled, disabled = noun.switch
        kept = find(desk.archive, noun, given.needed("Identity", noun.word))
        what = called(noun, kept.thing)
        why = _why_not(desk.archive, kept.thing) if not on else None
        if why:
            raise LookupError(f"{why}; nothing was changed")
        if not on and not desk.sure(f"Disable {what}?"):
            return Outcome()
        change: dict[str, Any] = {key: enabled if on else disabled}
        keep(noun, desk.archive, evolve(kept.thing, **change), kept.version)
        ended = _ended(given, desk, kept.thing) if not on else ""
        done = f"{what} is {'enabled' if on else 'disabled'}{ended}"
        return Outcome(done=done, changed=not ended)

    return run


def _why_not(archive: Archive, thing: Any) -> str | None:
    """Why it may not be disabled, or None."""
    if isinstance(thing, AutoAttendant):
        return why_not_disabled(archive.load(), thing)
    return None


def _ended(given: Given, desk: Desk, thing: Any) -> str:
    """With -Immediate the running calls of a gateway end too (spec 2.5)."""
    if given.what_if or "Immediate" not in given.options or not given.flag("Immediate"):
        return ""
    desk.announce()
    try:
        count = desk.ask("hang-up-gateway", gateway=thing.name)
    except NotRunning:
        return ", and no server runs here whose calls could end"
    return f", {count} calls are ended" if isinstance(count, int) else ", its calls are ended"


# the table


EXTRA: dict[str, tuple[Parameter, ...]] = {
    "New-UMDialPlan": (
        flag("GenerateUMMailboxPolicy", "Whether the default policy is made with it", True),
    ),
    "New-UMIPGateway": (
        Parameter("UMDialPlan", "Also make a hunt group to this plan", section="dial_plans"),
    ),
    "Get-UMIPGateway": (
        Parameter("IncludeSimulator", "Also those that are test clients", switch=True),
    ),
    "Disable-UMIPGateway": (flag("Immediate", "Also end its running calls", False),),
}
SYNOPSES = {
    "Get": "Shows every {noun}, or one in full",
    "Set": "Changes settings of a{n} {noun}",
    "New": "Makes a{n} {noun}",
    "Remove": "Removes a{n} {noun} that nothing needs any more",
    "Enable": "Enables a{n} {noun}",
    "Disable": "Disables a{n} {noun}",
}


def cmdlet(noun: Noun, verb: str, run: Run | None = None) -> Cmdlet:
    """One verb of one noun."""
    name = f"{verb}-{noun.cmdlet}"
    runs: dict[str, Callable[[], Run]] = {
        "Get": lambda: get(noun),
        "Set": lambda: set_(noun),
        "New": lambda: new(noun),
        "Remove": lambda: remove(noun),
        "Enable": lambda: switch(noun, True),
        "Disable": lambda: switch(noun, False),
    }
    return Cmdlet(
        verb,
        noun.cmdlet,
        SYNOPSES[verb].format(noun=noun.word, n="n" if noun.word[0] in "aeio" else ""),
        run or runs[verb](),
        parameters_of(noun, verb, name),
        unix=f"{noun.unix} {verb.lower()}",
        first=_first(noun, verb),
        asks=verb in ("Remove", "Disable"),
        ours=noun.ours,
    )


def _first(noun: Noun, verb: str) -> str:
    if noun.single:
        return ""
    if verb != "New":
        return "Identity"
    return next(s.parameter for s in noun.settings if s.name == noun.identity)


def parameters_of(noun: Noun, verb: str, name: str) -> tuple[Parameter, ...]:
    """What a verb takes of a noun's settings."""
    more = EXTRA.get(name, ())
    if verb == "New":
        return (*settings_of(noun, needed=True), *more)
    whom = () if noun.single else (identity(noun, needed=verb != "Get"),)
    if verb in ("Get", "Set"):
        shown = settings_of(noun, lambda s: verb == "Set" or not s.setting.secret)
        return (*whom, *shown, *more)
    return (*whom, *more)


CMDLETS = tuple(cmdlet(noun, verb) for noun in NOUNS for verb in noun.verbs)
