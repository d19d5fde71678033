"""Both laws of G.711 against the published tables."""

from __future__ import annotations

import json
from bisect import bisect_left
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711
from umserver.wire.audio.codecs import pcma, pcmu

TABLES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "g711" / "g711.json").read_text(encoding="utf-8")
)
LAWS = {"PCMU": TABLES["mu_law"], "PCMA": TABLES["a_law"]}


class Decoding(SynchronousTestCase):
    """What a caller said arrives as the recommendation says."""

    def test_every_octet_has_the_published_value(self) -> None:
        """Each of the 256 octets of both laws decodes to exactly the value of the table."""
        for codec, law in LAWS.items():
            self.assertEqual(g711.decode(codec, bytes(range(256))).tolist(), law["decode"])

    def test_silence_is_the_quietest_octet(self) -> None:
        """The octet we send for silence is heard as (nearly) nothing."""
        for codec, octet in g711.SILENCE.items():
            self.assertLessEqual(abs(int(g711.decode(codec, octet)[0])), 8)


class Encoding(SynchronousTestCase):
    """What we say is coded by the decision values."""

    def test_every_sample_gets_the_code_of_its_interval(self) -> None:
        """All 65536 samples, except those on a decision value, where either neighbour is right."""
        every = np.arange(-32768, 32768)
        for codec, law in LAWS.items():
            octets = g711.encode(codec, every.astype(np.int16))
            decisions, codes = law["decision"], law["positive_codes"]
            on_the_edge = set(decisions)
            for sample, octet in zip(every.tolist(), octets, strict=True):
                size = abs(sample)
                if size in on_the_edge:
                    continue
                code = codes[min(len(codes), max(1, bisect_left(decisions, size))) - 1]
                self.assertEqual(octet, code if sample > 0 else code ^ 0x80, (codec, sample))

    def test_a_second_coding_changes_nothing(self) -> None:
        """Decoding and coding again gives the same octets, but for the negative zero of µ-law."""
        for codec in LAWS:
            octets = bytes(code for code in range(256) if (codec, code) != ("PCMU", 0x7F))
            self.assertEqual(g711.encode(codec, g711.decode(codec, octets)), octets)

    def test_one_law_becomes_the_other(self) -> None:
        """A prompt held in one law and played in the other stays within a quantisation step."""
        source = g711.decode("PCMU", bytes(range(256))).astype(int)
        target = g711.decode("PCMA", g711.transcode(bytes(range(256)), "PCMU", "PCMA")).astype(int)
        self.assertTrue((np.abs(source - target) <= 8 + np.abs(source) / 24).all())
        self.assertEqual(g711.transcode(b"abc", "PCMA", "PCMA"), b"abc")
        self.assertEqual(g711.transcode(g711.SILENCE["PCMA"], "PCMA", "PCMU")[0] & 0x70, 0x70)


class Codecs(SynchronousTestCase):
    """The registry's entries are what RFC 3551 assigns."""

    def test_numbers_and_names(self) -> None:
        """PCMU is 0 and PCMA is 8, both at 8000 Hz, and both come back as they went."""
        for codec, name, number in ((pcmu.CODEC, "PCMU", 0), (pcma.CODEC, "PCMA", 8)):
            self.assertEqual(
                (codec.name, codec.payload_type, codec.clock_rate), (name, number, 8000)
            )
            self.assertEqual(codec.encode(codec.decode(b"\x01\xf0")), b"\x01\xf0")
