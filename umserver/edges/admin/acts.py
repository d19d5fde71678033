"""The cmdlets: one act for each verb, the same for every noun.

Knows: nouns, settings, an archive it is handed. Must never know: where the archive is kept, how
results are shown. An act raises Mistyped (say it better), LookupError (there is no such object),
SettingsFaults (this may not be); the archive's own refusals pass through.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from attrs import evolve, frozen

from umserver.edges.admin.given import (
    Searched,
    Sure,
    called,
    find,
    flag_of,
    identity,
    needed,
    nothing_left,
    parameters,
    rebuilt,
    values,
)
from umserver.edges.admin.line import Line, Mistyped, choose, fold
from umserver.edges.admin.nouns import NOUNS, Noun
from umserver.org.faults import nearest
from umserver.org.parse import parse_object
from umserver.org.sections import NOUNS as NAMES
from umserver.org.sections import identity_of
from umserver.org.settings import HuntGroup, Mailbox, MailboxPolicy, Organisation

MAILBOXES = "mailboxes"
SYNONYMS = {"list": "Get", "show": "Get", "add": "New", "create": "New", "delete": "Remove"}
IGNORED = ("DomainController", "ForceUpgrade", "IgnoreDefaultScope")
"""Parameters of Exchange that mean nothing here and are taken without a word."""


class Archive(Searched, Protocol):
    """What an act needs of the store."""

    def put(self, section: str, thing: Any, expected: int | None = None) -> int:
        """Keep one object."""

    def remove(self, section: str, name: str, expected: int | None = None) -> int:
        """Forget one object."""

    def import_organisation(
        self, organisation: Organisation, mailboxes: Sequence[Mailbox], *, replace: bool = True
    ) -> int:
        """Keep several objects at once."""

    def rehearsal(self) -> Archive:
        """The same with every check, and every change undone at once."""


@frozen
class Outcome:
    """What came of an act."""

    noun: Noun
    shown: tuple[Any, ...] = ()
    """Objects to show."""
    in_full: bool = False
    """Every setting of them, not the short table."""
    done: str = ""
    """What was changed, in words; empty when nothing was."""
    only_said: bool = False
    """Nothing was changed; `done` says what would have been."""


@frozen
class Act:
    """A verb with its noun, recognised."""

    verb: str
    noun: Noun


def recognise(line: Line) -> Act | None:
    """The verb and noun at the beginning of the line, removed from it; None when there are none.

    Raises Mistyped when they are nearly there.
    """
    first = line.words[0] if line.words else ""
    verb, dash, noun = first.partition("-")
    if dash:
        return _cmdlet(line, verb, noun)
    for candidate in NOUNS:
        if fold(candidate.unix) == fold(first):
            del line.words[0]
            typed = line.words.pop(0) if line.words else "get"
            verb = SYNONYMS.get(typed.lower(), typed)
            return Act(choose(verb, candidate.verbs, f"verb of {candidate.unix}"), candidate)
    return None


def _cmdlet(line: Line, verb: str, noun: str) -> Act:
    known = {f"{v}-{n.cmdlet}": Act(v, n) for n in NOUNS for v in n.verbs}
    folded = {name.casefold(): act for name, act in known.items()}
    folded["set-ummailboxpin"] = Act("SetPin", next(n for n in NOUNS if n.section == MAILBOXES))
    typed = f"{verb}-{noun}".casefold()
    if typed not in folded:
        near = nearest(typed, list(known))
        hint = f"did you mean {near}?" if near else "umctl help shows what there is"
        raise Mistyped(f"there is no command {verb}-{noun}; {hint}")
    del line.words[0]
    return folded[typed]


def perform(act: Act, line: Line, archive: Archive, sure: Sure) -> Outcome:
    """Do it. `sure` is asked before something is removed or disabled."""
    for name in IGNORED:
        line.take(name)
    only_say = line.flag("WhatIf", "dry-run")
    asks = line.take("Confirm")
    yes = line.flag("yes") or (asks is not None and asks.values[:1] in (("$false",), ("false",)))
    confirm: Sure = (lambda words: True) if yes or only_say else sure
    archive = archive.rehearsal() if only_say else archive
    outcome = _ACTS[act.verb](act.noun, line, archive, confirm)
    return evolve(outcome, only_said=only_say)


def _get(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
    if noun.single:
        return Outcome(noun, (archive.get(noun.section).thing,), in_full=True)
    name = identity(noun, line)
    filters = values(noun, line, None)
    if name:
        return Outcome(noun, (find(archive, noun, name).thing,), in_full=True)
    if noun.section == MAILBOXES:
        things: Iterable[Any] = archive.mailboxes()
    else:
        things = getattr(archive.load(), noun.section)
    return Outcome(
        noun,
        tuple(
            thing
            for thing in things
            if all(getattr(thing, key) == value for key, value in filters.items())
        ),
    )


def _set(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
    name = "" if noun.single else needed(noun, line, "Set")
    kept = archive.get(noun.section) if noun.single else find(archive, noun, name)
    changes = values(noun, line, kept.thing)
    if not changes:
        raise Mistyped(f"say what to set: {parameters(noun)}")
    if noun.identity in changes and changes[noun.identity] != getattr(kept.thing, noun.identity):
        raise Mistyped(f"the {NAMES[noun.section]} {name} cannot get another {noun.identity}")
    thing = rebuilt(noun, kept.thing, changes)
    archive.put(noun.section, thing, kept.version)
    return Outcome(noun, done=f"{called(noun, thing)} is changed")


def _set_pin(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
    """A new PIN, made of chance when none is given (spec 3.7)."""
    kept = find(archive, noun, needed(noun, line, "Set"))
    changes = values(noun, line, kept.thing)
    if set(changes) - {"pin"}:
        raise Mistyped("Set-UMMailboxPIN sets the PIN alone: -Pin DIGITS, or nothing to get one")
    made = ""
    if "pin" not in changes:
        policy = archive.load().policy_named[kept.thing.policy]
        made = "".join(secrets.choice("0123456789") for _ in range(policy.min_pin_length))
        changes["pin"] = made
    archive.put(noun.section, rebuilt(noun, kept.thing, changes), kept.version)
    said = f", it is {made}" if made else ""
    return Outcome(noun, done=f"the PIN of {kept.thing.address} is changed{said}")


def _new(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
    policy_wanted = flag_of(line.take("GenerateUMMailboxPolicy")) is not False
    plan = line.take("UMDialPlan") if noun.section == "gateways" else None
    name = identity(noun, line)
    given = values(noun, line, None)
    if name and noun.identity not in given:
        given = {noun.identity: name, **given}
    thing = parse_object(noun.owner, given, noun.unix)
    together: dict[str, Any] = {}
    if policy_wanted and noun.section == "dial_plans":
        policy = MailboxPolicy(name=f"{thing.name} Default Policy", dial_plan=thing.name)
        together = {"dial_plans": (thing,), "mailbox_policies": (policy,)}
    elif plan is not None:
        group = HuntGroup(
            name="Default Hunt Group", dial_plan=" ".join(plan.values), gateway=thing.name
        )
        together = {"gateways": (thing,), "hunt_groups": (group,)}
    if together:
        _must_be_new(archive, noun, thing)
        archive.import_organisation(Organisation(**together), (), replace=False)
    else:
        archive.put(noun.section, thing, 0)
    return Outcome(noun, done=f"{called(noun, thing)} is made")


def _remove(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
    name = needed(noun, line, "Remove")
    nothing_left(noun, line)
    kept = find(archive, noun, name)
    what = called(noun, kept.thing)
    if not sure(f"Remove {what}?"):
        return Outcome(noun)
    archive.remove(noun.section, identity_of(kept.thing), kept.version)
    return Outcome(noun, done=f"{what} is removed")


def _must_be_new(archive: Archive, noun: Noun, thing: Any) -> None:
    try:
        archive.get(noun.section, identity_of(thing))
    except LookupError:
        return
    raise Mistyped(f"{called(noun, thing)} exists already")


def _switch(on: bool) -> Callable[[Noun, Line, Archive, Sure], Outcome]:
    def act(noun: Noun, line: Line, archive: Archive, sure: Sure) -> Outcome:
        assert noun.switch is not None
        key, enabled, disabled = noun.switch
        name = needed(noun, line, "Enable" if on else "Disable")
        nothing_left(noun, line)
        kept = find(archive, noun, name)
        what = called(noun, kept.thing)
        if not on and not sure(f"Disable {what}?"):
            return Outcome(noun)
        change: dict[str, Any] = {key: enabled if on else disabled}
        archive.put(noun.section, evolve(kept.thing, **change), kept.version)
        return Outcome(noun, done=f"{what} is {'enabled' if on else 'disabled'}")

    return act


_ACTS: dict[str, Callable[[Noun, Line, Archive, Sure], Outcome]] = {
    "Get": _get,
    "Set": _set,
    "SetPin": _set_pin,
    "New": _new,
    "Remove": _remove,
    "Enable": _switch(True),
    "Disable": _switch(False),
}
