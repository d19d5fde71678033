"""Who knows the PIN of a mailbox (IPins): hashes in threads, failures counted in the store.

Knows: the order that makes guessing useless. A try is counted before it is looked at, in a
transaction of its own: whoever hangs up, or tries from many telephones at once, has used it up all
the same. A mailbox that does not exist costs the same work and the same time. Must never know:
calls, words. No PIN and no hash is ever logged.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Coroutine
from random import SystemRandom
from typing import Any

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import Logger
from zope.interface import implementer

from umserver.edges.store.archive import NOBODY
from umserver.edges.store.hashing import HashingDesk
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import IPins, SignIn
from umserver.org import pins
from umserver.org.messages import Notice
from umserver.org.notices import FAILURES, notice_of
from umserver.org.pin_callers import Callers
from umserver.org.pin_record import PinRecord
from umserver.org.pin_rules import made_pin, why_not
from umserver.org.settings import Mailbox, MailboxPolicy, Organisation

log = Logger()

ANSWER_SECONDS = 0.25
"""A PIN is answered no sooner, so that the time tells nothing about a mailbox."""
MOST_COUNTED = 1_000_000


def _limit(value: object) -> int | None:
    """A number of the policy; None where it is Unlimited."""
    return value if isinstance(value, int) else None


@implementer(IPins)
@define(eq=False)
class StorePins:
    """PINs of the settings' store."""

    reactor: Any
    """Gives callLater, callFromThread and seconds."""
    store: SettingsStore
    wall: Callable[[], float]
    """Seconds since 1970: PINs age."""
    settings: Callable[[], Organisation]
    """What mails about PINs are made of."""
    host: str = "localhost"
    """This server's name, for Message-IDs."""
    answer_seconds: float = ANSWER_SECONDS
    on_notice: Callable[[], object] = lambda: None
    """Called when a mail waits in the store."""
    callers: Callers = field(factory=Callers)
    hashing: HashingDesk = field(init=False)
    _nobodys: str = field(init=False, default="", repr=False)
    """The hash of a PIN that nobody knows."""
    _after: set[Deferred[None]] = field(init=False, factory=set)

    def __attrs_post_init__(self) -> None:
        self.hashing = HashingDesk(self.reactor)

    def sign_in(
        self, mailbox: Mailbox | None, policy: MailboxPolicy, pin: str, caller: str = ""
    ) -> Deferred[SignIn]:
        """See `IPins`. No answer comes before `answer_seconds`, whatever was found."""
        moment: Deferred[None] = Deferred()
        self.reactor.callLater(self.answer_seconds, moment.callback, None)
        return Deferred.fromCoroutine(self._in_time(moment, mailbox, policy, pin, caller))

    def change(self, mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> Deferred[bool]:
        """See `IPins`."""
        return Deferred.fromCoroutine(self._change(mailbox, policy, pin))

    def met(self, mailbox: Mailbox) -> Deferred[None]:
        """See `IPins`."""
        done = self.store.change_pin_record(
            mailbox.address, lambda record: evolve(record, first_time=False)
        )
        return done.addCallback(lambda _: None)

    def quiet(self) -> Deferred[None]:
        """Fires when mailboxes are locked, and new PINs made, as the tries so far demand."""
        return DeferredList(list(self._after)).addCallback(lambda _: None)

    def stop(self) -> None:
        """Hash nothing more; waits for what runs."""
        self.hashing.stop()

    # signing in

    async def _in_time(
        self,
        moment: Deferred[None],
        mailbox: Mailbox | None,
        policy: MailboxPolicy,
        pin: str,
        caller: str,
    ) -> SignIn:
        try:
            clean = self.callers.is_clean(caller, self.reactor.seconds())
            with self.hashing.place(caller, clean=clean):
                return await self._sign_in(mailbox, policy, pin, caller)
        finally:
            await moment

    async def _sign_in(
        self, mailbox: Mailbox | None, policy: MailboxPolicy, pin: str, caller: str
    ) -> SignIn:
        now = self.reactor.seconds()
        if self.callers.is_barred(caller, now):
            return SignIn(False)
        self.callers.charge(caller, now)
        if self.callers.is_barred(caller, now):
            log.error("nothing that {caller} tries is looked at for a while", caller=caller)
        record = await self._counted(mailbox)
        limit = _limit(policy.max_logon_attempts)
        is_open = not record.locked and (limit is None or record.failures <= limit)
        right = await self.hashing.run(lambda: self._is(pin, record.hash if is_open else ""))
        if mailbox is None:
            return SignIn(False)
        if right and is_open and record.hash:
            self.callers.refund(caller, self.reactor.seconds())
            return await self._welcome(mailbox.address, policy, pin, record)
        self._later(self._draw_consequences(mailbox, policy, record))
        return SignIn(False)

    async def _counted(self, mailbox: Mailbox | None) -> PinRecord:
        """What is kept, this try counted in; as much is written where there is no mailbox."""
        if mailbox is not None:
            try:
                return await self.store.change_pin_record(mailbox.address, _one_more)
            except LookupError:
                log.warn("{who} has just been removed", who=mailbox.address)
        await self.store.change_pin_record(NOBODY, _one_more)
        return PinRecord()

    async def _welcome(
        self, address: str, policy: MailboxPolicy, pin: str, record: PinRecord
    ) -> SignIn:
        await self.store.change_pin_record(
            address, lambda now: evolve(now, failures=0, renewed=False)
        )
        aged = record.is_expired(_limit(policy.pin_lifetime), self.wall())
        return SignIn(True, aged or len(pin) < policy.min_pin_length, record.first_time)

    # after a wrong PIN, behind the answer

    def _later(self, work: Coroutine[Deferred[Any], Any, None]) -> None:
        """Nobody hears from the time of an answer what a wrong PIN led to."""
        done = Deferred.fromCoroutine(work)
        self._after.add(done)
        done.addErrback(lambda fault: log.error("after a wrong PIN: {why}", why=fault.value))
        done.addBoth(lambda _: self._after.discard(done))

    async def _draw_consequences(
        self, mailbox: Mailbox, policy: MailboxPolicy, record: PinRecord
    ) -> None:
        """Lock the mailbox, or make and mail a new PIN, as the policy says (spec 5.1)."""
        if record.locked or not record.hash:
            return
        if not pins.is_hash(record.hash):
            log.error(
                "event 1019: what is kept of the PIN of {who} is damaged", who=mailbox.address
            )
        most, reset = (
            _limit(policy.max_logon_attempts),
            _limit(policy.logon_failures_before_pin_reset),
        )
        if most is not None and record.failures >= most:
            await self._lock(mailbox.address, most)
        if reset is not None and record.failures >= reset and not record.renewed:
            await self._renew(mailbox, policy, reset)

    async def _lock(self, address: str, most: int) -> None:
        """For good, until an administrator unlocks it."""

        def locked(now: PinRecord) -> PinRecord:
            done.append(not now.locked and now.failures >= most)
            return evolve(now, locked=now.locked or now.failures >= most)

        done: list[bool] = []
        await self.store.change_pin_record(address, locked)
        if done[-1]:
            log.error("event 1012: the mailbox {who} is locked after wrong PINs", who=address)

    async def _renew(self, mailbox: Mailbox, policy: MailboxPolicy, reset: int) -> None:
        """A new PIN, and the mail that tells it, in one transaction.

        Also where very fast tries have locked the mailbox by now: its owner has to hear of it.
        """
        pin = made_pin(policy, mailbox.numbers, SystemRandom())
        fresh = await self.hashing.run(lambda: pins.hash_pin(pin, self._pepper()))
        now = self.wall()
        notice = notice_of(
            self.settings(),
            mailbox,
            Notice(FAILURES, mailbox.address, pin, must_change=True),
            at=now,
            host=self.host,
            random=SystemRandom(),
        )
        kept = max(policy.pin_history_count - 1, 0)

        def renewed(before: PinRecord) -> PinRecord:
            if before.renewed or before.failures < reset:
                return before
            return evolve(
                before.succeeded_by(fresh, now, kept),
                expired=True,
                failures=before.failures,
                renewed=True,
            )

        after = await self.store.change_pin_record(mailbox.address, renewed, [notice])
        if after.hash == fresh:
            log.warn("a new PIN is mailed to {who} after wrong ones", who=mailbox.address)
            self.on_notice()

    # a new PIN

    async def _change(self, mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> bool:
        if why_not(pin, policy, mailbox.numbers) is not None:
            return False
        record = await self.store.pin_record(mailbox.address) or PinRecord()
        with self.hashing.place():
            earlier = record.hashes[: policy.pin_history_count]
            if await self.hashing.run(lambda: pins.is_any(pin, self._pepper(), earlier)):
                return False
            fresh = await self.hashing.run(lambda: pins.hash_pin(pin, self._pepper()))
        now, kept = self.wall(), policy.pin_history_count - 1
        await self.store.change_pin_record(
            mailbox.address, lambda before: before.succeeded_by(fresh, now, kept)
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


def _one_more(record: PinRecord) -> PinRecord:
    return evolve(record, failures=min(record.failures + 1, MOST_COUNTED))
