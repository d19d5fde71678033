"""The words of -Filter: `Status -eq 'Enabled' -and (Port -gt 5060 -or Name -like 'PBX*')`.

Knows: comparison and logic as PowerShell writes them, records. Must never know: what records mean.
Texts are compared without regard to case; a list fits when one of its entries does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any

from attrs import define

from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Record
from umserver.org.faults import nearest

MOST_TEXT = 2000
"""Characters of a filter."""
MOST_DEPTH = 50
"""Brackets in brackets."""

Condition = Callable[[Record], bool]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<bracket>[()])
      | (?P<word>-[A-Za-z]+)(?=[\s()'"]|$)
      | '(?P<single>(?:[^']|'')*)'
      | "(?P<double>[^"]*)"
      | (?P<plain>[^\s()'"]+)
    )""",
    re.VERBOSE,
)
_CONSTANTS: dict[str, Any] = {"$true": True, "$false": False, "$null": None}


@define
class _Token:
    text: str
    kind: str


def condition(text: str) -> Condition:
    """What decides whether a record is shown. Raises Mistyped, with the place."""
    inner = text.strip()
    if inner.startswith("{") and inner.endswith("}"):
        inner = inner[1:-1]
    if len(inner) > MOST_TEXT:
        raise Mistyped(f"a filter has at most {MOST_TEXT} characters")
    reading = _Reading(_tokens(inner))
    found = reading.either()
    if reading.left:
        raise Mistyped(f"the filter should end before {reading.left[0].text}")
    return found


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    place = 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None:
            raise Mistyped(f"the filter cannot be read from {text[place:].strip()[:30]} on")
        kind = match.lastgroup or ""
        value = match.group(kind)
        found.append(_Token(value.replace("''", "'") if kind == "single" else value, kind))
        place = match.end()
    return found


@define
class _Reading:
    left: list[_Token]
    depth: int = 0

    def either(self) -> Condition:
        parts = [self.both()]
        while self._is("word", "-or"):
            self.left.pop(0)
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda record: any(p(record) for p in parts)

    def both(self) -> Condition:
        parts = [self.one()]
        while self._is("word", "-and"):
            self.left.pop(0)
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else lambda record: all(p(record) for p in parts)

    def one(self) -> Condition:
        if self.depth > MOST_DEPTH:
            raise Mistyped(f"a filter has at most {MOST_DEPTH} brackets in brackets")
        if self._is("word", "-not"):
            self.left.pop(0)
            self.depth += 1
            inner = self.one()
            self.depth -= 1
            return lambda record: not inner(record)
        if self._is("bracket", "("):
            self.left.pop(0)
            self.depth += 1
            inner = self.either()
            self.depth -= 1
            if not self._is("bracket", ")"):
                raise Mistyped("a bracket of the filter is not closed")
            self.left.pop(0)
            return inner
        return self.comparison()

    def comparison(self) -> Condition:
        name = self._take("plain", "a property")
        typed = self._take("word", f"a comparison behind {name}: {', '.join(_COMPARE)}")
        compare = _COMPARE.get(typed.lower())
        if compare is None:
            near = nearest(typed, list(_COMPARE))
            hint = f"did you mean {near}?" if near else f"there are {', '.join(_COMPARE)}"
            raise Mistyped(f"a filter cannot compare by {typed}; {hint}")
        if not self.left or self.left[0].kind in ("bracket", "word"):
            raise Mistyped(f"the filter needs a value behind {name} {typed}")
        token = self.left.pop(0)
        value: Any = token.text
        if token.kind == "plain" and token.text.lower() in _CONSTANTS:
            value = _CONSTANTS[token.text.lower()]
        return lambda record: compare(value_in(record, name), value)

    def _is(self, kind: str, text: str) -> bool:
        return bool(self.left) and (self.left[0].kind, self.left[0].text.lower()) == (kind, text)

    def _take(self, kind: str, what: str) -> str:
        if not self.left or self.left[0].kind != kind:
            found = f", not {self.left[0].text}" if self.left else ""
            raise Mistyped(f"the filter needs {what}{found}")
        return self.left.pop(0).text


def value_in(record: Record, name: str) -> Any:
    """The value of a property by its name. Raises Mistyped with the nearest right one."""
    return record[place_in(record, name)].value


def place_in(record: Record, name: str) -> int:
    """Where a property stands in its record. Raises Mistyped with the nearest right one."""
    for place, found in enumerate(record):
        if name.casefold() in (found.name.casefold(), found.key.casefold()):
            return place
    names = [found.name for found in record]
    near = nearest(name, names)
    hint = f"did you mean {near}?" if near else f"there are {', '.join(names)}"
    raise Mistyped(f"there is no property {name}; {hint}")


def _same(value: Any, other: Any) -> bool:
    if isinstance(value, tuple | list):
        return (not value and other in (None, "")) or any(_same(item, other) for item in value)
    if value is None or other is None:
        return value in (None, "") and other in (None, "")
    if isinstance(value, bool) or isinstance(other, bool):
        return _text(value) == _text(other)
    if isinstance(value, int | float):
        number = _number(other)
        return number is not None and value == number
    return _text(value) == _text(other)


def _like(value: Any, other: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(_like(item, other) for item in value)
    pattern = _text(other).replace("[", "[[]")
    return fnmatchcase(_text(value), pattern)


def _order(fits: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, other: Any) -> bool:
        if isinstance(value, tuple | list):
            return any(compare(item, other) for item in value)
        left, right = _number(value), _number(other)
        if left is None or right is None:
            return fits(_text(value), _text(other))
        return fits(left, right)

    return compare


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _text(value: Any) -> str:
    return ("" if value is None else str(value)).casefold()


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "-eq": _same,
    "-ne": lambda value, other: not _same(value, other),
    "-like": _like,
    "-notlike": lambda value, other: not _like(value, other),
    "-gt": _order(lambda a, b: bool(a > b)),
    "-ge": _order(lambda a, b: bool(a >= b)),
    "-lt": _order(lambda a, b: bool(a < b)),
    "-le": _order(lambda a, b: bool(a <= b)),
}


def sorted_by(records: Sequence[Record], name: str) -> list[Record]:
    """By this property: numbers by value, texts without regard to case."""

    def order(record: Record) -> tuple[int, float, str]:
        value = value_in(record, name)
        number = _number(value)
        return (1, 0.0, _text(value)) if number is None else (0, number, "")

    return sorted(records, key=order)
