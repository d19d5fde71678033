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
from umserver.org.declare import Declared, Kind, declared
from umserver.org.settings import KeyMapping

YES = ("$true", "true", "yes", "on", "1")
NO = ("$false", "false", "no", "off", "0")
NULL = "$null"
CHANGE = re.compile(r"@\{(.*)\}", re.DOTALL)
COLUMNS: dict[type, tuple[str, ...]] = {
    KeyMapping: (
        "key",
        "description",
        "extension",
        "auto_attendant",
        "",
        "",
        "leave_voice_mail_for",
    )
}
"""Fields of a list's objects in the order of their columns (spec 3.5); empty is not built yet."""


def value_of(setting: Declared, typed: Sequence[str], before: Any) -> Any:
    """The value as the TOML form has it; `before` is what the setting was. Raises Mistyped."""
    if setting.kind is Kind.OBJECTS:
        return [] if list(typed) == [NULL] else [_object(setting, text) for text in typed]
    if setting.kind is Kind.TEXTS:
        return _texts(" ".join(typed) if CHANGE.match(" ".join(typed)) else typed, before)
    if len(typed) != 1:
        raise Mistyped(f"-{setting.parameter} needs one value, not {len(typed)}")
    text = typed[0]
    if setting.kind is Kind.FLAG:
        return _flag(setting, text)
    if setting.kind is Kind.NUMBER:
        return _number(setting, text)
    if text == NULL:
        return ""
    if setting.kind is Kind.CHOICE:
        return next((c for c in setting.choices if c.casefold() == text.casefold()), text)
    return text


def _flag(setting: Declared, text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise Mistyped(f"-{setting.parameter} needs $true or $false, not {text}")


def _number(setting: Declared, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        unit = f" ({setting.setting.unit})" if setting.setting.unit else ""
        raise Mistyped(f"-{setting.parameter} needs a number{unit}, not {text}") from None


def _texts(typed: str | Sequence[str], before: Sequence[str]) -> list[str]:
    if not isinstance(typed, str):
        return [] if list(typed) == [NULL] else _split(",".join(typed))
    match = CHANGE.fullmatch(typed.strip())
    if match is None:
        raise Mistyped(f'write @{{Add="a","b"; Remove="c"}}, not {typed}')
    after = list(before)
    for part in filter(None, (part.strip() for part in match.group(1).split(";"))):
        act, _, items = part.partition("=")
        if act.strip().casefold() == "add":
            after += [item for item in _split(items) if item not in after]
        elif act.strip().casefold() == "remove":
            after = [item for item in after if item not in _split(items)]
        else:
            raise Mistyped(f"a list can Add and Remove, not {act.strip() or part}")
    return after


def _split(text: str) -> list[str]:
    rows = list(csv.reader([text], skipinitialspace=True))
    return [item.strip() for row in rows for item in row if item.strip()]


def _object(setting: Declared, text: str) -> dict[str, str]:
    """One object from its columns, as in `1,Sales,1001`."""
    assert setting.item is not None
    columns = COLUMNS[setting.item]
    cells = [cell.strip() for cell in next(csv.reader([text], skipinitialspace=True), [])]
    if len(cells) > len(columns) or any(
        cell and not name for cell, name in zip(cells, columns, strict=False)
    ):
        raise Mistyped(f"-{setting.parameter} takes {','.join(columns)}; not {text}")
    required = {field.name for field in declared(setting.item) if field.required}
    return {
        name: cell
        for name, cell in zip(columns, cells, strict=False)
        if name and (cell or name in required)
    }
