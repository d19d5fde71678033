"""Who knows a PIN: counted before it is looked at, locked as the policy says, and told late."""

from __future__ import annotations

import time
from pathlib import Path

from attrs import evolve
from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.contracts.store import ADA
from tests.org.examples import ORG
from umserver.edges.store.pins import ANSWER_SECONDS, StorePins
from umserver.edges.store.settings import open_store
from umserver.interfaces import IPins, Unavailable
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox, MailboxPolicy

PIN, WRONG = "246813", "975310"
POLICY = MailboxPolicy(name="P", dial_plan="Demo", max_logon_attempts=3)
NOW = 1_790_000_000.0
DAY = 86_400.0


class PinTests(TestCase):
    """Ada's PIN, with real hashes in a real file."""

    async def setUp(self) -> None:
        state = Path(self.mktemp())
        state.mkdir()
        self.store = open_store(reactor, "sqlite:", state)
        self.addCleanup(self.store.close)
        self.now = NOW
        self.pins = StorePins(reactor, self.store, lambda: self.now, answer_seconds=0.0)
        self.addCleanup(self.pins.stop)
        self.ada: Mailbox = evolve(ADA, pin=PIN)
        await self.store.import_organisation(ORG, [self.ada])

    async def welcome(self, pin: str, policy: MailboxPolicy = POLICY) -> bool:
        """Whether this PIN opens Ada's mailbox."""
        answer = await self.pins.sign_in(self.ada, policy, pin)
        return answer.welcome

    async def record(self) -> PinRecord:
        """What is kept."""
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
        """After as many wrong PINs as the policy allows, the right one does not open either."""
        for _ in range(3):
            self.assertFalse(await self.welcome(WRONG))
        self.assertTrue((await self.record()).locked)
        self.assertFalse(await self.welcome(PIN))
        unlocked = evolve(await self.record(), locked=False, failures=0)
        await self.store.change_pin_record(self.ada.address, lambda before: unlocked)
        self.assertTrue(await self.welcome(PIN))

    async def test_the_last_try_counts(self) -> None:
        """The right PIN at the last try opens, and nothing is locked."""
        for pin, opens in ((WRONG, False), (WRONG, False), (PIN, True)):
            self.assertEqual(await self.welcome(pin), opens)
        self.assertFalse((await self.record()).locked)

    async def test_unlimited(self) -> None:
        """A policy without a limit never locks."""
        policy = evolve(POLICY, max_logon_attempts="Unlimited")
        for _ in range(4):
            self.assertFalse(await self.welcome(WRONG, policy))
        self.assertTrue(await self.welcome(PIN, policy))

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
        """An old PIN, or one that has become too short, opens and has to be changed."""
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
        """Short ones, patterns, and those with the extension are refused."""
        for pin in ("1234", "123456", "777777", "55" + self.ada.extension):
            self.assertFalse(await self.pins.change(self.ada, POLICY, pin), pin)
        self.assertTrue(await self.welcome(PIN))

    async def test_pins_of_the_past(self) -> None:
        """As many PINs have to differ before one comes again as the policy says."""
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
