"""Encrypted sound on plain sockets, beside everything an attacker can send to the same port.

The attacker knows every address, port, SSRC and number, sees every packet, and lacks the keys.
"""

from __future__ import annotations

import atexit
import socket
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from random import Random
from shutil import rmtree

from pylibsrtp import Policy, Session

from tests.interop.peers import Server, wait_until
from tests.interop.picky.caller import Caller
from tests.interop.picky.sound import FRAME, Sound, voice
from tests.interop.picky.standing import part
from tests.interop.picky.test_sound import SoundCase

SECRET = 30
"""Octets of key and salt of AES_CM_128_HMAC_SHA1_80."""
FINGERPRINT = ":".join(["AB"] * 32)
RUBBISH = 3000


@lru_cache(maxsize=1)
def secret_server() -> Server:
    """A server that takes keys over plain SIP; it runs until the end."""
    folder = Path(tempfile.mkdtemp(prefix="umserver-secret-"))
    config = folder / "umserver.toml"
    config.write_text("[media]\nkeys_over_plain_sip = true\n")
    server = Server(folder / "state", options=(f"--config={config}",))
    server.start()
    server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")

    def over() -> None:
        server.stop()
        rmtree(folder, ignore_errors=True)

    atexit.register(over)
    return server


def sealing(secret: bytes) -> Session:
    """Encrypts with this key."""
    return Session(Policy(key=secret, ssrc_type=Policy.SSRC_ANY_OUTBOUND))


