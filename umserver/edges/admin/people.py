"""Users from a table: a CSV file with one user a line.

Knows: columns and line numbers. Must never know: the store. A file is taken whole or not at all.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Any

from umserver.edges.admin.line import Mistyped
from umserver.org.faults import Fault, SettingsFaults, nearest
from umserver.org.parse import parse_object
from umserver.org.settings import Mailbox, Organisation

COLUMNS = {
    "extension": "extension",
    "name": "display_name",
    "address": "address",
    "pin": "pin",
    "language": "language",
    "time_zone": "time_zone",
    "dial_plan": "dial_plan",
    "policy": "policy",
}
"""Column and field; the first line of the file names those that it has."""
NEEDED = ("extension", "name", "address")
MOST_LINES = 1_000_000


def users_of(lines: Iterable[str], organisation: Organisation) -> list[Mailbox]:
    """The mailboxes of a CSV file. Raises Mistyped for its head, SettingsFaults for its lines.

    Dial plan and policy may be left out where there is only one to choose.
    """
    rows = csv.reader(lines, skipinitialspace=True)
    try:
        head = [word.strip().lower().lstrip("\ufeff") for word in next(rows, [])]
        _check(head)
        return _read(rows, head, organisation)
    except csv.Error as fault:
        raise Mistyped(f"this is no CSV file: {fault}") from None


def _check(head: list[str]) -> None:
    for word in head:
        if word not in COLUMNS:
            near = nearest(word, list(COLUMNS))
            hint = f"did you mean {near}?" if near else f"there are {', '.join(COLUMNS)}"
            raise Mistyped(f"the first line names the columns; there is no column {word!r}; {hint}")
    missing = [name for name in NEEDED if name not in head]
    if missing:
        raise Mistyped(f"the first line names the columns; {', '.join(missing)} is missing")


def _read(rows: Any, head: list[str], organisation: Organisation) -> list[Mailbox]:
    faults: list[Fault] = []
    users: list[Mailbox] = []
    for row in rows:
        if not any(cell.strip() for cell in row):
            continue
        path = f"line {rows.line_num}"
        if len(row) != len(head):
            faults.append(Fault(path, f"has {len(row)} columns, not {len(head)}"))
            continue
        if len(users) >= MOST_LINES:
            raise Mistyped(f"a file has at most {MOST_LINES} users")
        cells = zip(head, row, strict=True)
        values = {COLUMNS[name]: cell.strip() for name, cell in cells if cell.strip()}
        try:
            users.append(parse_object(Mailbox, _completed(values, organisation), path))
        except SettingsFaults as found:
            faults += found.faults
    if faults:
        raise SettingsFaults(faults)
    return users


def _completed(values: dict[str, str], organisation: Organisation) -> dict[str, str]:
    """With plan and policy, where there is no choice."""
    plans = [plan.name for plan in organisation.dial_plans]
    plan = values.get("dial_plan", plans[0] if len(plans) == 1 else "")
    policies = [p.name for p in organisation.mailbox_policies if p.dial_plan == plan]
    policy = values.get("policy", policies[0] if len(policies) == 1 else "")
    known = {"dial_plan": plan, "policy": policy}
    return {**values, **{name: text for name, text in known.items() if text}}
