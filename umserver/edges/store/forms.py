"""An object of the organisation as the text of a row, and back.

Knows: JSON, and which settings an object has. Must never know: tables. Only what differs from the
defaults is written, so that a default that a later version changes changes for everybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from umserver.edges.store.statement import fold
from umserver.edges.store.tables import Row, UserRow
from umserver.org.declare import Declared, Kind, declared
from umserver.org.parse import parse, parse_object
from umserver.org.people import is_open_to_callers, spelled_names
from umserver.org.sections import SECTIONS, SINGLES, identity_of
from umserver.org.settings import Mailbox, Organisation


def values_of(thing: Any) -> dict[str, Any]:
    """The settings that differ from their defaults as JSON values; secrets are left out."""
    return {
        setting.name: _plain(setting, getattr(thing, setting.name))
        for setting in declared(type(thing))
        if not setting.setting.secret and getattr(thing, setting.name) != setting.default
    }


def _plain(setting: Declared, value: Any) -> Any:
    if setting.kind is Kind.OBJECTS:
        return [values_of(item) for item in value]
    return list(value) if setting.kind is Kind.TEXTS else value


def row_of(section: str, thing: Any) -> Row:
    """The row of an object; the one object of a single section has no name."""
    return Row(section, "" if section in SINGLES else identity_of(thing), _text(thing))


def user_row_of(mailbox: Mailbox) -> UserRow:
    """The row of a mailbox, without its PIN."""
    return UserRow(
        mailbox.address,
        _text(mailbox),
        fold(mailbox.dial_plan),
        fold(mailbox.policy),
        mailbox.index,
        names=tuple(dict.fromkeys(spelled_names(mailbox))),
        is_open=is_open_to_callers(mailbox),
    )


def _text(thing: Any) -> str:
    return json.dumps(values_of(thing), ensure_ascii=False, separators=(",", ":"))


def mailbox_of(row: UserRow) -> Mailbox:
    """The mailbox of a row. Raises SettingsFaults when a newer or broken program wrote it."""
    made = parse_object(Mailbox, json.loads(row.text), f"mailboxes.{row.address}")
    assert isinstance(made, Mailbox)
    return made


def thing_of(row: Row) -> Any:
    """The object of a row by itself. Raises SettingsFaults."""
    owner = SINGLES.get(row.section) or SECTIONS[row.section]
    return parse_object(owner, json.loads(row.text), f"{row.section}.{row.name}".rstrip("."))


def organisation_of(rows: Sequence[Row]) -> Organisation:
    """The whole of all rows, checked. Raises SettingsFaults."""
    tree: dict[str, Any] = {}
    for row in rows:
        values: Mapping[str, object] = json.loads(row.text)
        if row.section in SINGLES:
            tree[row.section] = values
        else:
            tree.setdefault(row.section, []).append(values)
    return parse(tree)[0]
