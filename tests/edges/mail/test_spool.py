"""The spool: waiting for the mail server, restarts, damage."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from zope.interface.verify import verifyObject

from tests.edges.mail.letters import RECEIVED, envelope, speech
from tests.edges.mail.spool_case import SpoolCase
from umserver.edges.mail.cabinet import Cabinet, SpoolInUse
from umserver.edges.mail.spool import Spool
from umserver.edges.threads import Here
from umserver.interfaces import IMessageStore, PermanentFailure
from umserver.org.messages import Choices


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


class RecoveryTests(SpoolCase):
    """After a crash."""

    def test_interrupted_recording(self) -> None:
        """What a caller had said when the server died is delivered."""
        self.draft()
        self.assertEqual(self.restart(), 1)
        self.assertEqual([self.kind(id) for id in self.due()], ["voice-ca"])

    def test_interrupted_silence(self) -> None:
        """A recording of silence is a missed call; one that is not wanted is nothing."""
        self.got(self.draft(1, 0).append("PCMU", b"\xff" * 40_000))
        self.draft(2, 0, missed_call_wanted=False)
        self.assertEqual(self.restart(), 1)
        self.assertEqual([self.kind(id) for id in self.due()], ["missedcall"])
        self.assertEqual(self.names("drafts"), [])

    def test_running_calls_are_let_be(self) -> None:
        """A recovery while calls are running does not end their recordings."""
        draft = self.draft()
        self.assertEqual(self.got(self.spool.recover()), 0)
        self.got(draft.append("PCMU", speech(1.0)))
        self.got(draft.commit(Choices()))
        self.assertEqual(len(self.due()), 1)

    def test_rubbish(self) -> None:
        """Half-made things of an earlier life are cleared away."""
        (self.folder / "tmp" / "half").mkdir()
        (self.folder / "tmp" / "half" / "x").write_text("x")
        self.restart()
        self.assertEqual(self.names("tmp"), [])

    def test_two_processes(self) -> None:
        """A second server on the same folder is told who has it."""
        other = Spool(Cabinet(self.folder), Here(), Here())
        fault = self.assertRaises(SpoolInUse, other.open)
        self.assertIn(str(os.getpid()), str(fault))


class DamageTests(SpoolCase):
    """Folders that somebody or something damaged."""

    def damaged(self, number: int = 1) -> Path:
        """The folder of a message that is to be damaged."""
        self.message(number)
        return next((self.folder / "queue").glob(f"{envelope(number).id}*"))

    def check(self) -> None:
        """A restart delivers the healthy message and keeps the damaged one where people find it."""
        self.message(2)
        self.restart()
        self.assertEqual(self.due(), [envelope(2).id])
        self.assertEqual(len(self.names("dead")), 1)
        self.assertEqual(self.names("queue"), [f"{envelope(2).id}.voice"])
        self.assertIn("dead", [state for state, _ in self.states()])

    def test_envelope_is_no_json(self) -> None:
        """Torn or overwritten."""
        (self.damaged() / "envelope.json").write_bytes(b'{"id": "')
        self.check()

    def test_envelope_is_gone(self) -> None:
        """Removed."""
        (self.damaged() / "envelope.json").unlink()
        self.check()

    def test_envelope_of_another(self) -> None:
        """Copied from elsewhere."""
        path = self.damaged() / "envelope.json"
        path.write_text(path.read_text().replace(envelope().id, "another"))
        self.check()

    def test_wrong_types(self) -> None:
        """Numbers where words should be."""
        path = self.damaged() / "envelope.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "mailbox": 7}))
        self.check()

    def test_strange_name(self) -> None:
        """A folder that is no message."""
        path = self.damaged()
        path.rename(path.with_name("lost+found"))
        self.check()

    def test_file_among_folders(self) -> None:
        """A file that is no message."""
        shutil.rmtree(self.damaged())
        (self.folder / "queue" / "x.voice").write_text("x")
        self.check()

    def test_sound_is_gone(self) -> None:
        """A message without its sound makes no mail, and says why."""
        path = self.damaged()
        (path / "audio.PCMU").unlink()
        failure = self.failureResultOf(self.spool.mail(envelope().id), PermanentFailure)
        self.assertIn("gone", str(failure.value))

    def test_tries_are_gone(self) -> None:
        """Damaged notes on earlier tries cost nothing but the notes."""
        (self.damaged() / "tries.json").write_bytes(b"\x00")
        self.restart()
        self.assertEqual(self.due(), [envelope().id])

    def test_draft_somebody_removed(self) -> None:
        """A draft that was removed by hand while it was made is given up, not tried for ever."""
        draft = self.draft()
        shutil.rmtree(self.folder / "drafts" / draft.id)
        self.got(draft.commit(Choices()))
        self.assertEqual((self.due(), self.states()), ([], []))
