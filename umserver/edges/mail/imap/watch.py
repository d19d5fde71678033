"""Who wants to know when a mailbox on the IMAP server changes, and how that is seen.

Knows: which mailboxes have a connection that idles, and whose turn it is to be asked. Must never
know: commands, messages. MOST_IDLE mailboxes, those that were asked for last, have a connection of
their own on which the server tells; all others are asked one after the other, so that their number
never becomes a number of connections.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from umserver.edges.mail.imap.idle import Idler
from umserver.edges.mail.imap.session import ImapSession
from umserver.interfaces import Unavailable

log = Logger()

MOST_IDLE = 200
"""Connections that idle; one watched mailbox each."""
LOOK_SECONDS = 4.0
"""Between two rounds through the other watched mailboxes."""
LEAST_GAP = 0.05
"""Between two of them, so that very many are no burden to the mail server."""


@define(eq=False)
class ImapWatch:
    """Watches until `stop`."""

    reactor: Any
    connect: Callable[[str], Awaitable[ImapSession]]
    """Logs in to the mailbox of this address."""
    look: Callable[[str], Awaitable[int]]
    """A number that is another one when the messages are. Raises Unavailable."""
    most_idle: int = MOST_IDLE
    _watched: dict[str, list[Callable[[], object]]] = field(init=False, factory=dict)
    _idlers: OrderedDict[str, Idler] = field(init=False, factory=OrderedDict)
    _seen: dict[str, int] = field(init=False, factory=dict)
    _blind: set[str] = field(init=False, factory=set)
    """Those that could not be looked at, and of which that was told."""
    _can_idle: bool = field(init=False, default=True)
    _next: IDelayedCall | None = field(init=False, default=None)
    _looking: bool = field(init=False, default=False)
    _stopped: bool = field(init=False, default=False)

    def watch(self, name: str, changed: Callable[[], object]) -> Callable[[], None]:
        """See `IMailboxes.watch`."""
        is_new = name not in self._watched
        self._watched.setdefault(name, []).append(changed)
        if is_new and self._can_idle and self.most_idle:
            self._idle(name)
        elif name in self._idlers and self._idlers[name].is_idle:
            self.reactor.callLater(0.0, self._tell, name)
        else:
            self._seen.pop(name, None)
        self._again(0.0)

        def forget() -> None:
            listeners = self._watched.get(name, [])
            if changed in listeners:
                listeners.remove(changed)
            if not listeners and self._watched.pop(name, None) is not None:
                self._seen.pop(name, None)
                self._blind.discard(name)
                idler = self._idlers.pop(name, None)
                if idler is not None:
                    idler.stop()

        return forget

    def stop(self) -> None:
        """Watch nothing any more."""
        self._stopped = True
        self._watched.clear()
        for idler in self._idlers.values():
            idler.stop()
        self._idlers.clear()
        if self._next is not None:
            self._next.cancel()
            self._next = None

    # told

    def _idle(self, name: str) -> None:
        if self._stopped:
            return
        while len(self._idlers) >= self.most_idle:
            self._idlers.popitem(last=False)[1].stop()
        idler = Idler(
            self.reactor, lambda: self.connect(name), lambda: self._tell(name), self._cannot_idle
        )
        self._idlers[name] = idler
        idler.start()

    def _cannot_idle(self) -> None:
        """This server knows no IDLE: everybody is asked."""
        if self._can_idle:
            log.info("the mail server tells of no changes; mailboxes are asked instead")
        self._can_idle = False
        for idler in self._idlers.values():
            idler.stop()
        self._idlers.clear()
        self._again(0.0)

    def _tell(self, name: str) -> None:
        for changed in list(self._watched.get(name, ())):
            changed()

    # asked

    def _again(self, seconds: float) -> None:
        if not (self._stopped or self._next or self._looking) and (
            len(self._watched) > len(self._idlers)
        ):
            self._next = self.reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        self._next = None
        self._looking = True
        Deferred.fromCoroutine(self._round()).addErrback(
            lambda fault: log.failure("watching mailboxes failed", fault)
        )

    async def _round(self) -> None:
        try:
            for name in [name for name in self._watched if name not in self._idlers]:
                if self._stopped:
                    return
                await self._ask(name)
                await self._pause(LEAST_GAP)
        finally:
            self._looking = False
            self._again(LOOK_SECONDS)

    async def _pause(self, seconds: float) -> None:
        pause: Deferred[None] = Deferred()
        self.reactor.callLater(seconds, pause.callback, None)
        await pause

    async def _ask(self, name: str) -> None:
        try:
            found = await self.look(name)
        except Unavailable as fault:
            if name not in self._blind:
                log.warn("{who} cannot be watched: {fault}", who=name, fault=fault)
            self._blind.add(name)
            return
        self._blind.discard(name)
        before = self._seen.get(name)
        if name in self._watched:
            self._seen[name] = found
        if before != found:
            self._tell(name)
