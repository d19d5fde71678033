"""An envelope as a file, and a message's fate as the name of its folder.

Knows: names, what may be lost. Must never know: the disk. What is read may be from an older version
or damaged: that is BadRecord.
"""

from __future__ import annotations

import json

from attrs import asdict, field, frozen

from umserver.org.envelope_text import BadRecord, check_id, dump_envelope, load_envelope
from umserver.org.messages import Choices, Kind

__all__ = [
    "CODECS",
    "ENVELOPE",
    "SOUND",
    "TRIES",
    "BadRecord",
    "Fate",
    "Tries",
    "check_id",
    "dump_envelope",
    "load_envelope",
    "load_tries",
    "parse_folder",
]

ENVELOPE = "envelope.json"
TRIES = "tries.json"
SOUND = "audio."
"""Followed by the codec's name: PCMU or PCMA octets, nothing else."""
CODECS = ("PCMU", "PCMA")


@frozen
class Fate:
    """What became of a draft."""

    kind: Kind
    choices: Choices = field(factory=Choices)

    def folder(self, id: str) -> str:
        """The name that says it: `<id>.voice.important.private`."""
        marks = [self.kind.value]
        marks += ["important"] * self.choices.important + ["private"] * self.choices.private
        return ".".join([id, *marks])


def parse_folder(name: str) -> tuple[str, Fate]:
    """Id and fate from a folder's name. Raises BadRecord."""
    id, *marks = name.split(".")
    kinds = {kind.value: kind for kind in Kind}
    if not marks or marks[0] not in kinds:
        raise BadRecord(f"{name[:100]!r} is no name of a message's folder")
    choices = Choices(important="important" in marks, private="private" in marks)
    return check_id(id), Fate(kinds[marks[0]], choices)


@frozen
class Tries:
    """What is remembered of earlier attempts; may be lost without harm."""

    attempts: int = 0
    next_try: float = 0.0
    """Wall time, seconds since 1970."""
    why: str = ""

    def dump(self) -> bytes:
        """As JSON."""
        return json.dumps(asdict(self)).encode()


def load_tries(data: bytes) -> Tries:
    """What the file says; nothing when it is damaged."""
    try:
        values = json.loads(data)
        return Tries(int(values["attempts"]), float(values["next_try"]), str(values["why"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return Tries()
