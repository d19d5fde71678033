"""One SIP message as it passed by, and the few things a drawing wants to know of it.

Knows: bytes, addresses, a time. Must never know: sockets, clocks, what the message means. Never
raises.
"""

from __future__ import annotations

import re

from attrs import field, frozen

Address = tuple[str, int]
"""IP address without brackets, and port."""

_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_CSEQ = re.compile(rb"^cseq[ \t]*:[ \t]*(\d+)[ \t]+(\S+)", re.IGNORECASE | re.MULTILINE)
_SHOWN = 64
_KEYS = re.compile(rb"(inline:|k=(?:clear|base64|prompt|uri):)[^|;\s]+", re.IGNORECASE)


def without_keys(data: bytes) -> bytes:
    """The message with the keys of sound crossed out (RFC 4568, RFC 8866 §5.12); as long as it was.

    Nobody who reads a trace may hear the call.
    """
    if b":" not in data or not _KEYS.search(data):
        return data
    return _KEYS.sub(lambda found: found[1] + b"x" * (len(found[0]) - len(found[1])), data)


@frozen
class TracedMessage:
    """A message, when it passed, and between whom."""

    time: float
    """Seconds, on any scale that is the same for all messages of a trace."""
    source: Address
    destination: Address
    transport: str
    """udp, tcp or tls."""
    data: bytes = field(repr=False)

    @property
    def call_id(self) -> str:
        """The Call-ID, empty when there is none to be found."""
        found = _CALL_ID.search(self._head)
        return found.group(1).strip().decode("utf-8", "replace") if found else ""

    @property
    def title(self) -> str:
        """What stands over its arrow: `INVITE (SDP)` or `200 OK [INVITE] (SDP)`."""
        first = self._head.split(b"\n", 1)[0].strip().decode("utf-8", "replace")
        words = first.split(" ", 2)
        text = "".join(c if c.isprintable() else "?" for c in self._name(words))
        return text[:_SHOWN] + (" (SDP)" if self.has_sdp else "")

    @property
    def has_sdp(self) -> bool:
        """Whether a session description seems to be in it."""
        return b"\nm=" in self.data and b"v=0" in self.data

    @property
    def _head(self) -> bytes:
        return self.data.lstrip(b"\r\n")[:16384].partition(b"\r\n\r\n")[0]

    def _name(self, words: list[str]) -> str:
        if words[0].startswith("SIP/") and len(words) > 1:
            status = " ".join(words[1:])
            cseq = _CSEQ.search(self._head)
            return f"{status} [{cseq.group(2).decode('utf-8', 'replace')}]" if cseq else status
        return words[0] or "(nothing)"
