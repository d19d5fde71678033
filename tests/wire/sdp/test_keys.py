"""Keys and certificates in descriptions: `a=crypto`, `a=fingerprint`, `a=setup`."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sdp import Attribute, Media, SessionDescription
from umserver.wire.sdp.crypto import MOST_KEYS, Crypto, InlineKey, parse_crypto
from umserver.wire.sdp.fingerprint import fingerprints_of, parse_fingerprint, setup_of

LINES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "srtp" / "sdes-lines.json").read_text("utf-8")
)["lines"]
INLINE = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
SHA_256 = "sha-256 " + ":".join(["AB"] * 32)


class CryptoTests(SynchronousTestCase):
    """RFC 4568."""

    def test_published_lines(self) -> None:
        """What the published lines say of key, salt, lifetime and MKI is what is read."""
        read = 0
        for case in LINES:
            line = parse_crypto(case["line"].partition(":")[2])
            if "key" in case:
                assert line is not None
                self.assertEqual(line.keys[0].secret.hex(), case["key"] + case["salt"])
                read += 1
            if case["usable"] and "lifetime" in case:
                assert line is not None
                self.assertEqual(line.keys[0].lifetime, case["lifetime"])
            if case["usable"] and "mki" in case:
                assert line is not None
                mki = case["mki"].to_bytes(case["mki_octets"], "big")
                self.assertEqual(line.keys[0].mki, mki)
                read += 1
        self.assertGreaterEqual(read, 6)

    def test_several_keys(self) -> None:
        """Several keys need marks of one length, all different; there is a limit."""
        keys = ";".join(f"{INLINE}|2^20|{n}:4" for n in range(1, 3))
        line = parse_crypto(f"1 AES_CM_128_HMAC_SHA1_80 {keys}")
        assert line is not None
        self.assertEqual([key.mki for key in line.keys], [b"\0\0\0\1", b"\0\0\0\2"])
        for bad in (
            f"{INLINE};{INLINE}",
            f"{INLINE}|1:4;{INLINE}|1:4",
            f"{INLINE}|1:4;{INLINE}|2:2",
            f"{INLINE}|1:4;{INLINE}",
            ";".join(f"{INLINE}|{n}:4" for n in range(MOST_KEYS + 1)),
        ):
            self.assertIsNone(parse_crypto(f"1 AES_CM_128_HMAC_SHA1_80 {bad}"), bad)

    def test_bounds(self) -> None:
        """Numbers beyond the RFC make a line none; white space and missing padding do not."""
        for bad in ("|0", "|2^49", "|256:1", "|1:0", "|1:129", "|1:4|2^20", "|", "|2^20|", "||1:4"):
            self.assertIsNone(parse_crypto(f"1 X {INLINE}{bad}"), bad)
        for good in ("", "|1", "|2^48", "|2^0|255:1", "|1:128", "|281474976710656"):
            self.assertIsNotNone(parse_crypto(f"  1\tX   {INLINE}{good}  A=1  -B "), good)
        padded, bare = "INLINE:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGw==", "inline:AAECAw"
        self.assertEqual(len((parse_crypto(f"7 X {padded}") or FAILED).keys[0].secret), 28)
        self.assertEqual((parse_crypto(f"7 X {bare}") or FAILED).keys[0].secret, b"\0\1\2\3")

    def test_round_trip(self) -> None:
        """A line of ours is read as it was meant."""
        line = Crypto(3, "AES_CM_128_HMAC_SHA1_80", (InlineKey(bytes(range(30))),), ("-A",))
        self.assertEqual(parse_crypto(str(line)), line)
        self.assertNotIn(str(bytes(range(30))), repr(line))

    @given(some.text(max_size=200))
    def test_any_text(self, text: str) -> None:
        """No text does harm."""
        parse_crypto(text)
        parse_crypto(f"1 AES_CM_128_HMAC_SHA1_80 inline:{text}")
        parse_fingerprint(text)


FAILED = Crypto(0, "", (InlineKey(b""),))


class FingerprintTests(SynchronousTestCase):
    """RFC 8122 and RFC 4145."""

    def described(self, section: tuple[str, ...], session: tuple[str, ...] = ()) -> object:
        """The fingerprints and the role of a section with these lines."""
        described = SessionDescription(None, attributes=_attributes(session))
        media = Media("audio", 4000, "RTP/SAVP", ("0",), attributes=_attributes(section))
        functions = [each.function for each in fingerprints_of(described, media)]
        return functions, setup_of(described, media)

    def test_round_trip(self) -> None:
        """A fingerprint is written as it is read, in capitals."""
        found = parse_fingerprint(SHA_256.lower())
        self.assertEqual(str(found), SHA_256)

    def test_rubbish(self) -> None:
        """Unknown and forbidden hash functions, wrong lengths and no numbers are none."""
        for bad in (
            "",
            "sha-256",
            "md5 " + ":".join(["AB"] * 16),
            "sha-256 " + ":".join(["AB"] * 31),
            "sha-256 " + ":".join(["XY"] * 32),
            "sha-256 " + "AB" * 32,
            "sha-999 AB",
        ):
            self.assertIsNone(parse_fingerprint(bad), bad)

    def test_the_strongest(self) -> None:
        """Of several hash functions the strongest counts, with all its certificates."""
        weak, strong = "sha-1 " + ":".join(["AB"] * 20), "sha-512 " + ":".join(["AB"] * 64)
        lines = tuple(f"fingerprint:{each}" for each in (weak, SHA_256, strong, strong, "md5 A"))
        self.assertEqual(self.described((*lines, "setup:active")), (["sha-512"] * 2, "active"))

    def test_both_levels(self) -> None:
        """What the section says counts before what the session says."""
        session = (f"fingerprint:{SHA_256}", "setup:ActPass")
        self.assertEqual(self.described((), session), (["sha-256"], "actpass"))
        self.assertEqual(self.described(("setup:passive",), session), (["sha-256"], "passive"))
        self.assertEqual(self.described(("setup:both",), session), (["sha-256"], None))
        self.assertEqual(self.described(()), ([], None))


def _attributes(lines: tuple[str, ...]) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, value) for name, _, value in (l.partition(":") for l in lines))
