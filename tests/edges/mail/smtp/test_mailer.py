"""Handing mail to a server on loopback: SMTP and LMTP, TCP and UNIX sockets, TLS and logins."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.edges.mail.letters import outgoing
from tests.edges.mail.smtp.mail_servers import NeverThere, ServerCase, Sink, real
from tests.kit.mail_server import MailServer
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.mailers import mailer_for
from umserver.edges.mail.smtp.mailer import ServerMailer
from umserver.edges.threads import Here
from umserver.interfaces import IMailer, PermanentFailure, TemporaryFailure


class SmtpTests(ServerCase):
    """SMTP over TCP."""

    def test_is_a_mailer(self) -> None:
        """It keeps the interface's promise in form."""
        verifyObject(IMailer, mailer_for(real, "smtp", MailHost(), threads=Here()))

    async def test_mail_arrives_whole(self) -> None:
        """What arrives is octet for octet what was sent, lines of dots included."""
        await self.mailer().deliver(outgoing())
        mail = outgoing()
        self.assertEqual(self.server.mails, [(mail.sender, mail.recipient, mail.data)])

    async def test_speaks_in_order(self) -> None:
        """Name, sender with the size, recipient, text, farewell."""
        await self.mailer().deliver(outgoing())
        await self.server.all_closed()
        self.assertEqual(
            self.server.said,
            [
                "EHLO um.example.com",
                f"MAIL FROM:<voicemail@example.com> SIZE={len(outgoing().data)}",
                "RCPT TO:<ada@example.com>",
                "DATA",
                "QUIT",
            ],
        )

    async def test_large_mail(self) -> None:
        """Four megabytes of text arrive unharmed, wherever the pieces are cut."""
        data = b"".join(b"." * (n % 5) + b"x" * (n % 70) + b"\r\n" for n in range(110_000))
        await self.mailer().deliver(outgoing(data=data))
        self.assertEqual(self.server.mails[0][2], data)

    async def test_bare_line_ends_do_not_leave(self) -> None:
        """A line feed alone never reaches the server, so nobody can smuggle a second mail."""
        await self.mailer().deliver(outgoing(data=b"a: b\n\nx\n.\nMAIL FROM:<>\r.\r\nend"))
        self.assertNotIn(b"\n", b"".join(self.server.raw))
        self.assertEqual(self.server.mails[0][2].splitlines()[2:5], [b"x", b".", b"MAIL FROM:<>"])

    async def test_null_sender(self) -> None:
        """A mail without a return path has an empty one."""
        await self.mailer().deliver(outgoing(sender=""))
        self.assertEqual(self.server.mails[0][0], "")

    async def test_eight_bits_are_announced(self) -> None:
        """Octets with the high bit are announced where the server can take them (RFC 6152)."""
        await self.mailer().deliver(outgoing(data="Subject: é\r\n\r\n".encode()))
        self.assertIn("BODY=8BITMIME", self.server.said[1])

    async def test_international_mailbox(self) -> None:
        """An address with other than ASCII letters is announced (RFC 6531); a domain is encoded."""
        await self.mailer().deliver(outgoing(recipient="chloé@exämple.com"))
        self.assertIn(" SMTPUTF8", self.server.said[1])
        self.assertEqual(self.server.mails[0][1], "chloé@xn--exmple-cua.com")

    async def test_international_mailbox_refused(self) -> None:
        """A server that cannot have such addresses gets nothing; the message waits."""
        self.server.offers = ()
        why = await self.refused(TemporaryFailure, self.mailer(), recipient="chloé@example.com")
        self.assertIn("ASCII", why)

    async def test_old_server(self) -> None:
        """A server that knows no EHLO is spoken to with HELO."""
        self.server.answers["EHLO"] = "502 what?"
        await self.mailer().deliver(outgoing())
        self.assertEqual(self.server.verbs[:3], ["EHLO", "HELO", "MAIL"])
        self.assertNotIn("SIZE", self.server.said[2])

    async def test_dangerous_address(self) -> None:
        """An address that would be a second command is refused and never sent."""
        for recipient in ("ada@example.com>\r\nDATA", "a b@example.com", "ada", "a@b>c", ""):
            await self.refused(PermanentFailure, self.mailer(), recipient=recipient)
        self.assertNotIn("RCPT", self.server.verbs)

    async def test_witness(self) -> None:
        """Twisted's own ESMTP server takes the mail too."""
        sink = Sink()
        port = real.listenTCP(0, sink, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        await self.mailer(port=port.getHost().port).deliver(outgoing())
        await sink.gone
        self.assertEqual(sink.kept.getvalue().split(b"\r\n", 1)[1], outgoing().data)


class RefusalTests(ServerCase):
    """Whose fault it is decides what becomes of the message."""

    async def answers(self, key: str, words: str) -> str:
        """Deliver to a server that answers so: `later`, `never`, with the reason."""
        self.server.answers = {key: words}
        try:
            await self.mailer().deliver(outgoing())
        except TemporaryFailure as fault:
            return f"later: {fault}"
        except PermanentFailure as fault:
            return f"never: {fault}"
        return "delivered"

    async def test_full_mailbox(self) -> None:
        """A 4xx anywhere means later."""
        for key in ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "text"):
            self.assertIn("later: ", await self.answers(key, "452 4.2.2 mailbox full"), key)

    async def test_unknown_mailbox(self) -> None:
        """A 5xx to this mail means never, with the server's words."""
        for key in ("MAIL", "RCPT", "DATA", "text"):
            why = await self.answers(key, "550-5.1.1 No such\n550 5.1.1 user")
            self.assertTrue(why.startswith("never: 127.0.0.1:"), why)
            self.assertIn(": 550 5.1.1 No such user", why)

    async def test_server_wants_none_of_us(self) -> None:
        """A 5xx before the mail is the operator's matter: the message waits."""
        for key, words in {
            "greeting": "554 no mail from you",
            "EHLO": "554 bad name",
            "MAIL": "530 5.7.0 log in first",
        }.items():
            why = await self.answers(key, words)
            self.assertTrue(why.startswith("later: "), why)
            self.assertIn(words, why)

    async def test_answer_before_the_end(self) -> None:
        """A refusal in the middle of the text counts; an acceptance there does not."""
        self.assertIn("later: ", await self.answers("early", "451 stop"))
        self.assertIn("never: ", await self.answers("early", "554 spam"))
        self.assertIn("not whole", await self.answers("early", "250 fine"))

    async def test_not_a_mail_server(self) -> None:
        """Something else on that port is said to be something else."""
        for words in ("SSH-2.0-OpenSSH_9.2", "999 x", "22", ""):
            self.assertIn("does not speak mail", await self.answers("greeting", words))

    async def test_endless_answers(self) -> None:
        """An answer without an end is cut."""
        why = await self.answers("EHLO", "\n".join(["250-x"] * 1000))
        self.assertIn("without an end", why)
        self.assertIn("without an end", await self.answers("greeting", "220 " + "x" * 100_000))

    async def test_too_big(self) -> None:
        """A mail over the server's limit is not even begun."""
        self.server.offers = ("SIZE 10",)
        why = await self.refused(PermanentFailure, self.mailer())
        self.assertIn("more than 10 octets", why)
        self.assertNotIn("MAIL", self.server.verbs)

    async def test_nobody_there(self) -> None:
        """With no server on the port the message waits, and the operator reads where."""
        port = real.listenTCP(0, self.server, interface="127.0.0.1")
        number = port.getHost().port
        await port.stopListening()
        why = await self.refused(TemporaryFailure, self.mailer(port=number))
        self.assertIn(f"127.0.0.1:{number} cannot be reached", why)
        self.assertIn("refused", why)

    async def test_hangs_up(self) -> None:
        """A server that dies after it read the text may be given the same mail again."""
        self.server.dead_after_text = True
        why = await self.refused(TemporaryFailure, self.mailer())
        self.assertRegex(why, "hung up|cannot be reached|lost")


