"""The outbound queue: hands every message to the mailer until it is theirs (spec 8.8).

Knows: when to try, how often, and when to give up. Must never know: files, MIME, mail protocols.
One message is never tried twice at the same time, and only forgotten after the mailer took it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import (
    IMailer,
    IMessageStore,
    PermanentFailure,
    TemporaryFailure,
    Unavailable,
)

log = Logger()

FIRST_WAIT = 30.0
"""Seconds before the second try; each further wait is twice as long."""
LONGEST_WAIT = 3600.0
GIVE_UP_AFTER = 5 * 86400.0
"""Seconds since the call, after which a message is a dead letter."""
LEAST_TRIES = 12
"""However old a message is, it gets this many tries: a clock may have jumped, a server may have
slept.
"""
LAST_WAIT = 20.0
"""Seconds that a stop waits for mails in flight."""
LOOK_EVERY = 10.0
"""Seconds between looks at the queue when nobody says that there is something new."""


@define(eq=False)
class Delivery:
    """Runs from `start` to `stop`."""

    clock: IReactorTime
    store: IMessageStore
    mailer: IMailer
    wall: Callable[[], float]
    """Wall time, seconds since 1970."""
    random: Random = field(factory=Random)
    most_at_once: int = 4
    on_delivered: Callable[[str], object] = lambda recipient: None
    """Told the address of every mailbox that got a mail."""
    delivered: int = field(init=False, default=0)
    deferred: int = field(init=False, default=0)
    buried: int = field(init=False, default=0)
    held: bool = field(init=False, default=False)
    """Whether messages stay where they are (see `hold`)."""
    _running: bool = field(init=False, default=False)
    _looking: bool = field(init=False, default=False)
    _look_again: bool = field(init=False, default=False)
    _kicked: bool = field(init=False, default=False)
    _rush: set[str] = field(init=False, factory=set)
    """Ids to be tried before their time."""
    _failing: bool = field(init=False, default=False)
    _last_rush: float = field(init=False, default=-1e9)
    _history: dict[str, tuple[float, int]] = field(init=False, factory=dict)
    """When the call was, and how many tries failed, of messages that failed before."""
    _flying: set[str] = field(init=False, factory=set)
    _timer: IDelayedCall | None = field(init=False, default=None)
    _landed: list[Deferred[None]] = field(init=False, factory=list)
    _listening: bool = field(init=False, default=False)

    @property
    def in_flight(self) -> int:
        """Messages being handed over now."""
        return len(self._flying)

    def start(self) -> None:
        """Begin to deliver."""
        self._running = True
        if not self._listening:
            self._listening = True
            self.store.on_queued(self._look)
        self._look()

    def stop(self) -> Deferred[None]:
        """Begin nothing more; fires when those in flight have landed, or after LAST_WAIT."""
        self._running = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        if not self._flying:
            return succeed(None)
        landed: Deferred[None] = Deferred()
        self._landed.append(landed)
        patience = self.clock.callLater(LAST_WAIT, self._leave_behind, landed)
        return landed.addBoth(lambda _: patience.cancel() if patience.active() else None)

    def _leave_behind(self, landed: Deferred[None]) -> None:
        """Those still in flight stay in the store and are tried again after the next start."""
        log.warn("stopped with {count} messages in flight", count=len(self._flying))
        self._landed.remove(landed)
        landed.callback(None)

    def kick(self) -> None:
        """Try everything now, whatever its next try was to be."""
        self._kicked = True
        self._look()

    def hold(self, on: bool) -> None:
        """Begin no new try while this is on; what is in flight lands (spec 9.2, HubTransport)."""
        self.held = on
        if not on:
            self._look()

    # looking

    def _look(self) -> None:
        """See what is due; once at a time."""
        if not self._running:
            return
        if self._looking:
            self._look_again = True
            return
        self._looking = True
        Deferred.fromCoroutine(self._take_due())

    async def _take_due(self) -> None:
        again = True
        while again and self._running:
            self._look_again = False
            try:
                await self._launch_due()
            except Exception:
                log.failure("the queue could not be read")
            again = self._look_again
        self._looking = False
        if self._running:
            self._arm()

    async def _launch_due(self) -> None:
        if self.held:
            return
        if self._kicked:
            self._kicked = False
            self._rush.update(await self.store.due(float("inf")))
        if len(self._flying) >= self.most_at_once:
            return
        due = await self.store.due(self.wall())
        waiting = sorted({*due, *self._rush} - self._flying)
        if not self._running or self.held:
            return
        for id in waiting[: self.most_at_once - len(self._flying)]:
            self._rush.discard(id)
            self._flying.add(id)
            Deferred.fromCoroutine(self._fly(id))

    def _arm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = self.clock.callLater(LOOK_EVERY, self._look)

    # flying

    async def _fly(self, id: str) -> None:
        """One try of one message, to its end."""
        try:
            await self._attempt(id)
        except Exception as fault:
            log.failure("what became of message {id} could not be noted", id=id)
            await self._hold(id, fault)
        finally:
            self._flying.discard(id)
            self._land()

    async def _hold(self, id: str, fault: Exception) -> None:
        """Not at once again: whatever could not be noted would be tried without an end."""
        try:
            await self.store.defer(id, f"could not be noted: {fault}", self.wall() + FIRST_WAIT)
        except Exception:
            log.failure("message {id} cannot even be deferred", id=id)

    def _land(self) -> None:
        self._look()
        if not self._flying:
            landed, self._landed = self._landed, []
            for waiter in landed:
                waiter.callback(None)

    async def _attempt(self, id: str) -> None:
        try:
            mail = await self.store.mail(id)
            await self.mailer.deliver(mail)
        except KeyError:
            return
        except PermanentFailure as fault:
            await self._bury(id, str(fault))
        except (TemporaryFailure, Unavailable) as fault:
            await self._postpone(id, str(fault))
        except Exception as fault:
            log.failure("delivering message {id} failed", id=id)
            await self._postpone(id, f"{type(fault).__name__}: {fault}")
        else:
            await self._done(id)
            self.on_delivered(mail.recipient)

    async def _done(self, id: str) -> None:
        """Theirs: forget it. A store that cannot forget just now goes on trying by itself."""
        try:
            await self.store.delivered(id)
        except Unavailable as fault:
            log.error("a delivered message cannot be removed: {fault}", id=id, fault=fault)
        self.delivered += 1
        self._history.pop(id, None)
        log.info("message delivered", id=id)
        if self._failing and self.clock.seconds() - self._last_rush >= FIRST_WAIT:
            self._failing = False
            self._last_rush = self.clock.seconds()
            self.kick()

    async def _postpone(self, id: str, why: str) -> None:
        """Try again later, or give up."""
        self._failing = True
        received, failed = await self._past(id)
        failed += 1
        if failed >= LEAST_TRIES and self.wall() - received > GIVE_UP_AFTER:
            await self._bury(id, f"given up after {failed} tries: {why}")
            return
        self._history[id] = (received, failed)
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failed - 1, 20))
        wait *= self.random.uniform(0.8, 1.2) if failed > 1 else self.random.uniform(1.0, 1.2)
        self.deferred += 1
        log.warn("event 1082: message not delivered: {why}", id=id, why=why, wait=round(wait))
        await self.store.defer(id, why, self.wall() + wait)

    async def _past(self, id: str) -> tuple[float, int]:
        """When the call was and how often it failed; read from the store once for all that wait."""
        if id not in self._history:
            for entry in await self.store.entries():
                if entry.state in ("queued", "deferred"):
                    self._history.setdefault(entry.id, (entry.received, entry.attempts))
        return self._history.get(id, (self.wall(), 0))

    async def _bury(self, id: str, why: str) -> None:
        self._history.pop(id, None)
        self.buried += 1
        log.error("event 1185: message is a dead letter: {why}", id=id, why=why)
        await self.store.bury(id, why)
