"""People who call a house, many at a time: each lives one story, by chance, and goes away.

Knows: telephones, the demo organisation, seeded chance. Must never know: the server's parts. Unlike
a `Caller` they never move time themselves.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random

from attrs import define, field, frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from tests.kit.callee import Callee
from tests.kit.media import clip
from tests.kit.raw_sip import Raw, RawPeer, sdp
from tests.kit.stage import Stage
from umserver.edges.net.softphone import CallFailed, Order, OutgoingCall, Softphone
from umserver.interfaces import HungUp
from umserver.wire.sip.headers import NameAddr, parse_name_addr
from umserver.wire.sip.uri import Uri

PINS = {"1001": "246813#", "1002": "135792#", "1003": "864209#"}
SPOKEN = clip(2.0, 9)


def of(user: str) -> NameAddr:
    """Who calls, by the number."""
    return parse_name_addr(f"<sip:{user}@pbx.example.com>")


@frozen
class Town:
    """Where they live."""

    stage: Stage
    phone: Softphone
    host: str
    router: int
    desk: int


@define(eq=False)
class Person:
    """Somebody at a telephone."""

    town: Town
    chance: Random
    call: OutgoingCall = field(init=False)

    async def dial(
        self, user: str, *, wait: bool = True, tcp: bool = False, **order: object
    ) -> None:
        """Call; unless told otherwise wait for the answer. Raises CallFailed."""
        params = (("transport", "tcp"),) if tcp else ()
        uri = Uri("sip", user, self.town.host, self.town.router, params)
        from_ = order.pop("from_", of(f"212555{self.chance.randrange(100, 160):04}"))
        self.call = self.town.phone.place(Order(uri=uri, from_=from_, **order))  # type: ignore[arg-type]
        if wait:
            await self.call.answered

    async def wait(self, seconds: float) -> None:
        """Do nothing for so long."""
        await deferLater(self.town.stage, seconds, lambda: None)

    async def say(self) -> None:
        """Speak for two seconds."""
        await self.call.play([SPOKEN])

    async def press(self, keys: str, then: float = 0.0) -> None:
        """Press keys one after the other, and wait."""
        for key in keys:
            await self.call.send_digits(key)
            await self.wait(0.3)
        await self.wait(then)

    async def hang_up(self) -> None:
        """Put the receiver down; fires when nothing is left of the call."""
        await self.call.hang_up()


async def leave_a_message(one: Person) -> None:
    """To somebody who did not answer; some approve it, some just hang up."""
    user = one.chance.choice(sorted(PINS))
    headers = (("Diversion", f"<sip:{user}@pbx.example.com>;reason=no-answer"),)
    await one.dial("5000", headers=headers, tcp=one.chance.random() < 0.2)
    await one.wait(4.5)
    await one.say()
    if one.chance.random() < 0.5:
        await one.press(one.chance.choice(["#1#", "#2", "#3#"]), 3.0)


async def say_nothing(one: Person) -> None:
    """Listen to the greeting and be gone."""
    await one.dial(one.chance.choice(sorted(PINS)))
    await one.wait(one.chance.uniform(0.1, 5.0))


async def give_up(one: Person) -> None:
    """Hang up before anybody answered."""
    await one.dial("1001", wait=False)
    await one.wait(one.chance.choice([0.0, 0.001, 0.05]))


async def ask_reception(one: Person) -> None:
    """A message by the attendant's menu, or by name."""
    await one.dial("5001")
    await one.wait(1.5)
    if one.chance.random() < 0.5:
        await one.press("3", 4.0)
    else:
        await one.press("#", 1.0)
        await one.press("726", 3.0)
        await one.press("2", 4.0)
    await one.say()


async def be_transferred(one: Person) -> None:
    """Sales, by REFER, which this telephone does not take; the server calls there itself."""
    await one.dial("5001")
    await one.wait(1.5)
    await one.press(one.chance.choice("120"), 8.0)


