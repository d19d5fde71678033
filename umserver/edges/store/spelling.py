"""Names for mailboxes that an older version wrote, which did not find anybody by name.

Knows: rows. Must never know: connections. Needed once, when a store gets a newer schema.
"""

from __future__ import annotations

from attrs import evolve

from umserver.edges.store.forms import mailbox_of, user_row_of
from umserver.edges.store.sheet import SqlSheet, put_names
from umserver.edges.store.statement import Session
from umserver.org.faults import SettingsFaults

SINCE = 3
"""The schema that has names."""


def fill_names(session: Session, sheet: SqlSheet) -> None:
    """Take the names of all mailboxes; what cannot be read is not found by name either."""
    for user in sheet.users():
        try:
            row = user_row_of(mailbox_of(user))
        except SettingsFaults:
            continue
        put_names(session, [evolve(row, version=user.version)])
