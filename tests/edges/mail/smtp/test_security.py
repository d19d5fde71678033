"""Mail is handed over encrypted and signed in, as it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.logger import eventAsText, globalLogPublisher

from tests.edges.mail.letters import outgoing
from tests.edges.mail.smtp.mail_servers import ServerCase
from tests.kit.mail_server import certificate
from umserver.interfaces import TemporaryFailure


class SecurityTests(ServerCase):
    """TLS, and who is believed."""

    def trusting(self, *names: str) -> tuple[Any, Path]:
        """A server's certificate and the file that makes it trusted."""
        options, pem = certificate(*names)
        path = Path(self.mktemp())
        path.write_bytes(pem)
        return options, path

    async def test_starttls(self) -> None:
        """After STARTTLS everything is asked anew and the mail goes encrypted."""
        self.server.tls, authorities = self.trusting("127.0.0.1")
        self.server.offers = ("STARTTLS",)
        await self.mailer(security="starttls", authorities=authorities).deliver(outgoing())
        self.assertEqual(self.server.verbs[:4], ["EHLO", "STARTTLS", "EHLO", "MAIL"])
        self.assertEqual(len(self.server.mails), 1)

    async def test_tls_from_the_start(self) -> None:
        """Implicit TLS (RFC 8314)."""
        options, authorities = self.trusting("127.0.0.1")
        mailer = self.mailer(port=self.listen(options), security="tls", authorities=authorities)
        await mailer.deliver(outgoing())
        self.assertEqual(len(self.server.mails), 1)

    async def test_unknown_authority(self) -> None:
        """A certificate that nobody vouches for gets no mail."""
        self.server.tls, _ = self.trusting("127.0.0.1")
        self.server.offers = ("STARTTLS",)
        why = await self.refused(TemporaryFailure, self.mailer(security="starttls"))
        self.assertIn("certificate verify failed", why)
        self.assertEqual(self.server.mails, [])

    async def test_wrong_name(self) -> None:
        """A certificate of somebody else gets no mail."""
        options, authorities = self.trusting("mail.example.net")
        mailer = self.mailer(port=self.listen(options), security="tls", authorities=authorities)
        self.assertIn("another name", await self.refused(TemporaryFailure, mailer))

    async def test_unchecked(self) -> None:
        """An operator may say that certificates are not checked."""
        options, _ = self.trusting("mail.example.net")
        mailer = self.mailer(port=self.listen(options), security="tls", check_certificate=False)
        await mailer.deliver(outgoing())
        self.assertEqual(len(self.server.mails), 1)

    async def test_stripped_starttls(self) -> None:
        """Where STARTTLS is asked for and not offered, nothing is handed over."""
        why = await self.refused(TemporaryFailure, self.mailer(security="starttls"))
        self.assertIn("offers no STARTTLS", why)
        self.server.offers, self.server.answers = ("STARTTLS",), {"STARTTLS": "554 broken"}
        await self.refused(TemporaryFailure, self.mailer(security="starttls"))
        self.assertNotIn("MAIL", self.server.verbs)

    async def test_injected_before_tls(self) -> None:
        """Words slipped in between STARTTLS and TLS are not believed."""
        self.server.tls, authorities = self.trusting("127.0.0.1")
        self.server.offers = ("STARTTLS",)
        self.server.answers = {"STARTTLS": "220 go\n250 ok"}
        mailer = self.mailer(security="starttls", authorities=authorities)
        self.assertIn("attack", await self.refused(TemporaryFailure, mailer))


class LoginTests(ServerCase):
    """Who we say we are."""

    def setUp(self) -> None:
        super().setUp()
        self.server.logins = {"um": "correct horse"}
        self.logged: list[str] = []
        globalLogPublisher.addObserver(self.observe)
        self.addCleanup(globalLogPublisher.removeObserver, self.observe)

    def observe(self, event: Any) -> None:
        """Keep what is logged."""
        self.logged.append(eventAsText(event) + repr(event))

    async def test_plain(self) -> None:
        """PLAIN where it is offered."""
        self.server.offers = ("AUTH LOGIN PLAIN",)
        await self.mailer(user="um", password="correct horse").deliver(outgoing())
        self.assertEqual(len(self.server.mails), 1)
        self.assertIn("AUTH PLAIN ", self.server.said[1])

    async def test_login(self) -> None:
        """LOGIN where there is nothing better, also as old servers offer it."""
        self.server.offers = ("AUTH=LOGIN",)
        await self.mailer(user="um", password="correct horse").deliver(outgoing())
        self.assertEqual(len(self.server.mails), 1)

    async def test_token(self) -> None:
        """A bearer token is read anew for each mail."""
        self.server.offers = ("AUTH PLAIN XOAUTH2",)
        token = Path(self.mktemp())
        mailer = self.mailer(user="um", token_file=token)
        for number, secret in enumerate(("ya29.first", "ya29.second"), 1):
            token.write_text(secret + "\n")
            self.server.logins["um"] = secret
            await mailer.deliver(outgoing(number))
        self.assertEqual(len(self.server.mails), 2)

    async def test_stale_token(self) -> None:
        """A token that is refused leaves the message waiting, and the talk ends in good form."""
        self.server.offers = ("AUTH XOAUTH2",)
        token = Path(self.mktemp())
        token.write_text("ya29.stale")
        why = await self.refused(TemporaryFailure, self.mailer(user="um", token_file=token))
        self.assertIn("refuses the login of um (535 5.7.8)", why)
        self.assertNotIn("ya29", why)

    async def test_missing_token(self) -> None:
        """Without its token file the message waits."""
        token = Path(self.mktemp())
        mailer = self.mailer(user="um", token_file=token)
        self.assertIn("cannot be read", await self.refused(TemporaryFailure, mailer))
        token.write_text("two words")
        self.assertIn("one token", await self.refused(TemporaryFailure, mailer))

    async def test_wrong_password(self) -> None:
        """A refused login is the operator's matter, and what was sent is told to nobody."""
        self.server.offers = ("AUTH PLAIN",)
        why = await self.refused(
            TemporaryFailure, self.mailer(user="um", password="battery staple")
        )
        self.assertEqual(why.partition(" ")[2], "refuses the login of um (535 5.7.8)")
        told = why + "".join(self.logged)
        for secret in ("battery", "AHVtAGJhdHRlcnkgc3RhcGxl", "lunch"):
            self.assertNotIn(secret, told)

    async def test_no_fitting_mechanism(self) -> None:
        """A server without a login that fits gets no mail as if by nobody."""
        self.server.offers = ("AUTH GSSAPI",)
        await self.refused(TemporaryFailure, self.mailer(user="um", password="x"))
        self.assertNotIn("MAIL", self.server.verbs)

    def test_never_in_the_clear(self) -> None:
        """A login for another machine wants TLS; the operator is told at the start."""
        fault = self.assertRaises(
            ValueError,
            self.mailer,
            port=25,
            host="mail.example.com",
            user="um",
            password="correct horse",
        )
        self.assertIn("without TLS", str(fault))
        self.assertNotIn("horse", str(fault))

    def test_secrets_do_not_show(self) -> None:
        """Printing a mailer prints no password."""
        mailer = self.mailer(port=25, user="um", password="correct horse")
        self.assertNotIn("horse", repr(mailer))
