"""An envelope as text, for the spool and for the store's outbox.

Knows: JSON. Must never know: where the text is kept. What is read may be from an older version or
damaged: unknown fields are passed over, missing ones take their defaults, anything else is
BadRecord.
"""

from __future__ import annotations

import json
import re
from typing import Any

from attrs import NOTHING, asdict, fields

from umserver.org.messages import Addressee, CallerId, Envelope, Notice, Recipient

_ID = re.compile(r"[A-Za-z0-9_-]{1,100}\Z")


class BadRecord(ValueError):
    """A record cannot be understood; `args[0]` says why."""


def check_id(id: str) -> str:
    """The id, which is safe as a file name. Raises BadRecord."""
    if not _ID.match(id):
        raise BadRecord(f"{id[:100]!r} is no message id")
    return id


def dump_envelope(envelope: Envelope) -> bytes:
    """The envelope as JSON, in one line: with indents the library leaves circles behind."""
    return json.dumps(asdict(envelope), ensure_ascii=False).encode("utf-8", "surrogatepass")


def load_envelope(data: bytes) -> Envelope:
    """Raises BadRecord."""
    try:
        values = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as fault:
        raise BadRecord(f"the envelope is no JSON: {fault}") from None
    if not isinstance(values, dict):
        raise BadRecord("the envelope is no JSON object")
    values["caller"] = CallerId(**_matching(CallerId, values.get("caller") or {}))
    if values.get("notice") is not None:
        values["notice"] = _notice(values["notice"])
    values["also"] = _each(Recipient, values.get("also", []))
    values["addressed"] = _each(Addressee, values.get("addressed", []))
    envelope = Envelope(**_matching(Envelope, values))
    check_id(envelope.id)
    return envelope


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "float": (int, float),
    "CallerId": (CallerId,),
    "Notice | None": (Notice, type(None)),
    "tuple[str, ...]": (list,),
    "tuple[Recipient, ...]": (tuple,),
    "tuple[Addressee, ...]": (tuple,),
}


def _each(cls: type, values: object) -> tuple[Any, ...]:
    """A list of these."""
    if not isinstance(values, list):
        raise BadRecord(f"a list of {cls.__name__} of the envelope is a {type(values).__name__}")
    return tuple(cls(**_matching(cls, value)) for value in values)


def _notice(values: object) -> Notice:
    return Notice(**_matching(Notice, values))


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
        if isinstance(value, list):
            if not all(isinstance(text, str) for text in value):
                raise BadRecord(f"{part.name} of the envelope are no texts")
            value = tuple(value)
        found[part.name] = value
    return found
