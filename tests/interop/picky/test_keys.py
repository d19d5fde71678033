"""Keys in every way that peers press them: RFC 4733 and its benders, INFO, tones."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from typing import Any

from tests.interop.picky.caller import Caller
from tests.interop.picky.sound import FRAME, KEYS, Sound, pause, tones
from tests.interop.picky.standing import PickyCase


class KeyCase(PickyCase):
    """A caller who is being recorded; `#` makes the server speak again, other keys do not."""

    def sound(self, **more: Any) -> Sound:
        """Sound that is closed at the end."""
        sound = Sound(**more)
        self.addCleanup(sound.close)
        return sound

    def recorded(self, sound: Sound, body: Callable[[Caller], str] | None = None) -> Caller:
        """A call to Ada whose greeting was skipped, and that is recorded now."""
        caller = self.caller(media_port=sound.port)
        response = caller.call(None if body is None else body(caller))
        sound.towards(response.body)
        self.assertTrue(sound.speaks())
        sound.pace(sound.press("#"))
        sound.await_silence()
        return caller

    def assertKey(self, sound: Sound) -> None:
        """The recording has ended: the menu is spoken."""
        self.assertTrue(sound.speaks(2.0), "the key was not heard")

    def assertNoKey(self, sound: Sound) -> None:
        """It goes on."""
        sound.hear(0.05)
        self.assertFalse(sound.speaks(0.4), "a key was heard")

    def at_once(self, act: Callable[[Any], None], cases: Sequence[Any]) -> None:
        """Do this with each of these cases, all of them at the same time."""
        with ThreadPoolExecutor(len(cases)) as threads:
            for done in [threads.submit(act, case) for case in cases]:
                done.result()

    def sends(self, sound: Sound, caller: Caller) -> EmailMessage:
        """Press # in the menu of options: goodbye, BYE, and the mail."""
        sound.pace(sound.press("#"))
        caller.answer(caller.asked("BYE", 15))
        caller.up = False
        return self.mail_of(caller)


class EventTests(KeyCase):
    """RFC 4733."""

    def test_all_sixteen_keys(self) -> None:
        """Every key but # leaves the recording alone; # ends it; 1 then accepts, # sends."""
        sound = self.sound()
        caller = self.recorded(sound)
        sound.say(1.0)
        for key in KEYS.replace("#", ""):
            sound.pace(sound.press(key))
        self.assertNoKey(sound)
        sound.pace(sound.press("#"))
        self.assertKey(sound)
        sound.pace(sound.press("1"))
        self.assertEqual(self.sends(sound, caller)["Content-Class"], "voice-ca")

    def test_lost_ends(self) -> None:
        """A press whose end never came, and one of which only the end came, both count."""

        def one(cut: slice) -> None:
            sound = self.sound()
            self.recorded(sound)
            sound.say(0.6)
            sound.pace(sound.press("#")[cut])
            self.assertKey(sound)

        self.at_once(one, [slice(0, 3), slice(-1, None), slice(4, 5), slice(0, 1)])

    def test_a_long_press_is_one(self) -> None:
        """A key held for 9 seconds, over the largest duration, is pressed once: 1 marks important.

        Pressed twice it would take the mark away. (The peer's clock runs five times as fast.)
        """
        sound = self.sound()
        caller = self.recorded(sound)
        sound.say(0.8)
        sound.pace(sound.press("#"))
        sound.pace(sound.press("1"))
        event = KEYS.index("1")
        stamp, segment = sound.timestamp, 0
        for n in range(1, 94):
            length = min(n, 91) * 5 * FRAME - segment
            if length > 0xFFFF:
                segment += 0xFFFF
                length -= 0xFFFF
            over = 0x80 if n >= 91 else 0
            body = bytes([event, over | 10]) + length.to_bytes(2, "big")
            sound.pace([sound.packet(body, 101, stamp + segment, n == 1)])
        sound.timestamp += 460 * FRAME
        self.assertEqual(self.sends(sound, caller)["Importance"], "high")

    def test_doubled_and_swapped(self) -> None:
        """Every packet twice and the order turned round: one press."""
        sound = self.sound()
        self.recorded(sound)
        sound.say(0.6)
        press = sound.press("5")
        sound.pace([p for pair in zip(press[1::2], press[::2], strict=False) for p in pair * 2])
        self.assertNoKey(sound)
        press = sound.press("#")
        sound.pace([p for pair in zip(press[1::2], press[::2], strict=False) for p in pair * 2])
        self.assertKey(sound)

    def test_no_marker_and_moving_timestamps(self) -> None:
        """Senders without marker, or whose timestamp moves on: one press each."""

        def one(bent: dict[str, Any]) -> None:
            sound = self.sound()
            self.recorded(sound)
            sound.say(0.6)
            sound.pace(sound.press("#", **bent))
            self.assertKey(sound)

        self.at_once(one, [{"mark": False}, {"steady": False}])

    def test_another_payload_type_after_a_reinvite(self) -> None:
        """Keys are heard under the number that a re-INVITE gave them."""
        sound = self.sound()
        caller = self.recorded(sound)
        sound.say(0.6)
        body = caller.sdp(formats="0 8 110").replace(":101 ", ":110 ")
        self.assertIn("110 telephone-event", caller.reinvite(body).body)
        sound.events = 110
        sound.pace(sound.press("#"))
        self.assertKey(sound)

    def test_events_that_are_no_keys(self) -> None:
        """Flash, fax tones, short and empty payloads do no harm and are no keys."""
        sound = self.sound()
        self.recorded(sound)
        sound.say(0.6)
        for body in (
            b"\x10\x0a\x01\x40",
            b"\x24\x0a\x01\x40",
            b"\xff" * 4,
            b"",
            b"\x0b",
            b"\x0b\x8a",
        ):
            sound.pace([sound.packet(body, 101, mark=True)])
            sound.timestamp += FRAME
        self.assertNoKey(sound)
        sound.pace(sound.press("#"))
        self.assertKey(sound)

    def test_keys_of_a_stranger(self) -> None:
        """A key sent from another address, and one from another port, are not heard."""
        sound, port = self.sound(), self.sound(ssrc=sound_ssrc())
        address = self.sound(host="127.0.0.2", ssrc=sound_ssrc())
        self.recorded(sound)
        sound.say(0.6)
        for stranger in (port, address):
            stranger.target = sound.target
            stranger.sequence, stranger.timestamp = sound.sequence, sound.timestamp
            stranger.pace(stranger.press("#"))
        self.assertNoKey(sound)
        sound.pace(sound.press("#"))
        self.assertKey(sound)

    def test_a_new_source(self) -> None:
        """After SSRC, sequence and timestamp all changed, keys are heard at once."""
        sound = self.sound()
        self.recorded(sound)
        sound.say(0.6)
        sound.ssrc, sound.sequence, sound.timestamp = 77, 12, 99_999
        sound.say(0.2)
        sound.pace(sound.press("#"))
        self.assertKey(sound)

    def test_a_new_source_that_begins_with_a_key(self) -> None:
        """The very first packets of a new source may be a key."""
        sound = self.sound()
        self.recorded(sound)
        sound.say(0.6)
        sound.ssrc, sound.sequence, sound.timestamp = 78, 40_000, 5
        sound.pace(sound.press("#"))
        self.assertKey(sound)


