"""One transaction in SQL that SQLite and PostgreSQL both understand.

Knows: tables and statements. Must never know: connections, how a transaction begins or ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from attrs import define, field

from umserver.edges.store.lamps import SqlLamps
from umserver.edges.store.ledger import SqlLedger
from umserver.edges.store.outbox import SqlOutbox
from umserver.edges.store.recordings import SqlRecordings
from umserver.edges.store.roster import SqlRoster
from umserver.edges.store.statement import Statement, fold
from umserver.edges.store.tables import Conflict, Row, UserRow, check_version
from umserver.org.people import NameQuery

MOST_PLACES = 500
"""Question marks in one statement, and mailboxes that are read at once."""
USER = "m.folded, m.address, m.text, m.dial_plan, m.policy, m.version"
PUT_USER = (
    "INSERT INTO mailboxes (folded, address, dial_plan, policy, version, text) "
    "VALUES (?, ?, ?, ?, ?, ?)"
)
PUT_NUMBER = (
    "INSERT INTO numbers (plan, number, written, owner) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
PUT_NAME = (
    "INSERT INTO names (way, plan, keys, owner, is_open) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
AFTER_DIGITS = ":"
"""The sign after the last digit."""
PUT_PIN = (
    "INSERT INTO pins (owner, hash) VALUES (?, ?) "
    "ON CONFLICT (owner) DO UPDATE SET hash = excluded.hash"
)


class Session(Protocol):
    """An open connection in a transaction."""

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """Carry out one statement."""

    def executemany(self, statement: str, values: Iterable[Sequence[Any]]) -> Any:
        """Carry out one statement many times."""


def put_names(session: Session, users: Iterable[UserRow]) -> None:
    """Let mailboxes that have no names yet be found by name."""
    session.executemany(
        PUT_NAME,
        [
            (way, user.dial_plan, keys, fold(user.address), int(user.is_open))
            for user in users
            for way, keys in user.names
        ],
    )


@define(eq=False)
class SqlSheet:
    """See `Writing`."""

    _session: Session
    _now: Callable[[], float]
    _who: str
    _sql: Statement = field(init=False)
    ledger: SqlLedger = field(init=False)
    roster: SqlRoster = field(init=False)
    lamps: SqlLamps = field(init=False)
    outbox: SqlOutbox = field(init=False)
    recordings: SqlRecordings = field(init=False)
    _next: int = field(init=False, default=0)
    changed: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self._sql = self._session.execute
        self.ledger = SqlLedger(self._sql, self._now, self._who)
        self.roster = SqlRoster(self._sql, self._now)
        self.lamps = SqlLamps(self._sql, self._now)
        self.outbox = SqlOutbox(self._sql, self._now)
        self.recordings = SqlRecordings(self._sql)

    # seeing

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
        for part in _parts(dict.fromkeys(map(fold, addresses))):
            rows = self._sql(
                f"SELECT {USER} FROM mailboxes m WHERE folded IN ({_marks(part)})", part
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
        for part in _parts(dict.fromkeys(numbers)):
            rows = self._sql(
                f"SELECT n.number, {USER} FROM numbers n JOIN mailboxes m ON m.folded = n.owner "
                f"WHERE n.plan = ? AND n.number IN ({_marks(part)})",
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

    # writing

    def put(self, row: Row, expected: int | None = None, *, unchanged: bool = False) -> None:
        """See `Writing`."""
        if expected is not None:
            found = self.row(row.section, row.name)
            check_version(row.name, expected, found.version if found else 0)
        version = row.version if unchanged else self._version()
        self._sql(
            "INSERT INTO objects (section, folded, name, version, text) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (section, folded) DO UPDATE SET name = excluded.name, "
            "version = excluded.version, text = excluded.text",
            (row.section, fold(row.name), row.name, version, row.text),
        )
        self.changed = True

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        """See `Writing`."""
        found = self.row(section, name)
        if found is None:
            raise LookupError(f"there is no {name}")
        check_version(name, expected, found.version)
        self._sql("DELETE FROM objects WHERE section = ? AND folded = ?", (section, fold(name)))
        self.changed = True

    def put_user(self, user: UserRow, expected: int | None = None) -> None:
        """See `Writing`."""
        owner = fold(user.address)
        version = self._user_version(owner)
        check_version(user.address, expected, version)
        self._sql(
            f"{PUT_USER} ON CONFLICT (folded) DO UPDATE SET "
            "address = excluded.address, dial_plan = excluded.dial_plan, "
            "policy = excluded.policy, version = excluded.version, text = excluded.text",
            self._values(user),
        )
        if version:
            self._sql("DELETE FROM numbers WHERE owner = ?", (owner,))
            self._sql("DELETE FROM names WHERE owner = ?", (owner,))
        put_names(self._session, [user])
        for plan, number in user.keys:
            if not self._sql(PUT_NUMBER, (fold(plan), number, plan, owner)).rowcount:
                self._taken([user])
        self.changed = True

    def add_users(self, users: Sequence[UserRow]) -> None:
        """See `Writing`."""
        self._session.executemany(PUT_USER, [self._values(user) for user in users])
        numbers = [
            (fold(plan), number, plan, fold(user.address))
            for user in users
            for plan, number in user.keys
        ]
        if self._session.executemany(PUT_NUMBER, numbers).rowcount < len(numbers):
            self._taken(users)
        put_names(self._session, users)
        self.changed = True

    def _taken(self, users: Iterable[UserRow]) -> None:
        """Which of the numbers is somebody else's."""
        for user in users:
            for plan, number in user.keys:
                owner = self.find(plan, [number])[number]
                if fold(owner.address) != fold(user.address):
                    raise Conflict(f"{number} belongs to {owner.address} already")

    def remove_user(self, address: str, expected: int | None = None) -> None:
        """See `Writing`."""
        version = self._user_version(fold(address))
        if not version:
            raise LookupError(f"there is no {address}")
        check_version(address, expected, version)
        self._sql("DELETE FROM mailboxes WHERE folded = ?", (fold(address),))
        self._sql("DELETE FROM pins WHERE owner = ?", (fold(address),))
        self.changed = True

    def clear(self) -> None:
        """See `Writing`."""
        self._sql("DELETE FROM objects")
        self.changed = True

    def touch(self) -> None:
        """See `Writing`."""
        self.changed = True

    def release(self, addresses: Iterable[str]) -> None:
        """See `Writing`."""
        for part in _parts(map(fold, addresses)):
            self._sql(f"DELETE FROM numbers WHERE owner IN ({_marks(part)})", part)

    def revision_after(self) -> int:
        """See `Writing`."""
        return self.revision() + self.changed

    def put_secret(self, name: str, value: bytes) -> None:
        """See `Writing`."""
        self._sql(
            "INSERT INTO secrets (name, value) VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def put_pin(self, address: str, hash: str) -> None:
        """See `Writing`."""
        self._sql(PUT_PIN, (fold(address), hash))

    def put_pins(self, hashes: Mapping[str, str]) -> None:
        """See `Writing`."""
        if hashes:
            self._session.executemany(PUT_PIN, [(fold(a), hash) for a, hash in hashes.items()])

    def finish(self) -> None:
        """At the end of a transaction: count the revision."""
        if self.changed:
            self._sql("UPDATE revision SET number = number + 1")

    def _version(self) -> int:
        """What is written in this transaction has the revision that the transaction makes."""
        if not self._next:
            self._next = self.revision() + 1
        return self._next

    def _values(self, user: UserRow) -> Sequence[Any]:
        version = self._version()
        return fold(user.address), user.address, user.dial_plan, user.policy, version, user.text

    def _user_version(self, folded: str) -> int:
        found = self._sql("SELECT version FROM mailboxes WHERE folded = ?", (folded,)).fetchone()
        return int(found[0]) if found else 0

    def _users(self, rows: Sequence[Sequence[Any]]) -> list[UserRow]:
        """Mailboxes with their numbers, in the order of the rows."""
        keys: dict[str, list[tuple[str, str]]] = {row[0]: [] for row in rows}
        for part in _parts(keys):
            numbers = self._sql(
                f"SELECT owner, written, number FROM numbers WHERE owner IN ({_marks(part)}) "
                "ORDER BY plan, number",
                part,
            )
            for owner, written, number in numbers.fetchall():
                keys[owner].append((written, number))
        return [
            UserRow(address, text, dial_plan, policy, tuple(keys[folded]), version)
            for folded, address, text, dial_plan, policy, version in rows
        ]


def _parts(words: Iterable[str]) -> Iterator[Sequence[str]]:
    every = list(words)
    for start in range(0, len(every), MOST_PLACES):
        yield every[start : start + MOST_PLACES]


def _marks(part: Sequence[str]) -> str:
    return ", ".join("?" * len(part))
