"""A session description as a frozen value, and its one way back to bytes.

Knows: the lines of RFC 8866 §5 that a call needs. Must never know: which codecs or addresses we
like.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Attribute:
    """One `a=` line; `value` is None for a flag such as `a=sendonly` (RFC 8866 §5.13)."""

    name: str
    value: str | None = None

    def __str__(self) -> str:
        return self.name if self.value is None else f"{self.name}:{self.value}"


@frozen
class Connection:
    """A `c=` line (RFC 8866 §5.7); the address as written, a multicast scope included."""

    net_type: str
    addr_type: str
    address: str

    def __str__(self) -> str:
        return f"{self.net_type} {self.addr_type} {self.address}"


@frozen
class Origin:
    """An `o=` line (RFC 8866 §5.2)."""

    username: str
    session_id: int
    version: int
    net_type: str
    addr_type: str
    address: str

    def __str__(self) -> str:
        numbers = f"{self.session_id} {self.version}"
        return f"{self.username} {numbers} {self.net_type} {self.addr_type} {self.address}"


@frozen
class Media:
    """An `m=` line with what belongs to it (RFC 8866 §5.14); port 0: refused or off."""

    kind: str
    """audio, video, image, … as written."""
    port: int
    proto: str
    formats: tuple[str, ...]
    ports: int = 1
    """The number behind the slash of the port."""
    connection: Connection | None = None
    attributes: tuple[Attribute, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The values of every attribute of this (lower case) name, "" for flags, in order."""
        return tuple(each.value or "" for each in self.attributes if each.name == name)

    def lines(self) -> list[str]:
        """The lines of this section, without line ends."""
        count = f"/{self.ports}" if self.ports > 1 else ""
        lines = [f"m={self.kind} {self.port}{count} {self.proto} {' '.join(self.formats)}"]
        if self.connection is not None:
            lines.append(f"c={self.connection}")
        return lines + [f"a={each}" for each in self.attributes]


@frozen
class SessionDescription:
    """A whole description. `origin` is None where it was missing or garbled: nobody needs it."""

    origin: Origin | None
    name: str = "-"
    connection: Connection | None = None
    timing: str = "0 0"
    """The first `t=` line, two numbers: an answer has to repeat it (RFC 3264 §6)."""
    attributes: tuple[Attribute, ...] = ()
    media: tuple[Media, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """The values of every session-level attribute of this name, "" for flags, in order."""
        return tuple(each.value or "" for each in self.attributes if each.name == name)

    def to_bytes(self) -> bytes:
        """The description in the order of RFC 8866 §5, every line ended by CRLF."""
        lines = ["v=0"]
        if self.origin is not None:
            lines.append(f"o={self.origin}")
        lines.append(f"s={self.name or '-'}")
        if self.connection is not None:
            lines.append(f"c={self.connection}")
        lines.append(f"t={self.timing}")
        lines += [f"a={each}" for each in self.attributes]
        for section in self.media:
            lines += section.lines()
        return "".join(f"{line}\r\n" for line in lines).encode()
