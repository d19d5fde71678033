"""What becomes of a caller's sound when its peer and the network do as they like."""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from email.message import EmailMessage
from random import Random
from typing import Any

from tests.interop.peers import wav_payload
from tests.interop.picky.caller import Caller
from tests.interop.picky.sound import FRAME, Sound, pause, voice
from tests.interop.picky.standing import PickyCase

CALLS = 40
SPOKEN_SECONDS = 8.0
MISHAP = 0.02
"""The share of packets that are lost, as many again doubled, as many again swapped."""


def mishandled(packets: list[bytes], chance: Random, share: float) -> list[list[bytes]]:
    """What arrives in each packet time; the first and the last packets are spared."""
    slots: list[list[bytes]] = [[packet] for packet in packets]
    for n in range(5, len(slots) - 5):
        fate = chance.random()
        if fate < share:
            slots[n] = []
        elif fate < 2 * share:
            slots[n] = slots[n] * 2
        elif fate < 3 * share:
            slots[n], slots[n + 1] = slots[n + 1], slots[n]
    return slots


def said(mail: EmailMessage) -> bytes:
    """The octets of the recording, without the silence around them."""
    return wav_payload(next(mail.iter_attachments()).get_content()).strip(b"\xff")


class SoundCase(PickyCase):
    """Callers who leave messages."""

    def sound(self, **more: Any) -> Sound:
        """Sound that is closed at the end."""
        sound = Sound(**more)
        self.addCleanup(sound.close)
        return sound

    def recorded(self, sound: Sound) -> Caller:
        """A call to Ada that is recorded now."""
        caller = self.caller(media_port=sound.port)
        sound.towards(caller.call().body)
        self.assertTrue(sound.speaks())
        sound.pace(sound.press("#"))
        sound.await_silence()
        return caller

    def left(self, caller: Caller) -> bytes:
        """Hang up; what was recorded of this caller."""
        caller.bye()
        return said(self.mail_of(caller))


class StreamTests(SoundCase):
    """One caller."""

    def check(self, act: Any, **more: Any) -> None:
        """What `act` says arrives octet by octet."""
        sound = self.sound(**more)
        caller = self.recorded(sound)
        spoken = act(sound)
        sound.hear(0.05)
        self.assertEqual(self.left(caller), spoken)

    def test_sequence_and_timestamp_wrap(self) -> None:
        """Both numbers run over in the middle of a message: nothing is missing."""

        def act(sound: Sound) -> bytes:
            sound.sequence, sound.timestamp = sound.sequence, sound.timestamp
            first = sound.say(0.4)
            sound.sequence, before = sound.sequence, sound.sequence
            rest = sound.say(1.6, seed=2)
            self.assertLess(sound.sequence, before)
            return first + rest

        self.check(act, sequence=65_450, timestamp=0xFFFFFFFF - 10_000)

    def test_another_source_in_the_middle(self) -> None:
        """SSRC, sequence and timestamp change: both halves are there, nothing between."""

        def act(sound: Sound) -> bytes:
            first = sound.say(1.0)
            sound.ssrc, sound.sequence, sound.timestamp = 99, 3, 17
            return first + sound.say(1.0, seed=2)

        self.check(act)

    def test_a_stranger_speaks(self) -> None:
        """Sound from another port or address is not recorded, even with the right SSRC."""

        def act(sound: Sound) -> bytes:
            strangers = [self.sound(), self.sound(host="127.0.0.2")]
            spoken = voice(1.5, 1)
            for n, packet in enumerate(sound.speech(spoken)):
                for stranger in strangers:
                    stranger.target = sound.target
                    stranger.sequence = 10_000 + n
                    stranger.send(stranger.packet(bytes([0x12]) * FRAME))
                sound.pace([packet])
            return spoken

        self.check(act)

    def test_rubbish_between(self) -> None:
        """Short, long, foreign and broken datagrams between the packets leave no trace."""
        chance = Random(5)

        def act(sound: Sound) -> bytes:
            spoken = voice(1.5, 1)
            for packet in sound.speech(spoken):
                sound.send(chance.randbytes(chance.choice((0, 1, 11, 12, 20, 172, 1400))))
                sound.send(b"\x80\x48" + chance.randbytes(20))
                sound.send(b"\x9f\x00" + packet[2:14])
                sound.rtcp.sendto(chance.randbytes(60), (sound.host, sound.target[1] + 1))
                sound.pace([packet])
            return spoken

        self.check(act)

    def test_extensions_and_padding(self) -> None:
        """CSRCs, header extensions and padding are skipped; only the sound is kept."""

        def act(sound: Sound) -> bytes:
            spoken = voice(0.9, 1)
            for n, packet in enumerate(sound.speech(spoken)):
                head, body = bytearray(packet[:12]), packet[12:]
                if n % 3 == 0:
                    head[0] |= 2
                    sound.pace([bytes(head) + bytes(8) + body])
                elif n % 3 == 1:
                    head[0] |= 0x10
                    sound.pace([bytes(head) + struct.pack("!HHI", 0xBEDE, 1, 7) + body])
                else:
                    head[0] |= 0x20
                    sound.pace([bytes(head) + body + b"\0\0\0\4"])
            return spoken

        self.check(act)

    def test_hold_in_the_middle(self) -> None:
        """What is said while the peer holds the call is not lost sound; the rest is there."""
        sound = self.sound()
        caller = self.recorded(sound)
        first = sound.say(1.0)
        self.assertEqual(caller.reinvite(caller.sdp("a=inactive")).status, 200)
        sound.hear(0.5)
        self.assertEqual(caller.reinvite().status, 200)
        sound.timestamp += 5 * 8000 // 10
        rest = sound.say(1.0, seed=2)
        sound.hear(0.05)
        heard = self.left(caller)
        self.assertTrue(heard.startswith(first))
        self.assertTrue(heard.endswith(rest))
        self.assertApproximates(len(heard) / 8000, 2.5, 0.1)

    def test_the_port_moves(self) -> None:
        """A re-INVITE moves the sound to another port: heard from there, no more from here."""
        sound, other = self.sound(), self.sound()
        caller = self.recorded(sound)
        first = sound.say(1.0)
        caller.media_port = other.port
        self.assertEqual(caller.reinvite().status, 200)
        other.target = sound.target
        other.sequence, other.timestamp = sound.sequence, sound.timestamp
        rest = voice(1.0, 2)
        for packet in other.speech(rest):
            sound.send(sound.packet(bytes([0x12]) * FRAME))
            other.pace([packet])
        other.hear(0.05)
        self.assertEqual(self.left(caller), first + rest)