class PatienceTests(ServerCase):
    """A server that says nothing."""

    async def stuck(self, key: str, seconds: float) -> str:
        """Let the server fall silent there; the words after that many seconds."""
        clock = Clock()
        self.server.answers = {key: None}
        words: list[str] = []
        mailer = self.mailer()
        assert isinstance(mailer, ServerMailer)
        patient = evolve(mailer, clock=clock, now=clock.seconds)
        patient.deliver(outgoing()).addErrback(lambda failure: words.append(str(failure.value)))
        while key not in self.server.silent or self.times(clock) != [seconds]:
            await self.turn()
        clock.advance(seconds - 1)
        self.assertEqual(words, [], key)
        clock.advance(1.5)
        return words[0]

    def times(self, clock: Clock) -> list[float]:
        """When something is to happen."""
        return [call.getTime() for call in clock.getDelayedCalls()]

    async def turn(self) -> None:
        """Let both ends do what they can."""
        turn: Deferred[None] = Deferred()
        real.callLater(0, turn.callback, None)
        await turn

    async def test_every_stage_is_bounded(self) -> None:
        """However a server falls silent, the message is freed for another try in bounded time."""
        stages = {"greeting": 60, "EHLO": 120, "MAIL": 120, "RCPT": 120, "DATA": 120, "text": 600}
        for key, seconds in stages.items():
            self.assertIn("did not answer in time", await self.stuck(key, float(seconds)), key)

    async def test_connecting_is_bounded(self) -> None:
        """A name server or a host that never answers holds a message for less than a minute."""
        clock = Clock()
        mailer = evolve(self.mailer(port=1), clock=clock, now=clock.seconds, endpoint=NeverThere())  # type: ignore[type-var]
        result = mailer.deliver(outgoing())
        clock.advance(44)
        self.assertNoResult(result)
        clock.advance(2)
        self.assertIn("no answer", str(self.failureResultOf(result, TemporaryFailure).value))
        self.assertEqual(clock.getDelayedCalls(), [])


