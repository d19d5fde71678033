"""From what was typed to a setting's value: `$true`, lists, `@{Add="a"; Remove="b"}`, `$null`.

Knows: kinds of settings and how PowerShell writes values (spec 3.1). Must never know: which
settings there are; whether a value is good is the declarations' matter.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Any

from umserver.edges.admin.line import Mistyped
from umserver.org.columns import to_columns
from umserver.org.declare import UNLIMITED, Declared, Kind

YES = ("$true", "true", "yes", "on", "1")
NO = ("$false", "false", "no", "off", "0")
NULL = "$null"
CHANGE = re.compile(r"@\{(.*)\}", re.DOTALL)
PART = re.compile(r"""(?:"[^"]*"|'[^']*'|[^;"'])+""")
"""What stands between the semicolons of a change, those in quotes left alone."""
QUOTED = re.compile(r"""["']([^"']*)["']""")
QUOTED_LIST = re.compile(r"""(?:"[^"]*"|'[^']*')(?:\s*,\s*(?:"[^"]*"|'[^']*'))*""")


def value_of(setting: Declared, typed: Sequence[str], before: Any) -> Any:
    """The value as the TOML form has it; `before` is what the setting was. Raises Mistyped."""
    name = setting.parameter
    if setting.kind is Kind.OBJECTS:
        return objects(setting, typed, before)
    if setting.kind is Kind.TEXTS:
        return changed(typed, before)
    if len(typed) != 1:
        raise Mistyped(f"-{name} needs one value, not {len(typed)}")
    text = typed[0]
    if setting.kind is Kind.FLAG:
        return flag_of(name, typed)
    if setting.kind in (Kind.NUMBER, Kind.UNLIMITED):
        return _count(setting, text)
    if is_null(typed):
        return ""
    if setting.kind is Kind.CHOICE:
        if text.lower() in setting.setting.spellings:
            text = setting.setting.spellings[text.lower()]
        return next((c for c in setting.choices if c.casefold() == text.casefold()), text)
    return text


def _count(setting: Declared, text: str) -> Any:
    """A number, a span of time or a size in the setting's unit, or Unlimited. Raises Mistyped."""
    if text.lower() == NULL and isinstance(setting.default, int | str):
        return setting.default
    if setting.kind is Kind.UNLIMITED and text.casefold() == UNLIMITED.casefold():
        return UNLIMITED
    read = setting.read(text)
    if isinstance(read, int):
        return read
    words = " or Unlimited" if setting.kind is Kind.UNLIMITED else ""
    return number_of(setting.parameter, text, setting.setting.unit, words)


def objects(setting: Declared, typed: Sequence[str], before: Sequence[Any]) -> list[str]:
    """Lines of columns: several words, or `"1,Sales,1001","2,Tea,1002"` as PowerShell has it.

    With `@{Add="…"; Remove="…"}` lines are added to, or taken from, those that are there.
    """
    if is_null(typed):
        return []
    text = " ".join(typed).strip()
    if text.startswith(("@{", "+=")):
        return changed(typed, [to_columns(item) for item in before])
    lines = []
    for word in typed:
        parts = QUOTED.findall(word) if QUOTED_LIST.fullmatch(word.strip()) else [word]
        lines += [part.strip() for part in parts if part.strip()]
    return lines


def is_null(typed: Sequence[str]) -> bool:
    """Whether this is nothing, as PowerShell writes it."""
    return [text.lower() for text in typed] == [NULL]


def is_flag(text: str) -> bool:
    """Whether this is true or false, however it is written."""
    return text.lower() in (*YES, *NO)


def flag_of(name: str, typed: Sequence[str]) -> bool:
    """True or false. Raises Mistyped."""
    if len(typed) == 1 and is_flag(typed[0]):
        return typed[0].lower() in YES
    raise Mistyped(f"-{name} needs $true or $false, not {' '.join(typed)}")


def number_of(name: str, text: str, unit: str = "", more: str = "") -> int:
    """A whole number, also as 0x1F. Raises Mistyped."""
    try:
        return int(text, 16) if re.fullmatch("0[xX][0-9a-fA-F]+", text) else int(text)
    except ValueError:
        about = f" ({unit})" if unit else ""
        raise Mistyped(f"-{name} needs a number{about}{more}, not {text}") from None


def items_of(typed: Sequence[str]) -> list[str]:
    """The items of a list: `a,b`, `"a","b"` or several words; `$null` is none."""
    return [] if is_null(typed) else _split(",".join(typed))


def changed(typed: Sequence[str], before: Sequence[str]) -> list[str]:
    """A list that is replaced, emptied, added to or taken from (spec 3.1). Raises Mistyped."""
    text = " ".join(typed).strip()
    if text.startswith("+="):
        return _added(before, _split(text[2:].strip()))
    if not text.startswith("@{"):
        return items_of(typed)
    match = CHANGE.fullmatch(text)
    if match is None:
        raise Mistyped(f'write @{{Add="a","b"; Remove="c"}}, not {text}')
    after = list(before)
    for part in filter(None, (part.strip() for part in PART.findall(match.group(1)))):
        act, _, items = part.partition("=")
        if act.strip().casefold() == "add":
            after = _added(after, _split(items))
        elif act.strip().casefold() == "remove":
            gone = {item.casefold() for item in _split(items)}
            after = [item for item in after if item.casefold() not in gone]
        else:
            raise Mistyped(f"a list can Add and Remove, not {act.strip() or part}")
    return after


def _added(before: Sequence[str], items: Sequence[str]) -> list[str]:
    known = {item.casefold() for item in before}
    return [*before, *(item for item in items if item.casefold() not in known)]


def _split(text: str) -> list[str]:
    marks = text.replace("'", '"') if re.match(r"\s*'", text) else text
    rows = list(csv.reader([marks], skipinitialspace=True))
    return [item.strip() for row in rows for item in row if item.strip()]
