"""Message lamps: telephones show whether new voice messages wait (spec 4.8; features 151-155).

Knows: when a mailbox is looked at, what was told of it last, who keeps its lamp. Must never know:
SIP, tables, folders. Whatever happens in a mailbox leads to one look at it; what is told is what
that look found, if it is anything new. So nothing depends on the order or number of events, and a
burst of them becomes one look. Of one mailbox at a time, one thing is done.

What bounds it: MOST_BUSY mailboxes that are being looked at or told of (more wait for the next
round), MOST_LOOKS looks at once, and the bounds of `lamp_watch` and `lamp_telling`. A lamp that has
nothing to do costs a row in the store and no memory.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from umserver.interfaces import IMailboxes, IPeople, Unavailable
from umserver.org.lamps import Lamp, Waiting, allows_lamp, waiting_in
from umserver.org.settings import IPGateway, Mailbox, Organisation
from umserver.roles.lamp_book import LampBook, Tell
from umserver.roles.lamp_busy import Busy
from umserver.roles.lamp_lease import Lease
from umserver.roles.lamp_rounds import Rounds
from umserver.roles.lamp_telling import Place, Telling
from umserver.roles.lamp_watch import MOST_WATCHED, LampWatch

log = Logger()

MOST_BUSY = 2000
MOST_LOOKS = 4
MOST_REASONS = 1000
"""Lamps of which it is remembered why they cannot be set."""

Listener = Callable[[Waiting | None], object]
"""Wants to know what waits in a mailbox; None: it has no lamp any more, or not here."""


@define(eq=False)
class Lamps:
    """All lamps of one server. Runs from `start` to `stop`."""

    clock: IReactorTime
    wall: Callable[[], float]
    """Seconds since 1970."""
    settings: Callable[[], Organisation]
    people: IPeople
    mailboxes: IMailboxes
    book: LampBook
    tell: Tell
    reaches: Callable[[IPGateway, str], bool] = lambda gateway, address: True
    """See `Telling`."""
    holds: Callable[[Mailbox], bool] = lambda mailbox: True
    """Whether this server can see into the mailbox."""
    has_company: bool = False
    """Whether other servers may share the book."""
    given_up: int = field(init=False, default=0)
    telling: Telling = field(init=False)
    watch: LampWatch = field(init=False)
    rounds: Rounds = field(init=False)
    lease: Lease = field(init=False)
    failing: dict[str, str] = field(init=False, factory=dict)
    """Why a lamp is not as it should be, by address; those that were given up included."""
    _listeners: dict[str, list[Listener]] = field(init=False, factory=dict)
    _busy: dict[str, Busy] = field(init=False, factory=dict)
    _looks: DeferredSemaphore = field(init=False, factory=lambda: DeferredSemaphore(MOST_LOOKS))
    _running: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self.telling = Telling(self.clock, self.settings, self.tell, self.reaches, self._is_back)
        self.watch = LampWatch(self.mailboxes, self.touch)
        self.rounds = Rounds(self.clock, self.book, self.touch)
        self.lease = Lease(self.clock, self.book, self.touch, self.has_company)

    async def start(self) -> None:
        """Take up the lamps that burn, then look at every mailbox."""
        self._running = True
        await self.lease.begin()
        try:
            for address in await self.book.lit(MOST_WATCHED):
                self.touch(address, force=True)
        except Unavailable as fault:
            log.warn("the lamps that burn are not known: {why}", why=str(fault))
        self.rounds.start()

    async def stop(self) -> None:
        """Tell nobody any more; other servers may go on."""
        self._running = False
        self.rounds.stop()
        self.watch.stop()
        for busy in list(self._busy.values()):
            busy.wake()
        await self.lease.end()

    def changed(self, old: Organisation | None, new: Organisation) -> None:
        """Settings are in force: look at everything when lamps are concerned (of the poller)."""
        if self._running and old is not None and _concerned(old) != _concerned(new):
            self.rounds.start()

    # what happens in mailboxes

    def touch(
        self,
        address: str,
        stale_after: float = float("inf"),
        force: bool = False,
        expects: bool = False,
    ) -> bool:
        """Something may have changed there. False where too many others are busy.

        `expects`: more may happen there soon; `stale_after`, `force`: see `Busy`.
        """
        name = address.lower()
        if not self._running:
            return False
        busy = self._busy.get(name)
        if busy is None:
            if len(self._busy) >= MOST_BUSY:
                return False
            busy = self._busy[name] = Busy(self.clock, True, stale_after, force, expects)
            Deferred.fromCoroutine(self._serve(name, busy))
        else:
            busy.note(stale_after, force, expects)
        return True

    def listen(self, address: str, listener: Listener) -> Callable[[], None]:
        """Tell what waits there now and whenever it may have changed; returns what ends it."""
        name = address.lower()
        self._listeners.setdefault(name, []).append(listener)
        self.touch(name)

        def forget() -> None:
            listeners = self._listeners.get(name, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(name, None)

        return forget

    # one mailbox

    async def _serve(self, name: str, busy: Busy) -> None:
        try:
            while busy.again and self._running:
                await busy.settle()
                busy.again = False
                try:
                    if self._running:
                        await self._once(name, busy)
                except Unavailable as fault:
                    if await self._failed(name, busy, str(fault)):
                        busy.again = True
        except Exception:
            log.failure("the lamp of {who} failed", who=name)
        finally:
            del self._busy[name]

    async def _once(self, name: str, busy: Busy) -> None:
        mailbox = await self.people.person(name)
        org = self.settings()
        if mailbox is None:
            self._tell_listeners(name, None)
            await self._gone(name, busy)
            return
        if not self.holds(mailbox) or not allows_lamp(org, mailbox):
            self._tell_listeners(name, None)
            self._let_go(name)
            return
        waiting = await self._look(mailbox.address)
        self._tell_listeners(name, waiting)
        is_used = waiting.new or waiting.saved or busy.expects or name in self._listeners
        self.watch.keep(name, is_quiet=not is_used)
        if not self.telling.targets(mailbox.dial_plan):
            self.failing.pop(name, None)
            return
        known = await self.book.claim(mailbox.address)
        if known is not None:
            await self._compare(name, busy, known, mailbox, waiting)

    def _tell_listeners(self, name: str, waiting: Waiting | None) -> None:
        for listener in list(self._listeners.get(name, ())):
            listener(waiting)

    async def _look(self, address: str) -> Waiting:
        await self._looks.acquire()
        try:
            return waiting_in(await self.mailboxes.open(address).messages())
        finally:
            self.clock.callLater(0.0, self._looks.release)

    async def _compare(
        self, name: str, busy: Busy, known: Lamp, mailbox: Mailbox, waiting: Waiting
    ) -> None:
        """Tell what was not told before, or too long ago."""
        place = Place(mailbox.dial_plan, mailbox.extension)
        before = Place(known.plan, known.extension)
        if known.told_at and before != place and known.waiting.lit:
            await self._say(name, busy, known, before, Waiting())
            if busy.again:
                return
        age = self.wall() - known.told_at  # below 0 where a clock was set back
        is_old = not 0 <= age < busy.stale_after
        if busy.force or is_old or not known.told_at or (before, known.waiting) != (place, waiting):
            await self._say(name, busy, known, place, waiting)
        else:
            self._is_right(name, busy)

    async def _gone(self, name: str, busy: Busy) -> None:
        """The user is removed: the lamp goes out."""
        self._let_go(name)
        known = await self.book.claim(name)
        if known is None:
            return
        if known.told_at and known.waiting.lit:
            await self._say(name, busy, known, Place(known.plan, known.extension), Waiting())
        if not busy.again:
            await self.book.forget(name)
        self.failing.pop(name, None)

    async def _say(
        self, name: str, busy: Busy, known: Lamp, place: Place, waiting: Waiting
    ) -> None:
        """Tell until somebody took it, something newer is to be told, or five minutes are over."""
        while True:
            if not self.lease.is_valid:
                raise Unavailable("the store does not know that this server lives")
            why = await self.telling.try_all(place, waiting, lambda: self._wants(busy))
            if why is None:
                return
            # whether a gateway that did not answer heard it is unknown: then it is told again
            told_at = 0.0 if why else self.wall()
            told = evolve(known, plan=place.plan, extension=place.extension, told_at=told_at)
            if told_at or known.told_at:
                known = evolve(told, waiting=waiting)
                await self.book.told(known)
            if not self._wants(busy):
                return
            if not why:
                self._is_right(name, busy)
                return
            if not await self._failed(name, busy, why) or not self._wants(busy):
                return

    def _wants(self, busy: Busy) -> bool:
        """Whether what was found is still the newest that is known."""
        return self._running and not busy.again

    def _is_right(self, name: str, busy: Busy) -> None:
        busy.done()
        if self.failing.pop(name, None):
            log.info("the lamp of {who} is right again", who=name)

    async def _failed(self, name: str, busy: Busy, why: str) -> bool:
        """Wait for the next try; False when it is given up until something happens."""
        if busy.failed():
            log.warn("the lamp of {who} cannot be set: {why}", who=name, why=why)
        if name in self.failing or len(self.failing) < MOST_REASONS:
            self.failing[name] = why
        if await busy.patience():
            return True
        self.given_up += 1
        log.error("event LampFailed: the lamp of {who} was given up: {why}", who=name, why=why)
        return False

    def _is_back(self) -> None:
        """A gateway that failed takes lamps again: try those that failed."""
        for name in list(self.failing):
            self.touch(name)

    def _let_go(self, name: str) -> None:
        """Nobody is to be told of this mailbox."""
        self.failing.pop(name, None)
        if name not in self._listeners:
            self.watch.drop(name)

    # how it is

    @property
    def busy(self) -> int:
        """Mailboxes in hand."""
        return len(self._busy)

    @property
    def subscriptions(self) -> int:
        """How many listen."""
        return sum(map(len, self._listeners.values()))


def _concerned(org: Organisation) -> object:
    """What of the settings decides about lamps."""
    policies = {p.name: p.allow_message_waiting_indicator for p in org.mailbox_policies}
    return org.gateways, org.hunt_groups, policies, dict(org.host_addresses)
