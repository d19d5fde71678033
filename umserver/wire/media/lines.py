"""Media lines of ours: what they say about formats, and how a stream is refused.

Knows: RFC 3264 §5.1, §6 and §8.3.2. Must never know: the history of a session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from umserver.wire.media.stream import EVENT
from umserver.wire.sdp.description import Attribute, Media
from umserver.wire.sdp.formats import CLOCK_RATE, Format, event_ranges

EVENT_PAYLOAD_TYPES = (101, *range(96, 128))
"""What we number telephone-event with, by preference, where the other side has not said."""

STATIC = {"PCMU": 0, "PCMA": 8}
_KEYS = frozenset(range(16))


def formats_to_offer(codecs: Iterable[str], known: Mapping[int, Format]) -> list[Format]:
    """These codecs and telephone-event, by the numbers that are `known` for them already."""
    formats: list[Format] = []
    for codec in dict.fromkeys(codecs):
        number = next((n for n, each in known.items() if each.means(codec)), None)
        if number is None and known.get(STATIC[codec]) is None:
            number = STATIC[codec]
        if number is not None:
            formats.append(Format(number, codec, CLOCK_RATE))
    number = next((n for n, each in known.items() if each.means(EVENT)), None)
    if number is None:
        number = next((n for n in EVENT_PAYLOAD_TYPES if n not in known), None)
    if number is not None:
        formats.append(Format(number, EVENT, CLOCK_RATE, parameters=event_ranges(_KEYS)))
    return formats


def refusal_of(media: Media) -> Media:
    """The line that refuses a stream: port 0, the rest as offered (RFC 3264 §6)."""
    return Media(media.kind, 0, media.proto, media.formats or ("0",))


def format_attributes(formats: Sequence[Format]) -> list[Attribute]:
    """What the payload types of a line mean."""
    attributes = []
    for each in formats:
        name = each.encoding if each.encoding != EVENT else EVENT.lower()
        attributes.append(Attribute("rtpmap", f"{each.payload_type} {name}/{each.clock_rate}"))
        if each.parameters:
            attributes.append(Attribute("fmtp", f"{each.payload_type} {each.parameters}"))
    return attributes
