"""The change log: who changed what, when, from what to what, written with the change itself.

Knows: rows of text. Must never know: what an object means, which command made a change. Secrets
never come here: the texts of objects hold none, and of a PIN only that it was changed is noted.
"""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from attrs import define, evolve, field, frozen

from umserver.edges.store.statement import Statement, fold

LEDGER_SCHEMA = """
CREATE TABLE changes (
    id {serial}, at {real} NOT NULL, who {text} NOT NULL, cmdlet {text} NOT NULL,
    parameters {text} NOT NULL, section {text} NOT NULL,
    folded {text} NOT NULL, name {text} NOT NULL, what {text} NOT NULL,
    old {text} NOT NULL, new {text} NOT NULL, revision {integer} NOT NULL);
CREATE INDEX changes_by_time ON changes (at);
CREATE INDEX changes_by_name ON changes (folded);
"""
COLUMNS = "section, name, what, old, new, cmdlet, parameters, who, at, revision"
MOST_FOUND = 250_000
"""Changes that one search may return."""


@frozen
class Change:
    """One object's change. Mailboxes that were loaded in bulk share one, which has no name."""

    section: str
    """dial_plans, mailboxes … or states."""
    name: str
    what: str
    """made, changed, removed, PIN changed (locked, unlocked, expired), loaded, restored."""
    old: str = ""
    """The settings that differed from the defaults before, as a JSON object; empty for none."""
    new: str = ""
    """The same afterwards; of a bulk load the addresses, as a JSON list."""
    cmdlet: str = ""
    """The command that did it, as Set-UMDialPlan; empty where none did."""
    parameters: Mapping[str, str] = field(factory=dict)
    """What was given to the command, without secrets."""
    who: str = ""
    """The user of the operating system, or the role of the database."""
    at: float = 0.0
    """Seconds since 1970."""
    revision: int = 0
    """The revision that the change made."""

    @property
    def difference(self) -> Mapping[str, tuple[Any, Any]]:
        """Old and new value of every setting that changed; None stands for the default."""
        old, new = _values(self.old), _values(self.new)
        names = [*old, *(name for name in new if name not in old)]
        return {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}


def _bounded(most: int) -> int:
    return max(0, min(most, MOST_FOUND))


@frozen(kw_only=True)
class Search:
    """Which changes are looked for; what is empty does not matter. Names are compared folded."""

    name: str = ""
    sections: tuple[str, ...] = ()
    who: str = ""
    """Part of the name of the user."""
    cmdlets: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    """Names of which at least one was given."""
    after: float | None = None
    """Seconds since 1970, inclusive."""
    before: float | None = None
    most: int = field(default=1000, converter=_bounded)
    """How many at most, the newest first."""


class Ledger(Protocol):
    """What a transaction sees of the log, and can add to it."""

    def record(self, change: Change) -> None:
        """Add to it, as done by the store's user at this moment."""

    def search(self, search: Search) -> Sequence[Change]:
        """The newest first."""

    def forget(self, age: float, most: int) -> None:
        """Drop what is older than this, in seconds, and all but so many of the newest."""


@define
class SqlLedger:
    """In a table. See `Ledger`."""

    _sql: Statement
    _now: Callable[[], float]
    _who: str
    recorded: bool = field(init=False, default=False)

    def record(self, change: Change) -> None:
        """See `Ledger`."""
        self.recorded = True
        self._sql(
            f"INSERT INTO changes (folded, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                fold(change.name),
                change.section,
                change.name,
                change.what,
                change.old,
                change.new,
                change.cmdlet,
                json.dumps(dict(change.parameters), ensure_ascii=False),
                self._who,
                self._now(),
                change.revision,
            ),
        )

    def search(self, search: Search) -> Sequence[Change]:
        """See `Ledger`."""
        asked = list(_conditions(search))
        where = "".join(f" AND ({condition})" for condition, _ in asked)
        values = [value for _, some in asked for value in some]
        found = self._sql(
            f"SELECT {COLUMNS} FROM changes WHERE 1 = 1{where} ORDER BY id DESC LIMIT ?",
            (*values, search.most),
        )
        return [evolve(Change(*row), parameters=json.loads(row[6])) for row in found.fetchall()]

    def forget(self, age: float, most: int) -> None:
        """See `Ledger`."""
        self._sql("DELETE FROM changes WHERE at < ?", (self._now() - age,))
        self._sql("DELETE FROM changes WHERE id <= (SELECT max(id) FROM changes) - ?", (most,))


def _conditions(search: Search) -> Iterator[tuple[str, Sequence[Any]]]:
    """SQL and its values, one pair for each thing that matters."""
    if search.name:
        listed = _like(json.dumps(fold(search.name), ensure_ascii=False))
        yield (
            "folded = ? OR (folded = '' AND what = 'loaded' AND new LIKE ? ESCAPE '!')",
            (fold(search.name), listed),
        )
    if search.sections:
        yield _either("section = ?", search.sections)
    if search.who:
        yield "lower(who) LIKE ? ESCAPE '!'", (_like(search.who.lower()),)
    if search.cmdlets:
        yield _either("lower(cmdlet) = ?", [name.lower() for name in search.cmdlets])
    if search.parameters:
        names = [_like(f'"{name.lower()}": ') for name in search.parameters]
        yield _either("lower(parameters) LIKE ? ESCAPE '!'", names)
    if search.after is not None:
        yield "at >= ?", (search.after,)
    if search.before is not None:
        yield "at < ?", (search.before,)


def _either(condition: str, values: Sequence[str]) -> tuple[str, Sequence[str]]:
    return " OR ".join([condition] * len(values)), values


def _like(text: str) -> str:
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return f"%{text}%"


@define
class MemoryLedger:
    """In a list, the oldest first. See `Ledger`."""

    _now: Callable[[], float]
    _who: str
    _changes: list[Change] = field(factory=list)

    def copy(self) -> MemoryLedger:
        """The same, to be changed apart."""
        return MemoryLedger(self._now, self._who, list(self._changes))

    def record(self, change: Change) -> None:
        """See `Ledger`."""
        self._changes.append(evolve(change, who=self._who, at=self._now()))

    def search(self, search: Search) -> Sequence[Change]:
        """See `Ledger`."""
        found = [change for change in reversed(self._changes) if _fits(search, change)]
        return found[: search.most]

    def forget(self, age: float, most: int) -> None:
        """See `Ledger`."""
        newest = self._changes[-most:]
        self._changes = [change for change in newest if change.at >= self._now() - age]


def _fits(search: Search, change: Change) -> bool:
    given = {name.lower() for name in change.parameters}
    return (
        (not search.name or _names(change, fold(search.name)))
        and (not search.sections or change.section in search.sections)
        and search.who.lower() in change.who.lower()
        and (not search.cmdlets or change.cmdlet.lower() in map(str.lower, search.cmdlets))
        and (not search.parameters or bool(given & {name.lower() for name in search.parameters}))
        and (search.after is None or change.at >= search.after)
        and (search.before is None or change.at < search.before)
    )


def _names(change: Change, folded: str) -> bool:
    if fold(change.name) == folded:
        return True
    return change.what == "loaded" and folded in map(fold, json.loads(change.new))


def _values(text: str) -> dict[str, Any]:
    values = json.loads(text) if text else {}
    return values if isinstance(values, dict) else {}


def this_user() -> str:
    """The user of the operating system who runs this program, and who became it by sudo."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    before = os.environ.get("SUDO_USER", "")
    return f"{name} (sudo by {before})" if before and not os.getuid() else name
