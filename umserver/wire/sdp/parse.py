"""Bytes to a session description: lenient about form, strict about size and numbers.

Accepted although RFC 8866 forbids it: bare LF or CR as line end, no final line end, blank lines,
blanks around the equals sign, odd order, missing `o=`, `s=` and `t=`, unknown lines. Knows: syntax.
Must never know: codecs, policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attrs import evolve

from umserver.wire.sdp.description import Attribute, Connection, Media, Origin, SessionDescription

MAX_OCTETS = 65_536
MAX_LINES = 1_000
MAX_LINE_OCTETS = 4_096
MAX_MEDIA = 64
MAX_FORMATS = 128
MAX_PORT = 65_535

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE = re.compile(r"([A-Za-z])[ \t]*=(.*)", re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_PROTO = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~/]+")
_VISIBLE = re.compile(r"[!-~]+")
_PORT = re.compile(r"([0-9]{1,8})(?:/([0-9]{1,8}))?")
_TIMING = re.compile(r"[0-9]{1,20} +[0-9]{1,20}")
_NUMBER = re.compile(r"[0-9]{1,20}")


class SdpSyntaxError(ValueError):
    """The bytes are no session description; `args[0]` says why, without quoting private parts."""


def parse_sdp(data: bytes) -> SessionDescription:
    """The description in `data`.

    Raises SdpSyntaxError for rubbish, for more than the caps of this module, and for ports that are
    no ports. Never raises anything else, whatever the bytes.
    """
    reading = _Reading()
    lines = _lines(data)
    if all(letter != "v" for letter, _ in lines):
        raise SdpSyntaxError("no v= line")
    for letter, value in lines:
        take = _TAKERS.get(letter)
        if take is not None:
            take(reading, value)
    return reading.whole()


def _lines(data: bytes) -> list[tuple[str, str]]:
    if len(data) > MAX_OCTETS:
        raise SdpSyntaxError("too long")
    if b"\0" in data:
        raise SdpSyntaxError("a null octet")
    raw = [line for line in _LINE_END.split(data) if line.strip()]
    if not raw:
        raise SdpSyntaxError("empty")
    if len(raw) > MAX_LINES:
        raise SdpSyntaxError("too many lines")
    lines = []
    for each in raw:
        if len(each) > MAX_LINE_OCTETS:
            raise SdpSyntaxError("a line is too long")
        match = _LINE.fullmatch(each.decode("utf-8", "replace").strip())
        if match is None:
            raise SdpSyntaxError("a line that is not <letter>=<value>")
        lines.append((match[1], match[2].strip()))
    return lines


class _Reading:
    """What was read so far; lines behind an `m=` belong to that section."""

    def __init__(self) -> None:
        self.origin: Origin | None = None
        self.name = "-"
        self.connection: Connection | None = None
        self.timing: str | None = None
        self.attributes: list[Attribute] = []
        self.sections: list[tuple[Media, list[Attribute]]] = []

    def whole(self) -> SessionDescription:
        return SessionDescription(
            origin=self.origin,
            name=self.name,
            connection=self.connection,
            timing=self.timing or "0 0",
            attributes=tuple(self.attributes),
            media=tuple(
                evolve(media, attributes=tuple(attributes)) for media, attributes in self.sections
            ),
        )

    def take_version(self, value: str) -> None:
        if value != "0":
            raise SdpSyntaxError("a version other than 0")

    def take_origin(self, value: str) -> None:
        parts = value.split()
        if len(parts) == 6 and _NUMBER.fullmatch(parts[1]) and _NUMBER.fullmatch(parts[2]):
            self.origin = Origin(parts[0], int(parts[1]), int(parts[2]), *parts[3:])

    def take_name(self, value: str) -> None:
        if not self.sections:
            self.name = value or "-"

    def take_timing(self, value: str) -> None:
        if self.timing is None and _TIMING.fullmatch(value):
            self.timing = " ".join(value.split())

    def take_connection(self, value: str) -> None:
        parts = value.split()
        if len(parts) != 3 or not all(_VISIBLE.fullmatch(part) for part in parts):
            raise SdpSyntaxError("a garbled c= line")
        connection = Connection(*parts)
        if not self.sections:
            self.connection = self.connection or connection
            return
        media, attributes = self.sections[-1]
        if media.connection is None:
            self.sections[-1] = (evolve(media, connection=connection), attributes)

    def take_attribute(self, value: str) -> None:
        name, colon, rest = value.partition(":")
        attribute = Attribute(name.strip().lower(), rest.strip() if colon else None)
        (self.sections[-1][1] if self.sections else self.attributes).append(attribute)

    def take_media(self, value: str) -> None:
        if len(self.sections) == MAX_MEDIA:
            raise SdpSyntaxError("too many m= lines")
        self.sections.append((_media(value), []))


def _media(value: str) -> Media:
    parts = value.split()
    if len(parts) < 3 or not _TOKEN.fullmatch(parts[0]) or not _PROTO.fullmatch(parts[2]):
        raise SdpSyntaxError("a garbled m= line")
    port = _PORT.fullmatch(parts[1])
    if port is None or int(port[1]) > MAX_PORT:
        raise SdpSyntaxError("a port that is no port")
    count = int(port[2] or 1)
    if not 1 <= count <= MAX_PORT:
        raise SdpSyntaxError("a port count that is none")
    formats = tuple(parts[3:])
    if len(formats) > MAX_FORMATS or not all(_VISIBLE.fullmatch(each) for each in formats):
        raise SdpSyntaxError("garbled or too many formats")
    return Media(parts[0], int(port[1]), parts[2], formats, count)


_TAKERS: dict[str, Callable[[_Reading, str], None]] = {
    "v": _Reading.take_version,
    "o": _Reading.take_origin,
    "s": _Reading.take_name,
    "t": _Reading.take_timing,
    "c": _Reading.take_connection,
    "a": _Reading.take_attribute,
    "m": _Reading.take_media,
}