class LmtpTests(ServerCase):
    """LMTP over TCP and UNIX sockets (RFC 2033)."""

    def setUp(self) -> None:
        self.server = MailServer(lmtp=True)

    async def test_over_tcp(self) -> None:
        """LHLO instead of EHLO, and the recipient's own verdict."""
        await self.mailer("lmtp").deliver(outgoing())
        self.assertEqual(self.server.verbs[0], "LHLO")
        self.assertEqual(self.server.mails[0][2], outgoing().data)

    async def test_over_a_unix_socket(self) -> None:
        """The usual way to a server on the same machine."""
        folder = tempfile.TemporaryDirectory(prefix="um-")
        self.addCleanup(folder.cleanup)
        path = Path(folder.name) / "lmtp"
        port = real.listenUNIX(str(path), self.server)
        self.addCleanup(self.server.all_closed)
        self.addCleanup(port.stopListening)
        await self.mailer("lmtp", port=1, socket=path).deliver(outgoing())
        self.assertEqual(self.server.mails[0][1], "ada@example.com")

    async def test_no_socket(self) -> None:
        """A socket that is not there means later, and the operator reads its path."""
        mailer = self.mailer("lmtp", port=1, socket=Path("/nonexistent/lmtp"))
        self.assertIn("/nonexistent/lmtp", await self.refused(TemporaryFailure, mailer))

    async def test_verdicts(self) -> None:
        """The verdict after the text is the recipient's: later or never."""
        mailer = self.mailer("lmtp")
        self.server.answers["text"] = "452 4.2.2 over quota"
        await self.refused(TemporaryFailure, mailer)
        self.server.answers["text"] = "550 5.2.1 mailbox disabled"
        await self.refused(PermanentFailure, mailer)

    async def test_no_smtp_server(self) -> None:
        """An SMTP server behind an LMTP setting is told apart; nothing is lost."""
        self.server.lmtp = False
        self.assertIn("refuses our name", await self.refused(TemporaryFailure, self.mailer("lmtp")))


class SettingsTests(TestCase):
    """What an operator can get wrong."""

    def wrong(self, kind: str = "smtp", helo: str = "localhost", **settings: Any) -> str:
        """The words of the refusal."""
        server = MailHost(**settings)
        with self.assertRaises(ValueError) as raised:
            mailer_for(Clock(), kind, server, threads=Here(), helo=helo)
        return str(raised.exception)

    def test_words_for_mistakes(self) -> None:
        """Each mistake is named."""
        self.assertIn("maildir, smtp, lmtp", self.wrong("imap"))
        self.assertIn("folder", self.wrong("maildir"))
        self.assertIn("none, starttls, tls", self.wrong(security="ssl"))
        self.assertIn("only lmtp", self.wrong(socket=Path("/x")))
        self.assertIn("no TLS", self.wrong("lmtp", socket=Path("/x"), security="tls"))
        self.assertIn("host", self.wrong(host=""))
        self.assertIn("needs a user", self.wrong(password="x"))
        self.assertIn("password or a token", self.wrong(user="um"))
        self.assertIn("not both", self.wrong(user="um", password="x", token_file=Path("/x")))
        self.assertIn("no host name", self.wrong(helo="two words"))
        empty = Path(self.mktemp())
        empty.write_text("nothing")
        self.assertIn("no certificates", self.wrong(security="tls", authorities=empty))

    def test_usual_ports(self) -> None:
        """Without a port the usual one is used."""
        for kind, security, user, port in (
            ("smtp", "none", "", 25),
            ("smtp", "starttls", "", 25),
            ("smtp", "starttls", "um", 587),
            ("smtp", "tls", "", 465),
            ("lmtp", "none", "", 24),
        ):
            server = MailHost(security=security, host="::1", user=user, password=user)
            mailer = mailer_for(Clock(), kind, server, threads=Here())
            assert isinstance(mailer, ServerMailer)
            self.assertEqual(mailer.terms.server, f"[::1]:{port}")

    def test_address_as_a_name(self) -> None:
        """A server that is only known by its address says so in brackets (RFC 5321)."""
        for helo, said in {"192.0.2.1": "[192.0.2.1]", "2001:db8::1": "[IPv6:2001:db8::1]"}.items():
            mailer = mailer_for(Clock(), "smtp", MailHost(), threads=Here(), helo=helo)
            assert isinstance(mailer, ServerMailer)
            self.assertEqual(mailer.terms.helo, said)
