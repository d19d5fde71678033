"""Encrypted sound through the whole house: which calls get it, and that it is what was said."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from tests.kit.house import DIVERTED, Caller, HouseCase, attachment
from tests.kit.media import clip
from tests.kit.raw_sip import sdp
from tests.kit.secured import SecuredCase
from umserver.wire.media import Offering, offers_secret_sound
from umserver.wire.rtp.packet import Packet

SAID = clip(2.0, 1).encoded["PCMU"][800:14_000]
"""The middle of what callers say here."""

KEY = re.compile(rb"inline:(?!x+[|;\s])\S+")


class SecretCase:
    """What is asked in both kinds of house."""

    def sound(self: Any, count: int = 1) -> bytes:
        """What stands in the last of so many mails."""
        return bytes(attachment(self.mails(count=count)[-1]).get_content())

    def plan_of(self: Any, caller: Caller) -> Any:
        """How this caller's sound goes."""
        assert caller.call.session is not None
        return caller.call.session.plan


class SecuredPlan(SecretCase, SecuredCase):
    """A dial plan that is Secured: SIP over TLS, sound encrypted (spec 2.4)."""

    SECURITY = "Secured"

    def caller(self, offering: Offering = "sdes", **order: Any) -> Caller:
        """A telephone with the gateway's certificate calls and is answered."""
        return self.tls(offering, **order).answered()

    def tls(self, offering: Offering, **order: Any) -> Caller:
        """The same before the answer."""
        self.open()
        self.phone = self.tls_phone(self.peer)
        return self.place(
            port=self.router_tls, transport="tls", headers=DIVERTED, offering=offering, **order
        )

    def test_a_message(self) -> None:
        """Keys in the description: the message is what was said, bit by bit (feature 15)."""
        caller = self.caller().until_beep().say(clip(2.0, 1)).hang_up()
        self.assertIsNotNone(self.plan_of(caller).keying)
        self.assertIn(SAID, self.sound())

    def test_by_handshake(self) -> None:
        """Keys by a handshake are as good (RFC 5763)."""
        caller = self.caller("dtls").until_beep().say(clip(2.0, 1)).hang_up()
        self.assertIsNotNone(self.plan_of(caller).handshake)
        self.assertIn(SAID, self.sound())

    def test_plain_sound_is_refused(self) -> None:
        """RTP/AVP is refused with 488 and its reason, even with keys beside it (feature 15)."""
        for offering in ("plain", "best-effort"):
            caller = self.tls(offering)
            self.stage.run_until(lambda: caller.call.failure, 20.0)  # noqa: B023
            self.assertEqual(caller.call.status, 488)
            refused = [each.data for each in self.trace.everything() if b" 488 " in each.data[:20]]
            self.assertIn(b"ms-diagnostics: 15016;", refused[-1])
            self.stop()
            self.phone.stop()

    def test_no_way_back(self) -> None:
        """A re-offer in the clear is refused in the middle of a message, which goes on."""
        caller = self.caller().until_beep().say(clip(2.0, 1))
        call = caller.call
        assert call.session is not None and self.um is not None
        offer = call.session.offer().replace(b"RTP/SAVP", b"RTP/AVP")
        offer = re.sub(rb"a=crypto:[^\r]*\r\n", b"", offer)
        call._do(lambda: call.line.endpoint.offer(call.call, offer, call.line.now()))
        caller.wait(0.5).say(clip(2.0, 2)).hang_up()
        self.assertIn("488 Not Acceptable Here [INVITE]", self.titles())
        sound = self.sound()
        self.assertIn(SAID, sound)
        self.assertIn(clip(2.0, 2).encoded["PCMU"][800:14_000], sound)

    def test_other_keys_in_the_middle(self) -> None:
        """A re-offer with new keys, and one that only holds, cost nothing of the message."""
        caller = self.caller().until_beep().say(clip(2.0, 1))
        first = self.plan_of(caller).keying
        caller.call.rekey()
        caller.wait(0.2).say(clip(2.0, 2))
        second = self.plan_of(caller).keying
        self.assertNotEqual((first.ours, first.theirs), (second.ours, second.theirs))
        caller.call.hold(True)
        caller.wait(1.0)
        caller.call.hold(False)
        caller.wait(0.2).say(clip(2.0, 3)).hang_up()
        self.assertEqual(self.plan_of(caller).keying, second)
        sound = self.sound()
        for seed in (1, 2, 3):
            self.assertIn(clip(2.0, seed).encoded["PCMU"][800:14_000], sound)

    def test_injection(self) -> None:
        """Packets of strangers from the gateway's own address never reach the message."""
        caller = self.caller().until_beep()
        leg = caller.call.leg
        assert leg is not None
        send = leg._speaker._send

        def and_a_forgery(data: bytes) -> None:
            sequence = int.from_bytes(data[2:4], "big")
            timestamp = int.from_bytes(data[4:8], "big")
            for ahead in range(3):
                forged = Packet(0, sequence + ahead & 0xFFFF, timestamp, leg._speaker.ssrc)
                send(forged.to_bytes() + b"\x01" * 160 + bytes(10 * (ahead % 2)))
            send(bytes(data))
            send(bytes(data))

        leg._speaker._send = and_a_forgery  # type: ignore[assignment]
        caller.say(clip(2.0, 1))
        leg._speaker._send = send
        caller.hang_up()
        sound = self.sound()
        self.assertIn(SAID, sound)
        self.assertNotIn(b"\x01" * 160, sound)

    def test_an_offer_of_ours(self) -> None:
        """A call that asks for our offer gets one with keys, and answers with its own."""
        self.open()
        gateway = self.tls_gateway(self.peer)
        gateway.call(("127.0.0.1", self.desk_tls), "1001", headers=DIVERTED, body="")
        answer = gateway.final()
        assert answer is not None
        self.assertEqual(answer.status, 200)
        self.assertIn("RTP/SAVP ", answer.body)
        self.assertIn("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", answer.body)
        self.assertTrue(offers_secret_sound(answer.body.encode()))


