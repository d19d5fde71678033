"""Who knows the PIN of a mailbox (IPins): hashes in threads, failures counted in the store.

Knows: the order that makes guessing useless. A try is counted before it is looked at, in a
transaction of its own: whoever hangs up, or tries from many telephones at once, has used it up all
the same. Must never know: calls, words. A mailbox that does not exist costs the same time. No PIN
and no hash is ever logged.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool
from zope.interface import implementer

from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import IPins, SignIn, Unavailable
from umserver.org import pins
from umserver.org.pin_record import PinRecord
from umserver.org.pin_rules import why_not
from umserver.org.settings import Mailbox, MailboxPolicy

log = Logger()
T = TypeVar("T")

ANSWER_SECONDS = 0.25
"""A PIN is answered no sooner, so that the time tells nothing about a mailbox."""
MOST_COUNTED = 1_000_000
HASHING_THREADS = 2
"""PINs that are hashed at the same time; the rest of the machine belongs to calls."""


def _limit(value: object) -> int | None:
    """A number of the policy; None where it is Unlimited."""
    return value if isinstance(value, int) else None


@implementer(IPins)
@define(eq=False)
class StorePins:
    """PINs of the settings' store."""

    reactor: Any
    """Gives callFromThread."""
    store: SettingsStore
    wall: Callable[[], float]
    """Seconds since 1970: PINs age."""
    answer_seconds: float = ANSWER_SECONDS
    _pool: ThreadPool | None = field(init=False, default=None)
    _stopped: bool = field(init=False, default=False)
    _nobodys: str = field(init=False, default="", repr=False)
    """The hash of a PIN that nobody knows."""

    def sign_in(self, mailbox: Mailbox | None, policy: MailboxPolicy, pin: str) -> Deferred[SignIn]:
        """See `IPins`. No answer comes before `answer_seconds`, whatever was found."""
        moment: Deferred[None] = Deferred()
        self.reactor.callLater(self.answer_seconds, moment.callback, None)
        return Deferred.fromCoroutine(self._in_time(moment, mailbox, policy, pin))

    def change(self, mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> Deferred[bool]:
        """See `IPins`."""
        return Deferred.fromCoroutine(self._change(mailbox, policy, pin))

    def met(self, mailbox: Mailbox) -> Deferred[None]:
        """See `IPins`."""
        done = self.store.change_pin_record(
            mailbox.address, lambda record: evolve(record, first_time=False)
        )
        return done.addCallback(lambda _: None)

    def stop(self) -> None:
        """Hash nothing more; waits for what runs."""
        if self._pool is not None and not self._stopped:
            self._pool.stop()
        self._stopped = True

    async def _in_time(
        self, moment: Deferred[None], mailbox: Mailbox | None, policy: MailboxPolicy, pin: str
    ) -> SignIn:
        try:
            return await self._sign_in(mailbox, policy, pin)
        finally:
            await moment

    async def _sign_in(self, mailbox: Mailbox | None, policy: MailboxPolicy, pin: str) -> SignIn:
        record = await self._counted(mailbox)
        limit = _limit(policy.max_logon_attempts)
        is_open = not record.locked and (limit is None or record.failures <= limit)
        right = await self._in_thread(lambda: self._is(pin, record.hash if is_open else ""))
        if mailbox is None:
            return SignIn(False)
        if right and is_open and record.hash:
            return await self._welcome(mailbox.address, policy, pin, record)
        if limit is not None and record.failures >= limit:
            await self._lock(mailbox.address, record)
        return SignIn(False)

    async def _counted(self, mailbox: Mailbox | None) -> PinRecord:
        """What is kept, this try counted in; nothing for a mailbox that does not exist."""
        if mailbox is not None:
            try:
                return await self.store.change_pin_record(mailbox.address, _one_more)
            except LookupError:
                log.warn("{who} has just been removed", who=mailbox.address)
        return PinRecord()

    async def _welcome(
        self, address: str, policy: MailboxPolicy, pin: str, record: PinRecord
    ) -> SignIn:
        await self.store.change_pin_record(address, lambda now: evolve(now, failures=0))
        aged = record.is_expired(_limit(policy.pin_lifetime), self.wall())
        return SignIn(True, aged or len(pin) < policy.min_pin_length, record.first_time)

    async def _lock(self, address: str, record: PinRecord) -> None:
        """For good, until an administrator unlocks it (spec 5.1)."""
        if not record.locked:
            await self.store.change_pin_record(address, lambda now: evolve(now, locked=True))
            log.error("event 1012: the mailbox {who} is locked after wrong PINs", who=address)

    async def _change(self, mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> bool:
        if why_not(pin, policy, mailbox.numbers) is not None:
            return False
        record = await self.store.pin_record(mailbox.address) or PinRecord()
        earlier = tuple(h for h in (record.hash, *record.history) if h)[: policy.pin_history_count]
        if await self._in_thread(lambda: self._was(pin, earlier)):
            return False
        fresh = await self._in_thread(lambda: pins.hash_pin(pin, self._pepper()))
        kept = earlier[: policy.pin_history_count - 1]
        now = self.wall()
        await self.store.change_pin_record(
            mailbox.address,
            lambda before: evolve(
                before, hash=fresh, set_at=now, expired=False, failures=0, history=kept
            ),
        )
        return True

    # in a thread

    def _pepper(self) -> bytes:
        return self.store.archive.pepper()

    def _is(self, pin: str, hash: str) -> bool:
        """Whether this is the PIN; the same work where there is none."""
        if not self._nobodys:
            self._nobodys = pins.hash_pin(secrets.token_hex(16), self._pepper())
        return pins.verify_pin(pin, self._pepper(), hash or self._nobodys)

    def _was(self, pin: str, hashes: Sequence[str]) -> bool:
        pepper = self._pepper()
        return any(pins.verify_pin(pin, pepper, hash) for hash in hashes)

    def _in_thread(self, work: Callable[[], T]) -> Deferred[T]:
        if self._stopped:
            raise Unavailable("no PINs are looked at any more")
        if self._pool is None:
            self._pool = ThreadPool(0, HASHING_THREADS, "pins")
            self._pool.start()
        done: Deferred[T] = deferToThreadPool(self.reactor, self._pool, work)
        return done


def _one_more(record: PinRecord) -> PinRecord:
    return evolve(record, failures=min(record.failures + 1, MOST_COUNTED))
