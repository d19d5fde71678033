"""The outbound queue: patient, never twice at once, and giving up only in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from umserver.interfaces import PermanentFailure, TemporaryFailure, Unavailable
from umserver.org.messages import OutgoingMail, QueueEntry
from umserver.roles.delivery import (
    FIRST_WAIT,
    GIVE_UP_AFTER,
    LAST_WAIT,
    LEAST_TRIES,
    LONGEST_WAIT,
    LOOK_EVERY,
    Delivery,
)

START = 1_795_531_000.0


@define(eq=False)
class MemoryStore:
    """A queue in memory, with the parts of IMessageStore that delivery uses."""

    letters: dict[str, QueueEntry] = field(factory=dict)
    dead: dict[str, str] = field(factory=dict)
    gone: list[str] = field(factory=list)
    trouble: Exception | None = None
    """Raised by `delivered`."""
    full: bool = False
    """Whether nothing can be buried."""
    blind: bool = False
    """Whether the queue cannot be read."""
    damaged: set[str] = field(factory=set)
    listeners: list[Callable[[], None]] = field(factory=list)

    def add(self, id: str, received: float = START) -> None:
        """A message arrives."""
        self.letters[id] = QueueEntry(id, "queued", "a@example.com", "voice", received, 0, 0.0, "")
        for listener in self.listeners:
            listener()

    def due(self, now: float) -> Deferred[Sequence[str]]:
        if self.blind:
            return fail(Unavailable("disk"))
        return succeed(sorted(id for id, e in self.letters.items() if e.next_try <= now))

    def mail(self, id: str) -> Deferred[OutgoingMail]:
        if id in self.damaged:
            return fail(PermanentFailure("damaged"))
        if id not in self.letters:
            return fail(KeyError(id))
        return succeed(OutgoingMail(id, f"<{id}@x>", "", "a@example.com", b""))

    def delivered(self, id: str) -> Deferred[None]:
        self.letters.pop(id, None)
        self.gone.append(id)
        return fail(self.trouble) if self.trouble else succeed(None)

    def defer(self, id: str, why: str, next_try: float) -> Deferred[None]:
        entry = self.letters[id]
        self.letters[id] = evolve(
            entry, state="deferred", attempts=entry.attempts + 1, next_try=next_try, why=why
        )
        return succeed(None)

    def bury(self, id: str, why: str) -> Deferred[None]:
        if self.full:
            return fail(Unavailable("full"))
        del self.letters[id]
        self.dead[id] = why
        return succeed(None)

    def entries(self) -> Deferred[Sequence[QueueEntry]]:
        return succeed(list(self.letters.values()))

    def on_queued(self, notify: Callable[[], None]) -> None:
        self.listeners.append(notify)


@define(eq=False)
class SlowMailer:
    """Leaves every mail in the air until it is told what became of it."""

    flying: dict[str, Deferred[None]] = field(factory=dict)
    tried: list[str] = field(factory=list)
    most: int = 0
    answer: Exception | None = None
    at_once: bool = False

    def deliver(self, mail: OutgoingMail) -> Deferred[None]:
        assert mail.id not in self.flying, "twice at once"
        self.tried.append(mail.id)
        if self.at_once:
            return fail(self.answer) if self.answer else succeed(None)
        self.flying[mail.id] = Deferred()
        self.most = max(self.most, len(self.flying))
        return self.flying[mail.id]

    def land(self, id: str, fault: Exception | None = None) -> None:
        """What became of it."""
        waiting = self.flying.pop(id)
        if fault is None:
            waiting.callback(None)
        else:
            waiting.errback(fault)


class DeliveryCase(SynchronousTestCase):
    """A queue, a mailer and a clock."""

    def setUp(self) -> None:
        self.clock, self.store, self.mailer = Clock(), MemoryStore(), SlowMailer()
        self.jump = 0.0
        self.delivery = Delivery(
            self.clock,  # type: ignore[arg-type]
            self.store,  # type: ignore[arg-type]
            self.mailer,  # type: ignore[arg-type]
            lambda: START + self.jump + self.clock.seconds(),
            Random(1),
        )

    def down(self, fault: Exception | None = None) -> None:
        """From now on the mail server refuses everything."""
        self.mailer.at_once = True
        self.mailer.answer = fault or TemporaryFailure("connection refused")

    def pass_time(self, seconds: float) -> None:
        """In steps of the queue's own look."""
        end = self.clock.seconds() + seconds
        while self.clock.seconds() < end:
            self.clock.advance(min(LOOK_EVERY, end - self.clock.seconds()))


