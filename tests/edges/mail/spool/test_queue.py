"""The memory of the spool: what waits, what left while the disk was read, who is told."""

from __future__ import annotations

from pathlib import Path

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import RECEIVED, SENT, envelope
from umserver.edges.mail.spool.cabinet import Letter
from umserver.edges.mail.spool.copies import copies_of
from umserver.edges.mail.spool.queue import CLOCK_JUMP, Queue
from umserver.edges.mail.spool.record import Fate, Tries
from umserver.org.messages import Envelope, Kind


def letter(about: Envelope | int = 1, tries: Tries | None = None, dead: bool = False) -> Letter:
    """A voice message, as it was read."""
    about = envelope(about) if isinstance(about, int) else about
    return Letter(Path(about.id), about, Fate(Kind.VOICE), tries or Tries(), dead)


LATER = Tries(2, RECEIVED + 600, "connection refused")


class QueueTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.queue = Queue()
        self.told = 0
        self.queue.on_queued(self.tell)

    def tell(self) -> None:
        self.told += 1

    def test_what_left_while_the_disk_was_read(self) -> None:
        """A message that was delivered while the spool is read is not delivered again."""
        self.queue.put(letter(1))
        self.queue.await_reading()
        self.queue.remove(envelope(1).id)
        self.queue.fill([letter(1), letter(2)])
        self.assertEqual(self.queue.due(RECEIVED), [envelope(2).id])

    def test_what_died_while_the_disk_was_read(self) -> None:
        """A message that was refused for good meanwhile is seen once, among the dead."""
        self.queue.put(letter(1))
        self.queue.await_reading()
        self.queue.bury(letter(1, dead=True))
        self.queue.fill([letter(1)])
        self.assertEqual([entry.state for entry in self.queue.entries(())], ["dead"])

    def test_the_memory_is_newer_than_the_disk(self) -> None:
        """What is known of a message already is not overwritten by what was read of it."""
        self.queue.await_reading()
        self.queue.put_off(letter(1, LATER))
        self.queue.fill([letter(1)])
        self.assertEqual(self.queue.due(RECEIVED), [])

    def test_it_leaves_once(self) -> None:
        """After the disk was read, a message of the same id may come and go as any other."""
        self.queue.await_reading()
        self.queue.remove(envelope(1).id)
        self.queue.fill([])
        self.queue.put(letter(1))
        self.assertEqual(self.queue.due(RECEIVED), [envelope(1).id])

    def test_who_is_told(self) -> None:
        """Whoever delivers is told of what is due at once, not of what waits or is not there."""
        self.queue.put()
        self.queue.fill([letter(1, dead=True)])
        self.queue.put_off(letter(2, LATER))
        self.assertEqual(self.told, 0)
        self.queue.put(letter(3))
        self.queue.revive(letter(1))
        self.queue.fill([])
        self.assertEqual(self.told, 3)
        self.assertEqual(self.queue.dead, {})

    def test_copies_take_its_place(self) -> None:
        """A message to several people is never due itself, its copies are."""
        self.queue.put(letter(SENT))
        self.assertEqual((self.queue.due(RECEIVED), len(self.queue.undivided())), ([], 1))
        self.queue.divide(letter(SENT), [letter(one) for one in copies_of(SENT)])
        self.assertEqual(self.queue.due(RECEIVED), [one.id for one in copies_of(SENT)])
        self.assertEqual(self.queue.undivided(), [])

    def test_copies_of_what_left(self) -> None:
        """Copies of a message that is not there any more are nobody's."""
        self.queue.divide(letter(SENT), [letter(one) for one in copies_of(SENT)])
        self.assertEqual((self.queue.letters, self.told), ({}, 0))

    def test_times(self) -> None:
        """It is due from its time on, and at once when that was set by another clock."""
        next_try = RECEIVED + 600
        for now, is_due in (
            (next_try - 1, False),
            (next_try, True),
            (next_try - CLOCK_JUMP + 1, False),
            (next_try - CLOCK_JUMP, True),
        ):
            self.queue.put_off(letter(1, evolve(LATER, next_try=next_try)))
            self.assertEqual(bool(self.queue.due(now)), is_due, now - next_try)
