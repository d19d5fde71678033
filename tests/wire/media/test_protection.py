"""What protects sound: which offers are taken, answered and made, with which keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.media import (
    MediaSession,
    NotAcceptable,
    Protection,
    offers_secret_sound,
)
from umserver.wire.sdp import parse_sdp
from umserver.wire.sdp.crypto import parse_crypto
from umserver.wire.sdp.fingerprint import Fingerprint
from umserver.wire.srtp import SUITES

LINES = json.loads(
    (Path(__file__).parents[2] / "vectors" / "srtp" / "sdes-lines.json").read_text("utf-8")
)["lines"]
INLINE = "inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
OTHER = "inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR"
GOOD = f"a=crypto:9 AES_CM_128_HMAC_SHA1_80 {INLINE}"
OURS, THEIRS = Fingerprint("sha-256", bytes(32)), Fingerprint("sha-256", b"\x01" * 32)
SHOWN = f"a=fingerprint:{THEIRS}"
KEYS = Protection(sdes=True, fingerprint=OURS, secret=Random(4).randbytes)


def offer(*lines: str) -> bytes:
    """A description of another side with these lines."""
    head = ("v=0", "o=- 1 1 IN IP4 192.0.2.20", "s=-", "c=IN IP4 192.0.2.20", "t=0 0")
    return "".join(f"{line}\r\n" for line in (*head, *lines)).encode()


def session(protection: Protection = KEYS, host: str = "192.0.2.10") -> MediaSession:
    """Our side of a fresh call."""
    return MediaSession(host=host, port=30_000, session_id=42, protection=protection)


class ProtectionCase(SynchronousTestCase):
    """Offers."""

    def refused(self, ours: MediaSession, *lines: str) -> NotAcceptable:
        """Why this offer is refused."""
        with self.assertRaises(NotAcceptable) as caught:
            ours.answer(offer(*lines))
        self.assertEqual(caught.exception.status, 488)
        return caught.exception

    def answered(self, ours: MediaSession, *lines: str) -> tuple[str, dict[str, list[str]]]:
        """The profile of our answer and its attributes."""
        media = parse_sdp(ours.answer(offer(*lines))).media[-1]
        found: dict[str, list[str]] = {}
        for each in media.attributes:
            found.setdefault(each.name, []).append(each.value or "")
        return media.proto, found


class KeysTests(ProtectionCase):
    """Keys told in descriptions (RFC 4568)."""

    def test_published_lines(self) -> None:
        """Usable lines are taken; the others passed over, and refused when they stand alone."""
        for case in LINES:
            alone, beside = session(), session()
            taken = False
            try:
                _, answer = self.answered(alone, "m=audio 4000 RTP/SAVP 0", case["line"])
                taken = True
                told = parse_crypto(answer["crypto"][0])
                wanted = parse_crypto(case["line"].partition(":")[2])
                assert told is not None and wanted is not None and alone.plan is not None
                self.assertEqual((told.tag, told.suite), (wanted.tag, wanted.suite))
                keying = alone.plan.keying
                assert keying is not None
                self.assertEqual(keying.theirs[0].secret, wanted.keys[0].secret)
                self.assertEqual(keying.ours.secret, told.keys[0].secret)
                self.assertEqual(keying.theirs[0].mki, wanted.keys[0].mki)
            except NotAcceptable as fault:
                self.assertEqual(fault.status, 488)
            if case["usable"] is not None:
                self.assertEqual(taken, case["usable"], case["line"])
            _, answer = self.answered(beside, "m=audio 4000 RTP/SAVP 0", case["line"], GOOD)
            if not taken:
                self.assertEqual(answer["crypto"][0].split()[0], "9", case["line"])

    def test_every_suite(self) -> None:
        """Every suite that we have is taken by its name, with keys of its length."""
        for suite in SUITES:
            ours, theirs = session(), session(evolve(KEYS, offering="sdes"), "192.0.2.20")
            body = theirs.offer()
            kept = re.sub(rb"a=crypto:\d+ (?!%s )[^\r]*\r\n" % suite.name.encode(), b"", body)
            theirs.accept(ours.answer(kept))
            assert ours.plan is not None and theirs.plan is not None
            a, b = ours.plan.keying, theirs.plan.keying
            assert a is not None and b is not None
            self.assertEqual((a.suite, a.ours, a.theirs), (suite, b.theirs[0], (b.ours,)))

    def test_the_first_that_we_have(self) -> None:
        """Of several lines the first usable one is taken, under its tag; the profile is echoed."""
        for profile in ("RTP/SAVP", "RTP/SAVPF", "rtp/savp"):
            proto, answer = self.answered(
                session(),
                f"m=audio 4000 {profile} 0",
                f"a=crypto:4 F8_128_HMAC_SHA1_80 {INLINE}",
                f"a=crypto:7 AES_CM_128_HMAC_SHA1_32 {INLINE}|2^31|1:1",
                GOOD,
            )
            self.assertEqual(proto, profile)
            [line] = answer["crypto"]
            self.assertTrue(line.startswith("7 AES_CM_128_HMAC_SHA1_32 inline:"))
            self.assertNotIn(INLINE, line)

    def test_parameters(self) -> None:
        """Nothing unencrypted is agreed to, unknown parameters are passed over, windows bounded."""
        for bad in (
            "UNENCRYPTED_SRTP",
            "UNENCRYPTED_SRTCP",
            "UNAUTHENTICATED_SRTP",
            "KDR=3",
            f"FEC_KEY={INLINE}",
            "FEC_ORDER=SRTP_FEC",
            "WSH=x",
            "NEW",
        ):
            fault = self.refused(session(), "m=audio 4000 RTP/SAVP 0", f"{GOOD} {bad}")
            name = bad.partition("=")[0] if bad != "NEW" else "an unknown parameter"
            text = f"no usable crypto line: {name} is not to be had"
            self.assertEqual(fault.warning, f'302 192.0.2.10 "{text}"')
        for good, window in (("KDR=0 -NEW=1", 128), ("WSH=1", 64), ("wsh=99999999", 4096)):
            ours = session()
            self.answered(ours, "m=audio 4000 RTP/SAVP 0", f"{GOOD} {good}")
            assert ours.plan is not None and ours.plan.keying is not None
            self.assertEqual(ours.plan.keying.window, window)

    def test_parameters_of_one_line_among_several(self) -> None:
        """A line with a parameter that is not for us is passed over, and the next one taken."""
        other = f"a=crypto:2 AES_CM_128_HMAC_SHA1_80 {OTHER}"
        for bad in ("KDR=1", "KDR=24", "UNENCRYPTED_SRTP WSH=64", "WSH=128 FEC_ORDER=SRTP_FEC"):
            ours = session()
            _, answer = self.answered(
                ours, "m=audio 4000 RTP/SAVP 0", f"{GOOD} {bad}", f"{other} -KDR=3 WSH=256"
            )
            [line] = answer["crypto"]
            self.assertTrue(line.startswith("2 AES_CM_128_HMAC_SHA1_80 inline:"))
            self.assertEqual(len(line.split()), 3)
            assert ours.plan is not None and ours.plan.keying is not None
            self.assertEqual(ours.plan.keying.window, 256)

    def test_parameters_of_an_answer(self) -> None:
        """An answer that would do what we did not offer agrees to nothing; a hint is welcome."""
        for parameter, taken in (("WSH=512", True), ("KDR=2", False), ("UNENCRYPTED_SRTP", False)):
            ours = session(evolve(KEYS, offering="sdes"))
            theirs = session(KEYS, "192.0.2.20")
            answer = re.sub(
                rb"(a=crypto:[^\r]*)", rb"\1 " + parameter.encode(), theirs.answer(ours.offer())
            )
            if taken:
                keying = ours.accept(answer).keying
                assert keying is not None
                self.assertEqual(keying.window, 512)
            else:
                self.assertRaises(NotAcceptable, ours.accept, answer)

    def test_best_effort_parameters(self) -> None:
        """In an ordinary profile such a line alone means sound in the clear, not a refusal."""
        proto, answer = self.answered(session(), "m=audio 4000 RTP/AVP 0", f"{GOOD} KDR=3")
        self.assertEqual((proto, "crypto" in answer), ("RTP/AVP", False))

    def test_only_where_nobody_reads_along(self) -> None:
        """Where keys may not be told, a line is as good as none."""
        ours = session(Protection())
        fault = self.refused(ours, "m=audio 4000 RTP/SAVP 0", GOOD)
        self.assertIn("over TLS only", fault.why)
        proto, answer = self.answered(ours, "m=audio 4000 RTP/AVP 0", GOOD)
        self.assertEqual((proto, "crypto" in answer), ("RTP/AVP", False))

    def test_best_effort(self) -> None:
        """Keys in an ordinary profile are taken where they can be (RFC 8643)."""
        ours = session()
        proto, answer = self.answered(ours, "m=audio 4000 RTP/AVP 0", GOOD)
        self.assertEqual((proto, len(answer["crypto"])), ("RTP/AVP", 1))
        assert ours.plan is not None
        self.assertTrue(ours.plan.secured)
        broken = GOOD.replace("HMAC", "MAGIC")
        _, answer = self.answered(session(), "m=audio 4000 RTP/AVP 0", broken)
        self.assertNotIn("crypto", answer)

    def test_two_streams(self) -> None:
        """Offered twice, the encrypted one is taken wherever it stands (RFC 3264 §6)."""
        for first, second in (("AVP", "SAVP"), ("SAVP", "AVP")):
            ours = session()
            body = offer(f"m=audio 4000 RTP/{first} 0", GOOD, f"m=audio 4002 RTP/{second} 0", GOOD)
            body = body.replace(b"RTP/AVP 0\r\n" + GOOD.encode(), b"RTP/AVP 0")
            ports = [(each.proto, each.port > 0) for each in parse_sdp(ours.answer(body)).media]
            self.assertIn(("RTP/SAVP", True), ports)
            self.assertIn(("RTP/AVP", False), ports)

    def test_needed(self) -> None:
        """Where encryption is needed, ordinary profiles are refused for just that reason."""
        for protection in (evolve(KEYS, required=True), Protection(required=True)):
            fault = self.refused(session(protection), "m=audio 4000 RTP/AVP 0", GOOD)
            self.assertTrue(fault.insecure)
        self.answered(session(evolve(KEYS, required=True)), "m=audio 4000 RTP/SAVP 0", GOOD)

    def test_no_way_back(self) -> None:
        """A re-offer in the clear is refused where encryption is needed, else followed."""
        ours = session(evolve(KEYS, required=True))
        self.answered(ours, "m=audio 4000 RTP/SAVP 0", GOOD)
        before = ours.plan
        self.refused(ours, "m=audio 4000 RTP/AVP 0")
        self.assertIs(ours.plan, before)
        ours.protection = KEYS
        self.answered(ours, "m=audio 4000 RTP/AVP 0")
        assert ours.plan is not None
        self.assertFalse(ours.plan.secured)

    def test_re_offers(self) -> None:
        """The same keys again: ours stays and the body too; others: ours is another as well."""
        ours = session()
        first = ours.answer(offer("m=audio 4000 RTP/SAVP 0", GOOD))
        self.assertEqual(ours.answer(offer("m=audio 4000 RTP/SAVP 0", GOOD)), first)
        plan = ours.plan
        self.answered(ours, "m=audio 4000 RTP/SAVP 0", GOOD.replace(INLINE, OTHER))
        assert plan is not None and plan.keying and ours.plan is not None and ours.plan.keying
        self.assertNotEqual(ours.plan.keying.theirs, plan.keying.theirs)
        self.assertNotEqual(ours.plan.keying.ours, plan.keying.ours)


class SecretOfferTests(SynchronousTestCase):
    """Whether a call could have encrypted sound at all."""

    def test_offers(self) -> None:
        """A profile that encrypts is needed, on a line of sound that is not off."""
        for line, secret in (
            ("m=audio 4000 RTP/SAVP 0", True),
            ("m=AUDIO 4000 udp/tls/rtp/savpf 0", True),
            ("m=audio 0 RTP/SAVP 0", False),
            ("m=audio 4000 RTP/AVP 0", False),
            ("m=video 4000 RTP/SAVP 0", False),
        ):
            self.assertEqual(offers_secret_sound(offer(line)), secret, line)
        self.assertTrue(offers_secret_sound(b"rubbish"), "refused elsewhere, for what it is")


class OwnOfferTests(ProtectionCase):
    """Offers of ours."""

    def exchange(
        self, offering: Protection, answering: Protection = KEYS
    ) -> tuple[MediaSession, MediaSession]:
        """An offer of ours and its answer."""
        ours, theirs = session(offering), session(answering, "192.0.2.20")
        ours.accept(theirs.answer(ours.offer()))
        return ours, theirs

    def test_keys(self) -> None:
        """Every suite is offered with a key of its own, the most common first."""
        ours = session(evolve(KEYS, offering="sdes"))
        [media] = parse_sdp(ours.offer()).media
        lines = [parse_crypto(value) for value in media.values("crypto")]
        self.assertEqual(media.proto, "RTP/SAVP")
        self.assertEqual([line and line.suite for line in lines], [s.name for s in SUITES])
        self.assertEqual(len({line and line.keys[0].secret for line in lines}), len(SUITES))

    def test_best_effort(self) -> None:
        """Offered so, the call is encrypted with whoever can, and goes on with whoever cannot."""
        for answering, secured in ((KEYS, True), (Protection(), False)):
            ours, theirs = self.exchange(evolve(KEYS, offering="best-effort"), answering)
            assert ours.plan is not None and theirs.plan is not None
            self.assertEqual((ours.plan.secured, theirs.plan.secured), (secured, secured))

    def test_re_offers(self) -> None:
        """Our re-offer tells the same key, or another if so wanted."""
        ours, theirs = self.exchange(evolve(KEYS, offering="sdes"))
        first = ours.plan
        assert first is not None and first.keying is not None
        ours.held = True
        [media] = parse_sdp(ours.offer()).media
        [line] = media.values("crypto")
        key = parse_crypto(line)
        assert key is not None
        self.assertEqual(key.keys[0].secret, first.keying.ours.secret)
        ours.accept(theirs.answer(ours.offer()))
        self.assertEqual(ours.plan and ours.plan.keying, first.keying)
        ours.accept(theirs.answer(ours.offer(fresh_keys=True)))
        assert ours.plan is not None and ours.plan.keying is not None
        self.assertNotEqual(ours.plan.keying.ours, first.keying.ours)
        self.assertNotEqual(ours.plan.keying.theirs, first.keying.theirs)

    def test_the_answerer_offers_later(self) -> None:
        """Asked for an offer in a re-INVITE, it offers what was agreed, by the same tag."""
        ours = session()
        self.answered(ours, "m=audio 4000 RTP/SAVP 0", GOOD)
        [media] = parse_sdp(ours.offer()).media
        self.assertEqual(media.proto, "RTP/SAVP")
        self.assertTrue(media.values("crypto")[0].startswith("9 AES_CM_128_HMAC_SHA1_80 "))

    def test_answers_that_do_not_fit(self) -> None:
        """Another tag, another suite, no keys at all: there is no plan."""
        ours = session(evolve(KEYS, offering="sdes", required=True))
        ours.offer()
        for number, line in enumerate(
            (
                GOOD,
                f"a=crypto:1 AES_CM_128_HMAC_SHA1_32 {INLINE}",
                f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {INLINE} NEW",
                "a=sendrecv",
            )
        ):
            with self.assertRaises(NotAcceptable) as caught:
                ours.accept(offer("m=audio 4000 RTP/SAVP 0", line))
            self.assertEqual(caught.exception.insecure, number == 3)
        self.assertIsNone(ours.plan)
        ours.accept(offer("m=audio 4000 RTP/SAVP 0", f"a=crypto:1 {GOOD.partition(' ')[2]}"))

    def test_nothing_offered(self) -> None:
        """An answer with a profile that was not offered is none."""
        ours = session(Protection())
        ours.offer()
        with self.assertRaises(NotAcceptable):
            ours.accept(offer("m=audio 4000 RTP/SAVP 0", GOOD))

    def test_needed_without_secret_signalling(self) -> None:
        """Where keys may not be told but are needed, a handshake is offered."""
        ours = session(evolve(KEYS, sdes=False, required=True, offering="sdes"))
        self.assertIn(b"UDP/TLS/RTP/SAVP ", ours.offer())
        with self.assertRaises(NotAcceptable) as caught:
            ours.accept(offer("m=audio 4000 RTP/AVP 0"))
        self.assertTrue(caught.exception.insecure)
        bare = session(Protection(required=True))
        bare.offer()
        with self.assertRaises(NotAcceptable):
            bare.accept(offer("m=audio 4000 RTP/AVP 0"))


class HandshakeTests(ProtectionCase):
    """DTLS-SRTP (RFC 5763)."""

    def test_roles(self) -> None:
        """We wait where we may; where the other side waits, we begin; held connections are none."""
        for said, role, active in (
            ("actpass", "passive", False),
            ("active", "passive", False),
            ("passive", "active", True),
        ):
            for profile in ("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF", "RTP/SAVP", "RTP/AVP"):
                ours = session()
                proto, answer = self.answered(
                    ours, f"m=audio 4000 {profile} 0", SHOWN, f"a=setup:{said}"
                )
                self.assertEqual((proto, answer["setup"]), (profile, [role]))
                self.assertEqual(answer["fingerprint"], [str(OURS)])
                assert ours.plan is not None and ours.plan.handshake is not None
                self.assertEqual(ours.plan.handshake.active, active)
                self.assertEqual(ours.plan.handshake.fingerprints, (THEIRS,))
        for lines in ((SHOWN, "a=setup:holdconn"), ("a=setup:actpass",)):
            self.refused(session(), "m=audio 4000 UDP/TLS/RTP/SAVP 0", *lines)
        self.refused(session(Protection()), "m=audio 4000 UDP/TLS/RTP/SAVP 0", SHOWN)

    def test_keys_before_handshakes(self) -> None:
        """Offered both, keys are taken where they may be told."""
        for protection, name in ((KEYS, "crypto"), (evolve(KEYS, sdes=False), "fingerprint")):
            _, answer = self.answered(session(protection), "m=audio 4000 RTP/SAVP 0", GOOD, SHOWN)
            self.assertIn(name, answer)
        _, answer = self.answered(session(), "m=audio 4000 UDP/TLS/RTP/SAVP 0", GOOD, SHOWN)
        self.assertNotIn("crypto", answer)

    def test_where_reports_go(self) -> None:
        """To the port of the sound where both say so, else to the next or a named one."""
        for lines, port in ((("a=rtcp-mux",), 4000), ((), 4001), (("a=rtcp:4444",), 4444)):
            ours = session()
            _, answer = self.answered(ours, "m=audio 4000 UDP/TLS/RTP/SAVPF 0", SHOWN, *lines)
            assert ours.plan is not None
            self.assertEqual(ours.plan.remote_rtcp_port, port)
            self.assertEqual("rtcp-mux" in answer, port == 4000)

    def test_both_ends(self) -> None:
        """An offer of ours leads to a handshake, and a later one to the same."""
        ours = session(evolve(KEYS, offering="dtls"))
        theirs = session(evolve(KEYS, fingerprint=THEIRS), "192.0.2.20")
        body = ours.offer()
        self.assertIn(b"a=setup:actpass", body)
        for _ in range(2):
            ours.accept(theirs.answer(ours.offer()))
            assert ours.plan is not None and theirs.plan is not None
            a, b = ours.plan.handshake, theirs.plan.handshake
            assert a is not None and b is not None
            self.assertEqual((a.active, a.fingerprints), (True, (THEIRS,)))
            self.assertEqual((b.active, b.fingerprints), (False, (OURS,)))
        theirs.accept(ours.answer(theirs.offer()))
        self.assertEqual(ours.plan.handshake, a)

    def test_answers_that_do_not_fit(self) -> None:
        """No certificate, or nobody who begins: there is no plan."""
        ours = session(evolve(KEYS, offering="dtls"))
        ours.offer()
        for lines in ((SHOWN,), (SHOWN, "a=setup:actpass"), ("a=setup:active",), (GOOD,)):
            with self.assertRaises(NotAcceptable) as caught:
                ours.accept(offer("m=audio 4000 UDP/TLS/RTP/SAVP 0", *lines))
            self.assertTrue(caught.exception.insecure)
        self.assertIsNone(ours.plan)