class HappyTests(DeliveryCase):
    """A mail server that takes mail."""

    def test_delivered_at_once(self) -> None:
        """A message goes out as soon as it is in the queue, and is forgotten when it was taken."""
        self.delivery.start()
        self.store.add("a")
        self.assertEqual((self.mailer.tried, self.store.gone), (["a"], []))
        self.mailer.land("a")
        self.assertEqual((self.store.gone, self.store.letters), (["a"], {}))
        self.assertEqual(self.delivery.delivered, 1)

    def test_what_waited_goes_first(self) -> None:
        """What a restart finds is delivered, oldest first."""
        self.mailer.at_once = True
        for id in ("c", "a", "b"):
            self.store.add(id)
        self.delivery.start()
        self.assertEqual(self.mailer.tried, ["a", "b", "c"])

    def test_not_before_the_start(self) -> None:
        """Nothing is tried before it is started."""
        self.store.add("a")
        self.delivery.kick()
        self.assertEqual(self.mailer.tried, [])

    def test_few_at_once(self) -> None:
        """A mail server is not stormed: four at a time, the next when one has landed."""
        self.delivery.start()
        for number in range(10):
            self.store.add(f"{number:02d}")
        self.assertEqual(self.delivery.in_flight, 4)
        for number in range(10):
            self.mailer.land(f"{number:02d}")
        self.assertEqual((self.mailer.most, len(self.store.gone)), (4, 10))

    def test_never_twice_at_once(self) -> None:
        """Looking, kicking and new messages do not start a mail that is in the air."""
        self.delivery.start()
        self.store.add("a")
        self.delivery.kick()
        self.delivery.start()
        self.store.add("b")
        self.pass_time(100)
        self.assertEqual(self.mailer.tried, ["a", "b"])
        self.mailer.land("a")
        self.mailer.land("b")
        self.pass_time(100)
        self.assertEqual((self.mailer.tried, self.store.gone), (["a", "b"], ["a", "b"]))

    def test_taken_but_not_removable(self) -> None:
        """A delivered message that the disk will not let go is not sent again."""
        self.store.trouble = Unavailable("read-only disk")
        self.mailer.at_once = True
        self.delivery.start()
        self.store.add("a")
        self.pass_time(7200)
        self.assertEqual((self.mailer.tried, self.store.dead), (["a"], {}))


class RefusalTests(DeliveryCase):
    """A mail server that does not."""

    def waits(self, tries: int) -> list[float]:
        """Seconds between tries."""
        moments: list[float] = []
        self.down()
        self.delivery.start()
        self.store.add("a")
        while len(moments) < tries:
            if len(self.mailer.tried) > len(moments):
                moments.append(self.clock.seconds())
            self.clock.advance(1.0)
        return [later - earlier for earlier, later in pairwise(moments)]

    def test_back_off(self) -> None:
        """Each wait is about twice the one before, never more than an hour and a bit."""
        for number, wait in enumerate(self.waits(12)):
            middle = min(LONGEST_WAIT, FIRST_WAIT * 2.0**number)
            self.assertGreaterEqual(wait, 0.8 * middle - 1, number)
            self.assertLessEqual(wait, 1.2 * middle + LOOK_EVERY + 1, number)

    def test_reason_is_kept(self) -> None:
        """Why it waits can be read."""
        self.down(TemporaryFailure("452 mailbox full"))
        self.delivery.start()
        self.store.add("a")
        self.assertEqual(self.store.letters["a"].why, "452 mailbox full")
        self.assertEqual(self.delivery.deferred, 1)

    def test_refused_for_good(self) -> None:
        """A mail that is refused for good is a dead letter at once, with the reason, not lost."""
        self.down(PermanentFailure("550 no such user"))
        self.delivery.start()
        self.store.add("a")
        self.assertEqual(self.store.dead, {"a": "550 no such user"})
        self.assertEqual((self.delivery.buried, self.store.gone), (1, []))

    def test_damaged_message(self) -> None:
        """A message that makes no mail is a dead letter and stops no other."""
        self.store.damaged = {"a"}
        self.mailer.at_once = True
        self.delivery.start()
        self.store.add("a")
        self.store.add("b")
        self.assertEqual((list(self.store.dead), self.store.gone), (["a"], ["b"]))

    def test_refused_on_a_full_disk(self) -> None:
        """What cannot be put to the dead letters just now is tried in a while, not in a rush."""
        self.store.full = True
        self.down(PermanentFailure("550 no such user"))
        self.delivery.start()
        self.store.add("a")
        self.assertEqual(len(self.mailer.tried), 1)
        self.store.full = False
        self.pass_time(FIRST_WAIT + LOOK_EVERY)
        self.assertEqual((len(self.mailer.tried), list(self.store.dead)), (2, ["a"]))
        self.assertEqual(len(self.flushLoggedErrors(Unavailable)), 1)

    def test_gives_up_in_the_end(self) -> None:
        """After five days of refusals a message is a dead letter; not before."""
        self.down()
        self.delivery.start()
        self.store.add("a")
        self.pass_time(GIVE_UP_AFTER - 2 * LONGEST_WAIT)
        self.assertEqual(self.store.dead, {})
        self.pass_time(4 * LONGEST_WAIT)
        self.assertIn("given up", self.store.dead["a"])
        self.assertIn("connection refused", self.store.dead["a"])

    def test_old_message_gets_its_tries(self) -> None:
        """A clock that jumped by a year buries nothing that was hardly tried."""
        self.down()
        self.delivery.start()
        self.store.add("a")
        self.jump = 365 * 86400.0
        self.pass_time(60)
        self.assertEqual(self.store.dead, {})
        self.pass_time(LEAST_TRIES * LONGEST_WAIT)
        self.assertEqual(list(self.store.dead), ["a"])
        self.assertGreaterEqual(len(self.mailer.tried), LEAST_TRIES)

    def test_tries_before_a_restart_count(self) -> None:
        """A restart does not begin the count of tries anew."""
        self.store.add("a", START - GIVE_UP_AFTER - 1)
        self.store.letters["a"] = evolve(
            self.store.letters["a"], state="deferred", attempts=LEAST_TRIES - 1
        )
        self.down()
        self.delivery.start()
        self.assertEqual(list(self.store.dead), ["a"])

    def test_our_own_mistake(self) -> None:
        """An error nobody thought of is logged, and the message waits."""
        self.down(ZeroDivisionError("oops"))
        self.delivery.start()
        self.store.add("a")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertIn("oops", self.store.letters["a"].why)

    def test_unreadable_queue(self) -> None:
        """A disk that cannot be read for a while stops nothing for good."""
        self.store.blind = True
        self.mailer.at_once = True
        self.delivery.start()
        self.store.add("a")
        self.pass_time(30)
        self.assertTrue(self.flushLoggedErrors(Unavailable))
        self.store.blind = False
        self.pass_time(LOOK_EVERY)
        self.assertEqual(self.store.gone, ["a"])


