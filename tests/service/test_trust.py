"""The certificate of a running server: when it is looked at, and what is said (feature 192)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.certificates import Authority, Issued
from tests.kit.log import said_in
from umserver.edges.net.tls.credentials import CredentialFiles
from umserver.org.bootstrap import parse_bootstrap
from umserver.service.machine import Machine
from umserver.service.trust import LOOK_SECONDS, Trust, files_of

WALL = 1_790_000_000.0
DAY = 86_400.0
AUTHORITY = Authority(now=WALL)
OVERDUE = "the revocation list of Example Authority should have been renewed"


@define
class World:
    """A machine whose threads are done at once."""

    reactor: Clock = field(factory=Clock)

    def seconds(self) -> float:
        """Protocol time."""
        return float(self.reactor.seconds())

    def wall(self) -> float:
        """Seconds since 1970."""
        return WALL + self.seconds()

    def in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        """Blocking work."""
        return maybeDeferred(work)


class TrustCase(SynchronousTestCase):
    """One server's files."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.world = World()
        self.changes = 0
        self.said = said_in(self, "umserver.service.trust")
        files = files_of(parse_bootstrap(""), self.folder)
        machine = cast(Machine, self.world)
        self.trust = Trust(machine, files, "", lambda address: (), self.changed)
        self.addCleanup(self.trust.stop)

    def changed(self) -> None:
        """Somebody is told."""
        self.changes += 1

    def put(self, issued: Issued) -> None:
        """A certificate in the state folder."""
        folder = self.folder / "tls"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "certificate.pem").write_bytes(issued.pem)
        (folder / "key.pem").write_bytes(issued.key_pem)
        (folder / "authorities.pem").write_bytes(AUTHORITY.own.pem)

    def revoke(self, text: bytes) -> None:
        """Revocation lists in the state folder."""
        (self.folder / "tls" / "crl.pem").write_bytes(text)

    def look(self, again: bool = False) -> None:
        """Now."""
        self.successResultOf(Deferred.fromCoroutine(self.trust.look(again)))

    def pass_time(self, seconds: float) -> None:
        """Walk there in steps of a look."""
        self.world.reactor.pump([LOOK_SECONDS] * round(seconds / LOOK_SECONDS))


class TrustTests(TrustCase):
    """The certificate."""

    def test_nothing_there(self) -> None:
        """Without a file there is no certificate, and it is said which file."""
        self.look()
        self.assertIn("tls/certificate.pem cannot be read", self.trust.lacking)
        self.assertEqual(self.trust.alert(), ("Unhealthy", self.trust.lacking))
        self.assertNotIn("subject", self.trust.shown())

    def test_taken(self) -> None:
        """What is there is taken, told once, and described."""
        self.put(AUTHORITY.issue("um.example.com", ("um.example.com", "*.example.net")))
        self.look()
        self.assertEqual((self.trust.lacking, self.changes), ("", 1))
        shown = self.trust.shown()
        self.assertEqual(shown["names"], ["um.example.com", "*.example.net"])
        self.assertEqual((shown["issuer"], shown["self_signed"]), ("Example Authority", False))
        self.assertEqual(shown["status"], "Healthy")
        self.look()
        self.assertEqual(self.changes, 1)

    def test_looks_again(self) -> None:
        """A changed file is seen within half a minute while the server watches."""
        self.put(AUTHORITY.issue("a.example.com"))
        self.look()
        self.trust.watch()
        self.put(AUTHORITY.issue("b.example.com"))
        self.pass_time(LOOK_SECONDS)
        self.assertEqual(self.trust.shown()["subject"], "b.example.com")
        self.trust.stop()
        self.put(AUTHORITY.issue("c.example.com"))
        self.pass_time(300)
        self.assertEqual(self.trust.shown()["subject"], "b.example.com")

    def test_a_reminder_a_day(self) -> None:
        """Close to the end there is a warning, and one every day after it."""
        self.put(AUTHORITY.issue("um.example.com", days=20))
        self.look()
        self.trust.watch()
        self.pass_time(2.5 * DAY)
        told = [line for line in self.said() if "ends in" in line]
        self.assertEqual([line.split()[-2] for line in told], ["20", "19", "18"])

    def test_over(self) -> None:
        """An expired one is said to have expired, one that has not begun to be too early."""
        self.put(AUTHORITY.issue("um.example.com", days=-1))
        self.look()
        self.assertEqual(self.trust.alert()[0], "Unhealthy")
        self.assertIn("has expired", self.trust.alert()[1])
        self.put(AUTHORITY.issue("um.example.com", begins=1))
        self.look()
        self.assertIn("is not valid yet", self.trust.alert()[1])

    def test_its_own_name(self) -> None:
        """Peers are told the server's name only where the certificate is for it."""
        self.trust.identity.host = "um.example.com"
        self.look()
        self.assertEqual(self.trust.identity.announced, "")
        for names, announced in (
            (("um.example.com",), "um.example.com"),
            (("*.example.com",), "um.example.com"),
            (("other.example.com",), ""),
        ):
            self.put(AUTHORITY.issue("", names))
            self.look()
            self.assertEqual(self.trust.identity.announced, announced, names)

    def test_places(self) -> None:
        """The bootstrap file may name other files; then all of them have to be there."""
        tls = {"tls.certificate": "/a.pem", "tls.key": "/a.key", "tls.authorities": "/ca.pem"}
        files = files_of(parse_bootstrap("", {**tls, "tls.crl": "/crl.pem"}), self.folder)
        places = (Path("/a.pem"), Path("/a.key"), Path("/ca.pem"), True, Path("/crl.pem"), True)
        expected = CredentialFiles(*places)
        self.assertEqual(files, expected)


