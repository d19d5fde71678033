"""Messages being made: recorded, kept, given up, and turned away where there is no room."""

from __future__ import annotations

from email import message_from_bytes

from zope.interface.verify import verifyObject

from tests.edges.mail.letters import envelope, speech
from tests.edges.mail.spool.spool_case import SpoolCase
from umserver.edges.mail.spool.record import BadRecord
from umserver.interfaces import IDraft, NoSpace
from umserver.org.messages import Choices


class DraftTests(SpoolCase):
    """From the first second to the queue."""

    def test_interface(self) -> None:
        """A draft keeps its interface in form."""
        verifyObject(IDraft, self.draft())

    def test_sound_is_on_disk_at_once(self) -> None:
        """What was appended is in the file when the answer comes."""
        draft = self.draft(seconds=0)
        for second in range(3):
            self.got(draft.append("PCMA", bytes([second]) * 8000))
            stored = (self.folder / "drafts" / draft.id / "audio.PCMA").read_bytes()
            self.assertEqual(len(stored), 8000 * (second + 1))

    def test_message(self) -> None:
        """What was said and chosen is in the mail, addressed to the called user."""
        draft = self.draft()
        self.got(draft.commit(Choices(important=True)))
        (id,) = self.due()
        mail = self.mail(id)
        self.assertEqual(
            (mail.recipient, mail.sender), ("ada@example.com", "voicemail@example.com")
        )
        parts = message_from_bytes(mail.data)
        self.assertEqual(parts["Importance"], "high")
        self.assertIn(speech(2.0), parts.get_payload()[1].get_payload(decode=True))  # type: ignore[union-attr, index, operator]

    def test_missed(self) -> None:
        """Where nothing was said there is a missed call, if the user wants to know."""
        self.got(self.draft(1, 0).miss())
        self.got(self.draft(2, 0, missed_call_wanted=False).miss())
        self.assertEqual([self.kind(id) for id in self.due()], ["missedcall"])
        self.assertEqual(self.names("drafts"), [])

    def test_discarded(self) -> None:
        """What is discarded leaves nothing."""
        self.got(self.draft().discard())
        self.assertEqual((self.due(), self.names("drafts"), self.names("tmp")), ([], [], []))

    def test_ends_once(self) -> None:
        """A second end, and sound after the end, are refused."""
        draft = self.draft()
        self.got(draft.commit(Choices()))
        for late in (draft.commit(Choices()), draft.miss(), draft.append("PCMU", b"x")):
            self.failureResultOf(late, RuntimeError)
        self.assertEqual(len(self.due()), 1)

    def test_erase_and_record_again(self) -> None:
        """After an erase only the new words are in the message."""
        draft = self.draft()
        self.got(draft.erase())
        self.got(draft.append("PCMU", speech(1.0, seed=9)))
        self.assertEqual(self.got(draft.clip()).encoded["PCMU"], speech(1.0, seed=9))

    def test_two_codecs(self) -> None:
        """A peer that changes its codec in the middle is heard to the end."""
        draft = self.draft()
        self.got(draft.append("PCMA", speech(1.0, law="PCMA")))
        self.assertEqual(self.got(draft.clip()).seconds, 3.0)
        self.failureResultOf(draft.append("G722", b"x"), ValueError)

    def test_message_without_sound_is_a_missed_call(self) -> None:
        """If the disk took not one second of it, the user at least learns of the call."""
        self.got(self.draft(seconds=0).commit(Choices()))
        self.assertEqual(self.kind(self.due()[0]), "missedcall")

    def test_tells_when_something_is_due(self) -> None:
        """Whoever delivers is told at once."""
        told: list[int] = []
        self.spool.on_queued(lambda: told.append(self.spool.waiting()))
        self.message()
        self.assertEqual(told, [1])

    def test_dangerous_id(self) -> None:
        """An id that leads out of the folder makes no draft."""
        for id in ("../x", "a/b", "", ".", "a b", "x" * 200):
            self.failureResultOf(self.spool.begin(envelope(id=id)), BadRecord)

    def test_same_id_twice(self) -> None:
        """One message, one call."""
        self.draft()
        self.failureResultOf(self.spool.begin(envelope()), ValueError)


class FullTests(SpoolCase):
    """No room (spec 8.8, feature 77)."""

    def test_pipeline_full(self) -> None:
        """When too many messages wait, new calls are refused, and taken again afterwards."""
        ids = [self.message(number) for number in range(1, 6)]
        failure = self.failureResultOf(self.spool.begin(envelope(6)), NoSpace)
        self.assertIn("pipeline full", str(failure.value))
        self.got(self.spool.delivered(ids[0]))
        self.draft(6)

    def test_open_drafts_count(self) -> None:
        """Calls that are running count too."""
        for number in range(1, 6):
            self.draft(number, 0)
        self.failureResultOf(self.spool.begin(envelope(6)), NoSpace)

    def test_little_room(self) -> None:
        """With little room no call begins; a running one ends in good order."""
        draft = self.draft()
        self.disk.room = 1024 * 1024
        self.failureResultOf(self.spool.begin(envelope(2)), NoSpace)
        self.got(draft.append("PCMU", speech(1.0)))
        self.disk.room = 100 * 1024
        self.failureResultOf(draft.append("PCMU", speech(1.0)), NoSpace)
        self.got(draft.commit(Choices()))
        self.assertEqual(self.kind(self.due()[0]), "voice-ca")

    def test_reserve(self) -> None:
        """Some room is kept aside from the start."""
        self.assertEqual((self.folder / "reserve").stat().st_size, 4096)
