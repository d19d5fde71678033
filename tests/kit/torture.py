"""Messages that others published, sent to a server, and what its answers are worth.

Knows: the vectors below `tests/vectors` and their expectations (see the README of each folder),
plain sockets. Must never know: the server, how time passes (that is handed in). It reads answers
with code of its own.
"""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any
from zlib import crc32

from attrs import define, field, frozen

from tests.kit.raw_sip import Raw, parse_raw

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
FOLDERS = ("rfc4475-5118", "gateway-invites", "sdp")
HERE = "127.0.0.60"
"""The loopback address that the messages come from; its port 5060 has to be free."""

_ORGANISATION = """
[[gateways]]
name = "rack"
address = "127.0.0.60"

[[hunt_groups]]
name = "Rack pilot"
dial_plan = "Demo"
gateway = "rack"
pilot_identifier = ["5100", "+12125550100", "12125550100"]

[[hunt_groups]]
name = "Rack"
dial_plan = "Demo"
gateway = "rack"
""" + "".join(
    f"""
[[mailboxes]]
address = "rack{n}@example.com"
display_name = "Rack {n}"
extension = "511{n}"
secondary_numbers = ["+1212555011{n}"]
dial_plan = "Demo"
policy = "Demo Default Policy"
pin = "97531{n}"
"""
    for n in (1, 2, 3)
)
"""What has to be added to the demo organisation, so that the mailboxes in the messages exist."""


def with_rack(demo: str) -> str:
    """The demo organisation with everything that the messages ask for."""
    numbers = 'access_telephone_numbers = ["5000", "5100", "+12125550100"]'
    return demo.replace('access_telephone_numbers = ["5000"]', numbers) + _ORGANISATION


_VIA = re.compile(r"(?im)^(?:via|v)[ \t]*:[ \t]*(.*(?:\r?\n[ \t].*)*)")


@frozen
class Vector:
    """One message and what is right."""

    folder: str
    data: bytes = field(repr=False)
    entry: dict[str, Any] = field(repr=False)

    @property
    def name(self) -> str:
        """Folder and file."""
        return f"{self.folder}/{self.entry['file']}"

    @property
    def key(self) -> str:
        """Two messages of one key must not reach a server within 32 seconds."""
        via = _VIA.search(self.data.decode("utf-8", "surrogateescape"))
        text = re.sub(r"\s+", "", via.group(1)) if via else ""
        branch = re.search(r"branch=([^;,]+)", text)
        sent_by = re.search(r"SIP/\d\.\d/\w+?(\[?[\w.:\-\]]+)", text)
        return f"{branch and branch.group(1)} {sent_by and sent_by.group(1)}"

    def over(self, transport: str, user: str, target: tuple[str, int]) -> bytes:
        """The octets to be sent: retargeted and with the transport named where that is allowed."""
        data = self.data
        if self.entry.get("any_transport"):
            name = transport.upper().encode()
            data = re.sub(rb"(?i)(SIP/2\.0/)(?:UDP|TCP|TLS)", rb"\1" + name, data, count=1)
        if self.entry.get("retarget") and self.folder != "gateway-invites":
            uri = f"sip:{user}@{target[0]}:{target[1]}".encode()
            data = re.sub(rb"^(INVITE )\S+( )", rb"\1" + uri + rb"\2", data, count=1)
        return data


def vectors() -> list[Vector]:
    """All of them."""
    return [
        Vector(folder, (VECTORS / folder / "messages" / entry["file"]).read_bytes(), entry)
        for folder in FOLDERS
        for entry in json.loads((VECTORS / folder / "index.json").read_text())["messages"]
    ]


def rounds(all: Sequence[Vector]) -> list[list[Vector]]:
    """The vectors in groups within which no key comes twice."""
    groups: list[list[Vector]] = []
    for vector in all:
        for group in groups:
            if vector.key not in {other.key for other in group}:
                group.append(vector)
                break
        else:
            groups.append([vector])
    return groups


def fits(status: int, patterns: Sequence[str]) -> bool:
    """Whether a status is among `481`, `2xx`, `4xx!400`."""
    for pattern in patterns:
        kind, _, but = pattern.partition("!")
        if kind == str(status) or (kind == f"{status // 100}xx" and but != str(status)):
            return True
    return False


@frozen
class Result:
    """What a server made of one vector."""

    vector: Vector
    transport: str
    statuses: tuple[int, ...]
    grade: str
    """ideal, tolerated or wrong."""
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = ", ".join(map(str, self.statuses)) or "silence"
        return f"{self.grade}: {self.vector.name} over {self.transport}: {said} {self.faults or ''}"