class OtherWayTests(KeyCase):
    """SIP INFO and tones."""

    def test_info_in_both_bodies(self) -> None:
        """application/dtmf-relay and application/dtmf end a recording."""

        def one(info: tuple[str, str]) -> None:
            sound = self.sound()
            caller = self.recorded(sound)
            sound.say(2.1)  # sooner a # would be the twin of the one that skipped the greeting
            caller.request("INFO", kind=info[0], body=info[1])
            self.assertEqual(caller.final("INFO").status, 200)
            self.assertKey(sound)

        relay, plain = "application/dtmf-relay", "application/dtmf"
        cases = [(relay, "Signal=#\r\nDuration=160\r\n"), (relay, "Signal= 11\r\nDuration= 250")]
        self.at_once(one, [*cases, (plain, "#"), (plain, "11\r\n")])

    def test_info_that_says_nothing(self) -> None:
        """Empty, long and foreign INFO bodies: 200 or 415, no key."""
        sound = self.sound()
        caller = self.recorded(sound)
        sound.say(0.6)
        for kind, body in (
            ("application/dtmf-relay", "Signal=\r\n"),
            ("application/dtmf-relay", "Signal=##\r\n"),
            ("application/dtmf-relay", "x" * 5000),
            ("application/media_control+xml", "<media_control/>"),
            ("", "#"),
        ):
            caller.request("INFO", body=body, kind=kind)
            self.assertIn(caller.final("INFO").status, (200, 415), body[:20])
        self.assertNoKey(sound)

    def test_tones_without_telephone_event(self) -> None:
        """Who offered no telephone-event is heard by its tones."""
        sound = self.sound()
        caller = self.caller(media_port=sound.port)
        lines = [s for s in caller.sdp(formats="0").split("\r\n") if "101" not in s]
        sound.towards(caller.call("\r\n".join(lines)).body)
        self.assertTrue(sound.speaks())
        sound.pace(sound.speech(tones("#", 0.12) + b"\xff" * 1600))
        sound.await_silence()
        sound.say(0.8)
        sound.pace(sound.speech(b"\xff" * 1600 + tones("5", 0.12) + b"\xff" * 1600))
        self.assertNoKey(sound)
        sound.pace(sound.speech(tones("#", 0.12) + b"\xff" * 1600))
        self.assertKey(sound)

    def test_tones_beside_telephone_event(self) -> None:
        """Where telephone-event was agreed a tone in the voice is no key."""
        sound = self.sound()
        self.recorded(sound)
        sound.say(0.6)
        sound.pace(sound.speech(b"\xff" * 1600 + tones("#", 0.15) + b"\xff" * 1600))
        self.assertNoKey(sound)

    def test_the_same_key_by_two_ways(self) -> None:
        """A key sent as event and as INFO is one press: accept, important, not important."""
        sound = self.sound()
        caller = self.recorded(sound)
        sound.say(0.6)
        sound.pace(sound.press("#"))
        self.assertKey(sound)
        for _ in range(3):
            sound.pace(sound.press("1"))
            caller.request("INFO", body="Signal=1\r\n", kind="application/dtmf-relay")
            caller.final("INFO")
            pause(0.2)
        self.assertEqual(self.sends(sound, caller)["Importance"], None)


def sound_ssrc() -> int:
    """An SSRC that nobody else has."""
    return time.time_ns() & 0xFFFFFFFF