class RecoveryTests(DeliveryCase):
    """The mail server is back (feature 76)."""

    def test_first_success_brings_the_others(self) -> None:
        """When one mail gets through after trouble, the others do not wait out their hour."""
        self.down()
        self.delivery.start()
        for id in "abc":
            self.store.add(id)
        self.pass_time(2000)
        self.mailer.answer = None
        self.store.add("d")
        self.pass_time(LOOK_EVERY)
        self.assertEqual(sorted(self.store.gone), ["a", "b", "c", "d"])

    def test_kick(self) -> None:
        """An operator can have everything tried now."""
        self.down()
        self.delivery.start()
        self.store.add("a")
        self.pass_time(2000)
        tried = len(self.mailer.tried)
        self.mailer.answer = None
        self.delivery.kick()
        self.assertEqual((len(self.mailer.tried), self.store.gone), (tried + 1, ["a"]))

    def test_one_bad_mailbox_makes_no_storm(self) -> None:
        """One mailbox that is always full is not tried again with each success elsewhere."""
        self.delivery.start()
        self.store.add("full")
        self.mailer.land("full", TemporaryFailure("452 full"))
        for number in range(300):
            self.store.add(f"{number:03d}")
            self.mailer.land(f"{number:03d}")
            if "full" in self.mailer.flying:
                self.mailer.land("full", TemporaryFailure("452 full"))
            self.clock.advance(1.0)
        self.assertLess(self.mailer.tried.count("full"), 15)


class StopTests(DeliveryCase):
    """Going down in good order."""

    def test_stop_waits_for_what_flies(self) -> None:
        """Mail in the air lands first; nothing new begins."""
        self.delivery.start()
        self.store.add("a")
        stopped = self.delivery.stop()
        self.store.add("b")
        self.assertNoResult(stopped)
        self.mailer.land("a")
        self.successResultOf(stopped)
        self.pass_time(100)
        self.assertEqual((self.mailer.tried, self.store.gone), (["a"], ["a"]))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_with_nothing_to_do(self) -> None:
        """It is done at once and leaves no timer."""
        self.delivery.start()
        self.successResultOf(self.delivery.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_stop_is_bounded(self) -> None:
        """A mail server that hangs cannot hold the server back; the message stays in the queue."""
        self.delivery.start()
        self.store.add("a")
        stopped = self.delivery.stop()
        self.pass_time(LAST_WAIT - 1)
        self.assertNoResult(stopped)
        self.pass_time(2)
        self.successResultOf(stopped)
        self.assertEqual(list(self.store.letters), ["a"])
        self.mailer.land("a")
        self.assertEqual(self.store.gone, ["a"])

    def test_start_again(self) -> None:
        """After a stop it can be started again."""
        self.mailer.at_once = True
        self.delivery.start()
        self.successResultOf(self.delivery.stop())
        self.store.add("a")
        self.delivery.start()
        self.assertEqual(self.store.gone, ["a"])