def judged(vector: Vector, transport: str, sent: bytes, answers: Sequence[Raw]) -> Result:
    """How good these answers are."""
    rule = vector.entry["udp" if transport == "udp" else "tcp"]
    finals = [answer.status for answer in answers if answer.status >= 200]
    statuses = tuple(answer.status for answer in answers)
    told = (finals or list(statuses))[-1:]
    if not told:
        grade = {"fail": "wrong"}.get(rule["silence"], rule["silence"])
    elif fits(told[0], rule["ideal"]):
        grade = "ideal"
    else:
        grade = "tolerated" if fits(told[0], rule["tolerated"]) else "wrong"
    faults = list(_faults(vector.entry.get("checks") or (), sent, answers))
    return Result(vector, transport, statuses, "wrong" if faults else grade, tuple(faults))


def _faults(checks: Sequence[str], sent: bytes, answers: Sequence[Raw]) -> Iterator[str]:
    for answer in answers:
        status = answer.status
        if "echo" in checks:
            yield from _unlike(_fields(sent), answer)
        if status in (405, 501) and any(c.startswith("allow-if") for c in checks):
            required = status == 405 or "allow-if-501-405" in checks
            if required and not answer.header("Allow"):
                yield f"{status} without Allow"
        if "accept-if-415" in checks and status == 415 and not answer.header("Accept"):
            yield "415 without Accept"
        if "unsupported-listed" in checks and status == 420 and not answer.header("Unsupported"):
            yield "420 without Unsupported"
        has_sdp = "v=0" in answer.body and "m=audio" in answer.body
        if "sdp-answer" in checks and 200 <= status < 300 and not has_sdp:
            yield "2xx without a session description"
        if "no-sdp-in-answer" in checks and has_sdp:
            yield "a session description that nobody asked for"


_LONG = {"v": "via", "f": "from", "t": "to", "i": "call-id"}


def _fields(data: bytes) -> dict[str, list[str]]:
    """Header fields by long lower-case name, unfolded and without white space."""
    head = data.decode("utf-8", "surrogateescape").partition("\r\n\r\n")[0]
    found: dict[str, list[str]] = {}
    for line in re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")[1:]:
        name, _, value = line.partition(":")
        key = name.strip().lower()
        found.setdefault(_LONG.get(key, key), []).append(re.sub(r"\s+", "", value))
    return found


def _unlike(sent: dict[str, list[str]], answer: Raw) -> Iterator[str]:
    """What the answer does not repeat (RFC 3261 §8.2.6.2)."""

    def got(name: str) -> str:
        return ",".join(re.sub(r"\s+", "", value) for value in answer.all(name))

    for name in ("from", "call-id"):
        if got(name) != ",".join(sent.get(name, [])):
            yield f"{name} is {got(name)[:60]!r}"
    to = ",".join(sent.get("to", []))
    if not got("to").startswith(to) or (";tag=" in to.lower() and got("to") != to):
        yield f"to is {got('to')[:60]!r}"
    number = re.match(r"0*(\d+)(\D\S*)", ",".join(sent.get("cseq", [])))
    told = re.match(r"0*(\d+)(\D\S*)", got("cseq"))
    if number and (not told or number.groups() != told.groups()):
        yield f"cseq is {got('cseq')!r}"
    vias = re.sub(r";(?:received|rport)(?:=[^;,]*)?", "", got("via"))
    if vias != re.sub(r";(?:received|rport)(?:=[^;,]*)?", "", ",".join(sent.get("via", []))):
        yield f"via is {got('via')[:80]!r}"


