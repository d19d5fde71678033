"""Two or more SIP endpoints in a world of their own: a network in memory and a clock that walks.

Knows: endpoints, flows, seeded misfortune. Must never know: reactors, sockets. The clock steps from
one thing that is due to the next, so that no retransmission is jumped over. Datagrams may be lost,
doubled, delayed and so overtaken; a stream (tcp) keeps its order and loses nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from itertools import count
from random import Random
from typing import Any, TypeVar

from attrs import define, evolve, field
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.effects import Effect, Flow, Offered, Reoffered, Send
from umserver.wire.sip.endpoint import Endpoint
from umserver.wire.sip.headers import NameAddr, parse_name_addr
from umserver.wire.sip.message import Request, Response
from umserver.wire.sip.parse import parse
from umserver.wire.sip.uri import Uri, parse_uri
from umserver.wire.trace import TracedMessage, ladder

Address = tuple[str, int]
E = TypeVar("E", bound=Effect)

OFFER = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=offer\r\n"
ANSWER = b"v=0\r\no=- 2 1 IN IP4 192.0.2.2\r\ns=answer\r\n"
LIFETIME = 32.0
"""64*T1, seconds."""


@define
class Weather:
    """What may happen to a datagram."""

    loss: float = 0.0
    """Part of the datagrams that never arrive."""
    doubling: float = 0.0
    """Part of those that arrive twice."""
    delay: tuple[float, float] = (0.005, 0.005)
    """Seconds that each takes, between these; who takes longer is overtaken."""


@define(eq=False)
class Station:
    """One endpoint in the world, and everything it told."""

    world: World
    address: Address
    endpoint: Endpoint
    on_effect: Callable[[Effect], None] | None = None
    """Acts like a user on what it hears."""
    told: list[Effect] = field(init=False, factory=list)
    sent: list[Request | Response] = field(init=False, factory=list)
    """Everything it sent, whether it arrived or not."""

    def flow_to(self, other: Address, transport: str = "udp") -> Flow:
        """A way to somebody."""
        return Flow(transport, other, self.address)

    def do(self, verb: Callable[..., list[Effect]], *arguments: object) -> list[Effect]:
        """Call a verb of the endpoint with these arguments and the time."""
        effects = verb(*arguments, self.world.now)
        self.world.perform(self, effects)
        return effects

    def heard(self, kind: type[E]) -> list[E]:
        """Everything of this kind that it told."""
        return [effect for effect in self.told if isinstance(effect, kind)]

    def statuses(self, method: str = "INVITE") -> list[int]:
        """The statuses that it sent for this method."""
        return [m.status for m in self.sent if isinstance(m, Response) and m.cseq.method == method]

    def requests(self, method: str) -> list[Request]:
        """The requests of this method that it sent."""
        return [m for m in self.sent if isinstance(m, Request) and m.method == method]

    @property
    def is_idle(self) -> bool:
        """Whether nothing of any call is left."""
        post = self.endpoint.post
        books = (self.endpoint.calls, post.dialogs, post.openings)
        return not any(len(book) for book in books)


@define(eq=False)
class World:
    """Stations, what is on its way between them, and the time."""

    random: Random = field(factory=lambda: Random(1))
    weather: Weather = field(factory=Weather)
    now: float = 1000.0
    stations: dict[Address, Station] = field(init=False, factory=dict)
    trace: list[TracedMessage] = field(init=False, factory=list)
    strays: list[tuple[bytes, Flow]] = field(init=False, factory=list)
    """What was sent to addresses where nobody lives."""
    filter: Callable[[TracedMessage], bool] | None = None
    """Says of each message whether it may pass."""
    _under_way: list[tuple[float, int, bytes, Flow]] = field(init=False, factory=list)
    _streams: dict[tuple[Address, Address], float] = field(init=False, factory=dict)
    _numbers: count[int] = field(init=False, factory=count)

    def station(self, host: str, port: int = 5060, **settings: int) -> Station:
        """Set up an endpoint here."""

        def contact(flow: Flow) -> Uri:
            params = () if flow.transport == "udp" else (("transport", flow.transport),)
            return Uri("sip", host=host, port=port, params=params)

        endpoint = Endpoint(
            product=f"station {host}",
            random=Random(self.random.getrandbits(32)),
            contact=contact,
            **settings,
        )
        station = Station(self, (host, port), endpoint)
        self.stations[station.address] = station
        return station

    # effects

    def perform(self, station: Station, effects: Sequence[Effect]) -> None:
        """Send first, then tell: the driver's law."""
        for effect in effects:
            if isinstance(effect, Send):
                station.sent.append(parse(effect.data))
                self.send(effect.data, evolve(effect.flow, local=station.address))
        for effect in effects:
            if not isinstance(effect, Send):
                station.told.append(effect)
                if station.on_effect is not None:
                    station.on_effect(effect)

    def send(self, data: bytes, flow: Flow) -> None:
        """Put a message on its way along the sender's flow."""
        message = TracedMessage(self.now, flow.local, flow.remote, flow.transport, data)
        self.trace.append(message)
        if self.filter is not None and not self.filter(message):
            return
        if flow.is_reliable:
            way = (flow.local, flow.remote)
            at = max(self._streams.get(way, 0.0), self.now + self._delay())
            self._streams[way] = at
            self._launch(at, data, flow)
            return
        copies = 2 if self.random.random() < self.weather.doubling else 1
        for _ in range(copies):
            if self.random.random() >= self.weather.loss:
                self._launch(self.now + self._delay(), data, flow)

    def _delay(self) -> float:
        return self.random.uniform(*self.weather.delay)

    def _launch(self, at: float, data: bytes, flow: Flow) -> None:
        heapq.heappush(self._under_way, (at, next(self._numbers), data, flow))

    # time

    @property
    def next(self) -> float | None:
        """When something is due, None when nothing ever is."""
        times = [station.endpoint.deadline for station in self.stations.values()]
        if self._under_way:
            times.append(self._under_way[0][0])
        return min((time for time in times if time is not None), default=None)

    def run(self, seconds: float = 1.0) -> None:
        """Let so much time pass, step by step."""
        end = self.now + seconds
        while (due := self.next) is not None and due <= end:
            self.now = max(self.now, due)
            self._arrive()
            for station in list(self.stations.values()):
                deadline = station.endpoint.deadline
                if deadline is not None and deadline <= self.now:
                    self.perform(station, station.endpoint.wake(self.now))
        self.now = end

    def _arrive(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            _, _, data, flow = heapq.heappop(self._under_way)
            station = self.stations.get(flow.remote)
            if station is None:
                self.strays.append((data, flow))
                continue
            back = evolve(flow, remote=flow.local, local=flow.remote)
            self.perform(station, station.endpoint.receive(data, back, self.now))

    def ladder(self) -> str:
        """Everything that was sent, as a drawing."""
        return ladder(self.trace)


def answering(
    station: Station, sdp: bytes = ANSWER, *, rings: bool = False
) -> Callable[[Effect], None]:
    """A user that takes every call, and every change of it."""

    def act(effect: Effect) -> None:
        endpoint, now = station.endpoint, station.world.now
        if isinstance(effect, Offered):
            if rings:
                station.world.perform(station, endpoint.ring(effect.call, now))
            station.world.perform(station, endpoint.answer(effect.call, sdp, now))
        elif isinstance(effect, Reoffered):
            station.world.perform(station, endpoint.accept_offer(effect.call, sdp, now))

    return act


class WorldCase(SynchronousTestCase):
    """A world with a caller and a callee; a failure shows the SIP ladder."""

    CALLER = "192.0.2.1"
    CALLEE = "192.0.2.2"

    def setUp(self) -> None:
        self.build()

    def build(self, seed: int = 1, weather: Weather | None = None, **settings: int) -> None:
        """A fresh world."""
        self.world = World(Random(seed), weather or Weather())
        self.caller = self.world.station(self.CALLER, **settings)
        self.callee = self.world.station(self.CALLEE)
        self.caller.on_effect = answering(self.caller, OFFER)

    def run(self, result: Any = None) -> Any:
        """Draw the ladder when the test fails."""
        before = self._failures(result)
        outcome = super().run(result)  # type: ignore[no-untyped-call]
        if self._failures(result) > before and getattr(self, "world", None) is not None:
            print(f"\n{self.id()}\n{self.world.ladder()}")
        return outcome

    def place(
        self,
        *,
        sdp: bytes = OFFER,
        headers: Sequence[tuple[str, str]] = (),
        transport: str = "udp",
        uri: str = "",
    ) -> str:
        """The caller calls the callee; the name of the call there."""
        target = parse_uri(uri or f"sip:1001@{self.CALLEE}")
        flow = self.caller.flow_to(self.callee.address, transport)
        name, effects = self.caller.endpoint.call(
            target, flow, self.sender(), headers, sdp, self.world.now
        )
        self.world.perform(self.caller, effects)
        return name

    def sender(self) -> NameAddr:
        """Who calls."""
        return parse_name_addr(f"<sip:2125550142@{self.CALLER}>")

    def established(self, **options: str) -> tuple[str, str]:
        """A call that stands; its names at the caller and at the callee."""
        self.callee.on_effect = answering(self.callee)
        name = self.place(**options)  # type: ignore[arg-type]
        self.world.run()
        return name, self.callee.heard(Offered)[-1].call

    @staticmethod
    def _failures(result: object) -> int:
        reporter = getattr(result, "_originalReporter", result)
        return sum(len(getattr(reporter, kind, ())) for kind in ("failures", "errors"))
