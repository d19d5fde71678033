"""A mailbox on an IMAP server is watched: IDLE where that can be had, looks where it cannot."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.logger import globalLogPublisher

from tests.kit.imap_server import TinyImap
from tests.kit.journey import JourneyCase
from umserver.edges.mail.imap.idle import RENEW_SECONDS
from umserver.edges.mail.imap.session import ImapSession, open_session
from umserver.edges.mail.imap.watch import LOOK_SECONDS, ImapWatch
from umserver.edges.mail.login import Login
from umserver.interfaces import Unavailable

ADA, BEN, CHLOE = "ada@example.com", "ben@example.com", "chloe@example.com"


class ImapWatchTests(JourneyCase):
    """A small server, time on the stage."""

    def setUp(self) -> None:
        super().setUp()
        self.server = TinyImap(self.stage)
        self.told: list[str] = []
        self.state = {ADA: 1, BEN: 1, CHLOE: 1}
        self.looked: list[str] = []
        self.is_down = False
        self.tries: list[float] = []
        self.watch = ImapWatch(self.stage, self.connect, self.look, most_idle=2)
        self.addCleanup(self.watch.stop)

    async def connect(self, name: str) -> ImapSession:
        """As the service account that acts for a user."""
        if self.is_down:
            self.tries.append(self.stage.seconds())
            raise Unavailable("down")
        endpoint = TCP4ClientEndpoint(self.stage, "127.0.0.1", self.server.port)
        return await open_session(self.stage, endpoint, Login("um", "secret", acting_for=name))

    async def look(self, name: str) -> int:
        """What is in a mailbox, as a number."""
        self.looked.append(name)
        if self.is_down:
            raise Unavailable("down")
        return self.state[name]

    def on(self, *names: str) -> None:
        """Watch these."""
        for name in names:
            self.watch.watch(name, lambda name=name: self.told.append(name))

    def until(self, what: Callable[[], object]) -> None:
        """Time passes little by little, so that real sockets can follow."""

        def step() -> object:
            self.stage.walk(0.05)
            return what()

        self.stage.wait(step)

    def test_the_server_tells(self) -> None:
        """A change is told when the server tells it, a burst of them once; first of all it is told
        that it can be seen.
        """
        self.on(ADA, BEN)
        self.until(lambda: len(self.told) == 2)
        self.assertEqual(self.server.idlers(), [ADA, BEN])
        self.assertEqual(sorted(self.told), [ADA, BEN])
        self.told.clear()
        self.server.tell(BEN, b"* 1 EXISTS\r\n* 1 RECENT\r\n* 1 FETCH (FLAGS (\\Seen))")
        self.until(lambda: self.told)
        self.stage.walk(1.0)
        self.assertEqual(self.told, [BEN])
        self.assertEqual(self.looked, [])

    def test_renewed_in_time(self) -> None:
        """No connection idles for longer than servers allow, and none is opened anew for that."""
        self.assertLess(RENEW_SECONDS, 29 * 60)
        self.on(ADA)
        for count in range(1, 4):
            self.until(lambda count=count: len(self.told) == count)
            self.assertEqual(self.server.idlers(), [ADA])
            self.stage.walk(RENEW_SECONDS - 10.0)
            self.assertEqual(self.server.done, count - 1)
            self.stage.walk(9.9)
            self.until(lambda count=count: self.server.done == count)
        self.assertEqual(len(self.server.logins), 1)

    def test_a_broken_connection(self) -> None:
        """A connection that breaks is opened again after growing waits; then it is told, since
        something may have happened meanwhile.
        """
        self.on(ADA)
        self.until(lambda: self.told)
        self.is_down = True
        self.server.hang_up()
        self.until(lambda: self.tries)
        self.stage.walk(130.0)
        self.assertEqual(self.told, [ADA])
        self.assertEqual(len(self.tries), 6)
        self.is_down = False
        self.stage.walk(120.0 - 4.0)
        self.until(lambda: len(self.told) == 2)
        self.assertEqual(len(self.server.logins), 2)
        self.server.hang_up()
        self.until(lambda: len(self.told) == 3)

    def test_bounded(self) -> None:
        """Beyond the bound the mailboxes asked for first are looked at in turn; none is lost."""
        self.on(ADA, BEN, CHLOE)
        self.until(lambda: len(self.told) == 3)
        self.assertEqual(self.server.idlers(), [BEN, CHLOE])
        self.told.clear()
        self.stage.walk(3 * LOOK_SECONDS)
        self.assertEqual(set(self.looked), {ADA})
        self.assertEqual(self.told, [])
        self.state[ADA] = 2
        self.stage.walk(LOOK_SECONDS + 1.0)
        self.assertEqual(self.told, [ADA])

    def test_a_server_without_idle(self) -> None:
        """Where the server cannot tell, everybody is looked at."""
        self.server.abilities = b"AUTH=PLAIN"
        self.on(ADA, BEN)
        self.until(lambda: len(self.told) == 2)
        self.until(lambda: not self.server.talks)
        self.state[BEN] = 2
        self.stage.walk(LOOK_SECONDS + 1.0)
        self.assertEqual(sorted(self.told), [ADA, BEN, BEN])
        logins = len(self.server.logins)
        self.on(CHLOE)
        self.stage.walk(LOOK_SECONDS + 1.0)
        self.assertEqual(self.told.count(CHLOE), 1)
        self.assertEqual(len(self.server.logins), logins)

    def test_a_server_that_is_down(self) -> None:
        """That a mailbox cannot be looked at is in the log once, however long that lasts."""
        events: list[str] = []

        def observer(event: dict[str, object]) -> None:
            events.append(str(event.get("log_format")))

        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        self.watch.most_idle, self.is_down = 0, True
        self.on(ADA)
        self.stage.walk(5 * LOOK_SECONDS)
        self.assertGreater(len(self.looked), 3)
        self.assertEqual(sum("cannot be watched" in event for event in events), 1)
        self.is_down = False
        self.stage.walk(2 * LOOK_SECONDS)
        self.assertEqual(self.told, [ADA])

    def test_no_longer(self) -> None:
        """Whoever wants to know no more costs no connection and no look."""
        forget = self.watch.watch(ADA, lambda: self.told.append(ADA))
        again = self.watch.watch(ADA, lambda: self.told.append("again"))
        self.until(lambda: len(self.told) == 2)
        forget()
        forget()
        self.server.tell(ADA, b"* 2 EXISTS")
        self.until(lambda: len(self.told) == 3)
        self.assertEqual(self.told, [ADA, "again", "again"])
        again()
        self.until(lambda: not self.server.talks)
        self.stage.walk(60.0)
        self.assertEqual(self.looked, [])


class LoginTests(JourneyCase):
    """What is said before a mailbox is open."""

    def setUp(self) -> None:
        super().setUp()
        self.server = TinyImap(self.stage, abilities=b"AUTH=PLAIN AUTH=XOAUTH2")

    def logged_in(self, login: Login, starttls: object = None) -> ImapSession:
        """A session, or what became of it."""
        endpoint = TCP4ClientEndpoint(self.stage, "127.0.0.1", self.server.port)
        opening = open_session(self.stage, endpoint, login, starttls)  # type: ignore[arg-type]
        session = self.stage.wait(Deferred.fromCoroutine(opening))
        self.addCleanup(session.close)
        return session

    def test_a_token(self) -> None:
        """With a token the login is XOAUTH2, for the user whose mailbox is opened."""
        self.logged_in(Login("um", token="abc", acting_for=ADA))
        self.assertEqual(self.server.heard[1], b"AUTHENTICATE XOAUTH2")
        self.assertEqual(self.server.logins, [b"user=ada@example.com\x01auth=Bearer abc\x01\x01"])

    def test_a_token_that_is_too_old(self) -> None:
        """A token that is refused with an explanation is a server that is unavailable."""
        self.server.refusal = b"eyJzdGF0dXMiOiI0MDAifQ=="
        with self.assertRaisesRegex(Unavailable, "refuses us"):
            self.logged_in(Login("um", token="old", acting_for=ADA))
        self.assertEqual(self.server.logins[-1], b"")

    def test_no_login_that_fits(self) -> None:
        """A token is never sent as a password."""
        self.server.abilities = b"AUTH=PLAIN"
        with self.assertRaisesRegex(Unavailable, "no login that fits"):
            self.logged_in(Login("um", token="abc"))
        self.assertEqual(self.server.logins, [])

    def test_words_before_tls(self) -> None:
        """What somebody puts in before TLS begins is not taken for the server's word."""
        self.server.after_starttls = b"\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n0003 OK done"
        with self.assertRaisesRegex(Unavailable, "before TLS"):
            self.logged_in(Login("um", "secret"), starttls=object())
        self.assertEqual(self.server.logins, [])

    def test_a_server_that_hangs_up(self) -> None:
        """A server that says nothing and hangs up is told at once, not after a time limit."""
        self.server.greets = False
        before = self.stage.seconds()
        with self.assertRaisesRegex(Unavailable, "cannot be reached"):
            self.logged_in(Login("um", "secret"))
        self.assertEqual(self.stage.seconds(), before)