class SipSecuredPlan(SecretCase, SecuredCase):
    """A dial plan that wants TLS and leaves sound to the peer."""

    def test_what_is_offered_is_taken(self) -> None:
        """Plain sound, encrypted sound, and encryption if possible (features 15, 16, RFC 8643)."""
        self.open()
        self.phone = self.tls_phone(self.peer)
        wanted: list[tuple[Offering, str]] = [
            ("plain", "RTP/AVP"),
            ("best-effort", "RTP/AVP"),
            ("sdes", "RTP/SAVP"),
            ("dtls", "UDP/TLS/RTP/SAVP"),
        ]
        for count, (offering, profile) in enumerate(wanted, 1):
            caller = self.dial(
                port=self.router_tls, transport="tls", headers=DIVERTED, offering=offering
            )
            self.assertEqual(self.plan_of(caller).secured, offering != "plain")
            assert caller.call.session is not None and caller.call.session._sent is not None
            self.assertEqual(caller.call.session._sent.media[0].proto, profile)
            caller.until_beep().say(clip(2.0, count)).hang_up()
            self.assertIn(clip(2.0, count).encoded["PCMU"][800:14_000], self.sound(count))


class PlainSip(SecretCase, HouseCase):
    """Over UDP, where everybody on the way reads along."""

    def test_keys_are_not_told(self) -> None:
        """An offer that needs keys in the clear is refused, one that would only like them not."""
        self.start()
        self.assertEqual(self.turned_away(headers=DIVERTED, offering="sdes"), 488)
        caller = self.dial(headers=DIVERTED, offering="best-effort")
        self.assertFalse(self.plan_of(caller).secured)
        caller.until_beep().say(clip(2.0, 1)).hang_up()
        self.assertIn(SAID, self.sound(2))  # the other is about the call that was refused

    def test_what_a_line_asks_for(self) -> None:
        """Keys to be derived anew on the way are refused in words when alone (RFC 4568 §6.3)."""
        self.start(overrides={"media.keys_over_plain_sip": True})
        key = "inline:" + b64encode(bytes(range(30))).decode()
        anew = f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 {key} KDR=10"
        for lines, status in (((anew,), 488), ((anew, anew[:-7].replace(":1 ", ":2 ")), 200)):
            gateway = self.gateway()
            body = sdp(gateway.sound_port, lines=lines).replace("RTP/AVP", "RTP/SAVP")
            gateway.call(("127.0.0.1", self.desk_port), body=body)
            answer = gateway.final()
            assert answer is not None
            self.assertEqual(answer.status, status)
            self.assertEqual("KDR is not to be had" in answer.header("Warning"), status == 488)
            self.assertEqual("a=crypto:2 " in answer.body, status == 200)
            if status == 200:
                gateway.hang_up()

    def test_keys_by_setting(self) -> None:
        """With the setting they are, and no trace or log of ours shows one."""
        logged: list[str] = []

        def note(event: LogEvent) -> None:
            logged.append(formatEvent(event) + repr(event))

        globalLogPublisher.addObserver(note)
        self.addCleanup(globalLogPublisher.removeObserver, note)
        self.start(overrides={"media.keys_over_plain_sip": True})
        caller = self.dial(headers=DIVERTED, offering="sdes").until_beep()
        caller.say(clip(2.0, 1)).hang_up()
        self.assertIn(SAID, self.sound())
        seen = b"".join(each.data for each in self.trace.everything())
        self.assertIn(b"a=crypto:", seen)
        self.assertEqual(KEY.findall(seen), [])
        keying = self.plan_of(caller).keying
        said = "".join(logged)
        self.assertTrue(said)
        for key in (keying.ours.secret, keying.theirs[0].secret):
            for shape in (b64encode(key).decode(), key.hex(), repr(key)):
                self.assertNotIn(shape, said)

    def test_a_handshake(self) -> None:
        """A handshake needs no secret signalling."""
        self.start()
        caller = self.dial(headers=DIVERTED, offering="dtls").until_beep()
        caller.say(clip(2.0, 1)).hang_up()
        self.assertIsNotNone(self.plan_of(caller).handshake)
        self.assertIn(SAID, self.sound())
