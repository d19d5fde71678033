"""Calls that are decided at once: at a glance and taken apart, the answer is the same octets."""

from __future__ import annotations

from pathlib import Path
from random import Random

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import HERE, new_endpoint
from tests.wire.sip.test_clerk import ORDINARY, SDP, mutate
from umserver.edges.net.facts import facts_from
from umserver.edges.net.judge import Judge
from umserver.interfaces import RedirectTarget
from umserver.org.facts import Asking, CallFacts, Party
from umserver.org.refusals import NOBODY_CALLED, OUT_OF_SERVICE, Refusal
from umserver.wire.sip.clerk import Clerk
from umserver.wire.sip.effects import Flow, Offered, Send

GATEWAYS = Path(__file__).resolve().parents[2] / "vectors" / "gateway-invites" / "messages"
SOURCE = ("192.0.2.1", 5060)
UDP = Flow("udp", SOURCE, HERE)


class JudgeTests(SynchronousTestCase):
    """Two endpoints with the same chance and one role: it shows all that it was told."""

    def setUp(self) -> None:
        self.slow, self.fast = new_endpoint(7), new_endpoint(7)
        self.asked: list[tuple[CallFacts, Party | None, Asking]] = []
        self.judge = Judge(self.decide, facts_from, lambda flow: "um.example.com", "um")
        self.other = Judge(self.decide, facts_from, lambda flow: "um.example.com", "um")
        self.slow.reception.judge = self.judge.request
        self.fast.reception.judge = self.other.request
        self.clerk = Clerk(self.fast.reception, self.other.glance)

    def decide(
        self, way: CallFacts, calling: Party | None, asking: Asking
    ) -> list[RedirectTarget] | Refusal | None:
        self.asked.append((way, calling, asking))
        if not way.called.user:
            return NOBODY_CALLED
        if way.called.user == "0":
            return None
        number = calling.user if calling is not None else "nobody"
        token = f"{asking.id}.{number}.{len(way.diversions)}.{len(way.history)}"
        return [RedirectTarget(asking.here, 5062, asking.transport, token, 1 / n) for n in (1, 2)]

    def compare(self, data: bytes) -> bool:
        """Whether it was answered at a glance; then alike, after the same question."""
        answer = self.clerk.answer(data, SOURCE, HERE)
        if answer is None:
            return False
        sent = [e for e in self.slow.receive(data, UDP, 0.0) if isinstance(e, Send)]
        self.assertEqual([(e.data, e.flow.remote) for e in sent], [answer], data)
        if data.startswith(b"INVITE"):
            self.assertEqual(self.asked[-1], self.asked[-2], data)
        return True

    def test_what_gateways_send(self) -> None:
        """Every published INVITE of a gateway."""
        seen = [self.compare(path.read_bytes()) for path in sorted(GATEWAYS.iterdir())]
        self.assertGreater(sum(seen) / len(seen), 0.2)

    def test_again_from_memory(self) -> None:
        """The second call that states the same is answered from memory, and all the same."""
        for n in range(3):
            data = (ORDINARY + SDP).replace("z9hG4bK77ef", f"z9hG4bK{n}").replace("a84b", f"b{n}")
            self.assertTrue(self.compare(data.encode()))
        self.assertEqual(len(self.other._ways), 1)

    def test_mutations(self) -> None:
        """Damaged calls by the thousand: the role is asked the same, the caller hears the same."""
        random = Random(30)
        originals = [(ORDINARY + SDP).encode()] * 5
        originals += [path.read_bytes() for path in sorted(GATEWAYS.iterdir())]
        seen = 0
        for _ in range(3000):
            data = bytearray(random.choice(originals))
            for _ in range(random.randint(1, 2)):
                mutate(random, data)
            seen += self.compare(bytes(data))
        self.assertGreater(seen, 300)

    def test_long_headers_are_not_kept(self) -> None:
        """Calls with very long header fields are taken apart: strangers fill no memory of ours."""
        for field in ("Diversion: <sip:1001", 'From: "Grace', "To: <sip:5000"):
            data = (ORDINARY + SDP).replace(field, field + "1" * 2000).encode()
            self.assertIsNone(self.clerk.answer(data, SOURCE, HERE))
        frames = self.clerk._eye.frames
        kept = str([*self.other._ways, *self.other._callers, *frames.addresses.single])
        kept += str([*frames._known])
        self.assertNotIn("1" * 2000, kept)

    def test_unreadable_names_are_not_decided_at_a_glance(self) -> None:
        """Where a header has to be passed over, the log says so: that is no matter of a glance."""
        data = (ORDINARY + SDP).replace("<sip:1001@192.0.2.1>;", "<sip:1001@192.0.2.1;")
        self.assertIsNone(self.clerk.answer(data.encode(), SOURCE, HERE))

    def test_refusals_say_why(self) -> None:
        """A refusal carries its reason, and when to come again."""
        self.judge.decide = lambda way, calling, asking: OUT_OF_SERVICE
        sent = self.slow.receive((ORDINARY + SDP).encode(), UDP, 0.0)
        assert isinstance(sent[0], Send)
        text = sent[0].data.decode()
        self.assertIn("SIP/2.0 503 Service Unavailable\r\n", text)
        self.assertIn(f'ms-diagnostics: {OUT_OF_SERVICE.diagnostics};source="um"', text)
        self.assertIn("Retry-After: 30\r\n", text)
        self.assertEqual(len(self.slow.post.ledger), 0)

    def test_what_takes_time_is_held(self) -> None:
        """A call that cannot be decided at once is offered as ever."""
        data = (ORDINARY + SDP).replace("INVITE sip:5000@", "INVITE sip:0@").encode()
        self.assertIsNone(self.clerk.answer(data, SOURCE, HERE))
        effects = self.slow.receive(data, UDP, 0.0)
        self.assertEqual([type(e) for e in effects], [Send, Offered])

    def test_sources_that_pass(self) -> None:
        """About the calls of some nothing is asked here."""
        self.other.passes = lambda source: source == SOURCE[0]
        self.assertIsNone(self.clerk.answer((ORDINARY + SDP).encode(), SOURCE, HERE))
        self.assertEqual(self.asked, [])
