"""Bytes to a session description: published ones, broken ones, and back."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sdp import (
    Attribute,
    Connection,
    Media,
    Origin,
    SdpSyntaxError,
    SessionDescription,
    parse_sdp,
)
from umserver.wire.sdp.parse import MAX_FORMATS, MAX_LINE_OCTETS, MAX_LINES, MAX_MEDIA, MAX_OCTETS

VECTORS = Path(__file__).parents[2] / "vectors" / "sdp"

TOKENS = some.text("abcXYZ019-+.", min_size=1, max_size=8)
WORDS = some.text("abcXYZ019-:;=/", min_size=1, max_size=12)
LETTERS = some.sampled_from("vostcambkzrepiuX")
LINES = some.tuples(
    LETTERS, some.text(max_size=30) | some.sampled_from(["0", "audio 4000 RTP/AVP 0", "IN IP4 a"])
)


def attributes() -> some.SearchStrategy[tuple[Attribute, ...]]:
    """Attributes as they can be written."""
    each = some.builds(
        Attribute, name=some.text("abc-9", min_size=1, max_size=8), value=some.none() | WORDS
    )
    return some.lists(each, max_size=4).map(tuple)


CONNECTIONS = some.builds(
    Connection,
    some.just("IN"),
    some.sampled_from(["IP4", "IP6"]),
    some.sampled_from(["192.0.2.1", "::1", "a.example.com", "224.2.1.1/127"]),
)
MEDIA = some.builds(
    Media,
    kind=TOKENS,
    port=some.integers(0, 65535),
    proto=some.sampled_from(["RTP/AVP", "RTP/SAVP", "udptl", "TCP"]),
    formats=some.lists(WORDS, max_size=5).map(tuple),
    ports=some.integers(1, 4),
    connection=some.none() | CONNECTIONS,
    attributes=attributes(),
)
DESCRIPTIONS = some.builds(
    SessionDescription,
    origin=some.none()
    | some.builds(
        Origin,
        TOKENS,
        some.integers(0, 2**63),
        some.integers(0, 2**63),
        some.just("IN"),
        some.just("IP4"),
        TOKENS,
    ),
    name=some.just("-") | WORDS,
    connection=some.none() | CONNECTIONS,
    timing=some.just("0 0") | some.just("2873397496 2873404696"),
    attributes=attributes(),
    media=some.lists(MEDIA, max_size=4).map(tuple),
)


def text(*lines: str) -> bytes:
    """A description of these lines below the necessary ones."""
    return "".join(
        f"{line}\r\n" for line in ("v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", *lines)
    ).encode()


class PublishedTests(SynchronousTestCase):
    """RFC 4317."""

    def test_every_description(self) -> None:
        """All 54 are understood, with every media line, and come back with the same meaning."""
        files = json.loads((VECTORS / "rfc4317" / "index.json").read_text(encoding="utf-8"))
        self.assertEqual(len(files), 54)
        for case in files:
            data = (VECTORS / "rfc4317" / case["file"]).read_bytes()
            description = parse_sdp(data)
            lines = data.decode().splitlines()
            self.assertEqual(
                [f"{m.kind} {m.port} {m.proto} {' '.join(m.formats)}" for m in description.media],
                [line[2:].strip() for line in lines if line.startswith("m=")],
                case["file"],
            )
            self.assertIsNotNone(description.origin)
            self.assertEqual(parse_sdp(description.to_bytes()), description)


class MeaningTests(SynchronousTestCase):
    """What a description says."""

    @given(DESCRIPTIONS)
    def test_round_trip(self, description: SessionDescription) -> None:
        """Whatever we can say is read as what was said."""
        self.assertEqual(parse_sdp(description.to_bytes()), description)

    def test_what_belongs_where(self) -> None:
        """Lines behind an m= line belong to it; the first c= and t= count; names are lower case."""
        description = parse_sdp(
            text(
                "c=IN IP4 192.0.2.1",
                "c=IN IP4 192.0.2.9",
                "t=1 2",
                "t=3 4",
                "a=SendOnly",
                "m=audio 4000/2 RTP/AVP 0 8",
                "i=title",
                "c=IN IP4 192.0.2.2",
                "c=IN IP4 192.0.2.3",
                "a=RTPMAP:0 PCMU/8000",
                "s=not the session's",
                "m=video 0 RTP/AVP 31",
            )
        )
        self.assertEqual(description.connection, Connection("IN", "IP4", "192.0.2.1"))
        self.assertEqual((description.timing, description.name), ("1 2", "-"))
        self.assertEqual(description.values("sendonly"), ("",))
        audio, video = description.media
        self.assertEqual((audio.port, audio.ports, audio.formats), (4000, 2, ("0", "8")))
        self.assertEqual(audio.connection, Connection("IN", "IP4", "192.0.2.2"))
        self.assertEqual(audio.values("rtpmap"), ("0 PCMU/8000",))
        self.assertEqual((video.port, video.connection, video.attributes), (0, None, ()))

    def test_what_is_forgiven(self) -> None:
        """Odd line ends, blank lines, missing lines and garbled ones that nobody needs.

        Blanks around the equals sign too: small exchanges of one maker write `a = rtpmap:…`.
        """
        whole = parse_sdp(text("t=0 0", "m=audio 4000 RTP/AVP 0"))
        for data in (
            text("t=0 0", "m=audio 4000 RTP/AVP 0").replace(b"\r\n", b"\n"),
            text("t=0 0", "m=audio 4000 RTP/AVP 0").replace(b"\r\n", b"\r"),
            text("t=0 0", "m=audio 4000 RTP/AVP 0").removesuffix(b"\r\n"),
            text("", "  ", "t=never", "m=audio 4000 RTP/AVP 0"),
            text("s=", "t=0 0", "y=unknown", "m=audio  4000  RTP/AVP  0 "),
            text("t = 0 0", "m =audio 4000 RTP/AVP 0"),
        ):
            self.assertEqual(parse_sdp(data), whole, data)
        bare = parse_sdp(b"v=0\nm=audio 4000 RTP/AVP 0\no=later")
        self.assertEqual((bare.origin, bare.name, bare.timing), (None, "-", "0 0"))
        self.assertIn(b"s=-\r\n", bare.to_bytes())
        for origin in ("- 1 IN IP4 192.0.2.1", "- x 1 IN IP4 192.0.2.1", "- 1 y IN IP4 192.0.2.1"):
            self.assertIsNone(parse_sdp(f"v=0\r\no={origin}".encode()).origin)
        self.assertEqual(parse_sdp("v=0\r\ns=Büro".encode()).name, "Büro")


class RefusalTests(SynchronousTestCase):
    """What is no description."""

    @given(
        some.binary(max_size=200)
        | some.lists(LINES, max_size=20).map(
            lambda lines: "\r\n".join(f"{k}={v}" for k, v in lines).encode("utf-8", "replace")
        )
    )
    @example(b"v=0\r\nm=audio 99999999999 RTP/AVP 0")
    def test_only_its_own_error(self, data: bytes) -> None:
        """Whatever the bytes, there is a description that can be written, or the one error."""
        try:
            description = parse_sdp(data)
        except SdpSyntaxError as fault:
            self.assertTrue(fault.args[0])
        else:
            parse_sdp(description.to_bytes())

    def test_reasons(self) -> None:
        """Each fault is named."""
        for data, why in (
            (b"", "empty"),
            (b" \r\n ", "empty"),
            (b"\r\n".join([b"v=0", b"s=a\0b"]), "null octet"),
            (b"hello", "not <letter>"),
            (b"s=-", "no v="),
            (b"v=1", "version"),
            (text("c=IN IP4"), "c= line"),
            (text("c=IN IP4 192.0.2.1\xe9"), "c= line"),
            (text("m=audio"), "m= line"),
            (text("m=audio 4000"), "m= line"),
            (text("m=au(dio 4000 RTP/AVP 0"), "m= line"),
            (text("m=audio 4000 RTP\\AVP 0"), "m= line"),
            (text("m=audio -1 RTP/AVP 0"), "no port"),
            (text("m=audio 65536 RTP/AVP 0"), "no port"),
            (text("m=audio x RTP/AVP 0"), "no port"),
            (text("m=audio 4000/0 RTP/AVP 0"), "port count"),
            (text("m=audio 4000/65536 RTP/AVP 0"), "port count"),
            (text("m=audio 4000 RTP/AVP \x7f"), "formats"),
        ):
            with self.assertRaisesRegex(SdpSyntaxError, why, msg=data):
                parse_sdp(data)

    def test_bounds(self) -> None:
        """Size, lines, media lines and formats are bounded; what is within is taken."""
        formats = " ".join(map(str, range(MAX_FORMATS)))
        most = text(*["m=audio 4000 RTP/AVP " + formats] * MAX_MEDIA)
        self.assertEqual(len(parse_sdp(most).media), MAX_MEDIA)
        for data, why in (
            (b"v=0\n" + b"a=x\n" * (MAX_OCTETS // 4), "too long"),
            (b"v=0\n" + b"a=x\n" * MAX_LINES, "too many lines"),
            (text("a=" + "x" * MAX_LINE_OCTETS), "line is too long"),
            (most + b"m=audio 4000 RTP/AVP 0", "too many m="),
            (text("m=audio 4000 RTP/AVP 0 " + formats), "too many formats"),
        ):
            with self.assertRaisesRegex(SdpSyntaxError, why):
                parse_sdp(data)
