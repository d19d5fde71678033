"""The spool: drafts, the queue, dead letters, full disks, damage, clocks."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from email import message_from_bytes
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.edges.mail.faulty_disk import SmallDisk
from tests.edges.mail.letters import RECEIVED, envelope, speech
from umserver.edges.mail.cabinet import Cabinet, SpoolInUse
from umserver.edges.mail.record import BadRecord, load_envelope, load_tries, parse_folder
from umserver.edges.mail.spool import Spool
from umserver.edges.threads import Here
from umserver.interfaces import IDraft, IMessageStore, NoSpace, PermanentFailure
from umserver.org.messages import Choices, OutgoingMail

P = ParamSpec("P")
T = TypeVar("T")


class Slow(Here):
    """Does nothing before it is told to go on."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []

    def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """Fires after `go_on`."""
        waiting: Deferred[Any] = Deferred()
        self.waiting.append(waiting)
        return waiting.addCallback(lambda _: work(*args, **kwargs))

    def go_on(self) -> None:
        """Do it all."""
        waiting, self.waiting = self.waiting, []
        for each in waiting:
            each.callback(None)


class SpoolCase(SynchronousTestCase):
    """A spool on a disk whose room can be set."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.disk = SmallDisk()
        self.spool = self.open()

    def open(self) -> Spool:
        """A process that works on it."""
        spool = Spool(Cabinet(self.folder, self.disk, reserve_octets=4096), Here(), Here())
        spool.max_waiting = 5
        spool.open()
        self.addCleanup(spool.cabinet.close)
        return spool

    def restart(self) -> int:
        """End the process and start another; says how many drafts became messages."""
        self.spool.cabinet.close()
        self.spool = self.open()
        return int(self.got(self.spool.recover()))

    def got(self, deferred: Deferred[Any]) -> Any:
        """Its result."""
        return self.successResultOf(deferred)

    def draft(self, number: int = 1, seconds: float = 2.0, **changes: object) -> Any:
        """A draft with so much said in it."""
        draft = self.got(self.spool.begin(envelope(number, **changes)))
        if seconds:
            self.got(draft.append("PCMU", speech(seconds)))
        return draft

    def message(self, number: int = 1, **changes: object) -> str:
        """A message in the queue; its id."""
        draft = self.draft(number, **changes)
        self.got(draft.commit(Choices()))
        return str(draft.id)

    def due(self, now: float = RECEIVED) -> list[str]:
        """What may be tried."""
        return list(self.got(self.spool.due(now)))

    def mail(self, id: str) -> OutgoingMail:
        """Its mail."""
        mail: OutgoingMail = self.got(self.spool.mail(id))
        return mail

    def kind(self, id: str) -> str:
        """The class of its mail."""
        return str(message_from_bytes(self.mail(id).data)["Content-Class"])

    def states(self) -> list[tuple[str, str]]:
        """The queue's view."""
        return [(entry.state, entry.kind) for entry in self.got(self.spool.entries())]

    def names(self, room: str) -> list[str]:
        """What is in one of its folders."""
        return sorted(path.name for path in (self.folder / room).iterdir())


class DraftTests(SpoolCase):
    """From the first second to the queue."""

    def test_interfaces(self) -> None:
        """Both keep their interface in form."""
        verifyObject(IMessageStore, self.spool)
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


class QueueTests(SpoolCase):
    """Waiting for the mail server."""

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
        slow = self.spool.threads = Slow()
        gone = self.spool.delivered(id)
        self.due()
        self.assertEqual(len(slow.waiting), 1)
        slow.go_on()
        self.got(gone)
        self.due()
        self.assertEqual((slow.waiting, self.names("queue")), ([], []))

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


class RecordTests(SynchronousTestCase):
    """Envelopes of other versions."""

    def test_newer_and_older(self) -> None:
        """Unknown fields are passed over, missing ones take their defaults."""
        written = {
            "id": "a",
            "message_id": "<a@x>",
            "call_id": "c",
            "received": 5,
            "mailbox": "a@example.com",
            "mailbox_name": "",
            "extension": "",
            "caller": {"number": "1", "shoe_size": 44},
            "colour": "red",
        }
        read = load_envelope(json.dumps(written).encode())
        self.assertEqual((read.caller.number, read.language), ("1", "en-US"))

    def test_not_an_envelope(self) -> None:
        """Anything else is told apart."""
        for data in (b"", b"[]", b"7", b"{}", b'{"caller": 7}', b"[" * 100_000, b"\xff"):
            self.assertRaises(BadRecord, load_envelope, data)

    def test_tries(self) -> None:
        """Notes on tries are read with care."""
        for data in (b"", b"[]", b"{}", b'{"attempts": "x", "next_try": 1, "why": ""}'):
            self.assertEqual(load_tries(data).attempts, 0)

    def test_names(self) -> None:
        """The name says what became of it."""
        id, fate = parse_folder("a-b.voice.private")
        self.assertEqual((id, fate.choices), ("a-b", Choices(private=True)))
        for name in ("a", "a.fax", ".voice", "../a.voice", "a b.voice"):
            self.assertRaises(BadRecord, parse_folder, name)
        self.assertEqual(evolve(fate).folder("x"), "x.voice.private")
