"""Recorded prompts of plans and auto attendants, in rows: one truth for all servers (spec 6.4).

Knows: owners, file names, octets. Must never know: sound, who plays it. A new recording counts as
a change of settings, so that every server looks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

from attrs import define, field, frozen

from umserver.edges.store.statement import Statement, fold

RECORDINGS_SCHEMA = """
CREATE TABLE recordings (
    owner {text} NOT NULL, folded {text} NOT NULL, file {text} NOT NULL,
    name {text} NOT NULL, digest {text} NOT NULL, sound {octets} NOT NULL,
    PRIMARY KEY (owner, folded, file));
"""


@frozen
class Recording:
    """One recording, without its sound."""

    owner: str
    """UMDialPlan or UMAutoAttendant (`umserver.org.prompt_files`)."""
    name: str
    """The owner's name."""
    file: str
    digest: str
    """Of the octets: see `digest_of`."""


def digest_of(sound: bytes) -> str:
    """What tells octets apart."""
    return sha256(sound).hexdigest()


class Recordings(Protocol):
    """What a transaction sees of them."""

    def listed(self) -> Sequence[Recording]:
        """All, by owner and file."""

    def sound(self, owner: str, name: str, file: str) -> bytes | None:
        """The octets of one."""

    def put(self, recording: Recording, sound: bytes) -> None:
        """Keep one in the place of the one of its name."""

    def forget(self, owner: str, name: str) -> None:
        """Its owner is gone."""


@define
class SqlRecordings:
    """In a table. See `Recordings`."""

    _sql: Statement

    def listed(self) -> Sequence[Recording]:
        """See `Recordings`."""
        found = self._sql(
            "SELECT owner, name, file, digest FROM recordings ORDER BY owner, folded, file"
        )
        return [Recording(*row) for row in found.fetchall()]

    def sound(self, owner: str, name: str, file: str) -> bytes | None:
        """See `Recordings`."""
        found = self._sql(
            "SELECT sound FROM recordings WHERE owner = ? AND folded = ? AND file = ?",
            (owner, fold(name), file),
        ).fetchone()
        return bytes(found[0]) if found else None

    def put(self, recording: Recording, sound: bytes) -> None:
        """See `Recordings`."""
        name = recording.name
        self._sql(
            "INSERT INTO recordings (owner, folded, file, name, digest, sound) "
            "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (owner, folded, file) DO UPDATE SET "
            "name = excluded.name, digest = excluded.digest, sound = excluded.sound",
            (recording.owner, fold(name), recording.file, name, recording.digest, sound),
        )

    def forget(self, owner: str, name: str) -> None:
        """See `Recordings`."""
        self._sql("DELETE FROM recordings WHERE owner = ? AND folded = ?", (owner, fold(name)))


@define
class MemoryRecordings:
    """In a dict. See `Recordings`."""

    _rows: dict[tuple[str, str, str], tuple[Recording, bytes]] = field(factory=dict)

    def copy(self) -> MemoryRecordings:
        """The same, to be changed apart."""
        return MemoryRecordings(dict(self._rows))

    def listed(self) -> Sequence[Recording]:
        """See `Recordings`."""
        return [self._rows[key][0] for key in sorted(self._rows)]

    def sound(self, owner: str, name: str, file: str) -> bytes | None:
        """See `Recordings`."""
        found = self._rows.get((owner, fold(name), file))
        return found[1] if found else None

    def put(self, recording: Recording, sound: bytes) -> None:
        """See `Recordings`."""
        key = (recording.owner, fold(recording.name), recording.file)
        self._rows[key] = (recording, sound)

    def forget(self, owner: str, name: str) -> None:
        """See `Recordings`."""
        for key in [key for key in self._rows if key[:2] == (owner, fold(name))]:
            del self._rows[key]
