"""What a command was given: whom it is about, and which settings with which values.

Knows: nouns, options, declarations. Must never know: what is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from attrs import evolve

from umserver.edges.admin.line import Line, Mistyped, Option, choose
from umserver.edges.admin.nouns import Noun
from umserver.edges.admin.values import value_of
from umserver.org.declare import Kind
from umserver.org.parse import parse_object
from umserver.org.sections import NOUNS as NAMES
from umserver.org.sections import identity_of
from umserver.org.settings import Mailbox, Organisation

IDENTITY = "Identity"


class Kept(Protocol):
    """An object with its version."""

    @property
    def thing(self) -> Any:
        """The object."""

    @property
    def version(self) -> int:
        """What to hand back when it is changed."""


class Searched(Protocol):
    """Where objects are found."""

    def get(self, section: str, name: str = "") -> Kept:
        """Raises LookupError."""

    def load(self) -> Organisation:
        """Everything but the mailboxes."""

    def mailboxes(self) -> Iterable[Mailbox]:
        """Every mailbox."""


def identity(noun: Noun, line: Line) -> str:
    """The object's name: the first word, or the option Identity; empty when there is none."""
    option = line.take(IDENTITY)
    words = [*line.words, *(option.values if option else ())]
    line.words.clear()
    if len(words) > 1:
        quoted = " ".join(words)
        raise Mistyped(f'there is one {NAMES[noun.section]} too many: did you mean "{quoted}"?')
    return words[0] if words else ""


def needed(noun: Noun, line: Line, verb: str) -> str:
    """The object's name. Raises Mistyped when there is none."""
    name = identity(noun, line)
    if not name:
        raise Mistyped(f"say which {NAMES[noun.section]}: {noun.words(verb)[0]} NAME")
    return name


def values(noun: Noun, line: Line, before: Any) -> dict[str, Any]:
    """The settings that were given, by field. `before` is the object that is changed, or None."""
    known = {setting.parameter: setting for setting in noun.settings}
    given: dict[str, Any] = {}
    for option in line.options:
        setting = known[choose(option.typed, known, f"parameter of {noun.cmdlet}")]
        typed = option.values
        if not typed and setting.kind is Kind.FLAG:
            typed = ("$true",)
        was = getattr(before, setting.name, ())
        given[setting.name] = value_of(setting, typed, was)
    line.options.clear()
    return given


def rebuilt(noun: Noun, thing: Any, changes: dict[str, Any]) -> Any:
    """The object with these settings changed. Raises SettingsFaults for bad values."""
    required = {s.name: getattr(thing, s.name) for s in noun.settings if s.required}
    good = parse_object(noun.owner, {**required, **changes}, called(noun, thing))
    taken: dict[str, Any] = {name: getattr(good, name) for name in changes}
    return evolve(thing, **taken)


def find(archive: Searched, noun: Noun, name: str) -> Kept:
    """The object of this name. Raises LookupError, and Mistyped when several could be meant.

    A hunt group's gateway may be left out, and a user be named by extension or display name.
    """
    try:
        return archive.get(noun.section, name)
    except LookupError:
        others = _others(archive, noun)
    matches = [other for other in others if name.casefold() in _also_called(other)]
    names = [identity_of(match) for match in matches]
    if len(names) == 1:
        return archive.get(noun.section, names[0])
    what = NAMES[noun.section]
    if names:
        raise Mistyped(f"there are several: {', '.join(names[:10])}")
    try:
        near = choose(name, [identity_of(other) for other in others], what) if others else ""
    except Mistyped as fault:
        raise LookupError(str(fault)) from None
    hint = f"; did you mean {near}?" if near else ""
    raise LookupError(f"there is no {what} {name}{hint}")


def _others(archive: Searched, noun: Noun) -> list[Any]:
    if noun.section == "mailboxes":
        return list(archive.mailboxes())
    return list(getattr(archive.load(), noun.section))


def _also_called(thing: Any) -> set[str]:
    words = [getattr(thing, field, "") for field in ("name", "extension", "display_name")]
    return {word.casefold() for word in words if word}


def called(noun: Noun, thing: Any) -> str:
    """The object in a sentence: `dial plan Demo`."""
    return noun.cmdlet if noun.single else f"{NAMES[noun.section]} {identity_of(thing)}"


def nothing_left(noun: Noun, line: Line) -> None:
    """Raises Mistyped when something was given that nobody asked for."""
    rest = [*line.words, *(option.typed for option in line.options)]
    if rest:
        raise Mistyped(f"{rest[0]} means nothing here")


def parameters(noun: Noun) -> str:
    """The parameters in one line."""
    return ", ".join(f"-{s.parameter}" for s in noun.settings if s.name != noun.identity)


def flag_of(option: Option | None) -> bool | None:
    """An option as true or false; None when it was not given."""
    if option is None:
        return None
    return not (option.values and option.values[0].lower() in ("$false", "false", "0", "no"))


Sure = Callable[[str], bool]
"""Asks the administrator; whether the answer was yes."""
