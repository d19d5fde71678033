"""Keys in both directions: as telephone-events, or as tones where none were agreed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.kit.media import EVENTS, EngineCase, Line, Peer, Told, clip, noise
from umserver.wire.audio import g711
from umserver.wire.audio.inband import DtmfDetector
from umserver.wire.audio.tones import dtmf, silence
from umserver.wire.rtp.telephone_event import KEYS, EventReceiver

VECTORS = Path(__file__).parents[3] / "vectors" / "rtp-events"
NO_EVENTS: dict[str, object] = {"event_payload_type": None, "receive_events": frozenset()}


def keypad(keys: str, codec: str = "PCMU") -> bytes:
    """These keys as tones, 100 ms each, 100 ms apart."""
    parts = [part for key in keys for part in (dtmf(key, 0.1), silence(0.1))]
    return g711.encode(codec, np.concatenate(parts))


class HearingKeysTests(EngineCase):
    """What a caller presses."""

    def told(self, peer: Peer, **changes: object) -> Told:
        """A listener to a leg with this peer."""
        told = Told()
        self.leg(peer, **changes).listen(told)
        return told

    def test_every_key_once(self) -> None:
        """All sixteen keys arrive, each once, while the caller speaks."""
        peer = self.peer()
        told = self.told(peer)
        for key in KEYS:
            self.talk(peer, peer.press(key))
            self.talk(peer, noise(0.04))
        self.assertEqual(told.keys, KEYS)

    def test_over_a_bad_line(self) -> None:
        """With packets lost, doubled and swapped each key still counts once."""
        line = Line(loss=0.1, double=0.1, swap=0.1)
        peer = self.peer(line=line)
        told = self.told(peer)
        for key in KEYS * 5:
            self.talk(peer, peer.press(key))
            self.talk(peer, noise(0.1))
        self.assertEqual(told.keys, KEYS * 5)

    def test_published_sequences(self) -> None:
        """Packets that others wrote down mean their keys; a source that stays is believed."""
        cases = json.loads((VECTORS / "rfc4733-cases.json").read_text(encoding="utf-8"))["cases"]
        for case in cases:
            peer, now = self.peer(), 0
            told = self.told(peer)
            for packet in case["packets"]:
                self.step((packet["at_ms"] - now) / 1000)
                now = packet["at_ms"]
                peer.send(bytes.fromhex(packet["hex"]))
            self.step(0.1)
            wanted = case["digits"]
            if case["name"] == "other-ssrc":
                (wanted,) = case["also_acceptable"]
            self.assertEqual(told.keys, wanted, case["name"])

    def test_soon(self) -> None:
        """A key is known when its first packet is here, not when it is released."""
        peer = self.peer()
        told = self.told(peer)
        next(iter(peer.press("7")))()
        self.step(0.025)
        self.assertEqual(told.keys, "7")

    def test_keys_pressed_before_anybody_listens(self) -> None:
        """Keys typed ahead are told once somebody listens."""
        peer, told = self.peer(), Told()
        leg = self.leg(peer)
        self.talk(peer, peer.press("1"))
        leg.listen(told)
        self.step(0.05)
        self.assertEqual(told.keys, "1")

    def test_not_after_the_end(self) -> None:
        """A call that is over is told nothing more, even when its end is news of the same tick."""
        peer = self.peer()
        leg = self.leg(peer)

        class Closing(Told):
            def digit(self, key: str) -> None:
                super().digit(key)
                leg.close()

        told = Closing()
        leg.listen(told)
        for act in [*peer.press("1"), *peer.press("2")]:
            act()
        self.step(0.1)
        self.assertEqual(told.keys, "1")

    def test_another_payload_type_is_no_key(self) -> None:
        """Only the agreed number means a key, and only while we listen at all."""
        peer = self.peer()
        told = self.told(peer)
        self.talk(peer, peer.press("5", kind=100))
        self.assertEqual(told.keys, "")
        other = self.peer()
        deaf = self.told(other, may_receive=False)
        self.talk(other, other.press("5"))
        self.assertEqual(deaf.keys, "")

    def test_another_source_presses(self) -> None:
        """After a change of source its keys count, also with numbers used before."""
        peer = self.peer()
        told = self.told(peer)
        self.talk(peer, peer.press("5"))
        self.talk(peer, noise(0.1))
        peer.ssrc, peer.sequence = 9, 100
        self.talk(peer, peer.press("5"))
        self.assertEqual(told.keys, "55")

    def test_tones_where_no_events_were_agreed(self) -> None:
        """Keys in the voice are heard, in both laws, and the last one also when the sound stops."""
        for codec in ("PCMU", "PCMA"):
            peer = self.peer(codec)
            told = self.told(peer, **NO_EVENTS)
            self.talk(peer, noise(0.5)[:3200] + keypad("159#", codec))
            self.talk(peer, g711.encode(codec, dtmf("0", 0.1)))
            self.step(0.3)
            self.assertEqual(told.keys, "159#0")

    def test_tones_count_only_without_events(self) -> None:
        """Where events were agreed, tones in the voice are no second press."""
        peer = self.peer()
        told = self.told(peer)
        self.talk(peer, keypad("1"))
        self.talk(peer, peer.press("1"))
        self.assertEqual(told.keys, "1")

    def test_a_reoffer_brings_events(self) -> None:
        """From the moment that events are agreed tones count no more, and the other way round."""
        peer, told = self.peer(), Told()
        leg = self.leg(peer, **NO_EVENTS)
        leg.listen(told)
        self.talk(peer, keypad("1"))
        leg.connect(peer.plan())
        self.talk(peer, keypad("2"))
        self.talk(peer, peer.press("3"))
        leg.connect(peer.plan(**NO_EVENTS))
        self.talk(peer, keypad("4"))
        self.step(0.2)
        self.assertEqual(told.keys, "134")

    def test_the_law_changes(self) -> None:
        """A peer that changes the law while keys come as tones is still understood."""
        peer = self.peer()
        told = self.told(peer, **NO_EVENTS)
        self.talk(peer, keypad("1"))
        peer.codec = "PCMA"
        self.talk(peer, keypad("2", "PCMA"))
        self.step(0.2)
        self.assertEqual(told.keys, "12")

    def test_a_flood_of_tones_is_bounded(self) -> None:
        """Eight seconds of sound wait for the detector at most."""
        peer = self.peer()
        leg = self.leg(peer, **NO_EVENTS)
        pad = leg._inlet.tones
        assert pad is not None
        for _ in range(1000):
            pad.hear("PCMU", b"\xff" * 160)
        self.assertEqual(len(pad._sound), pad.BOUND)


class PressingKeysTests(EngineCase):
    """What we press."""

    def heard_events(self, peer: Peer) -> str:
        """The keys in what the peer heard."""
        receiver = EventReceiver()
        return "".join(
            receiver.feed(each.sequence, each.timestamp, each.payload, each.marker)
            for each in peer.heard
            if each.payload_type == EVENTS
        )

    def test_events(self) -> None:
        """Keys go out one after another as events; whoever asked is told when the last is sent."""
        peer, done = self.peer(), list[None]()
        leg = self.leg(peer)
        leg.send_digits("12x").addCallback(done.append)
        leg.send_digits("#d").addCallback(done.append)
        self.step(0.4, peer)
        self.assertEqual(len(done), 1)
        self.step(0.6, peer)
        self.assertEqual((self.heard_events(peer), done), ("12#D", [None, None]))
        first = [each for each in peer.heard if each.timestamp == peer.heard[0].timestamp]
        self.assertEqual(len(first), 7)
        self.assertEqual([each.marker for each in first], [True] + [False] * 6)
        durations = [int.from_bytes(each.payload[2:4], "big") for each in first]
        self.assertEqual(durations, [160, 320, 480, 640, 800, 800, 800])
        self.assertEqual([each.payload[1] >> 7 for each in first], [0] * 4 + [1] * 3)

    def test_tones(self) -> None:
        """Without events keys go out as tones, and the law may change in the middle."""
        peer = self.peer()
        leg = self.leg(peer, **NO_EVENTS)
        done: list[None] = []
        leg.send_digits("159").addCallback(done.append)
        self.step(0.3, peer)
        leg.connect(peer.plan(codec="PCMA", payload_type=8, **NO_EVENTS))
        self.step(0.5, peer)
        pcm = np.concatenate(
            [g711.decode("PCMU", peer.sound(0)), g711.decode("PCMA", peer.sound(8))]
        )
        self.assertEqual(("".join(DtmfDetector().feed(pcm)), done), ("159", [None]))

    def test_keys_before_prompts(self) -> None:
        """A prompt waits while keys are pressed and is then heard whole."""
        peer, sound = self.peer(), clip(0.2)
        leg = self.leg(peer)
        leg.play([sound])
        leg.send_digits("5")
        self.step(0.5, peer)
        self.assertEqual((self.heard_events(peer), peer.sound()), ("5", sound.encoded["PCMU"]))

    def test_events_no_longer_agreed(self) -> None:
        """When events vanish in a re-offer, keys under way are given up."""
        peer, done = self.peer(), list[None]()
        leg = self.leg(peer)
        leg.send_digits("11").addCallback(done.append)
        self.step(0.05, peer)
        leg.connect(peer.plan(codec="PCMA", payload_type=8, **NO_EVENTS))
        self.step(0.6, peer)
        self.assertEqual(done, [None])
        self.assertEqual({each.payload_type for each in peer.heard}, {EVENTS})

    def test_nothing_to_press(self) -> None:
        """No keys, or no call yet, is done at once; a hang-up ends the pressing."""
        leg = self.engine.open("127.0.0.1")
        self.assertIsNone(self.successResultOf(leg.send_digits("1")))
        peer = self.peer()
        leg.connect(peer.plan())
        self.assertIsNone(self.successResultOf(leg.send_digits("xyz")))
        pressing = leg.send_digits("123")
        leg.close()
        self.assertIsNone(self.successResultOf(pressing))
