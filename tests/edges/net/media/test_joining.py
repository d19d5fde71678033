"""Two calls joined: each side hears the other, in one stream, with keys, in its own codec."""

from __future__ import annotations

from itertools import pairwise

from tests.kit.media import EVENTS, EngineCase, Line, Peer, Told, clip, noise
from umserver.edges.net.media import Leg
from umserver.wire.audio import g711
from umserver.wire.audio.inband import DtmfDetector
from umserver.wire.rtp.telephone_event import KEYS, EventReceiver

NO_EVENTS: dict[str, object] = {"event_payload_type": None, "receive_events": frozenset()}


class JoinedTests(EngineCase):
    """What passes between two joined legs."""

    def pair(self, one: Peer, other: Peer, **changes: object) -> tuple[Leg, Leg]:
        """Two joined legs; the second peer's plan may differ."""
        legs = self.leg(one), self.leg(other, **changes)
        legs[0].join(legs[1])
        return legs

    def both(self, one: Peer, other: Peer, sounds: tuple[bytes, bytes]) -> None:
        """Both talk at once, and listen on for a moment."""
        for act, too in zip(one.frames(sounds[0]), other.frames(sounds[1]), strict=True):
            act()
            too()
            self.step(0.02, one, other)
        self.step(0.1, one, other)

    def test_each_hears_the_other(self) -> None:
        """Every octet arrives in both directions, in one gapless stream with our own source."""
        one, other = self.peer(), self.peer()
        self.pair(one, other)
        hello, hi = noise(3.0, 1), noise(3.0, 2)
        self.both(one, other, (hello, hi))
        self.assertEqual((other.sound(), one.sound()), (hello, hi))
        for peer, sender in ((one, other), (other, one)):
            self.assertEqual(len({each.ssrc for each in peer.heard}), 1)
            self.assertNotEqual(peer.heard[0].ssrc, sender.ssrc)
            for before, after in pairwise(peer.heard):
                self.assertEqual((after.sequence - before.sequence) & 0xFFFF, 1)
                self.assertEqual((after.timestamp - before.timestamp) & 0xFFFFFFFF, 160)
            self.assertEqual([each.marker for each in peer.heard[:3]], [True, False, False])

    def test_other_law(self) -> None:
        """Between a µ-law and an A-law telephone sound is translated both ways."""
        one, other = self.peer("PCMU"), self.peer("PCMA")
        self.pair(one, other)
        loud, soft = noise(1.0, 1), noise(1.0, 2)
        self.both(one, other, (loud, soft))
        self.assertEqual(other.sound(8), g711.transcode(loud, "PCMU", "PCMA"))
        self.assertEqual(one.sound(0), g711.transcode(soft, "PCMA", "PCMU"))

    def test_other_packet_sizes(self) -> None:
        """Packets of 30 and 60 ms pass as they are, without waiting for each other."""
        one, other = self.peer(ptime=60), self.peer(ptime=30)
        self.pair(one, other)
        for act in one.frames(noise(1.2, 1)):
            act()
            self.step(0.03, one, other)
            self.step(0.03, one, other)
        self.assertEqual(other.sound(), noise(1.2, 1))

    def test_loss_stays_visible(self) -> None:
        """What was lost before us is a gap in the numbers: the far telephone can conceal it."""
        one, other = self.peer(), self.peer()
        self.pair(one, other)
        for number, act in enumerate(one.frames(noise(1.0))):
            if number in (20, 21, 40):
                one.line = Line(loss=1.0)
            act()
            one.line = Line()
            self.step(0.02, one, other)
        gaps = [(b.sequence - a.sequence) & 0xFFFF for a, b in pairwise(other.heard)]
        steps = [(b.timestamp - a.timestamp) & 0xFFFFFFFF for a, b in pairwise(other.heard)]
        self.assertEqual(sorted(gaps)[-3:], [1, 2, 3])
        self.assertEqual([160 * gap for gap in gaps], steps)

    def test_a_bad_line(self) -> None:
        """Doubled packets are told once, overtaken ones find their place."""
        one, other = self.peer(line=Line(double=0.2, swap=0.2)), self.peer()
        self.pair(one, other)
        self.talk(one, noise(4.0))
        self.step(0.2, one, other)
        numbers = [each.sequence for each in other.heard]
        self.assertEqual(len(numbers), len(set(numbers)))
        by_time = sorted(other.heard, key=lambda each: each.timestamp - other.heard[0].timestamp)
        whole = b"".join(each.payload for each in by_time)
        self.assertGreater(len(whole), 0.98 * 4.0 * 8000)
        self.assertEqual(whole[:8000], noise(4.0)[:8000])

    def test_keys(self) -> None:
        """Every key passes as the event it was, under the far side's number; no script hears it."""
        one, other = self.peer(), self.peer()
        told = Told()
        legs = self.pair(one, other, event_payload_type=97, receive_events=frozenset({97}))
        legs[0].listen(told)
        for key in KEYS:
            self.talk(one, one.press(key))
            self.talk(one, noise(0.1))
        other.listen()
        ear = EventReceiver()
        events = [each for each in other.heard if each.payload_type == 97]
        base = other.heard[0].sequence
        keys = [
            ear.feed((each.sequence - base) & 0xFFFF, each.timestamp, each.payload, each.marker)
            for each in events
        ]
        self.assertEqual(("".join(keys), told.keys), (KEYS, ""))

    def test_keys_for_a_telephone_without_events(self) -> None:
        """Where the far side agreed on no events, it hears the tones of the key."""
        one, other = self.peer(), self.peer()
        self.pair(one, other, **NO_EVENTS)
        for key in "159#":
            self.talk(one, one.press(key))
            self.talk(one, noise(0.3)[:1] * 2400)
        self.step(0.3, one, other)
        heard = DtmfDetector().feed(g711.decode("PCMU", other.sound()))
        self.assertEqual("".join(heard), "159#")

    def test_hold(self) -> None:
        """Who is on hold hears nothing, and is heard again afterwards."""
        one, other = self.peer(), self.peer()
        legs = self.pair(one, other)
        legs[1].connect(other.plan(may_send=False))
        self.talk(one, noise(0.5))
        other.listen()
        self.assertEqual(other.sound(), b"")
        legs[1].connect(other.plan())
        self.talk(one, noise(0.5, 5))
        self.step(0.1, other)
        self.assertEqual(other.sound(), noise(0.5, 5))

    def test_a_long_hold(self) -> None:
        """Who does not listen to us need not send either: a hold without music lasts as long as it
        may; afterwards silence counts again.
        """
        one, other = self.peer(), self.peer()
        told = Told()
        legs = self.pair(one, other)
        legs[1].listen(told)
        legs[1].connect(other.plan(may_send=False))
        for _ in range(15):
            self.talk(one, noise(0.02))
            self.step(2.0, one, other)
        self.assertEqual(told.lost, 0)
        legs[1].connect(other.plan())
        self.step(21.0, one, other)
        self.assertEqual(told.lost, 1)

    def test_a_new_sender(self) -> None:
        """The caller's gateway hands on to another telephone: the far side hears it go on."""
        one, other = self.peer(), self.peer()
        self.pair(one, other)
        self.talk(one, noise(0.4, 1))
        one.ssrc, one.sequence, one.timestamp = 99, 7, 12345
        self.talk(one, noise(0.4, 2))
        self.step(0.2, one, other)
        self.assertEqual(other.sound(), noise(0.4, 1) + noise(0.4, 2))
        self.assertEqual(len({each.ssrc for each in other.heard}), 1)

    def test_before_and_after(self) -> None:
        """Prompts before and after belong to the same stream; numbers go on without a hole."""
        one, other = self.peer(), self.peer()
        legs = self.leg(one), self.leg(other)
        legs[1].play([clip(0.5)])
        self.step(0.6, other)
        legs[1].join(legs[0])
        self.talk(one, noise(0.5, 3))
        self.step(0.1, other)
        legs[0].close()
        legs[1].play([clip(0.5, 4)])
        self.step(0.6, other)
        self.assertEqual(other.sound(), noise(0.5) + noise(0.5, 3) + noise(0.5, 4))
        for before, after in pairwise(other.heard):
            self.assertEqual((after.sequence - before.sequence) & 0xFFFF, 1)

    def test_one_closes(self) -> None:
        """When one side is gone the other is a leg as before: its keys are told again."""
        one, other = self.peer(), self.peer()
        legs = self.pair(one, other)
        told = Told()
        legs[0].listen(told)
        legs[1].close()
        self.talk(one, one.press("7"))
        self.step(0.1, one)
        self.assertEqual(told.keys, "7")

    def test_silence_costs_nothing(self) -> None:
        """A side that sends nothing makes us send nothing."""
        one, other = self.peer(), self.peer()
        self.pair(one, other)
        self.talk(one, noise(0.2))
        self.step(2.0, one, other)
        self.assertEqual((len(one.heard), len(other.heard)), (0, 10))
        self.assertEqual({each.payload_type for each in other.heard} - {0, EVENTS}, set())
