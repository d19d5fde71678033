"""The call router: redirects what it knows, refuses the rest (spec 4.1, 4.4)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.kit.fake_phone import FakePhone
from tests.org.examples import ORG, forwarded, offer
from tests.roles.parts import CallLog, Directory
from umserver.interfaces import ICallLog, IDirectory, IPhone, RedirectTarget, Unavailable
from umserver.org import refusals
from umserver.org.facts import CallFacts
from umserver.org.refusals import Refusal
from umserver.org.routes import Route
from umserver.org.tokens import verify
from umserver.roles.cas import CallRouter

KEY = b"a key that only our servers have"
NOW = 1_790_000_000.0


class CallRouterTests(SynchronousTestCase):
    """One router before one mailbox server."""

    def setUp(self) -> None:
        self.directory = Directory()
        self.log = CallLog()
        self.closed: Refusal | None = None
        self.hosts = ["mbx1.example.com", "mbx2.example.com"]
        self.router = CallRouter(
            settings=lambda: ORG,
            directory=self.directory,
            call_log=self.log,
            wall=lambda: NOW,
            key=KEY,
            targets=self.targets,
            admission=lambda routing: self.closed,
        )

    def targets(self, phone: IPhone, route: Route, token: str) -> Sequence[RedirectTarget]:
        return [RedirectTarget(host, 5062, "udp", token) for host in self.hosts]

    def call(self, facts: CallFacts) -> FakePhone:
        phone = FakePhone(Clock(), facts=facts)
        self.successResultOf(self.router.offered(phone))
        return phone

    def test_parts(self) -> None:
        """The parts of these tests keep the interfaces they stand for."""
        verifyObject(IDirectory, self.directory)
        verifyObject(ICallLog, self.log)

    def test_redirect_carries_the_result(self) -> None:
        """A forwarded call is sent on to every server with a result that a server believes."""
        phone = self.call(offer("5000", forwarded("1001", "user-busy"), name="Grace"))
        self.assertEqual([target.host for target in phone.redirected], self.hosts)
        for target in phone.redirected:
            claim = verify(target.token, KEY, NOW + 30)
            assert claim is not None
            self.assertEqual(
                (claim.flow, claim.mailbox, claim.reason, claim.caller_number, claim.caller_name),
                ("leave-message", "1001", "DivertBusy", "3125550142", "Grace"),
            )
        self.assertEqual((self.router.redirected, self.router.refused), (1, 0))
        self.assertEqual(self.log.entries, [])

    def test_same_call_same_redirect(self) -> None:
        """A repeated offer gets the same redirect, without being remembered."""
        facts = offer("5000", forwarded("1001"))
        self.assertEqual(self.call(facts).redirected, self.call(facts).redirected)

    def test_key_stays_secret(self) -> None:
        """The key does not show in a printed router."""
        self.assertNotIn("only our servers", repr(self.router))

    def test_refusals(self) -> None:
        """Whoever is refused hears why, and the call is on record as rejected."""
        for facts, refusal in (
            (offer("1001", source="203.0.113.9"), refusals.UNKNOWN_GATEWAY),
            (offer("5000", forwarded("1077")), refusals.NOT_UM_ENABLED),
            (offer("5002"), refusals.ATTENDANT_DISABLED),
            (offer("1999"), refusals.NOBODY_CALLED),
        ):
            phone = self.call(facts)
            self.assertEqual((phone.refusal, phone.redirected), (refusal, ()))
            entry = self.log.entries[-1]
            self.assertEqual((entry["outcome"], entry["why"]), ("Rejected", refusal.reason))
            self.assertEqual((entry["role"], entry["at"]), ("cas", NOW))
        self.assertEqual((self.router.redirected, self.router.refused), (0, 4))

    def test_draining(self) -> None:
        """A router that drains sends nobody on."""
        self.closed = refusals.OUT_OF_SERVICE
        phone = self.call(offer("1001"))
        self.assertEqual((phone.refusal, phone.redirected), (refusals.OUT_OF_SERVICE, ()))

    def test_no_server_left(self) -> None:
        """Without a mailbox server the peer may try again a little later."""
        self.hosts = []
        phone = self.call(offer("1001"))
        self.assertEqual((phone.refusal, phone.redirected), (refusals.OUT_OF_SERVICE, ()))
        self.assertEqual(self.router.redirected, 0)

    def test_directory_down(self) -> None:
        """With the directory down the call is refused with that reason, not lost."""
        self.directory.broken = Unavailable("database is locked")
        self.assertEqual(self.call(offer("1001")).refusal, refusals.DIRECTORY_UNREACHABLE)

    def test_fault_of_ours(self) -> None:
        """A fault of ours costs the call an answer 500 and shows in the log with its traceback."""
        self.directory.broken = ZeroDivisionError("a bug")
        self.assertEqual(self.call(offer("1001")).refusal, refusals.TROUBLE)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)
        self.assertEqual(self.log.entries[-1]["outcome"], "Rejected")

    def test_changed_settings(self) -> None:
        """A gateway disabled meanwhile is refused with the next call."""
        now = ORG
        self.router.settings = lambda: now
        self.assertIsNone(self.call(offer("1001")).refusal)
        now = evolve(ORG, gateways=(evolve(ORG.gateways[0], status="Disabled"),))
        self.assertEqual(self.call(offer("1001")).refusal, refusals.GATEWAY_DISABLED)
