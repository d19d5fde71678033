"""Messages bent out of shape: seeded mutations of published messages and of our own.

Knows: octets, and where SIP and SDP hurt. Must never know: umserver. The same seed makes the same
noise.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

from attrs import define, field

from tests.kit.torture import vectors

SDP_FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "sdp" / "messages"
NUMBERS = (
    b"0", b"-1", b"1", b"255", b"256", b"65535", b"65536", b"2147483648", b"4294967295",
    b"4294967296", b"99999999999999999999", b"1e9", b"0x10", b"\xd9\xa1", b"",
)  # fmt: skip
WORDS = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\r\n ", b"\0", b",", b";", b"=", b'"', b"<", b">", b"[",
    b"]", b"%", b"%00", b"%zz", b"::", b"@", b":", b" ", b"\t", b"\xff\xfe", b"\xc3\x28", b"(",
    b"\\",
    b"sip:", b"tel:+", b";tag=", b";branch=z9hG4bK", b";rport", b";maddr=224.0.0.1", b"SIP/2.0 ",
    b"Content-Length: 9\r\n", b"Require: 100rel\r\n", b"Replaces: a;to-tag=b;from-tag=c\r\n",
    b"m=audio 0 RTP/AVP 0\r\n", b"c=IN IP4 0.0.0.0\r\n", b"a=inactive\r\n", b"a=ptime:0\r\n",
    b"a=fmtp:101 0-99999999\r\n", b"a=rtpmap:0 telephone-event/8000\r\n", b"a=maxptime:-3\r\n",
    b"x" * 300, b"a," * 200, b"<sip:a@b>," * 60,
)  # fmt: skip
_TARGET = re.compile(rb"^(INVITE )\S+( SIP/2\.0)")
_VIA = re.compile(rb"(?im)^(?:via|v)[ \t]*:[^\r\n]*")
_CALL_ID = re.compile(rb"(?im)^(?:call-id|i)[ \t]*:[^\r\n]*")
_LENGTH = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[^\r\n]*")


def published() -> list[bytes]:
    """Every published SIP message of this project."""
    return [vector.data for vector in vectors()]


def descriptions() -> list[bytes]:
    """Session descriptions: published ones and those inside published messages."""
    bodies = [data.partition(b"\r\n\r\n")[2] for data in published()]
    found = [body for body in bodies if body.startswith(b"v=0")]
    index = json.loads((SDP_FOLDER.parent / "index.json").read_text())
    assert index
    files = [path.read_bytes() for path in sorted(SDP_FOLDER.iterdir()) if path.is_file()]
    return found + [data.partition(b"\r\n\r\n")[2] or data for data in files]


@define
class Noise:
    """One source of bent messages."""

    seed: int
    here: bytes
    """host:port that answers shall come to."""
    to_somebody: float = 0.05
    """The share that goes to a user there is; a call costs much more than a refusal."""
    made: int = field(init=False, default=0)
    chance: Random = field(init=False)
    _messages: list[bytes] = field(init=False, factory=published)
    _bodies: list[bytes] = field(init=False, factory=descriptions)

    def __attrs_post_init__(self) -> None:
        self.chance = Random(self.seed)

    def message(self) -> bytes:
        """A SIP message that is wrong somewhere, or nowhere."""
        chance = self.chance
        data = self._addressed(chance.choice(self._messages))
        if chance.random() < 0.25:
            data = self.with_body(data, self.description())
        for _ in range(chance.choice((0, 1, 1, 2, 3, 8))):
            data = self.bent(data)
        return data[:65000]

    def description(self) -> bytes:
        """A session description that is wrong somewhere, or nowhere."""
        data = self.chance.choice(self._bodies)
        for _ in range(self.chance.choice((0, 1, 1, 2, 4))):
            data = self.bent(data)
        return data[:20000]

    def bent(self, data: bytes) -> bytes:
        """One thing about it changed."""
        chance = self.chance
        at = chance.randrange(len(data) + 1)
        size = chance.choice((1, 1, 2, 5, 20, 100))
        match chance.randrange(9):
            case 0:
                return data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 1:
                return data[:at] + data[at + size :]
            case 2:
                return data[:at] + data[at : at + size] * chance.choice((2, 2, 3, 40)) + data[at:]
            case 3:
                return data[:at] + chance.choice(WORDS) + data[at:]
            case 4:
                return self._renumbered(data)
            case 5:
                return self._shuffled(data)
            case 6:
                return data[:at] if chance.random() < 0.3 else data[:at] + data[at:].swapcase()
            case 7:
                other = chance.choice(self._messages)
                return data[:at] + other[chance.randrange(len(other)) :][:400] + data[at:]
            case _:
                return data[:at] + chance.randbytes(size) + data[at + size :]

    def with_body(self, data: bytes, body: bytes) -> bytes:
        """With this session description and the length it has."""
        head = _LENGTH.sub(b"X-Was: 1", data.partition(b"\r\n\r\n")[0])
        kind = b"\r\nContent-Type: application/sdp\r\nContent-Length: %d" % len(body)
        return head + kind + b"\r\n\r\n" + body

    def _addressed(self, data: bytes) -> bytes:
        """As a rule a new call whose answers come to us; every now and then to somebody."""
        self.made += 1
        chance = self.chance
        if chance.random() < 0.8:
            via = b"Via: SIP/2.0/UDP %s;rport;branch=z9hG4bKn%x" % (self.here, self.made)
            data = _VIA.sub(lambda _: via, data, count=1)
        if chance.random() < 0.8:
            call = b"Call-ID: noise%d.%d" % (self.seed, self.made)
            data = _CALL_ID.sub(lambda _: call, data, count=1)
        if chance.random() < self.to_somebody:
            data = _TARGET.sub(rb"\1sip:1001@127.0.0.1\2", data, count=1)
        return data

    def _renumbered(self, data: bytes) -> bytes:
        numbers = list(re.finditer(rb"[0-9]+", data))
        if not numbers:
            return data
        one = self.chance.choice(numbers)
        return data[: one.start()] + self.chance.choice(NUMBERS) + data[one.end() :]

    def _shuffled(self, data: bytes) -> bytes:
        lines = data.split(b"\r\n")
        one, other = self.chance.randrange(len(lines)), self.chance.randrange(len(lines))
        match self.chance.randrange(3):
            case 0:
                lines[one], lines[other] = lines[other], lines[one]
            case 1:
                lines.insert(one, lines[other])
            case _:
                del lines[one]
        return b"\r\n".join(lines)
