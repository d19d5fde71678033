"""What can be seen in one transaction, in SQL that SQLite and PostgreSQL both understand.

Knows: tables and questions. Must never know: connections, how anything came to stand there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field

from umserver.edges.store.lamps import SqlLamps
from umserver.edges.store.ledger import SqlLedger
from umserver.edges.store.outbox import SqlOutbox
from umserver.edges.store.recordings import SqlRecordings
from umserver.edges.store.roster import SqlRoster
from umserver.edges.store.statement import MOST_PLACES, Session, Statement, fold, marks, parts
from umserver.edges.store.tables import Row, UserRow
from umserver.org.people import NameQuery

USER = "m.folded, m.address, m.text, m.dial_plan, m.policy, m.version"
AFTER_DIGITS = ":"
"""The sign after the last digit."""


@define(eq=False)
class SqlView:
    """See `Reading`."""

    _session: Session
    _now: Callable[[], float]
    _who: str
    _sql: Statement = field(init=False)
    ledger: SqlLedger = field(init=False)
    roster: SqlRoster = field(init=False)
    lamps: SqlLamps = field(init=False)
    outbox: SqlOutbox = field(init=False)
    recordings: SqlRecordings = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._sql = self._session.execute
        self.ledger = SqlLedger(self._sql, self._now, self._who)
        self.roster = SqlRoster(self._sql, self._now)
        self.lamps = SqlLamps(self._sql, self._now)
        self.outbox = SqlOutbox(self._sql, self._now)
        self.recordings = SqlRecordings(self._sql)

    def revision(self) -> int:
        """See `Reading`."""
        number: int = self._sql("SELECT number FROM revision").fetchone()[0]
        return number

    def rows(self) -> Sequence[Row]:
        """See `Reading`."""
        found = self._sql("SELECT section, name, text, version FROM objects ORDER BY id")
        return [Row(*row) for row in found.fetchall()]

    def row(self, section: str, name: str) -> Row | None:
        """See `Reading`."""
        found = self._sql(
            "SELECT section, name, text, version FROM objects WHERE section = ? AND folded = ?",
            (section, fold(name)),
        ).fetchone()
        return Row(*found) if found else None

    def users(self) -> Iterator[UserRow]:
        """See `Reading`; a part at a time."""
        last = ""
        while True:
            rows = self._sql(
                f"SELECT {USER} FROM mailboxes m WHERE folded > ? ORDER BY folded LIMIT ?",
                (last, MOST_PLACES),
            ).fetchall()
            if not rows:
                return
            yield from self._users(rows)
            last = rows[-1][0]

    def user(self, address: str) -> UserRow | None:
        """See `Reading`."""
        return self.users_at([address]).get(fold(address))

    def users_at(self, addresses: Iterable[str]) -> Mapping[str, UserRow]:
        """See `Reading`."""
        found: dict[str, UserRow] = {}
        for part in parts(dict.fromkeys(map(fold, addresses))):
            rows = self._sql(
                f"SELECT {USER} FROM mailboxes m WHERE folded IN ({marks(part)})", part
            ).fetchall()
            found.update((fold(user.address), user) for user in self._users(rows))
        return found

    def addresses(self, after: str, most: int) -> Sequence[str]:
        """See `Reading`."""
        rows = self._sql(
            "SELECT address FROM mailboxes WHERE folded > ? ORDER BY folded LIMIT ?",
            (fold(after), most),
        )
        return [row[0] for row in rows.fetchall()]

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, UserRow]:
        """See `Reading`."""
        found: dict[str, UserRow] = {}
        for part in parts(dict.fromkeys(numbers)):
            rows = self._sql(
                f"SELECT n.number, {USER} FROM numbers n JOIN mailboxes m ON m.folded = n.owner "
                f"WHERE n.plan = ? AND n.number IN ({marks(part)})",
                (fold(dial_plan), *part),
            ).fetchall()
            users = self._users([row[1:] for row in rows])
            found.update((row[0], user) for row, user in zip(rows, users, strict=True))
        return found

    def spelled(self, query: NameQuery, most: int) -> Sequence[UserRow]:
        """See `Reading`."""
        found: dict[str, UserRow] = {}
        is_open = " AND is_open = 1" if query.scope.outside else ""
        for plan in dict.fromkeys(map(fold, query.scope.plans)):
            rows = self._sql(
                f"SELECT {USER} FROM mailboxes m WHERE m.folded IN (SELECT DISTINCT owner "
                f"FROM names WHERE way = ? AND plan = ? AND keys >= ? AND keys < ?{is_open} "
                "LIMIT ?)",
                (query.way, plan, query.keys, query.keys + AFTER_DIGITS, most),
            ).fetchall()
            found.update((fold(user.address), user) for user in self._users(rows))
        return list(found.values())

    def count(self, dial_plan: str = "", policy: str = "") -> int:
        """See `Reading`."""
        where, values = "", []
        for column, value in (("dial_plan", dial_plan), ("policy", policy)):
            if value:
                where += f"{' AND' if where else ' WHERE'} {column} = ?"
                values.append(fold(value))
        counted: int = self._sql(f"SELECT count(*) FROM mailboxes{where}", values).fetchone()[0]
        return counted

    def secret(self, name: str) -> bytes | None:
        """See `Reading`."""
        found = self._sql("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return bytes(found[0]) if found else None

    def pin(self, address: str) -> str | None:
        """See `Reading`."""
        found = self._sql("SELECT hash FROM pins WHERE owner = ?", (fold(address),)).fetchone()
        return str(found[0]) if found else None

    def _users(self, rows: Sequence[Sequence[Any]]) -> list[UserRow]:
        """Mailboxes with their numbers, in the order of the rows."""
        keys: dict[str, list[tuple[str, str]]] = {row[0]: [] for row in rows}
        for part in parts(keys):
            numbers = self._sql(
                f"SELECT owner, written, number FROM numbers WHERE owner IN ({marks(part)}) "
                "ORDER BY plan, number",
                part,
            )
            for owner, written, number in numbers.fetchall():
                keys[owner].append((written, number))
        return [
            UserRow(address, text, dial_plan, policy, tuple(keys[folded]), version)
            for folded, address, text, dial_plan, policy, version in rows
        ]
