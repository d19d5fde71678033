"""Packets and keys that others published."""

from __future__ import annotations

import hmac
import json
from hashlib import sha1
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.srtp import Keying, MasterKey, Shield, suite_named
from umserver.wire.srtp.context import lend

VECTORS = Path(__file__).parents[2] / "vectors" / "srtp"
CASES = json.loads((VECTORS / "packets.json").read_text(encoding="utf-8"))


def keying(case: dict[str, Any]) -> Keying:
    """The keys of a case, for both directions."""
    suite = suite_named(case["suite"])
    assert suite is not None
    key = MasterKey(bytes.fromhex(case["master_key"] + case["master_salt"]))
    return Keying(suite, key, (key,))


def shield(case: dict[str, Any]) -> Shield:
    """A call with these keys."""
    made = Shield()
    made.use(keying(case))
    return made


def opened(ours: Shield, data: bytes) -> bytes | None:
    """What a packet turns out to be; None when it was dropped."""
    buffer = bytearray(2048)
    buffer[: len(data)] = data
    sequence, ssrc = int.from_bytes(data[2:4], "big"), int.from_bytes(data[8:12], "big")
    length = ours.open(lend(buffer), len(data), ssrc, sequence)
    return bytes(buffer[:length]) if length >= 0 else None


class PacketTests(SynchronousTestCase):
    """Octet for octet."""

    def test_rtp(self) -> None:
        """Every published packet is sealed and opened octet for octet, across roll-overs too."""
        for case in CASES["srtp"]:
            sender, receiver = shield(case), shield(case)
            for packet in case["packets"]:
                plain, sealed = (bytes.fromhex(packet[each]) for each in ("plain", "protected"))
                self.assertEqual(bytes(sender.seal(plain) or b""), sealed, case["name"])
                self.assertEqual(opened(receiver, sealed), plain, case["name"])
            self.assertEqual((receiver.forged, receiver.replayed), (0, 0))

    def test_rtcp(self) -> None:
        """The same for reports, whose tag is never short."""
        for case in CASES["srtcp"]:
            sender, receiver = shield(case), shield(case)
            for packet in case["packets"]:
                plain, sealed = (bytes.fromhex(packet[each]) for each in ("plain", "protected"))
                self.assertEqual(sender.seal_rtcp(plain), sealed)
                self.assertEqual(receiver.open_rtcp(sealed), plain)
                self.assertIsNone(receiver.open_rtcp(sealed), "a replay")

    def test_what_is_to_be_dropped(self) -> None:
        """Each of the broken packets is dropped and counted, and the next good one is taken."""
        reject = CASES["reject"]
        [case] = [each for each in CASES["srtp"] if each["name"] == reject["keys_of"]]
        good = [bytes.fromhex(packet["protected"]) for packet in case["packets"]]
        receiver = shield(case)
        self.assertIsNotNone(opened(receiver, good[0]))
        for count, packet in enumerate(reject["packets"], 1):
            self.assertIsNone(opened(receiver, bytes.fromhex(packet["packet"])), packet["name"])
            self.assertEqual(receiver.forged + receiver.replayed, count, packet["name"])
        self.assertGreaterEqual(receiver.replayed, 1)
        for each in good[1:]:
            self.assertIsNotNone(opened(receiver, each))


class DerivationTests(SynchronousTestCase):
    """Keys that the RFCs derive, against packets of ours recomputed by hand."""

    def test_the_keys_of_the_rfcs(self) -> None:
        """RFC 3711 B.3 and RFC 6188 7.2: what we seal is AES-CTR and HMAC with their keys."""
        derived = json.loads((VECTORS / "rfc-vectors.json").read_text())["key_derivation"]
        names = {32: "AES_CM_128_HMAC_SHA1_80", 64: "AES_256_CM_HMAC_SHA1_80"}
        done = 0
        for case in derived:
            name = names.get(len(case["master_key"]))
            if name is None:
                continue
            header = bytes.fromhex("8000123400000000deadbeef")
            sound = bytes(range(160))
            sealed = shield({**case, "suite": name}).seal(header + sound)
            assert sealed is not None
            salt = int.from_bytes(bytes.fromhex(case["cipher_salt"]), "big") << 16
            start = salt ^ (0xDEADBEEF << 64) ^ (0x1234 << 16)
            counter = modes.CTR(start.to_bytes(16, "big"))
            key = algorithms.AES(bytes.fromhex(case["cipher_key"]))
            self.assertEqual(bytes(sealed[12:172]), Cipher(key, counter).encryptor().update(sound))
            tag = hmac.digest(
                bytes.fromhex(case["auth_key"])[:20], bytes(sealed[:172]) + bytes(4), sha1
            )
            self.assertEqual(bytes(sealed[172:]), tag[:10])
            done += 1
        self.assertEqual(done, 2)
