"""What the payload types of an RTP stream mean: static ones, rtpmap and fmtp.

Knows: RFC 8866 §6.6 and §6.15, RFC 3551 §6 (the two G.711 rows), RFC 4733 §2.4. Must never know:
which of them we take.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import frozen

from umserver.wire.sdp.description import Media

MAX_PAYLOAD_TYPE = 127
MAX_EVENT = 255
CLOCK_RATE = 8000

_PAYLOAD_TYPE = re.compile(r"[0-9]{1,3}")
_RTPMAP = re.compile(r"([0-9]{1,3})\s+([^/\s]+)\s*/\s*([0-9]{1,9})\s*(?:/\s*([0-9]{1,9}))?")
_FMTP = re.compile(r"([0-9]{1,3})\s+(.*)", re.DOTALL)
_EVENTS = re.compile(r"([0-9]{1,3})(?:-([0-9]{1,3}))?")


@frozen
class Format:
    """One payload type of a stream. `encoding` is upper case, `clock_rate` in Hz."""

    payload_type: int
    encoding: str
    clock_rate: int
    channels: int = 1
    parameters: str = ""

    def means(self, encoding: str) -> bool:
        """Whether this is `encoding` (upper case) as telephones use it: 8000 Hz, one channel."""
        return (self.encoding, self.clock_rate, self.channels) == (encoding, CLOCK_RATE, 1)


_STATIC = {0: Format(0, "PCMU", CLOCK_RATE), 8: Format(8, "PCMA", CLOCK_RATE)}


def formats_of(media: Media, known: Mapping[int, Format] | None = None) -> tuple[Format, ...]:
    """The payload types of `media` whose meaning is known, in its order of preference, each once.

    The first rtpmap of a number counts; without one, `known` (what the same number meant before in
    this session) and then the static types of RFC 3551 §6 are asked. Formats that are no payload
    types are left out. Raises nothing.
    """
    mapped: dict[int, Format] = {}
    for value in media.values("rtpmap"):
        match = _RTPMAP.fullmatch(value)
        if match is not None:
            number = int(match[1])
            format_ = Format(number, match[2].upper(), int(match[3]), int(match[4] or 1))
            mapped.setdefault(number, format_)
    parameters: dict[int, str] = {}
    for value in media.values("fmtp"):
        match = _FMTP.fullmatch(value)
        if match is not None:
            parameters.setdefault(int(match[1]), match[2].strip())
    found: dict[int, Format] = {}
    for text in media.formats:
        if _PAYLOAD_TYPE.fullmatch(text) is None or int(text) > MAX_PAYLOAD_TYPE:
            continue
        number = int(text)
        meant = mapped.get(number) or (known or {}).get(number) or _STATIC.get(number)
        if meant is not None and number not in found:
            given = parameters.get(number, "")
            found[number] = Format(number, meant.encoding, meant.clock_rate, meant.channels, given)
    return tuple(found.values())


def events_of(parameters: str) -> frozenset[int]:
    """The telephone events in an fmtp value; 0–15 if empty or garbled (RFC 4733 §2.4.1)."""
    text = "".join(parameters.lower().split()).removeprefix("events=")
    events: set[int] = set()
    for part in text.split(",") if text else []:
        match = _EVENTS.fullmatch(part)
        if match is None:
            return frozenset(range(16))
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            return frozenset(range(16))
        events.update(range(first, min(last, MAX_EVENT) + 1))
    return frozenset(events) if text else frozenset(range(16))


def event_ranges(events: frozenset[int]) -> str:
    """Events as an fmtp value, runs joined: {0…15} is "0-15" (RFC 4733 §2.4.1)."""
    runs: list[list[int]] = []
    for event in sorted(events):
        if runs and runs[-1][1] == event - 1:
            runs[-1][1] = event
        else:
            runs.append([event, event])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
