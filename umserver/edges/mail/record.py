"""An envelope as a file, and a message's fate as the name of its folder.

Knows: JSON, names. Must never know: the disk. What is read may be from an older version or damaged:
unknown fields are passed over, missing ones take their defaults, anything else is BadRecord.
"""

from __future__ import annotations

import json
import re
from typing import Any

from attrs import NOTHING, asdict, field, fields, frozen

from umserver.org.messages import CallerId, Choices, Envelope, Kind

ENVELOPE = "envelope.json"
TRIES = "tries.json"
SOUND = "audio."
"""Followed by the codec's name: PCMU or PCMA octets, nothing else."""
CODECS = ("PCMU", "PCMA")

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")


class BadRecord(ValueError):
    """A file of the spool cannot be understood; `args[0]` says why."""


def check_id(id: str) -> str:
    """The id, which is safe as a file name. Raises BadRecord."""
    if not _ID.match(id):
        raise BadRecord(f"{id[:100]!r} is no message id")
    return id


def dump_envelope(envelope: Envelope) -> bytes:
    """The envelope as JSON."""
    return json.dumps(asdict(envelope), ensure_ascii=False, indent=1).encode(
        "utf-8", "surrogatepass"
    )


def load_envelope(data: bytes) -> Envelope:
    """Raises BadRecord."""
    try:
        values = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as fault:
        raise BadRecord(f"the envelope is no JSON: {fault}") from None
    if not isinstance(values, dict):
        raise BadRecord("the envelope is no JSON object")
    values["caller"] = CallerId(**_matching(CallerId, values.get("caller") or {}))
    envelope = Envelope(**_matching(Envelope, values))
    check_id(envelope.id)
    return envelope


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
    "CallerId": (CallerId,),
}


def _matching(cls: type, values: object) -> dict[str, Any]:
    """Those values that are fields of the class; every one must have its field's type."""
    if not isinstance(values, dict):
        raise BadRecord(f"{cls.__name__} is no JSON object")
    found: dict[str, Any] = {}
    for part in fields(cls):
        if part.name not in values:
            if part.default is NOTHING:
                raise BadRecord(f"the envelope lacks {part.name}")
            continue
        value = values[part.name]
        if not isinstance(value, _TYPES[str(part.type)]):
            raise BadRecord(f"{part.name} of the envelope is a {type(value).__name__}")
        found[part.name] = value
    return found


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
