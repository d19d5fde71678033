"""Objects of a list as one line of columns, as in `1,Sales,1001`, and back (spec 3.2, 3.5, 3.8).

The columns are the fields in the order of their declaration. Knows: CSV quoting. Must never know:
which classes there are.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from umserver.org.declare import Declared, Kind, declared

YES = ("1", "true", "$true", "yes")


def from_columns(owner: type[Any], text: str) -> dict[str, object]:
    """The fields of one object from its columns; empty ones are left out unless they are needed.

    Raises ValueError, in words that go on after the path of the setting.
    """
    settings = declared(owner)
    try:
        rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    except csv.Error as fault:
        raise ValueError(f"is no line of columns: {fault}") from None
    cells = [cell.strip() for cell in rows[0]] if rows else []
    if len(cells) > len(settings) and any(cells[len(settings) :]):
        names = ",".join(setting.parameter for setting in settings)
        raise ValueError(f"has {len(cells)} columns; they are {names}")
    return {
        setting.name: _value(setting, cell)
        for setting, cell in zip(settings, cells, strict=False)
        if cell or setting.required
    }


def _value(setting: Declared, cell: str) -> object:
    if setting.kind is Kind.FLAG:
        return cell.casefold() in YES
    if setting.kind is Kind.NUMBER and cell.isascii() and cell.isdigit() and len(cell) < 10:
        return int(cell)
    return cell


def to_columns(thing: Any) -> str:
    """The line of one object; empty columns at its end are left out."""
    cells = [_cell(setting, getattr(thing, setting.name)) for setting in declared(type(thing))]
    while cells and not cells[-1]:
        cells.pop()
    out = StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _cell(setting: Declared, value: Any) -> str:
    if value == setting.default:
        return ""
    return ("1" if value else "0") if setting.kind is Kind.FLAG else str(value)
