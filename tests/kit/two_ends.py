"""Two ends of a call on a stage: a station that is called, a softphone that calls.

Knows: the stage, the SIP edge. Must never know: scripts, roles, settings. Both ends are real: real
ports, real packets, only the time is the stage's.
"""

from __future__ import annotations

from random import Random
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from zope.interface import implementer

from tests.kit.journey import JourneyCase
from tests.kit.media import MemoryTake, Peer
from tests.kit.raw_sip import RawPeer, sdp
from umserver.edges.net.media import Leg, MediaEngine, NoPorts
from umserver.edges.net.phone import Phone
from umserver.edges.net.sip_server import SipServer
from umserver.edges.net.softphone import Order, OutgoingCall, Softphone
from umserver.edges.net.tcp import Limits
from umserver.interfaces import IPhoneEvents
from umserver.wire.sip.uri import Uri

FOREVER = 1e6
"""Seconds."""


@implementer(IPhoneEvents)
@define
class Told:
    """What a phone told its script."""

    keys: str = ""
    ends: list[str] = field(factory=list)

    def digit(self, key: str) -> None:
        """See IPhoneEvents."""
        self.keys += key

    def hung_up(self, reason: str) -> None:
        """See IPhoneEvents."""
        self.ends.append(reason)


@define
class Outcome:
    """Everything that a Deferred ever did."""

    values: list[Any] = field(factory=list)
    faults: list[BaseException] = field(factory=list)

    @property
    def fired(self) -> int:
        """How often it fired."""
        return len(self.values) + len(self.faults)


def watch(deferred: Deferred[Any]) -> Outcome:
    """What this Deferred does from now on."""
    outcome = Outcome()
    deferred.addCallbacks(outcome.values.append, lambda f: outcome.faults.append(f.value))
    return outcome


class TwoEnds(JourneyCase):
    """`self.server` offers `self.phones`; `self.caller` calls it; `self.trace` is the caller's."""

    host = "127.0.0.1"
    media_timeout = 20.0
    limits = Limits()
    listen: tuple[str, ...] = ("127.0.0.1",)

    def setUp(self) -> None:
        super().setUp()
        self.phones: list[Phone] = []
        self._softphones = 0
        self.server_engine = self.engine(range(32_000, 32_400), 1)
        self.server = SipServer(
            reactor=self.stage,
            offered=self.offered,
            random=Random(2),
            port=0,
            listen=self.listen,
            engine=self.server_engine,
            host="um.example.com",
            seconds=self.stage.seconds,
            limits=self.limits,
        )
        self.port = self.server.start()
        self.caller_engine = self.engine(range(33_000, 33_400), 3)
        self.caller = self.softphone(self.caller_engine)
        self.caller.start(self.listen)
        self.addCleanup(self.end)

    def engine(self, ports: range, seed: int) -> MediaEngine:
        """A running media engine."""
        engine = MediaEngine(
            self.stage,
            None,
            ports,
            Random(seed),
            media_timeout=self.media_timeout,
            dscp=0,
            wall=self.stage.wall,
        )
        engine.start()
        self.addCleanup(engine.stop)
        return engine

    def softphone(self, engine: MediaEngine | None) -> Softphone:
        """A softphone that has not been started, with chances of its own."""
        self._softphones += 1
        return Softphone(
            reactor=self.stage,
            engine=engine,
            random=Random(100 + self._softphones),
            trace=self.trace,
            seconds=self.stage.seconds,
        )

    def end(self) -> None:
        """Both ends stop; nothing is left."""
        for one in (self.server, self.caller):
            self.stage.run_until(one.stop())
        self.assertEqual((self.server.active, self.server_engine.legs), (0, 0))
        self.assertEqual(self.caller_engine.legs, 0)

    def offered(self, phone: Phone) -> None:
        """A call came in; a story may replace what is done with it."""
        self.phones.append(phone)

    # verbs of stories

    def uri(self, user: str = "1001", transport: str = "udp", port: int = 0) -> Uri:
        """Somebody at the server."""
        params = () if transport == "udp" else (("transport", transport),)
        return Uri("sip", user, self.host, port or self.port, params)

    def dial(self, user: str = "1001", transport: str = "udp", **order: Any) -> OutgoingCall:
        """Call; the offer has arrived when this returns."""
        call = self.caller.place(Order(uri=self.uri(user, transport), **order))
        self.stage.settle()
        return call

    def talk(self, transport: str = "udp", **order: Any) -> tuple[OutgoingCall, Phone, Told]:
        """Call and answer; sound may flow, and what the phone tells is kept."""
        call = self.dial(transport=transport, **order)
        phone, told = self.phones[-1], Told()
        phone.listen(told)
        answered = phone.answer()
        self.stage.run_until(answered, 5.0)
        self.stage.run_until(call.answered, 5.0)
        return call, phone, told

    def fill(self, engine: MediaEngine) -> list[Leg]:
        """Take every port for sound that there is; those who took them."""
        legs: list[Leg] = []
        try:
            while True:
                legs.append(engine.open(self.host))
        except NoPorts:
            return legs

    def take_of(self, end: OutgoingCall | Phone) -> MemoryTake:
        """A recording of everything that this end hears from now on."""
        take = MemoryTake()
        end.record(take, FOREVER, FOREVER)
        return take

    def raw(self, **replies: int | None) -> RawPeer:
        """A peer of plain text that calls the server."""
        peer = RawPeer(self.stage, self.host, replies=dict(replies))
        peer.remote = (self.host, self.port)
        return peer

    def raw_call(self, peer: RawPeer, media: Peer, **changes: Any) -> tuple[Phone, Told]:
        """A call of a plain peer, answered."""
        peer.invite(peer.remote, body=sdp(media.plan().remote_port), **changes)
        self.stage.settle()
        phone, told = self.phones[-1], Told()
        phone.listen(told)
        self.stage.run_until(phone.answer(), 5.0)
        return phone, told

    def media(self) -> Peer:
        """The sockets of a plain peer's sound."""
        media = Peer()
        self.addCleanup(media.close)
        return media
