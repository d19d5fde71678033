"""A recording put right: what came, in order, of true length."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.audio import g711
from umserver.wire.audio.concealment import FADE
from umserver.wire.rtp.tape import DEPTH, WINDOW, Tape

QUIET = b"\xff"
SIZE = 160


def frame(number: int) -> bytes:
    """The sound of a packet, different for every number, loud."""
    return bytes((number * 7 + at) % 96 for at in range(SIZE))


def feed(tape: Tape, numbers: list[int], start: float = 0.0) -> None:
    """Packets with these numbers arrive, one every 20 ms."""
    for at, number in enumerate(numbers):
        tape.feed(number, number * SIZE, frame(number), start + 0.02 * at, "PCMU")


def frames(first: int, last: int) -> bytes:
    """The sound of packets `first` to `last`, both included."""
    return b"".join(map(frame, range(first, last + 1)))


class OrderTests(SynchronousTestCase):
    """Disorder leaves no trace."""

    @given(some.integers(0, 2**32), some.booleans())
    def test_what_came_in_order(self, seed: int, known: bool) -> None:
        """Swapped within a few places and doubled, every packet is there once, in its place."""
        random = Random(seed)
        order = sorted(range(100), key=lambda n: n + random.choice((0.0, 0.0, 0.0, 2.5)))
        if not known:
            order.sort(key=lambda n: n > 0)
        for at in sorted(random.sample(range(5, 100), 20), reverse=True):
            order.insert(at, order[at - random.randrange(1, 5)])
        tape, taken = Tape("PCMU", after=-1 if known else None), b""
        for at, number in enumerate(order):
            feed(tape, [number], 0.02 * at)
            if random.random() < 0.1:
                tape.wake(0.02 * at)
                taken += tape.take()
        tape.end()
        self.assertEqual(taken + tape.take(), frames(0, 99))
        self.assertEqual((tape.filled, tape.length), (0, 16_000))

    def test_nothing_is_held_without_need(self) -> None:
        """In good order every packet is ready at once."""
        tape = Tape("PCMU", after=-1)
        for number in range(5):
            feed(tape, [number], 0.02 * number)
            self.assertEqual(tape.take(), frame(number))
        self.assertEqual(tape.take(), b"")

    def test_the_first_packets(self) -> None:
        """While nobody was heard before, the first packets may be in any order."""
        tape = Tape("PCMU")
        feed(tape, [2, 0, 1])
        self.assertEqual(tape.waiting, 0)
        tape.wake(0.1)
        self.assertEqual(tape.take(), frames(0, 2))
        tape = Tape("PCMU")
        feed(tape, [3, 1, 2, 0])
        self.assertEqual(tape.take(), frames(0, 3))

    def test_what_came_before(self) -> None:
        """Late packets from before the recording are not in it."""
        tape = Tape("PCMU", after=10)
        feed(tape, [11, 10, 9, 12])
        self.assertEqual((tape.take(), tape.late), (frames(11, 12), 2))

    def test_look(self) -> None:
        """Looking takes nothing away and shows everything once."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 1])
        self.assertEqual((tape.look(), tape.look()), (frames(0, 1), b""))
        feed(tape, [2], 0.04)
        self.assertEqual((tape.look(), tape.take(), tape.look()), (frame(2), frames(0, 2), b""))

    def test_the_end(self) -> None:
        """At the end what waits is put down, and nothing more is taken, in order or not."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 1, 3])
        tape.end()
        self.assertEqual(tape.length, 4 * SIZE)
        feed(tape, [4, 6, 2], 0.1)
        tape.wake(9.0)
        tape.end()
        self.assertEqual(len(tape.take()), 4 * SIZE)


class LossTests(SynchronousTestCase):
    """Length is kept."""

    @given(some.integers(0, 2**32), some.floats(0.0, 0.4))
    def test_any_loss(self, seed: int, share: float) -> None:
        """Whatever is lost but the last packet, the length is that of what was sent."""
        random = Random(seed)
        sent = [n for n in range(150) if (random.random() >= share and n) or n == 149]
        tape = Tape("PCMU", after=-1)
        tape.feed(0, 0, frame(0), 0.0, "PCMU")
        for number in sent:
            feed(tape, [number], 0.02 * number)
            tape.wake(0.02 * number)
        tape.end()
        sound = tape.take()
        self.assertEqual(len(sound), 150 * SIZE)
        for number in sent:
            self.assertEqual(sound[number * SIZE : (number + 1) * SIZE], frame(number))
        self.assertEqual(tape.filled, (149 - len(sent)) * SIZE)

    def test_how_long_it_waits(self) -> None:
        """A missing packet is waited for so long, or until so many overtook it."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 2])
        tape.wake(0.02 + WINDOW - 0.01)
        self.assertEqual(tape.waiting, SIZE)
        tape.wake(0.02 + WINDOW)
        self.assertEqual(tape.waiting, 3 * SIZE)
        tape = Tape("PCMU", after=-1)
        for number in range(2, 2 + DEPTH):
            tape.feed(number, number * SIZE, frame(number), 0.0, "PCMU")
        self.assertEqual(tape.waiting, 0)
        tape.feed(2 + DEPTH, (2 + DEPTH) * SIZE, frame(0), 0.0, "PCMU")
        self.assertEqual(tape.waiting, (3 + DEPTH) * SIZE)

    def test_concealment(self) -> None:
        """A lost packet sounds like what was before it, also when that was taken already."""
        for taken in (False, True):
            tape = Tape("PCMU", after=-1)
            feed(tape, [0, 1, 2, 3])
            before = tape.take() if taken else b""
            feed(tape, [6, 7], 0.12)
            tape.end()
            sound = before + tape.take()
            gap = sound[4 * SIZE : 6 * SIZE]
            self.assertEqual(sound[:640] + sound[960:], frames(0, 3) + frames(6, 7))
            self.assertGreater(len(set(gap)), 20)

    def test_a_long_gap_is_silent(self) -> None:
        """After 60 ms of repetition a loss is silence."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 1, 2])
        feed(tape, [52], 1.04)
        tape.end()
        self.assertEqual(tape.take()[3 * SIZE + FADE : -SIZE], QUIET * (49 * SIZE - FADE))

    def test_lost_at_the_very_beginning(self) -> None:
        """Packets lost right behind the start count, up to a fifth of a second."""
        for first, missing in ((3, 3), (50, 10)):
            tape = Tape("PCMU", after=-1)
            feed(tape, [first])
            tape.end()
            self.assertEqual(tape.take(), QUIET * (missing * SIZE) + frame(first))

    def test_packets_without_sound(self) -> None:
        """Keys and comfort noise take numbers, and their time is silent, not concealed."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 1])
        for number in (2, 3, 4):
            tape.feed(number, 2 * SIZE, b"", 0.02 * number)
        feed(tape, [5], 0.1)
        self.assertEqual(tape.take(), frames(0, 1) + QUIET * (3 * SIZE) + frame(5))

    def test_hundreds_of_packets_missing(self) -> None:
        """After a very long gap of numbers the recording goes on at once, as long as time was."""
        tape = Tape("PCMU", after=-1)
        feed(tape, [0, 2])
        feed(tape, [1502], 30.04)
        self.assertEqual(len(tape.take()), 1503 * SIZE)


