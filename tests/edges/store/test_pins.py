"""Who knows a PIN: counted before it is looked at, locked as the policy says, and told late."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.contracts.store import ADA
from tests.org.examples import ORG
from umserver.edges.store.hashing import HashingDesk
from umserver.edges.store.pins import ANSWER_SECONDS, StorePins
from umserver.edges.store.settings import SettingsStore, open_store
from umserver.interfaces import IPins, Unavailable
from umserver.org.messages import Envelope
from umserver.org.pin_callers import MOST_WRONG
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox, MailboxPolicy

T = TypeVar("T")

PIN, WRONG = "246813", "975310"
POLICY = MailboxPolicy(name="P", dial_plan="Demo", max_logon_attempts=3)
NOW = 1_790_000_000.0
DAY = 86_400.0


class WatchedDesk(HashingDesk):
    """Writes down that something was hashed."""

    def __init__(self, reactor: Any, done: list[str]) -> None:
        super().__init__(reactor)
        self.done = done

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        self.done.append("hash")
        return super().run(work)


class WatchedStore:
    """Writes down that something was written."""

    def __init__(self, store: SettingsStore, done: list[str]) -> None:
        self.store, self.done, self.archive = store, done, store.archive

    def change_pin_record(self, *what: Any) -> Deferred[PinRecord]:
        self.done.append("write")
        return self.store.change_pin_record(*what)


class PinTests(TestCase):
    """Ada's PIN, with real hashes in a real file."""

    async def setUp(self) -> None:
        state = Path(self.mktemp())
        state.mkdir()
        self.store = open_store(reactor, "sqlite:", state)
        self.addCleanup(self.store.close)
        self.now = NOW
        self.told: list[None] = []
        self.pins = StorePins(
            reactor,
            self.store,
            lambda: self.now,
            lambda: ORG,
            "um.example.com",
            answer_seconds=0.0,
            on_notice=lambda: self.told.append(None),
        )
        self.pins.hashing.most_waiting = 1000
        self.addCleanup(self.pins.stop)
        self.ada: Mailbox = evolve(ADA, pin=PIN)
        await self.store.import_organisation(ORG, [self.ada])
        self.logged: list[dict[str, Any]] = []
        globalLogPublisher.addObserver(self.logged.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.logged.append)

    async def welcome(self, pin: str, policy: MailboxPolicy = POLICY) -> bool:
        """Whether this PIN opens Ada's mailbox."""
        answer = await self.pins.sign_in(self.ada, policy, pin)
        return answer.welcome

    def events(self, word: str) -> int:
        """How often this was logged."""
        return sum(word in event.get("log_format", "") for event in self.logged)

    async def mails(self) -> list[Envelope]:
        """What waits for being sent."""
        return list(await self.store.take_notices("um1"))

    async def record(self) -> PinRecord:
        """What is kept, when everything is done that wrong PINs lead to."""
        await self.pins.quiet()
        kept = await self.store.pin_record(self.ada.address)
        assert kept is not None
        return kept

    async def test_the_right_pin(self) -> None:
        """The right PIN opens; wrong ones before it are forgotten then."""
        verifyObject(IPins, self.pins)
        self.assertFalse(await self.welcome(WRONG))
        self.assertEqual((await self.record()).failures, 1)
        self.assertTrue(await self.welcome(PIN))
        self.assertEqual((await self.record()).failures, 0)

    async def test_locked(self) -> None:
        """After as many wrong PINs as the policy allows, the right one does not open either; event
        1012 tells administrators, who unlock the mailbox (feature 89).
        """
        for _ in range(3):
            self.assertFalse(await self.welcome(WRONG))
        self.assertTrue((await self.record()).locked)
        self.assertFalse(await self.welcome(PIN))
        self.assertEqual(self.events("1012"), 1)
        unlocked = evolve(await self.record(), locked=False, failures=0)
        await self.store.change_pin_record(self.ada.address, lambda before: unlocked)
        self.assertTrue(await self.welcome(PIN))

    async def test_the_last_try_counts(self) -> None:
        """The right PIN at the last try opens, and nothing is locked."""
        for pin, opens in ((WRONG, False), (WRONG, False), (PIN, True)):
            self.assertEqual(await self.welcome(pin), opens)
        self.assertFalse((await self.record()).locked)

    async def test_damaged(self) -> None:
        """A damaged hash opens to nobody, and event 1019 tells administrators why."""
        await self.store.change_pin_record(self.ada.address, lambda r: evolve(r, hash="damaged"))
        self.assertFalse(await self.welcome(PIN))
        await self.pins.quiet()
        self.assertEqual(self.events("1019"), 1)

    async def test_unlimited(self) -> None:
        """A policy without a limit never locks."""
        policy = evolve(POLICY, max_logon_attempts="Unlimited")
        for _ in range(4):
            self.assertFalse(await self.welcome(WRONG, policy))
        self.assertTrue(await self.welcome(PIN, policy))

    async def test_a_new_pin_is_mailed(self) -> None:
        """At the fifth wrong PIN in sequence a new one is made and mailed; the old one is void, and
        the new one has to be changed (feature 88).
        """
        policy = evolve(POLICY, logon_failures_before_pin_reset=5, max_logon_attempts=15)
        for _ in range(4):
            self.assertFalse(await self.welcome(WRONG, policy))
        await self.pins.quiet()
        self.assertEqual((await self.mails(), self.told), ([], []))
        self.assertFalse(await self.welcome(WRONG, policy))
        await self.pins.quiet()
        (mail,) = await self.mails()
        assert mail.notice is not None
        self.assertEqual((mail.mailbox, mail.notice.occasion), (self.ada.address, "failures"))
        self.assertTrue(mail.notice.must_change)
        self.assertEqual(len(self.told), 1)
        self.assertFalse(await self.welcome(PIN, policy))
        answer = await self.pins.sign_in(self.ada, policy, mail.notice.pin)
        self.assertTrue(answer.welcome and answer.expired)
        self.assertNotIn(mail.notice.pin, str(self.logged))

    async def test_one_mail_for_one_sequence(self) -> None:
        """Who guesses on many lines at once causes one mail and no more, and locks the mailbox."""
        policy = evolve(POLICY, logon_failures_before_pin_reset=2, max_logon_attempts=6)
        guesses = [self.pins.sign_in(self.ada, policy, WRONG) for _ in range(6)]
        await gatherResults(guesses)
        self.assertTrue((await self.record()).locked)
        self.assertEqual(len(await self.mails()), 1)
        for _ in range(5):
            await self.welcome(WRONG, policy)
        await self.pins.quiet()
        self.assertEqual(len(await self.mails()), 1)

    async def test_no_new_pins(self) -> None:
        """Where the policy wants no new PINs none is made."""
        policy = evolve(
            POLICY, logon_failures_before_pin_reset="Unlimited", max_logon_attempts="Unlimited"
        )
        for _ in range(6):
            await self.welcome(WRONG, policy)
        await self.pins.quiet()
        self.assertEqual(await self.mails(), [])
        self.assertTrue(await self.welcome(PIN, policy))

    async def test_a_caller_who_guesses(self) -> None:
        """Who guesses at many mailboxes from one number is barred from all of them, counts for none
        any more, and cannot tell; others sign in meanwhile (feature 89).
        """
        policy = evolve(POLICY, max_logon_attempts="Unlimited")
        for _ in range(MOST_WRONG):
            await self.pins.sign_in(None, policy, WRONG, "2125550143")
        barred = await self.pins.sign_in(self.ada, policy, PIN, "2125550143")
        self.assertFalse(barred.welcome)
        self.assertEqual((await self.record()).failures, 0)
        self.assertTrue((await self.pins.sign_in(self.ada, policy, PIN, "2125550142")).welcome)

    async def test_the_same_work(self) -> None:
        """A mailbox that exists and one that does not cost the same work: as many hashes and as
        many transactions, so that no clock tells which is which (feature 87).
        """
        done: list[str] = []
        self.pins.hashing.stop()
        self.pins.hashing = WatchedDesk(reactor, done)
        self.pins.store = WatchedStore(self.store, done)  # type: ignore[assignment]
        await self.pins.sign_in(self.ada, evolve(POLICY, max_logon_attempts=9), WRONG)
        known, done[:] = list(done), []
        await self.pins.sign_in(None, POLICY, WRONG)
        self.assertEqual(known, done)
        self.assertEqual(known, ["write", "hash"])

    async def test_too_many_at_once(self) -> None:
        """When too many PINs are tried at once some callers are sent away, and lose no try."""
        self.pins.hashing.most_waiting = 2
        tries = [self.pins.sign_in(self.ada, POLICY, WRONG) for _ in range(5)]
        for one in tries[2:]:
            await self.assertFailure(one, Unavailable)
        for one in tries[:2]:
            await one
        self.assertEqual((await self.record()).failures, 2)

    async def test_many_telephones_at_once(self) -> None:
        """Guessing on many lines at the same time gives no more tries than one line has."""
        guesses = [self.pins.sign_in(self.ada, POLICY, WRONG) for _ in range(8)]
        guesses.append(self.pins.sign_in(self.ada, POLICY, PIN))
        answers = await gatherResults(guesses)
        self.assertFalse(any(answer.welcome for answer in answers))
        self.assertTrue((await self.record()).locked)

    async def test_counted_before_the_answer(self) -> None:
        """Whoever hangs up before the answer has used up the try."""
        asked = self.pins.sign_in(self.ada, POLICY, WRONG)
        while (await self.record()).failures == 0:
            self.assertFalse(asked.called)
        await asked

    async def test_unknown_mailboxes(self) -> None:
        """A mailbox that does not exist, or was just removed, is never open, and as slow."""
        self.pins.answer_seconds = ANSWER_SECONDS
        began = time.monotonic()
        self.assertFalse((await self.pins.sign_in(None, POLICY, PIN)).welcome)
        self.assertGreaterEqual(time.monotonic() - began, ANSWER_SECONDS * 0.9)
        removed = evolve(self.ada, address="gone@example.com")
        self.assertFalse((await self.pins.sign_in(removed, POLICY, PIN)).welcome)

    async def test_no_pin_at_all(self) -> None:
        """A mailbox without a PIN is opened by none."""
        await self.store.change_pin_record(self.ada.address, lambda r: evolve(r, hash=""))
        for pin in ("", "0000", PIN):
            self.assertFalse(await self.welcome(pin, evolve(POLICY, max_logon_attempts=9)))

    async def test_expired(self) -> None:
        """An old PIN, or one that has become too short, opens and has to be changed (features 90,
        92).
        """
        await self.store.change_pin_record(self.ada.address, lambda r: evolve(r, set_at=NOW))
        self.assertFalse((await self.pins.sign_in(self.ada, POLICY, PIN)).expired)
        longer = evolve(POLICY, min_pin_length=8)
        self.assertTrue((await self.pins.sign_in(self.ada, longer, PIN)).expired)
        self.now = NOW + 61 * DAY
        self.assertTrue((await self.pins.sign_in(self.ada, POLICY, PIN)).expired)

    async def test_a_new_pin(self) -> None:
        """A new PIN takes the place of the old one at once."""
        self.assertTrue(await self.pins.change(self.ada, POLICY, "80264197"))
        self.assertFalse(await self.welcome(PIN))
        self.assertTrue(await self.welcome("80264197"))
        self.assertEqual((await self.record()).set_at, NOW)

    async def test_forbidden_pins(self) -> None:
        """Short ones, patterns, and those with the extension are refused (feature 90)."""
        for pin in ("1234", "123456", "777777", "55" + self.ada.extension):
            self.assertFalse(await self.pins.change(self.ada, POLICY, pin), pin)
        self.assertTrue(await self.welcome(PIN))

    async def test_pins_of_the_past(self) -> None:
        """As many PINs have to differ before one comes again as the policy says (feature 91)."""
        policy = evolve(POLICY, pin_history_count=2)
        self.assertFalse(await self.pins.change(self.ada, policy, PIN))
        self.assertTrue(await self.pins.change(self.ada, policy, "802641"))
        self.assertFalse(await self.pins.change(self.ada, policy, PIN))
        self.assertTrue(await self.pins.change(self.ada, policy, "591827"))
        self.assertTrue(await self.pins.change(self.ada, policy, PIN))

    async def test_the_first_login(self) -> None:
        """It is the first time until the owner was met."""
        self.assertTrue((await self.pins.sign_in(self.ada, POLICY, PIN)).first_time)
        await self.pins.met(self.ada)
        self.assertFalse((await self.pins.sign_in(self.ada, POLICY, PIN)).first_time)

    async def test_settings_stay_as_they_are(self) -> None:
        """Wrong PINs are no change of settings: nobody loads anything because of them."""
        before = await self.store.revision()
        await self.welcome(WRONG)
        self.assertEqual(await self.store.revision(), before)

    async def test_stopped(self) -> None:
        """At the end of the server nothing is hashed any more."""
        self.pins.stop()
        with self.assertRaises(Unavailable):
            await self.welcome(PIN)
