"""How a setting is declared, once: its type and default in the class, the rest in `Setting`.

    max_call_duration: Annotated[int, Setting("Longest call", "3.2", "minutes", high=120)] = 30

Everything else (checks, command parameters, help, the TOML form) is read from the declaration by
`declared`. What the type says: `int | Literal["Unlimited"]` is a number or the word, a tuple of
attrs classes a list of objects, whose fields in their order are also the columns of its text form
(`umserver.org.columns`). Knows: attrs classes and types. Must never know: which settings exist.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from attrs import NOTHING, field, fields, frozen

from umserver.org.spans import in_unit

UNLIMITED = "Unlimited"
Unlimited: TypeAlias = int | Literal["Unlimited"]
"""A number, or the word where nothing is limited (spec 3.1)."""
ThreeState: TypeAlias = Literal["False", "True", "Uninterruptible"]
"""Off, on, or on without a way to skip it (spec 3.2 InfoAnnouncementEnabled)."""


class Kind(Enum):
    """What may stand as a setting's value."""

    TEXT = "text"
    NUMBER = "number"
    UNLIMITED = "number or Unlimited"
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
    check_all: Callable[[tuple[str, ...]], str | None] | None = field(default=None, kw_only=True)
    """What is wrong with a list as a whole, each of its texts being right, or None."""
    tidy: Callable[[str], str] | None = field(default=None, kw_only=True)
    """The one spelling under which a right text is kept; what it gives must come out unchanged."""
    spellings: Mapping[str, str] = field(factory=dict, kw_only=True)
    """Other words for a choice: what somebody may write, and what it means."""
    refused: dict[str, str] = field(factory=dict)
    """Words that are known and not accepted, each with the reason."""
    refers_to: str = ""
    """The section of the organisation whose objects are named here."""
    parameter: str = ""
    """Parameter name of the commands where it is not simply the field's name in capitals."""
    also: tuple[str, ...] = field(default=(), kw_only=True)
    """Further parameter names that mean the same."""
    form: str = field(default="", kw_only=True)
    """What a value looks like, where the kind does not say enough: `Day.Time-Day.Time`."""
    fixed: bool = False
    """Can only be given when the object is made: in the tables of the specification N without S."""
    at_new: bool = field(default=True, kw_only=True)
    """Whether the making command knew it: False is S without N in the specification's tables."""
    own: bool = field(default=False, kw_only=True)
    """A setting that Exchange has not, or not among the parameters of this object."""
    without_effect: str = field(default="", kw_only=True)
    """Why it is accepted and kept, and changes nothing; empty for the many that do something."""
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

    @property
    def form(self) -> str:
        """What a value looks like, in a word or two."""
        if self.setting.form or self.item is None:
            return self.setting.form or self.kind.value
        return ",".join(column.parameter for column in declared(self.item))

    def read(self, value: object) -> object:
        """The value in the one spelling under which it is kept; what is wrong stays as it is.

        Lists become tuples, `30.00:00:00` becomes 30 days, `unlimited` and other words what they
        stand for, texts get tidy.
        """
        if self.kind is Kind.TEXTS and isinstance(value, str):
            value = [part.strip() for part in value.split(",")] if value else []
        if isinstance(value, list):
            value = tuple(value)
        if isinstance(value, tuple):
            return tuple(map(self._tidy, value)) if self.kind is Kind.TEXTS else value
        word = self.setting.spellings.get(str(value), value)
        if isinstance(word, bool) and str(word) in self.choices:
            return str(word)
        if self.kind in (Kind.NUMBER, Kind.UNLIMITED):
            return self._count(word)
        return self._tidy(word)

    def _count(self, value: object) -> object:
        if not isinstance(value, str):
            return value
        if self.kind is Kind.UNLIMITED:
            if value.casefold() == UNLIMITED.casefold():
                return UNLIMITED
            if value.isascii() and value.isdigit() and len(value) < _MOST_DIGITS:
                return int(value)
        found = in_unit(value, self.setting.unit)
        return value if found is None else found

    def _tidy(self, value: object) -> object:
        setting = self.setting
        if not isinstance(value, str) or not value or setting.tidy is None:
            return value
        wrong = setting.check(value) if setting.check else None
        return value if wrong else setting.tidy(value)

    def complaint(self, value: object) -> str | None:
        """What is wrong with a value that was read, in words, or None."""
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


def settings_of(owner: type[Any]) -> Mapping[str, Declared]:
    """The same by field name."""
    if owner not in _BY_NAME:
        _BY_NAME[owner] = {setting.name: setting for setting in declared(owner)}
    return _BY_NAME[owner]


_DECLARED: dict[type[Any], tuple[Declared, ...]] = {}
_BY_NAME: dict[type[Any], Mapping[str, Declared]] = {}


def _read(name: str, hint: Any, default: Any) -> Declared:
    plain, setting = get_args(hint)
    if plain is str:
        return Declared(name, Kind.TEXT, setting, default)
    if plain is bool:
        return Declared(name, Kind.FLAG, setting, default)
    if plain in (int, int | None):
        return Declared(name, Kind.NUMBER, setting, default)
    if plain == Unlimited:
        return Declared(name, Kind.UNLIMITED, setting, default)
    if get_origin(plain) is Literal:
        return Declared(name, Kind.CHOICE, setting, default, choices=get_args(plain))
    item = get_args(plain)[0]
    if item is str:
        return Declared(name, Kind.TEXTS, setting, default)
    return Declared(name, Kind.OBJECTS, setting, default, item=item)


# complaints, by kind

MOST_IN_LIST = 512
"""Characters of one text of a list."""
_MOST_DIGITS = 10
"""Of a number written as text."""
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
    low, high = declared.setting.low, declared.setting.high
    if (low is not None and value < low) or (high is not None and value > high):
        return f"must be {_range(declared)}, not {value}"
    return None


def _range(declared: Declared) -> str:
    low, high, unit = declared.setting.low, declared.setting.high, declared.setting.unit
    words = f"at least {low}" if high is None else f"from {low} to {high}"
    return f"{words} {unit}".rstrip()


def _unlimited(declared: Declared, value: object) -> str | None:
    if value == UNLIMITED:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        return f"must be a whole number or {UNLIMITED}"
    complaint = _number(declared, value)
    return complaint and f"must be {_range(declared)} or {UNLIMITED}, not {value}"


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
        if _CONTROL.search(text):
            return f"{shown(text)} must not contain control characters"
        if len(text) > MOST_IN_LIST:
            return f"{shown(text)} must have at most {MOST_IN_LIST} characters"
        wrong = declared.setting.check(text) if declared.setting.check else None
        if wrong:
            return f"{shown(text)} {wrong}"
    return declared.setting.check_all(value) if declared.setting.check_all else None


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
    Kind.UNLIMITED: _unlimited,
    Kind.FLAG: _flag,
    Kind.CHOICE: _choice,
    Kind.TEXTS: _texts,
    Kind.OBJECTS: _objects,
}