class SecretSoundTests(SoundCase):
    """Calls that are secured, and are attacked."""

    timeout = 120

    def setUp(self) -> None:
        self.server = secret_server()
        self._read = self.server.log.stat().st_size
        self._callers: list[Caller] = []
        self.chance = Random(9)

    def secured(self, caller: Caller, crypto: str) -> str:
        """An offer with these keys."""
        text = caller.sdp(f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{crypto}")
        return text.replace("RTP/AVP", "RTP/SAVP")

    def recorded_secretly(self, sound: Sound, secret: bytes) -> tuple[Caller, Session]:
        """A call to Ada whose caller is recorded now, and what encrypts its sound."""
        caller, session = self.caller(media_port=sound.port), sealing(secret)
        answer = caller.call(self.secured(caller, b64encode(secret).decode()))
        self.assertIn("RTP/SAVP", answer.body)
        sound.towards(answer.body)
        self.assertTrue(sound.speaks())
        sound.pace(session.protect(packet) for packet in sound.press("#"))
        sound.await_silence()
        return caller, session

    def attacks(
        self, plain: bytes, sealed: bytes, before: bytes, wrong: Session
    ) -> Iterator[bytes]:
        """What an attacker makes of a packet that it sees coming."""
        ahead = (int.from_bytes(plain[2:4], "big") + 50 & 0xFFFF).to_bytes(2, "big")
        loud = plain[:12] + bytes([0x12]) * FRAME
        yield loud
        yield loud + self.chance.randbytes(10)
        yield sealing(wrong).protect(loud)
        yield sealing(wrong).protect(loud[:2] + ahead + loud[4:])
        yield sealing(wrong).protect(loud[:8] + b"EVIL" + loud[12:])
        yield loud[:8] + b"EVIL" + loud[12:] + bytes(10)
        bent = bytearray(sealed)
        bent[self.chance.randrange(len(bent))] ^= 1 << self.chance.randrange(8)
        yield bytes(bent)
        yield sealed[: self.chance.randrange(len(sealed))]
        yield before

    def test_attacks(self) -> None:
        """Forgeries, replays and takeovers are counted, and the message is what was said."""
        sound, stranger = self.sound(), self.sound(host="127.0.0.3")
        caller, session = self.recorded_secretly(sound, self.chance.randbytes(SECRET))
        wrong = self.chance.randbytes(SECRET)
        spoken, before = voice(1.5, 1), b""
        for plain in sound.speech(spoken):
            sealed = session.protect(plain)
            for attack in self.attacks(plain, sealed, before, wrong):
                sound.send(attack)
                stranger.rtp.sendto(attack, sound.target)
            stranger.rtp.sendto(sealed, sound.target)
            goodbye = b"\x80\xcb\x00\x01" + plain[8:12] + self.chance.randbytes(14)
            sound.rtcp.sendto(goodbye, (sound.host, sound.target[1] + 1))
            sound.pace([sealed])
            before = sealed
        sound.hear(0.05)
        self.assertEqual(self.left(caller), spoken)
        media = part(self.server, "media")
        self.assertGreater(media["forged_packets"], 300)
        self.assertGreater(media["replayed_packets"], 50)

    def test_wrong_keys_end_no_call(self) -> None:
        """Whoever has no right packet to send stays connected, hears us, and leaves nothing."""
        sound = self.sound()
        secret = self.chance.randbytes(SECRET)
        caller, _ = self.recorded_secretly(sound, secret)
        wrong = sealing(self.chance.randbytes(SECRET))
        sound.pace(wrong.protect(packet) for packet in sound.speech(voice(1.5, 2)))
        self.assertEqual([m.start for m in caller.listen(0.2) if not m.status], [])
        self.assertEqual(caller.bye().status, 200)

    def test_rubbish_for_handshakes(self) -> None:
        """Rubbish where a handshake belongs ends no call and costs nothing that stays."""
        before = part(self.server, "media")
        sound = self.sound()
        caller = self.caller(media_port=sound.port)
        offer = caller.sdp(f"a=fingerprint:sha-256 {FINGERPRINT}", "a=setup:actpass")
        answer = caller.call(offer.replace("RTP/AVP", "UDP/TLS/RTP/SAVP"))
        self.assertIn("a=fingerprint:", answer.body)
        sound.towards(answer.body)
        for _ in range(RUBBISH):
            sound.send(self.handshake())
            if self.chance.random() < 0.01:
                sound.hear(0.01)
        self.assertTrue(self.still_answers())
        self.assertEqual([m.start for m in caller.listen(0.2) if not m.status], [])
        self.assertEqual(caller.bye().status, 200)
        self.assertTrue(wait_until(lambda: part(self.server, "media")["legs"] == 0, 10))
        self.assertEqual(part(self.server, "media")["faults"], before["faults"])

    def handshake(self) -> bytes:
        """A record of DTLS that is wrong somewhere, or no record at all."""
        chance = self.chance
        body = chance.randbytes(chance.choice((0, 1, 12, 25, 200, 1200)))
        kind = bytes([chance.choice((20, 21, 22, 22, 22, 23, 25, 63))])
        version = chance.choice((b"\xfe\xfd", b"\xfe\xff", b"\x03\x03"))
        number = chance.choice((bytes(8), chance.randbytes(8)))
        if chance.random() < 0.5:
            length = len(body).to_bytes(3, "big")
            body = bytes([chance.choice((1, 1, 2, 11, 20))]) + length + bytes(5) + length + body
        size = chance.choice((len(body), len(body), chance.randrange(65536)))
        return kind + version + number + size.to_bytes(2, "big") + body

    def still_answers(self) -> bool:
        """Whether OPTIONS is answered."""
        caller = self.caller()
        caller.request("OPTIONS", dialog=False)
        return caller.final("OPTIONS").status == 200

    def test_rubbish_for_nobody(self) -> None:
        """The ports for sound of ended calls are closed: what comes there reaches nothing."""
        sound = self.sound()
        caller, _ = self.recorded_secretly(sound, self.chance.randbytes(SECRET))
        caller.bye()
        self.assertTrue(wait_until(lambda: part(self.server, "media")["legs"] == 0, 10))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(sound.target)
            refused = 0
            for _ in range(20):
                try:
                    sock.send(b"\x80" + bytes(171))
                except ConnectionRefusedError:
                    refused += 1
            self.assertGreater(refused, 5)