class TimeTests(SynchronousTestCase):
    """No sender makes more sound than time."""

    def test_a_timestamp_that_jumps(self) -> None:
        """A timestamp that leaps ahead or back adds nothing; a real pause counts by arrival."""
        for leap in (10**6, 2**31, 2**32 - 5000):
            tape = Tape("PCMU", after=-1)
            feed(tape, [0, 1, 2])
            stamp = (3 * SIZE + leap) & 0xFFFFFFFF
            tape.feed(3, stamp, frame(3), 0.06, "PCMU")
            tape.feed(4, (stamp + SIZE) & 0xFFFFFFFF, frame(4), 0.08, "PCMU")
            self.assertEqual(tape.take(), frames(0, 4))
        tape = Tape("PCMU", after=-1)
        feed(tape, [0])
        tape.feed(1, 2**31, frame(1), 1.0, "PCMU")
        self.assertEqual(len(tape.take()), 8000 + SIZE)

    def test_a_flood(self) -> None:
        """A peer that sends too fast is cut to its share, and may go on once time has passed."""
        tape = Tape("PCMU", after=-1)
        feed(tape, list(range(10)))
        for number in range(10, 2000):
            tape.feed(number, number * SIZE, frame(number), 0.2, "PCMU")
        self.assertLess(tape.length, 6 * 8000)
        self.assertGreater(tape.refused, 1500)
        tape.feed(2000, 2000 * SIZE, frame(1), 60.0, "PCMU")
        self.assertEqual(tape.take()[-SIZE:], frame(1))

    def test_limit(self) -> None:
        """A tape with a limit is exactly that long, whether sound or a gap fills it."""
        tape = Tape("PCMU", after=-1, limit=500)
        feed(tape, list(range(8)))
        tape.wake(0.2)
        feed(tape, [8, 9], 0.2)
        self.assertTrue(tape.full)
        self.assertEqual(tape.take(), frames(0, 3)[:500])
        tape = Tape("PCMU", after=-1, limit=500)
        feed(tape, [0])
        feed(tape, [50], 1.0)
        tape.end()
        self.assertEqual((tape.length, tape.full), (500, True))
        self.assertFalse(Tape("PCMU").full)
        tape = Tape("PCMU", after=-1, limit=320)
        feed(tape, [0, 1])
        feed(tape, [9], 0.2)
        tape.end()
        self.assertEqual(tape.take(), frames(0, 1))


class LawTests(SynchronousTestCase):
    """One recording, one law."""

    def test_the_first_sound_decides(self) -> None:
        """A tape becomes what is sent first; later packets of the other law are translated."""
        tape = Tape("PCMU", after=-1)
        tape.feed(0, 0, frame(0), 0.0, "PCMA")
        self.assertEqual(tape.codec, "PCMA")
        tape.feed(1, SIZE, frame(1), 0.02, "PCMU")
        tape.feed(2, 2 * SIZE, frame(2), 0.04, "PCMA")
        other = g711.transcode(frame(1), "PCMU", "PCMA")
        self.assertEqual(tape.take(), frame(0) + bytes(other) + frame(2))
        self.assertEqual(tape.codec, "PCMA")

    def test_a_key_decides_nothing(self) -> None:
        """Packets without sound leave the law open; gaps are silent in the law that came."""
        tape = Tape("PCMU", after=-1)
        tape.feed(0, 0, b"", 0.0)
        tape.feed(1, 0, frame(1), 0.02, "PCMA")
        tape.feed(2, 800, frame(2), 0.12, "PCMA")
        self.assertEqual(tape.take(), frame(1) + b"\xd5" * 640 + frame(2))
