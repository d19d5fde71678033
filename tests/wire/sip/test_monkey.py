"""A peer without any manners, a user without any plan, and a clock that jumps: nothing breaks."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import OUR_SDP, SDP, TCP, UDP, Peer, new_endpoint
from umserver.wire.sip.effects import (
    Effect,
    Ended,
    Offered,
    ProtocolMisuse,
    Redirected,
    Refused,
    Send,
)
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import parse
from umserver.wire.sip.session import Session

SEEDS = 150
STEPS = 60
METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "UPDATE", "INFO", "PRACK", "NOTIFY", "OPTIONS")
STATUSES = (100, 180, 183, 200, 202, 302, 408, 422, 481, 486, 487, 491, 500, 503, 600)
HEADERS = (
    ("Require", "100rel"),
    ("Supported", "timer"),
    ("Session-Expires", "90;refresher=uas"),
    ("Session-Expires", "100;refresher=uac"),
    ("Expires", "3"),
    ("Allow", "INVITE, UPDATE"),
    ("RAck", "1 1 INVITE"),
    ("Event", "refer"),
    ("Retry-After", "2"),
    ("Min-SE", "200"),
    ("Record-Route", "<sip:192.0.2.9;lr>"),
)


class Monkey:
    """One seed's chaos."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.peer = Peer(new_endpoint(seed=seed, session_interval=self.random.choice((0, 90))))
        self.endpoint = self.peer.endpoint
        self.calls: list[str] = []
        self.tags = ["", "wrong"]
        self.asked: list[Request] = []

    def step(self) -> None:
        """Do anything at all."""
        act = self.random.choice(
            (
                *(self.ask, self.polite, self.polite, self.invite),
                *(self.answer, self.answer, self.verb, self.verb, self.time),
            )
        )
        self.peer.effects = []
        act()
        self.learn(self.peer.effects)

    def learn(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Offered):
                self.calls.append(effect.call)
            elif isinstance(effect, Send):
                message = parse(effect.data)
                tag = message.from_.tag if isinstance(message, Request) else message.to.tag
                self.tags = [*self.tags, tag or ""][-6:]
                if isinstance(message, Request) and message.method != "ACK":
                    self.asked = [*self.asked, message][-8:]

    def extras(self) -> list[tuple[str, str]]:
        return [self.random.choice(HEADERS) for _ in range(self.random.choice((0, 0, 1, 2)))]

    def body(self) -> bytes:
        return self.random.choice((b"", SDP, b"SIP/2.0 200 OK"))

    def ask(self) -> None:
        peer, random = self.peer, self.random
        peer.flow = random.choice((UDP, UDP, TCP))
        calls = [request.call_id for request in self.asked]
        peer.call_id = random.choice(("a", "b", *calls))
        peer.to_tag = random.choice(self.tags)
        peer.ask(
            random.choice(METHODS),
            random.randint(1, 6),
            headers=self.extras(),
            body=self.body(),
            branch=f"z9hG4bK-{random.randint(1, 12)}",
        )

    def invite(self) -> None:
        """A new call that is in order."""
        self.peer.call_id, self.peer.to_tag = f"call-{len(self.calls)}", ""
        self.peer.ask("INVITE", 1, headers=self.extras(), body=self.random.choice((b"", SDP)))

    def polite(self) -> None:
        """A request that belongs to a call, with the next number or that of the INVITE."""
        sessions = [one for one in self.endpoint.post.dialogs.values() if isinstance(one, Session)]
        if not sessions:
            return
        dialog = self.random.choice(sessions).dialog
        peer = self.peer
        before = (peer.tag, peer.call_id, peer.to_tag)
        peer.tag, peer.call_id, peer.to_tag = dialog.remote_tag, dialog.call_id, dialog.local_tag
        number = dialog.remote_number or 0
        method = self.random.choice(("ACK", "ACK", *METHODS))
        number += method not in ("ACK", "CANCEL")
        peer.ask(method, number, headers=self.extras(), body=self.body())
        peer.tag, peer.call_id, peer.to_tag = before

    def answer(self) -> None:
        if not self.asked:
            return
        headers = self.extras()
        if self.random.random() < 0.3:
            headers += [("Require", "100rel"), ("RSeq", str(self.random.randint(1, 3)))]
        self.peer.answer(
            self.random.choice(self.asked),
            self.random.choice(STATUSES),
            tag=self.random.choice(("them", "others", "")),
            headers=headers,
            body=self.random.choice((b"", SDP)),
        )

    def verb(self) -> None:
        random, now = self.random, self.peer.now
        if not self.calls or random.random() < 0.15:
            self.calls.append(self.peer.call())
            return
        call = random.choice(self.calls)
        verb, *arguments = random.choice(
            (
                ("ring", call, now),
                ("answer", call, OUR_SDP, now),
                ("answer", call, OUR_SDP, now),
                ("refuse", call, 486, "", now),
                ("redirect", call, ["<sip:a@192.0.2.7>"], now),
                ("hang_up", call, now),
                ("transfer", call, "<sip:a@192.0.2.7>", now),
                ("info", call, "application/dtmf", b"1", now),
                ("offer", call, OUR_SDP, now),
                ("offer", call, OUR_SDP, now, "UPDATE"),
                ("accept_offer", call, OUR_SDP, now),
                ("refuse_offer", call, 488, now),
            )
        )
        try:
            self.peer.do(getattr(self.endpoint, verb)(*arguments))
        except ProtocolMisuse:
            # the user asked for what the state does not allow, which must have had no effect
            left = self.endpoint.post.take()
            assert left == [], f"{verb} failed half-way: {left}"

    def time(self) -> None:
        if self.random.random() < 0.1:
            self.peer.do(self.endpoint.lost(self.random.choice((UDP, TCP)), self.peer.now))
        else:
            self.peer.wake(self.peer.now + self.random.choice((0.01, 0.6, 3.0, 40.0)))


class MonkeyTests(SynchronousTestCase):
    def test_nothing_breaks(self) -> None:
        """Whatever comes in whatever order: no fault, one end for each call, nothing left."""
        for seed in range(SEEDS):
            self.check(seed)

    def check(self, seed: int) -> None:
        monkey = Monkey(seed)
        for _ in range(STEPS):
            monkey.step()
        endpoint, peer = monkey.endpoint, monkey.peer
        for call in set(monkey.calls):
            peer.do(endpoint.hang_up(call, peer.now))
        peer.wake(peer.now + 200)
        post = endpoint.post
        left = (len(endpoint.calls), len(post.dialogs), len(post.openings), len(post.ledger))
        self.assertEqual(left, (0, 0, 0, 0), f"seed {seed}")
        self.assertIsNone(endpoint.deadline, f"seed {seed}")
        ends = [e.call for e in peer.every if isinstance(e, Ended | Refused | Redirected)]
        self.assertEqual(sorted(ends), sorted(set(monkey.calls)), f"seed {seed}")
