"""Mails about mailboxes that wait for a server to send them, in rows.

Knows: ids, sealed octets, who has taken what and until when. Must never know: what a mail says, how
the octets are sealed. What is put here in the transaction that changes a PIN is never lost: it
stays until a server says that it is in its spool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from attrs import define, field

from umserver.edges.store.statement import Statement

OUTBOX_SCHEMA = """
CREATE TABLE outbox (
    id {text} PRIMARY KEY, sealed {octets} NOT NULL,
    holder {text} NOT NULL, until {real} NOT NULL){clustered};
"""
HOLD_SECONDS = 120.0
"""How long what a server has taken is its own; after that another one may take it."""


class Outbox(Protocol):
    """What a transaction sees of it."""

    def put(self, id: str, sealed: bytes) -> None:
        """Keep one; one of the same id stays as it is."""

    def waiting(self) -> int:
        """How many there are."""

    def take(self, holder: str, most: int, after: str = "") -> Sequence[tuple[str, bytes]]:
        """The oldest behind this id that nobody else has taken, for this server."""

    def release(self, ids: Iterable[str]) -> None:
        """Let any server take them again."""

    def remove(self, ids: Iterable[str]) -> None:
        """Forget them; those that are not there are no fault."""

    def clear(self) -> None:
        """Forget all."""


@define
class SqlOutbox:
    """In a table. See `Outbox`."""

    _sql: Statement
    _now: Callable[[], float]
    """Seconds since 1970 by one clock for all servers."""

    def put(self, id: str, sealed: bytes) -> None:
        """See `Outbox`."""
        self._sql(
            "INSERT INTO outbox (id, sealed, holder, until) VALUES (?, ?, '', 0.0) "
            "ON CONFLICT (id) DO NOTHING",
            (id, sealed),
        )

    def waiting(self) -> int:
        """See `Outbox`."""
        return int(self._sql("SELECT count(*) FROM outbox").fetchone()[0])

    def take(self, holder: str, most: int, after: str = "") -> Sequence[tuple[str, bytes]]:
        """See `Outbox`."""
        now = self._now()
        found = self._sql(
            "SELECT id, sealed FROM outbox WHERE id > ? AND (holder = ? OR until < ?) "
            "ORDER BY id LIMIT ?",
            (after, holder, now, most),
        ).fetchall()
        for id, _ in found:
            self._sql(
                "UPDATE outbox SET holder = ?, until = ? WHERE id = ?",
                (holder, now + HOLD_SECONDS, id),
            )
        return [(str(id), bytes(sealed)) for id, sealed in found]

    def release(self, ids: Iterable[str]) -> None:
        """See `Outbox`."""
        for id in ids:
            self._sql("UPDATE outbox SET holder = '', until = 0.0 WHERE id = ?", (id,))

    def remove(self, ids: Iterable[str]) -> None:
        """See `Outbox`."""
        for id in ids:
            self._sql("DELETE FROM outbox WHERE id = ?", (id,))

    def clear(self) -> None:
        """See `Outbox`."""
        self._sql("DELETE FROM outbox")


@define
class MemoryOutbox:
    """In a dict. See `Outbox`."""

    _now: Callable[[], float]
    _rows: dict[str, tuple[bytes, str, float]] = field(factory=dict)

    def copy(self) -> MemoryOutbox:
        """The same, to be changed apart."""
        return MemoryOutbox(self._now, dict(self._rows))

    def put(self, id: str, sealed: bytes) -> None:
        """See `Outbox`."""
        self._rows.setdefault(id, (sealed, "", 0.0))

    def waiting(self) -> int:
        """See `Outbox`."""
        return len(self._rows)

    def take(self, holder: str, most: int, after: str = "") -> Sequence[tuple[str, bytes]]:
        """See `Outbox`."""
        now = self._now()
        found = [
            (id, sealed)
            for id, (sealed, has, until) in sorted(self._rows.items())
            if id > after and (has == holder or until < now)
        ][:most]
        for id, sealed in found:
            self._rows[id] = (sealed, holder, now + HOLD_SECONDS)
        return found

    def release(self, ids: Iterable[str]) -> None:
        """See `Outbox`."""
        for id in ids:
            self._rows[id] = (self._rows[id][0], "", 0.0)

    def remove(self, ids: Iterable[str]) -> None:
        """See `Outbox`."""
        for id in ids:
            self._rows.pop(id, None)

    def clear(self) -> None:
        """See `Outbox`."""
        self._rows.clear()
