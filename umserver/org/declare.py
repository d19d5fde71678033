"""How a setting is declared, once: its type and default in the class, the rest in `Setting`.

    max_call_duration: Annotated[int, Setting("Longest call", "3.2", "minutes", high=120)] = 30

Everything else (checks, command parameters, help, the TOML form) is read from the declaration by
`declared`. Knows: attrs classes and types. Must never know: which settings exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from attrs import NOTHING, field, fields, frozen


class Kind(Enum):
    """What may stand as a setting's value."""

    TEXT = "text"
    NUMBER = "number"
    FLAG = "true or false"
    CHOICE = "one word of a list"
    TEXTS = "list of texts"
    OBJECTS = "list of objects"


@frozen
class Setting:
    """What is said about a setting beside its type and default."""

    help: str
    """One sentence for people, without a full stop."""
    source: str = ""
    """Section of the behaviour's specification, or what else decided it."""
    unit: str = ""
    """Unit of a number: minutes, seconds, digits …"""
    low: int | None = field(default=None, kw_only=True)
    """Least value of a number, least length of a text, least count of a list."""
    high: int | None = field(default=None, kw_only=True)
    """Greatest value, length or count."""
    check: Callable[[str], str | None] | None = field(default=None, kw_only=True)
    """What is wrong with one text, in words, or None."""
    refused: dict[str, str] = field(factory=dict)
    """Words that are known and not accepted, each with the reason."""
    refers_to: str = ""
    """The section of the organisation whose objects are named here."""
    parameter: str = ""
    """Parameter name of the commands where it is not simply the field's name in capitals."""
    fixed: bool = False
    """Can only be given when the object is made."""
    secret: bool = False
    """Never printed, never exported."""


@frozen
class Declared:
    """One setting as others see it."""

    name: str
    """Name of the field, and of the key in TOML."""
    kind: Kind
    setting: Setting
    default: Any
    """attrs.NOTHING when a value has to be given."""
    choices: tuple[str, ...] = ()
    item: type[Any] | None = None
    """The class of the objects in a list of objects."""

    @property
    def required(self) -> bool:
        """Whether a value has to be given."""
        return self.default is NOTHING

    @property
    def parameter(self) -> str:
        """Name of the command parameter: MaxCallDuration for max_call_duration."""
        return self.setting.parameter or "".join(
            word[:1].upper() + word[1:] for word in self.name.split("_")
        )

    def complaint(self, value: object) -> str | None:
        """What is wrong with a value, in words, or None."""
        return _COMPLAINTS[self.kind](self, value)


def declared(owner: type[Any]) -> tuple[Declared, ...]:
    """The settings of this attrs class, in the order of their declaration."""
    if owner not in _DECLARED:
        hints = get_type_hints(owner, include_extras=True)
        _DECLARED[owner] = tuple(
            _read(attribute.name, hints[attribute.name], attribute.default)
            for attribute in fields(owner)
            if get_origin(hints[attribute.name]) is Annotated
        )
    return _DECLARED[owner]


_DECLARED: dict[type[Any], tuple[Declared, ...]] = {}


def _read(name: str, hint: Any, default: Any) -> Declared:
    plain, setting = get_args(hint)
    if plain is str:
        return Declared(name, Kind.TEXT, setting, default)
    if plain is bool:
        return Declared(name, Kind.FLAG, setting, default)
    if plain is int:
        return Declared(name, Kind.NUMBER, setting, default)
    if get_origin(plain) is Literal:
        return Declared(name, Kind.CHOICE, setting, default, choices=get_args(plain))
    item = get_args(plain)[0]
    if item is str:
        return Declared(name, Kind.TEXTS, setting, default)
    return Declared(name, Kind.OBJECTS, setting, default, item=item)


# complaints, by kind

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _text(declared: Declared, value: object) -> str | None:
    if not isinstance(value, str):
        if isinstance(value, int) and not declared.setting.secret:
            return f'must be a text: write "{value}" in quotes'
        return "must be a text, in quotes"
    if _CONTROL.search(value):
        return "must not contain control characters"
    setting = declared.setting
    if not value:
        return "must not be empty" if declared.required or setting.low else None
    if setting.low is not None and len(value) < setting.low:
        return f"must have at least {setting.low} characters, not {len(value)}"
    if setting.high is not None and len(value) > setting.high:
        return f"must have at most {setting.high} characters, not {len(value)}"
    return setting.check(value) if setting.check else None


def _number(declared: Declared, value: object) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return "must be a whole number"
    low, high, unit = declared.setting.low, declared.setting.high, declared.setting.unit
    if (low is not None and value < low) or (high is not None and value > high):
        return f"must be from {low} to {high}{' ' + unit if unit else ''}, not {value}"
    return None


def _flag(declared: Declared, value: object) -> str | None:
    return None if isinstance(value, bool) else "must be true or false"


def _choice(declared: Declared, value: object) -> str | None:
    if not isinstance(value, str):
        return "must be a text"
    if value in declared.setting.refused:
        return f"{value} is refused: {declared.setting.refused[value]}"
    if value not in declared.choices:
        words = ", ".join(choice for choice in declared.choices if choice)
        return f"must be one of {words}, not {shown(value)}"
    return None


def _texts(declared: Declared, value: object) -> str | None:
    if not isinstance(value, tuple):
        return "must be a list of texts"
    complaint = _count(declared, value)
    if complaint:
        return complaint
    for text in value:
        if not isinstance(text, str) or not text:
            return "must be a list of texts, none of them empty"
        wrong = declared.setting.check(text) if declared.setting.check else None
        if wrong:
            return f"{shown(text)} {wrong}"
    return None


def _objects(declared: Declared, value: object) -> str | None:
    return _count(declared, value) if isinstance(value, tuple) else "must be a list"


def _count(declared: Declared, value: tuple[object, ...]) -> str | None:
    high = declared.setting.high
    if high is not None and len(value) > high:
        return f"must have at most {high} entries, not {len(value)}"
    return None


def shown(value: object, limit: int = 60) -> str:
    """A value for a message: quoted, and shortened where somebody sent a novel."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


_COMPLAINTS: dict[Kind, Callable[[Declared, object], str | None]] = {
    Kind.TEXT: _text,
    Kind.NUMBER: _number,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.OBJECTS: _objects,
}
