"""What every mailer promises (`umserver.interfaces.IMailer`)."""

from __future__ import annotations

from abc import abstractmethod

from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase
from zope.interface.verify import verifyObject

from tests.edges.mail.letters import outgoing
from umserver.interfaces import IMailer, PermanentFailure, TemporaryFailure
from umserver.org.messages import OutgoingMail


class MailerContract:
    """Mix into a TestCase; `far_side` must be reachable after setUp."""

    mailer: IMailer

    @abstractmethod
    def arrived(self) -> list[bytes]:
        """What the far side has."""

    @abstractmethod
    def break_far_side(self) -> None:
        """Make it unable to take mail for now."""

    @abstractmethod
    def mend_far_side(self) -> None:
        """Make it well again."""

    def deliver(self, mail: OutgoingMail) -> Deferred[None]:
        """Hand over one mail."""
        return self.mailer.deliver(mail)

    async def fails(self: TestCase, kind: type[Exception], mail: OutgoingMail) -> str:  # type: ignore[misc]
        """The words of the failure that has to come."""
        return str(await self.assertFailure(self.deliver(mail), kind))  # type: ignore[attr-defined]

    def test_keeps_the_interface(self) -> None:
        """It is a mailer in form."""
        verifyObject(IMailer, self.mailer)

    async def test_arrives_octet_for_octet(self: TestCase) -> None:  # type: ignore[misc]
        """What was handed over is what arrives."""
        await self.deliver(outgoing())  # type: ignore[attr-defined]
        self.assertEqual(self.arrived(), [outgoing().data])  # type: ignore[attr-defined]

    async def test_many_at_once(self: TestCase) -> None:  # type: ignore[misc]
        """Twenty at once arrive, each once."""
        mails = [outgoing(number) for number in range(1, 21)]
        await gatherResults([self.deliver(mail) for mail in mails])  # type: ignore[attr-defined]
        self.assertEqual(sorted(self.arrived()), sorted(mail.data for mail in mails))  # type: ignore[attr-defined]

    async def test_broken_far_side(self: TestCase) -> None:  # type: ignore[misc]
        """A far side in trouble means later, with a reason; afterwards the mail arrives once."""
        self.break_far_side()  # type: ignore[attr-defined]
        self.assertTrue(await self.fails(TemporaryFailure, outgoing()))  # type: ignore[attr-defined]
        self.mend_far_side()  # type: ignore[attr-defined]
        await self.deliver(outgoing())  # type: ignore[attr-defined]
        self.assertEqual(self.arrived(), [outgoing().data])  # type: ignore[attr-defined]

    async def test_no_address(self: TestCase) -> None:  # type: ignore[misc]
        """A recipient that is no address is refused for good, and nothing arrives."""
        for recipient in ("", "ada", "@example.com", "ada@", "a\r\nb@example.com"):
            await self.fails(PermanentFailure, outgoing(recipient=recipient))  # type: ignore[attr-defined]
        self.assertEqual(self.arrived(), [])  # type: ignore[attr-defined]