class NetworkTests(SoundCase):
    """Forty callers at once on a bad network."""

    timeout = 200

    def test_recordings_keep_their_length(self) -> None:
        """2 % lost, 2 % doubled, 2 % swapped: every recording is as long as what was said.

        What arrived stands in its place octet by octet.
        """
        lengths = self.leave_messages(MISHAP)
        off = [abs(length - SPOKEN_SECONDS) for length in lengths]
        self.assertLessEqual(max(off), 0.020, sorted(off)[-5:])

    def leave_messages(self, share: float) -> list[float]:
        """The seconds of every recording, in the order of the callers."""
        sounds = [
            self.sound(ssrc=1000 + n, sequence=60_000 + 331 * n & 0xFFFF) for n in range(CALLS)
        ]
        callers = [
            self.caller(media_port=s.port, user=f"100{n % 3 + 1}") for n, s in enumerate(sounds)
        ]
        for caller, sound in zip(callers, sounds, strict=True):
            sound.towards(caller.call().body)
        everybody = [iter(sound.press("#")) for sound in sounds]
        self.pace(sounds, [[[p] for p in press] for press in everybody])
        end = time.monotonic() + 10
        while time.monotonic() < end and not all(_quiet(sound) for sound in sounds):
            pause(0.1)
            for sound in sounds:
                sound.hear(0)
        spoken = [voice(SPOKEN_SECONDS, 100 + n) for n in range(CALLS)]
        packets = [list(s.speech(v)) for s, v in zip(sounds, spoken, strict=True)]
        bad = [mishandled(p, Random(n), share) for n, p in enumerate(packets)]
        self.pace(sounds, bad)
        pause(0.4)
        for caller in callers:
            self.assertEqual(caller.bye().status, 200)
        heard = [said(self.mail_of(caller)) for caller in callers]
        for sound, octets, whole in zip(bad, heard, spoken, strict=True):
            self.assertEqual(_misplaced(sound, octets, whole), 0)
        return [len(octets) / 8000 for octets in heard]

    def pace(self, sounds: list[Sound], streams: list[list[list[bytes]]]) -> None:
        """Send all streams at once, 20 ms apart."""
        due = time.monotonic()
        for slot in range(max(map(len, streams))):
            for sound, stream in zip(sounds, streams, strict=True):
                for packet in stream[slot] if slot < len(stream) else ():
                    sound.send(packet)
            for sound in sounds[slot % 4 :: 4]:
                sound.hear(0)
            due += 0.02
            pause(due - time.monotonic())


def _quiet(sound: Sound) -> bool:
    return bool(sound.heard) and time.monotonic() - sound.heard[-1][0] > 0.3


def _misplaced(arrived: list[list[bytes]], heard: bytes, whole: bytes) -> int:
    """How many packets that arrived are not in their place."""
    return sum(1 for at in _places(arrived) if heard[at : at + FRAME] != whole[at : at + FRAME])


def _places(arrived: list[list[bytes]]) -> Iterator[int]:
    numbers = sorted(
        {struct.unpack("!H", packet[2:4])[0] for slot in arrived for packet in slot},
    )
    first = struct.unpack("!H", arrived[0][0][2:4])[0]
    for number in numbers:
        yield (number - first & 0xFFFF) * FRAME