class RevocationTests(TrustCase):
    """Revocation lists beside them."""

    def setUp(self) -> None:
        super().setUp()
        self.own, self.bad = (AUTHORITY.issue(f"{n}.example.com") for n in ("um", "bad"))
        self.put(self.own)

    def revoked(self) -> list[str]:
        """Who is refused now, of the two."""
        found = self.trust.identity.revocations
        both = {"own": self.own, "bad": self.bad}
        return [name for name, one in both.items() if found.revokes(one.certificate)]

    def test_taken(self) -> None:
        """A list in the state folder counts, is told once, and is shown."""
        self.revoke(AUTHORITY.revoked(self.bad))
        self.look()
        self.look()
        self.assertEqual(self.revoked(), ["bad"])
        told = "1 certificates of Example Authority are refused as revoked"
        self.assertEqual(self.said().count(told), 1)
        row = {"authority": "Example Authority", "revoked": 1}
        times = {"issued": WALL - DAY, "due": WALL + 7 * DAY}
        self.assertEqual(self.trust.shown()["crl"], [{**row, **times}])
        self.assertEqual(self.trust.shown()["crl_file"], str(self.folder / "tls" / "crl.pem"))

    def test_another(self) -> None:
        """A newer list counts within half a minute, whoever has a connection is looked at; one that
        goes away is told.
        """
        self.look()
        self.trust.watch()
        self.revoke(AUTHORITY.revoked(self.bad))
        self.assertEqual((self.revoked(), self.changes), ([], 1))
        self.pass_time(LOOK_SECONDS)
        self.assertEqual((self.revoked(), self.changes), (["bad"], 2))
        (self.folder / "tls" / "crl.pem").unlink()
        self.pass_time(LOOK_SECONDS)
        self.assertEqual((self.revoked(), self.changes), ([], 3))
        self.assertIn("the lists are gone", self.said()[-1])

    def test_broken_at_the_start(self) -> None:
        """With a list that cannot be used no port for TLS opens, and it is said why."""
        self.revoke(b"rubbish")
        self.look()
        self.assertIn("crl.pem holds no revocation lists", self.trust.lacking)
        self.assertIsNone(self.trust.identity.server)

    def test_broken_later(self) -> None:
        """One that cannot be used never replaces one that can: it is an alert."""
        self.revoke(AUTHORITY.revoked(self.bad))
        self.look()
        self.trust.watch()
        for text in (b"rubbish", Authority(now=WALL).revoked()):
            self.revoke(text)
            self.pass_time(LOOK_SECONDS)
            self.assertEqual(self.revoked(), ["bad"])
            value, why = self.trust.alert()
            self.assertEqual(value, "Degraded")
            self.assertIn("crl.pem", why)
            self.assertIn(why, self.said()[-1])

    def test_missing(self) -> None:
        """A list that the bootstrap file names has to be there."""
        named = parse_bootstrap("", {"tls.crl": str(self.folder / "lists.pem")})
        self.trust.files = files_of(named, self.folder)
        self.look()
        self.assertIn("lists.pem cannot be read", self.trust.lacking)

    def test_overdue(self) -> None:
        """A list past its next update counts on, and is told every day until a newer one comes."""
        self.revoke(AUTHORITY.revoked(self.bad, days=1))
        self.look()
        self.trust.watch()
        self.pass_time(0.9 * DAY)
        self.assertEqual(self.trust.alert()[0], "Healthy")
        self.pass_time(2 * DAY)
        value, why = self.trust.alert()
        self.assertEqual((value, self.revoked()), ("Degraded", ["bad"]))
        self.assertEqual(why.partition(" by ")[0], OVERDUE)
        self.assertEqual(len([line for line in self.said() if OVERDUE in line]), 2)
        self.revoke(AUTHORITY.revoked(self.bad, days=9))
        self.pass_time(LOOK_SECONDS)
        self.assertEqual(self.trust.alert()[0], "Healthy")

    def test_our_own(self) -> None:
        """That our own certificate was revoked is an alert, before peers refuse it."""
        self.revoke(AUTHORITY.revoked(self.own))
        self.look()
        why = "the certificate um.example.com was revoked by Example Authority"
        self.assertEqual(self.trust.alert(), ("Unhealthy", why))
