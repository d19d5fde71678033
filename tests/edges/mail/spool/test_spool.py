"""The spool: waiting for the mail server, and what operators do about it."""

from __future__ import annotations

import os

from zope.interface.verify import verifyObject

from tests.edges.mail.letters import RECEIVED, envelope
from tests.edges.mail.spool.spool_case import SpoolCase
from umserver.edges.mail.spool.cabinet import Cabinet, SpoolInUse
from umserver.edges.mail.spool.spool import Spool
from umserver.edges.threads import Here
from umserver.interfaces import IMessageStore


class QueueTests(SpoolCase):
    """Waiting for the mail server."""

    def test_interface(self) -> None:
        """The spool keeps its interface in form."""
        verifyObject(IMessageStore, self.spool)

    def test_oldest_first(self) -> None:
        """The order of calls is the order of mails."""
        for number in (3, 1, 2):
            self.message(number)
        self.assertEqual(self.due(), [envelope(number).id for number in (1, 2, 3)])

    def test_deferred(self) -> None:
        """A deferred message waits for its time, also over a restart."""
        id = self.message()
        self.got(self.spool.defer(id, "connection refused", RECEIVED + 600))
        for _ in range(2):
            self.assertEqual(self.due(RECEIVED + 599), [])
            self.assertEqual(self.due(RECEIVED + 600), [id])
            (entry,) = self.got(self.spool.entries())
            self.assertEqual((entry.state, entry.attempts), ("deferred", 1))
            self.assertEqual(entry.why, "connection refused")
            self.restart()

    def test_clock_jumps(self) -> None:
        """A clock that jumps back by days does not leave a message waiting for days."""
        id = self.message()
        self.got(self.spool.defer(id, "x", RECEIVED + 86400 * 30))
        self.assertEqual(self.due(RECEIVED), [id])
        self.got(self.spool.defer(id, "x", RECEIVED + 60))
        self.assertEqual(self.due(RECEIVED - 86400), [id])
        self.assertEqual(self.due(float("inf")), [id])

    def test_delivered(self) -> None:
        """What was delivered is gone, also after a restart; saying so twice is harmless."""
        id = self.message()
        self.got(self.spool.delivered(id))
        self.got(self.spool.delivered(id))
        self.restart()
        self.assertEqual((self.due(), self.names("queue")), ([], []))
        self.failureResultOf(self.spool.mail(id), KeyError)

    def test_removed_once(self) -> None:
        """A look at the queue while the disk is still removing a message asks it for nothing."""
        id = self.message()
        self.threads.pause()
        gone = self.spool.delivered(id)
        self.due()
        self.assertEqual(len(self.threads.waiting), 1)
        self.threads.go_on()
        self.got(gone)
        self.due()
        self.assertEqual((self.threads.waiting, self.names("queue")), ([], []))

    def test_dead_letters(self) -> None:
        """A dead letter is kept with its reason, can be read by people, and revived."""
        id = self.message()
        self.got(self.spool.bury(id, "550 no such user"))
        self.assertEqual(self.due(), [])
        self.restart()
        self.assertEqual(self.states(), [("dead", "voice")])
        why = next((self.folder / "dead").glob("*/why.txt")).read_text()
        self.assertEqual(why, "550 no such user\n")
        self.assertTrue(self.got(self.spool.retry(id)))
        self.assertEqual(self.due(), [id])
        self.assertEqual(self.kind(id), "voice-ca")
        self.restart()
        self.assertEqual(self.due(), [id])

    def test_retry_and_drop(self) -> None:
        """An operator makes a message due now, or drops a dead one; unknown ids are told apart."""
        id = self.message()
        self.got(self.spool.defer(id, "x", RECEIVED + 600))
        self.assertTrue(self.got(self.spool.retry(id)))
        self.assertEqual(self.due(), [id])
        self.assertFalse(self.got(self.spool.drop(id)))
        self.got(self.spool.bury(id, "x"))
        self.assertTrue(self.got(self.spool.drop(id)))
        self.assertFalse(self.got(self.spool.retry(id)))
        self.assertEqual(self.names("dead"), [])

    def test_waiting(self) -> None:
        """The number that wait is known without looking at the disk."""
        self.message(1)
        id = self.message(2)
        self.assertEqual(self.spool.waiting(), 2)
        self.got(self.spool.bury(id, "x"))
        self.assertEqual(self.spool.waiting(), 1)

    def test_view(self) -> None:
        """Drafts, queued, deferred and dead ones are seen in the order of their calls."""
        self.draft(1)
        self.message(2)
        self.got(self.spool.defer(self.message(3), "x", RECEIVED + 60))
        self.got(self.spool.bury(self.message(4), "x"))
        states = [state for state, _ in self.states()]
        self.assertEqual(states, ["recording", "queued", "deferred", "dead"])

    def test_two_processes(self) -> None:
        """A second server on the same folder is told who has it."""
        other = Spool(Cabinet(self.folder), Here(), Here())
        fault = self.assertRaises(SpoolInUse, other.open)
        self.assertIn(str(os.getpid()), str(fault))