async def read_messages(one: Person) -> None:
    """An owner signs in, hears what came, deletes it, or records a greeting."""
    user = one.chance.choice(sorted(PINS))
    await one.dial("5000", from_=of(user))
    await one.wait(6.0)
    await one.press(PINS[user], 3.0)
    await one.press("#", 4.0)
    what = one.chance.random()
    if what < 0.6:
        await one.press("1", 8.0)
        await one.press("7", 4.0)
    elif what < 0.8:
        await one.press("621", 4.0)
        await one.say()
        await one.press("#", 2.0)
        await one.press("1", 3.0)
    else:
        await one.press("5", 2.0)
        await one.press("72537", 6.0)
        await one.press("1", 4.0)
        await one.say()
        await one.press("#1#", 3.0)


async def mistype(one: Person) -> None:
    """A wrong PIN, then the right one."""
    await one.dial("5000", from_=of("1002"))
    await one.wait(6.0)
    await one.press("975310#", 4.0)
    await one.press(PINS["1002"], 4.0)


async def call_nobody(one: Person) -> None:
    """A number that is nobody's. Raises CallFailed."""
    await one.dial("77777")


async def hear_an_echo(one: Person) -> None:
    """A test number, over TCP."""
    await one.dial(one.chance.choice(["5008", "5009"]), tcp=True)
    await one.wait(1.0)
    await one.say()


async def hold(one: Person) -> None:
    """Put the server on hold in the middle, and take it back."""
    await one.dial("1001")
    await one.wait(4.5)
    await one.say()
    one.call.hold(True)
    await one.wait(3.0)
    one.call.hold(False)
    await one.say()


async def talk_secretly(one: Person) -> None:
    """A message whose sound is encrypted, with keys in the offer or by a handshake."""
    await one.dial("1001", offering=one.chance.choice(["sdes", "dtls"]))
    await one.wait(4.5)
    await one.say()


STORIES: tuple[tuple[Callable[[Person], Awaitable[None]], int], ...] = (
    (leave_a_message, 8),
    (say_nothing, 3),
    (give_up, 2),
    (ask_reception, 3),
    (be_transferred, 2),
    (read_messages, 4),
    (mistype, 1),
    (call_nobody, 1),
    (hear_an_echo, 1),
    (hold, 1),
    (talk_secretly, 2),
)
"""What people do, and how often."""


async def live(story: Callable[[Person], Awaitable[None]], one: Person) -> None:
    """A story from its beginning to its end, which is a hang-up, whatever happened."""
    try:
        await story(one)
    except (CallFailed, HungUp):
        return
    await one.hang_up()


def send(story: Callable[[Person], Awaitable[None]], town: Town, seed: int) -> Deferred[None]:
    """Let somebody live this story; fires at its end."""
    return Deferred.fromCoroutine(live(story, Person(town, Random(seed))))


@define(eq=False, repr=False)
class Switchboard(Callee):
    """A gateway that remembers nothing: it takes one call in two, and is told of lamps."""

    calls: int = 0

    def datagramReceived(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer; ring a second before a call is taken or not."""
        super().datagramReceived(data, addr)
        message = self.got.pop()
        if message.status == 0 and message.method == "INVITE":
            self.calls += 1
            self.stage.callLater(1.0, self._decide, message, self.calls % 2)

    def _decide(self, invite: Raw, takes: int) -> None:
        if takes:
            body = sdp(self.sound_port, host=self.host)
            self.answer(invite, 200, [self.contact_pair], body)
        else:
            self.answer(invite, 486)


class Stranger(RawPeer):
    """Sends what no gateway sends, and subscribes to lamps that are not its own."""

    def disturb(self, remote: tuple[str, int], chance: Random) -> None:
        """Once in each way."""
        self.got.clear()
        self.remote = remote
        self.send("\r\n\r\n")
        self.send("INVITE nonsense")
        self.send("".join(chr(chance.randrange(1, 256)) for _ in range(200)))
        call_id = f"stranger-{self.branch()}"
        uri = f"sip:1001@{remote[0]}:{remote[1]}"
        self.send(self.request("OPTIONS", uri, call_id=call_id))
        lamp = [("Event", "message-summary"), ("Expires", "90")]
        self.send(self.request("SUBSCRIBE", uri, call_id=f"{call_id}-s", headers=lamp))
        self.send(self.request("BYE", uri, call_id=f"{call_id}-b", to_tag="nobody"))
