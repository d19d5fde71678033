"""What is found on the disk at a start: what a crash left, and damage."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from tests.edges.mail.letters import envelope, speech
from tests.edges.mail.spool.spool_case import SpoolCase
from umserver.interfaces import PermanentFailure
from umserver.org.messages import Choices


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
