"""Keys in the body of a SIP INFO, and a key said twice.

Knows: the two bodies that equipment sends. Must never know: dialogs, sound. Sources: RFC 6086 §1
(legacy INFO); the bodies `application/dtmf-relay` (Signal=, Duration=) and `application/dtmf` as
vendors document them.
"""

from __future__ import annotations

from attrs import define, field

from umserver.wire.rtp.telephone_event import KEYS

_BY_NUMBER = {"10": "*", "11": "#", "12": "A", "13": "B", "14": "C", "15": "D"}
_LONGEST_BODY = 256
_MILLISECONDS = 160


def keys_in_info(content_type: str | None, body: bytes) -> str:
    """The keys that an INFO states, empty when it is about something else."""
    kind = (content_type or "").partition(";")[0].strip().lower()
    text = body[:_LONGEST_BODY].decode("ascii", "replace")
    if kind == "application/dtmf-relay":
        return _key(_signal(text) or "")
    if kind == "application/dtmf":
        return _key(_signal(text) or text.strip())
    return ""


def info_body(key: str) -> tuple[str, bytes]:
    """Content type and body of an INFO that presses this key."""
    return "application/dtmf-relay", f"Signal={key}\r\nDuration={_MILLISECONDS}\r\n".encode()


def _signal(text: str) -> str | None:
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip().lower() == "signal":
            return value.strip()
    return None


def _key(text: str) -> str:
    text = _BY_NUMBER.get(text, text.upper())
    return text if len(text) == 1 and text in KEYS else ""


@define
class KeyTwins:
    """Tells a key that came by two ways apart from a key pressed twice.

    A key is a twin when the same key came by another way within `window` seconds and that one has
    no twin yet.
    """

    window: float = 2.0
    _single: list[tuple[str, str, float]] = field(init=False, factory=list)

    def is_new(self, key: str, way: str, now: float) -> bool:
        """Whether this is a press of its own. `way` names how it came."""
        self._single = [one for one in self._single if now - one[2] <= self.window][-32:]
        for one in self._single:
            if one[0] == key and one[1] != way:
                self._single.remove(one)
                return False
        self._single.append((key, way, now))
        return True