@define(eq=False)
class Rack:
    """Sends vectors to a server and listens. Raises OSError when its ports are taken."""

    target: tuple[str, int]
    wait: Callable[[float], None]
    """Lets this many seconds pass."""
    patience: float = 0.5
    """Seconds within which an answer has to come."""
    tls: ssl.SSLContext | None = None
    tls_port: int = 0
    _ports: dict[int, socket.socket] = field(init=False, factory=dict)
    _numbers: count[int] = field(init=False, factory=lambda: count(1))

    def __attrs_post_init__(self) -> None:
        try:
            for vector in vectors():
                for port in (5060, vector.entry.get("reply_port") or 5060):
                    if port not in self._ports:
                        self._ports[port] = _bound(port)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Give the ports back."""
        for sock in self._ports.values():
            sock.close()

    def send(self, vector: Vector, transport: str, user: str = "1001") -> Result:
        """Send it, judge the answers, end the call if one came about."""
        data = vector.over(transport, user, self.target)
        if transport != "udp":
            return judged(vector, transport, data, self._over_stream(data, transport == "tls"))
        self._heard()
        self._ports[5060].sendto(data, self.target)
        answers = self._answers(lambda: _about(data, self._heard()))
        words = _last_words(answers)
        for text in words:
            self._ports[5060].sendto(text, self.target)
        if len(words) == 2:
            self._answers(lambda: _about(data, self._heard()))
        return judged(vector, transport, data, answers)

    def is_alive(self) -> bool:
        """Whether OPTIONS is answered with 200 at once."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind((HERE, 0))
            sock.setblocking(False)
            port = sock.getsockname()[1]
            n = next(self._numbers)
            text = (
                f"OPTIONS sip:um.example.com SIP/2.0\r\nVia: SIP/2.0/UDP {HERE}:{port};"
                f"branch=z9hG4bKalive{port}{n}\r\nFrom: <sip:rack@example.com>;tag=a{n}\r\n"
                f"To: <sip:um.example.com>\r\nCall-ID: alive{port}{n}\r\nCSeq: 1 OPTIONS\r\n"
                "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
            )
            sock.sendto(text.encode(), self.target)
            heard = self._answers(lambda: _datagrams(sock))
            return [answer.status for answer in heard] == [200]

    def _heard(self) -> list[bytes]:
        return [data for sock in self._ports.values() for data in _datagrams(sock)]

    def _answers(self, hear: Callable[[], list[bytes]]) -> list[Raw]:
        """What comes until a final answer has, or for as long as the patience lasts."""
        answers: list[Raw] = []
        waited = 0.0
        while True:
            heard = [parse_raw(data) for data in hear()]
            answers += [message for message in heard if message.status]
            if any(answer.status >= 200 for answer in answers) or waited >= self.patience:
                return answers
            self.wait(0.01)
            waited += 0.01

    def _over_stream(self, data: bytes, encrypted: bool) -> list[Raw]:
        with self._connected(encrypted) as sock:
            sock.sendall(data)
            sock.setblocking(False)
            stream = _Stream(sock)
            answers = self._answers(stream.messages)
            words = _last_words(answers)
            sock.setblocking(True)
            for text in words:
                sock.sendall(text)
            sock.setblocking(False)
            if len(words) == 2:
                self._answers(stream.messages)
        self.wait(0.01)
        return answers

    def _connected(self, encrypted: bool) -> socket.socket:
        sock = socket.socket()
        sock.bind((HERE, 0))
        sock.connect((self.target[0], self.tls_port) if encrypted else self.target)
        if not encrypted:
            return sock
        assert self.tls is not None
        return self.tls.wrap_socket(sock)


@define
class _Stream:
    """Whole messages from a connection, by Content-Length."""

    sock: socket.socket
    _kept: bytes = b""

    def messages(self) -> list[bytes]:
        """Those that are complete now."""
        self._kept += b"".join(_datagrams(self.sock))
        found = []
        while (end := self._kept.find(b"\r\n\r\n")) >= 0:
            length = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", self._kept[:end])
            size = end + 4 + (int(length.group(1)) if length else 0)
            if len(self._kept) < size:
                break
            found.append(self._kept[:size])
            self._kept = self._kept[size:]
        return found


def _about(sent: bytes, heard: list[bytes]) -> list[bytes]:
    """Only what belongs to this message: answers to others may be repeated meanwhile."""
    wanted = _fields(sent).get("call-id", [])
    return [data for data in heard if not wanted or _fields(data).get("call-id") == wanted]


def _last_words(answers: Sequence[Raw]) -> list[bytes]:
    """What ends an INVITE that was answered: ACK for a refusal, ACK and BYE for a call."""
    finals = [a for a in answers if a.status >= 200 and a.header("CSeq").endswith("INVITE")][:1]
    texts = []
    for answer in finals:
        number = int(answer.header("CSeq").split()[0])
        if answer.status >= 300:
            via = re.split(r",\s*SIP", answer.header("Via"))[0]
            to = answer.header("To").partition("<")[2].partition(">")[0] or "sip:um.example.com"
            texts.append(_request("ACK", to, via, number, answer))
            continue
        for method, step in (("ACK", 0), ("BYE", 1)):
            branch = f"z9hG4bK-{method}-{crc32(answer.header('To').encode()):08x}"
            via = f"SIP/2.0/UDP {HERE}:5060;branch={branch}"
            texts.append(_request(method, answer.contact, via, number + step, answer))
    return texts


def _request(method: str, uri: str, via: str, number: int, answer: Raw) -> bytes:
    same = [f"{name}: {answer.header(name)}" for name in ("From", "To", "Call-ID")]
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: {via}",
        *same,
        f"CSeq: {number} {method}",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind((HERE, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)
    return sock


def _datagrams(sock: socket.socket) -> list[bytes]:
    found: list[bytes] = []
    while True:
        try:
            data = sock.recv(65535)
        except OSError:
            return found
        if not data:
            return found
        found.append(data)
