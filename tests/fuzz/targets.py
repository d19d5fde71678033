"""One target for each wire format: octets in, and a promise that has to hold for all of them.

A target fails by raising anything. Knows: the parsers and what they may raise. Must never know: who
makes the octets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from umserver.edges.mail.voicemail import letterhead
from umserver.edges.net.facts import facts_from
from umserver.edges.net.media.dtls import Association, make_identity
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_toml
from umserver.wire.audio.wav import WavError, g711_wav, gsm_wav, pcm_wav, read_wav
from umserver.wire.media import Handshake, MediaSession, NotAcceptable, Protection
from umserver.wire.rtp import packet, rtcp
from umserver.wire.rtp.telephone_event import EventReceiver
from umserver.wire.sdp.crypto import parse_crypto
from umserver.wire.sdp.fingerprint import fingerprints_of, setup_of
from umserver.wire.sdp.formats import formats_of
from umserver.wire.sdp.parse import SdpSyntaxError, parse_sdp
from umserver.wire.sip.body import read_sdp
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.message_summary import read_summary
from umserver.wire.sip.multipart import UnreadableBody, find_sdp
from umserver.wire.sip.parse import BadMessage, parse
from umserver.wire.sip.stream import StreamBroken, StreamFramer
from umserver.wire.sip.uri import parse_uri
from umserver.wire.srtp import SUITES, Keying, MasterKey, Shield
from umserver.wire.srtp.context import lend

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
IDENTITY = make_identity()
FLOW = Flow("udp", ("192.0.2.2", 5060), ("192.0.2.1", 5060))
VIEWS = (
    *("via", "from_", "to", "call_id", "cseq", "contacts", "contact"),
    *("record_routes", "routes", "content_type", "max_forwards"),
)
"""What is read of a message only when somebody asks."""


@frozen
class Target:
    """A wire format."""

    name: str
    run: Callable[[bytes], object]
    seeds: Callable[[], Iterator[bytes]]


def files(pattern: str) -> Callable[[], Iterator[bytes]]:
    """These vectors, as they are."""
    return lambda: (path.read_bytes() for path in sorted(VECTORS.glob(pattern)))


def texts(*lines: str) -> Callable[[], Iterator[bytes]]:
    """These words."""
    return lambda: (line.encode() for line in lines)


def sip(data: bytes) -> None:
    """A message is taken or refused in words; what was taken is written as it would be read."""
    try:
        message = parse(data)
    except BadMessage as bad:
        assert 400 <= bad.status < 600
        assert bad.reason
        if bad.via is not None:
            bad.answer(to_tag="t", source=("192.0.2.2", 5060)).to_bytes()
        return
    except SipSyntaxError:
        return
    look(message)
    again = parse(message.to_bytes())
    assert again.to_bytes() == message.to_bytes()


def look(message: Request | Response) -> None:
    """Everything that is read late is read, or refused in words."""
    for view in VIEWS:
        with suppress(SipSyntaxError):
            getattr(message, view)
    with suppress(UnreadableBody):
        read_sdp(message)
    if isinstance(message, Request):
        with suppress(SipSyntaxError):
            facts_from(message, FLOW)


def stream(data: bytes) -> None:
    """However a stream is cut, the same messages come out of it."""
    assert _framed([data]) == _framed([data[:n] for n in (1,)] + [data[1:]])
    cuts = [0, *sorted({len(data) // 3, len(data) // 2, max(0, len(data) - 2)}), len(data)]
    assert _framed([data]) == _framed([data[a:b] for a, b in pairwise(cuts)])


def _framed(pieces: list[bytes]) -> tuple[list[bytes], bool]:
    framer = StreamFramer()
    messages: list[bytes] = []
    for piece in pieces:
        try:
            messages += framer.feed(piece)
        except StreamBroken:
            break
    return messages, framer.is_broken


def uri(data: bytes) -> None:
    """A URI is written as it would be read."""
    try:
        read = parse_uri(data.decode("utf-8", "surrogateescape"))
    except SipSyntaxError:
        return
    assert parse_uri(str(read)) == read, str(read)


def sdp(data: bytes) -> None:
    """A description is written as it would be read; its parts can be looked at."""
    try:
        read = parse_sdp(data)
    except SdpSyntaxError:
        return
    for media in read.media:
        formats_of(media)
        fingerprints_of(read, media)
        setup_of(read, media)
        for value in media.values("crypto"):
            parse_crypto(value)
    assert parse_sdp(read.to_bytes()) == read


def body(data: bytes) -> None:
    """A body of several parts is read, or refused in words."""
    kind, _, content = data.partition(b"\n")
    with suppress(UnreadableBody):
        find_sdp(kind.decode("utf-8", "replace").strip(), None, content)


def rtp(data: bytes) -> None:
    """A packet is taken or left; what was taken is written as it would be read."""
    read = packet.parse(data)
    if read is not None:
        assert packet.parse(read.to_bytes()) == read


def control(data: bytes) -> None:
    """Reports are read as far as they can be."""
    for report in rtcp.parse(data):
        assert repr(report)


def event(data: bytes) -> None:
    """Keys out of any payload are keys, each told once."""
    keys = EventReceiver()
    for at in range(0, len(data), 5):
        told = keys.feed(at & 0xFFFF, int.from_bytes(data[at : at + 2], "big"), data[at : at + 5])
        assert set(told) <= set("0123456789*#ABCD")
        assert len(told) <= 2


def secret(data: bytes) -> None:
    """No octets pass for a genuine packet or report, and the next genuine one does."""
    here, there = Shield(), Shield()
    for end, ours, theirs in ((here, 1, 2), (there, 2, 1)):
        keys = [MasterKey(bytes([n]) * SUITES[0].secret) for n in (ours, theirs)]
        end.use(Keying(SUITES[0], keys[0], (keys[1],)))
    held = bytearray(data[:2048].ljust(2048, b"\0"))
    length = min(len(data), 2048)
    if length >= 12:
        ssrc, sequence = int.from_bytes(data[8:12], "big"), int.from_bytes(data[2:4], "big")
        assert there.open(lend(held), length, ssrc, sequence) < 0
    assert there.open_rtcp(data) is None
    genuine = here.seal(packet.Packet(0, 7, 160, 5, b"sound").to_bytes())
    assert genuine is not None
    held[: len(genuine)] = genuine
    assert there.open(lend(held), len(genuine), 5, 7) == 17


def handshake(data: bytes) -> None:
    """No octets lead to keys, in either role; what is answered is bounded."""
    for active in (False, True):
        association = Association(IDENTITY, Handshake(active, (IDENTITY.fingerprint,)), 0.0)
        association.wake(0.0)
        answered = [each for at in range(0, len(data), 300)
                    for each in association.receive(data[at : at + 300], 1.0)]  # fmt: skip
        assert association.keying is None
        assert sum(map(len, answered)) < 100_000


def offered(data: bytes) -> None:
    """An offer is answered or refused in words, and a later one as well."""
    protection = Protection(sdes=True, fingerprint=IDENTITY.fingerprint)
    session = MediaSession(host="192.0.2.1", port=4000, session_id=1, protection=protection)
    for _ in range(2):
        try:
            answer = session.answer(data)
        except NotAcceptable as refused:
            assert refused.status in (400, 488)
            return
        assert len(parse_sdp(answer).media) == len(parse_sdp(data).media)
        session.offer()


def sound(data: bytes) -> None:
    """A sound file is read or refused in words."""
    with suppress(WavError):
        read_wav(data)


def summary(data: bytes) -> None:
    """What a telephone would be told of waiting messages."""
    with suppress(ValueError):
        read_summary(data)


def mail(data: bytes) -> None:
    """The head of any mail tells what it is, or that it is no voice message."""
    letterhead(data)


def settings(data: bytes) -> None:
    """Any settings are taken or refused with the places of their faults."""
    with suppress(SettingsFaults, UnicodeDecodeError):
        parse_toml(data.decode())


def _described() -> Iterator[bytes]:
    for text in files("gateway-invites/messages/*")():
        message: Any = parse(text)
        yield message.body
        yield (message.content_type or "").encode() + b"\n" + message.body


def _handshakes() -> Iterator[bytes]:
    """Both first flights."""
    ends = [
        Association(IDENTITY, Handshake(a, (IDENTITY.fingerprint,)), 0.0) for a in (True, False)
    ]
    [hello] = ends[0].wake(0.0)
    yield hello
    yield from ends[1].receive(hello, 0.0)


def _sounds() -> Iterator[bytes]:
    tone = np.arange(-800, 800, 5, dtype=np.int16)
    yield pcm_wav(tone)
    yield gsm_wav(tone)
    yield g711_wav("PCMU", tone.tobytes())


_messages = files("*/messages/*")
TARGETS = {
    target.name: target
    for target in (
        Target("sip", sip, _messages),
        Target("stream", stream, _messages),
        Target("uri", uri, texts("sip:1001@[::1]:5060;user=phone?X=1", "tel:+1;ext=5", "sips:a@b")),
        Target("sdp", sdp, _described),
        Target("body", body, _described),
        Target("rtp", rtp, texts("\x01\x02" * 20)),
        Target("rtcp", control, texts("\x01\x02" * 20)),
        Target("srtp", secret, texts("\x01\x02" * 20)),
        Target("dtls", handshake, _handshakes),
        Target("offer", offered, _described),
        Target("event", event, texts("\x01\x0a\x00\x50\x01" * 6)),
        Target("wav", sound, _sounds),
        Target(
            "message-summary", summary, texts("Messages-Waiting: yes\r\nVoice-Message: 2/1 (0/0)")
        ),
        Target(
            "mail", mail, texts("Content-Class: voice-ca\r\nDate: Wed, 25 Nov 2026 10:00:00 +0100")
        ),
        Target("settings", settings, texts('[[dial_plans]]\nname = "Demo"\nuri_type = "TelExtn"')),
    )
}
