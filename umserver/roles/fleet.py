"""The other servers: which answering desks live, and which of them takes a call (spec 4.1, 9.2).

Knows: what servers publish in the store, and whether they answer. Must never know: SIP, tables. A
desk is used while it says it is Active, speaks every few seconds, answers OPTIONS and has room;
which one is the best of a mailbox is the matter of `ranking`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from attrs import define, evolve, field
from twisted.internet.defer import Deferred, TimeoutError
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import FleetServer, IFleet, Unavailable
from umserver.roles.ranking import PLAIN, TLS, TLS_BY_NAME, has_door, ranked, room

log = Logger()

BEAT_SECONDS = 2.0
"""How often a server says that it lives, and reads what others say."""
PROBE_SECONDS = 1.0
PATIENCE = 2.0
"""Seconds that a desk may take to answer OPTIONS."""
SILENT_AFTER = 6.0
"""Seconds without a word after which a server counts as gone."""
FORGOTTEN_AFTER = 120.0
"""Seconds without a word after which nobody asks it any more."""
MOST_CHOICES = 3
"""Desks that a peer is offered for one call."""
CHOICE_SECONDS = 0.05
"""How long the desks that may take calls are not looked at again unless one is known to change."""

AskServer = Callable[[str, int, str, float], "Deferred[int | None]"]
"""Asks host, port and transport with OPTIONS; see `umserver.roles.gateways.Probe`."""

Place = tuple[str, str, tuple[tuple[str, int], ...]]
"""Name, host and ports of a server."""


@define(eq=False)
class Fleet:
    """One server's view of all of them. Runs from `start` to `stop`."""

    clock: IReactorTime
    store: IFleet
    me: Callable[[], FleetServer]
    """How this server describes itself now."""
    ask: AskServer | None
    """None where nobody is redirected from here."""
    each_beat: Callable[[], Deferred[None]]
    """What else is to be looked at with every beat."""
    known: Sequence[FleetServer] = field(init=False, default=())
    """All servers as they last described themselves."""
    _answers: dict[str, bool] = field(init=False, factory=dict)
    """Whether a desk answered when it was asked last."""
    _own_name: str = field(init=False, default="")
    _asking: set[Place] = field(init=False, factory=set)
    _choice: Sequence[FleetServer] = field(init=False, default=())
    """Desks that may take calls, as they were lately."""
    _choice_until: float = field(init=False, default=float("-inf"))
    _sent: dict[str, int] = field(init=False, factory=dict)
    """Calls sent to a server since it last said how many it has."""
    _told: FleetServer | None = field(init=False, default=None)
    _running: bool = field(init=False, default=False)
    _beating: bool = field(init=False, default=False)
    _said: Deferred[None] | None = field(init=False, default=None)
    """Fires when the last beat is over, for who stops."""
    _again: bool = field(init=False, default=False)
    _beat_timer: IDelayedCall | None = field(init=False, default=None)
    _probe_timer: IDelayedCall | None = field(init=False, default=None)
    _problem: str = field(init=False, default="")

    async def start(self) -> None:
        """Say that we are here, learn who else is, and go on doing so. Never fails."""
        self._running = True
        await self._beat()
        self._arm()
        self._probe_all()

    async def stop(self) -> None:
        """Say that we take no calls any more; then nothing.

        What is being said at this moment is let out first, or it would be the last word.
        """
        self._running = False
        for timer in (self._beat_timer, self._probe_timer):
            if timer is not None and timer.active():
                timer.cancel()
        if self._beating:
            self._said = Deferred()
            with suppress(TimeoutError):
                await self._said.addTimeout(PATIENCE, self.clock)
        try:
            mine = self.me()
            await self.store.heartbeat(mine.name, mine.calls, "Inactive")
        except Unavailable as fault:
            log.warn("the other servers do not hear that we stop: {why}", why=str(fault))

    def announce(self) -> None:
        """Something about us has changed that others should know at once."""
        self._choice_until = float("-inf")
        if not self._running:
            return
        if self._beating:
            self._again = True
            return
        if self._beat_timer is not None and self._beat_timer.active():
            self._beat_timer.cancel()
        Deferred.fromCoroutine(self._beat_and_arm())

    # beating

    async def _beat_and_arm(self) -> None:
        again = True
        while again and self._running:
            self._again = False
            await self._beat()
            again = self._again
        if self._running:
            self._arm()

    def _arm(self) -> None:
        self._beat_timer = self.clock.callLater(BEAT_SECONDS, self.announce)

    async def _beat(self) -> None:
        self._beating = True
        try:
            await self._speak()
            self._learn(await self.store.servers())
            if self._running:
                await self.each_beat()
            self._problem = ""
        except Unavailable as fault:
            if str(fault) != self._problem:
                log.error("the other servers cannot be seen: {why}", why=str(fault))
            self._problem = str(fault)
        except Exception:
            log.failure("looking at the other servers failed")
        finally:
            self._beating = False
            if self._said is not None and not self._said.called:
                self._said.callback(None)

    def _learn(self, servers: Sequence[FleetServer]) -> None:
        """What they say now; a server that moved is innocent until it is asked there."""
        places = {server.name: _place(server) for server in self.known}
        for server in servers:
            if places.get(server.name) != _place(server):
                self._answers.pop(server.name, None)
        self.known = servers
        self._sent.clear()
        self._choice_until = float("-inf")

    async def _speak(self) -> None:
        mine = self.me()
        described = evolve(mine, calls=0, state="", age=0.0)
        known = described == self._told
        if known and await self.store.heartbeat(mine.name, mine.calls, mine.state):
            return
        await self.store.register_server(mine)
        self._told = described

    # asking

    def _probe_all(self) -> None:
        if not self._running or self.ask is None:
            return
        for server in self._others():
            if server.age < FORGOTTEN_AFTER and _place(server) not in self._asking:
                self._asking.add(_place(server))
                Deferred.fromCoroutine(self._probe(server, self.ask))
        self._probe_timer = self.clock.callLater(PROBE_SECONDS, self._probe_all)

    async def _probe(self, server: FleetServer, ask: AskServer) -> None:
        name = server.name
        try:
            door = next(door for door in (PLAIN, TLS, TLS_BY_NAME) if door in server.ports)
            transport = "udp" if door == PLAIN else "tls"
            status = await ask(server.host, server.ports[door], transport, PATIENCE)
        except Exception:
            log.failure("asking {server} failed", server=name)
            status = 0
        finally:
            self._asking.discard(_place(server))
        if _place(server) not in map(_place, self.known):
            return
        good = status == 200
        if self._answers.get(name, True) != good:
            word = "answers again" if good else f"is not used: it answered {status or 'nothing'}"
            log.warn("server {server} {word}", server=name, word=word)
        self._answers[name] = good
        self._choice_until = float("-inf")

    def _others(self) -> Sequence[FleetServer]:
        own = self.me().name.casefold()
        return [
            server
            for server in self.known
            if server.name.casefold() != own and "mbx" in server.roles and has_door(server)
        ]

    # choosing

    def own_name(self) -> str:
        """Ours, which stays the same."""
        self._own_name = self._own_name or self.me().name
        return self._own_name

    def desks(self, key: str) -> Sequence[FleetServer]:
        """Desks that may take the call of this key, best first; our own is among them.

        Where all are full, what they told may be old: they may say so themselves.
        """
        now = self.clock.seconds()
        if not self._choice_until - CHOICE_SECONDS <= now < self._choice_until:
            self._choice, self._choice_until = self._choose(), now + CHOICE_SECONDS
        choice = self._choice
        return choice if len(choice) < 2 else ranked(choice, key)[:MOST_CHOICES]

    def _choose(self) -> Sequence[FleetServer]:
        mine = self.me()
        own = [mine] if "mbx" in mine.roles else []
        living = [self._loaded(s) for s in (*own, *self._others()) if self.lives(s)]
        roomy = [server for server in living if server.calls < server.capacity]
        return roomy or living

    def named(self, name: str) -> Sequence[FleetServer]:
        """The desk of this name, when it may take a call."""
        mine = self.me()
        found = [s for s in (mine, *self._others()) if s.name.casefold() == name.casefold()]
        return [server for server in found[:1] if "mbx" in server.roles and self.lives(server)]

    def lives(self, server: FleetServer) -> bool:
        """Whether calls may go there, room or not."""
        return (
            server.state == "Active"
            and server.age < SILENT_AFTER
            and self._answers.get(server.name, True)
        )

    def sent(self, server: FleetServer) -> None:
        """A call was redirected there first."""
        if server.name == self.own_name():
            return
        self._sent[server.name] = self._sent.get(server.name, 0) + 1
        known = next((s for s in self.known if s.name == server.name), server)
        if room(self._loaded(known)) != room(server):
            self._choice_until = float("-inf")

    def _loaded(self, server: FleetServer) -> FleetServer:
        """With the calls that it cannot have told us of yet."""
        return evolve(server, calls=server.calls + self._sent.get(server.name, 0))

    def shown(self) -> Sequence[dict[str, object]]:
        """Every server, for people."""
        mine = self.me()
        others = [s for s in self.known if s.name.casefold() != mine.name.casefold()]
        return [
            {
                "name": server.name,
                "host": server.host,
                "roles": ", ".join(server.roles),
                "state": server.state,
                "calls": server.calls,
                "capacity": server.capacity,
                "silent_seconds": round(server.age, 1),
                "answers": self._answers.get(server.name),
                "used": "mbx" in server.roles and self.lives(server),
            }
            for server in (mine, *others)
        ]


def _place(server: FleetServer) -> Place:
    """Where it is asked; an answer from there says nothing of a server that has moved since."""
    return server.name, server.host, tuple(sorted(server.ports.items()))
