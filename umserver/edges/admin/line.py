"""What an administrator typed: words, options and their values, in both spellings.

    Set-UMDialPlan Demo -AudioCodec G711 -WhatIf          (PowerShell)
    dialplan set Demo --audio-codec G711 --dry-run        (Unix)

Knows: dashes, colons, equal signs. Must never know: which options exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from attrs import define, field, frozen

from umserver.org.faults import nearest

OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9_-]*")


class Mistyped(Exception):
    """The command line says nothing that can be done; the words help."""


@frozen
class Option:
    """One option with what was typed behind it."""

    typed: str
    """With its dashes, for messages."""
    values: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """How options are compared: `-AudioCodec` and `--audio-codec` are one."""
        return fold(self.typed)


@define
class Line:
    """A command line, taken apart."""

    words: list[str] = field(factory=list)
    options: list[Option] = field(factory=list)

    def take(self, name: str) -> Option | None:
        """Remove an option and return it; None when it was not given. The last one counts."""
        found = None
        for option in [o for o in self.options if o.key == fold(name)]:
            self.options.remove(option)
            found = option
        return found

    def flag(self, *names: str) -> bool:
        """Remove options that need no value; whether one was given and not switched off."""
        on = False
        for name in names:
            option = self.take(name)
            if option is not None:
                off = bool(option.values) and option.values[0].lower() in ("$false", "false", "0")
                self.words += option.values[0 if not _is_truth(option.values) else 1 :]
                on = not off
        return on


def _is_truth(values: Sequence[str]) -> bool:
    return bool(values) and values[0].lower() in ("$true", "$false", "true", "false", "0", "1")


def fold(name: str) -> str:
    """An option's or a noun's name without dashes, underscores and capitals."""
    return re.sub(r"[-_]", "", name).casefold()


def take_apart(arguments: Sequence[str]) -> Line:
    """Words and options. What follows an option up to the next one is its value."""
    line = Line()
    for argument in arguments:
        match = OPTION.match(argument)
        rest = argument[match.end() :] if match else ""
        if match is not None and rest[:1] in ("", "=", ":"):
            line.options.append(Option(match.group(), (rest[1:],) if rest else ()))
        elif line.options:
            last = line.options[-1]
            line.options[-1] = Option(last.typed, (*last.values, argument))
        else:
            line.words.append(argument)
    return line


def choose(typed: str, known: Iterable[str], what: str) -> str:
    """The known name that was typed, by itself or by an unmistakable beginning.

    Raises Mistyped with the nearest right word.
    """
    names = list(known)
    for name in names:
        if fold(name) == fold(typed):
            return name
    begun = [name for name in names if fold(typed) and fold(name).startswith(fold(typed))]
    if len(begun) == 1:
        return begun[0]
    if begun:
        raise Mistyped(f"{typed} may be {', '.join(begun)}: type more of it")
    near = nearest(typed.lstrip("-"), names)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    raise Mistyped(f"there is no {what} {typed}; {hint}")
