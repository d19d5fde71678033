"""Recorded prompts as servers and administrators reach them; everything blocks.

Knows: one transaction each. Must never know: SQL, sound.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from umserver.edges.store.notes import Cause, Notes
from umserver.edges.store.recordings import Recording, digest_of
from umserver.edges.store.tables import Tables


@frozen
class Recorded:
    """Those of every dial plan and auto attendant."""

    tables: Tables
    cause: Cause

    def listed(self) -> Sequence[Recording]:
        """All of them, without their sound."""
        with self.tables.reading() as now:
            return now.recordings.listed()

    def sound(self, owner: str, name: str, file: str) -> bytes | None:
        """The octets of one."""
        with self.tables.reading() as now:
            return now.recordings.sound(owner, name, file)

    def put(self, owner: str, name: str, file: str, sound: bytes) -> int:
        """Keep one in the place of the one of its name. Returns the new revision."""
        recording = Recording(owner, name, file, digest_of(sound))
        with self.tables.writing() as work:
            if work.recordings.sound(owner, name, file) != sound:
                Notes(work, self.cause).recording(recording, sound)
            return work.revision_after()
