"""Messages: made, handed over, found again in mailboxes.

Knows: envelopes and messages. Must never know: folders, mail servers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

from umserver.interfaces.sound import Clip, ITake
from umserver.org.messages import Attachment, Choices, Envelope, OutgoingMail, QueueEntry, VoiceMail

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class IDraft(ITake):
    """A message being made: begun when the call begins, it survives a crash at any moment."""

    id: str = Attribute("The envelope's id.")

    def clip() -> Deferred[Clip]:
        """What was recorded so far, to be played back."""

    def erase() -> Deferred[None]:
        """Forget the sound recorded so far; the draft goes on."""

    def commit(choices: Choices) -> Deferred[None]:
        """Make it a message that will be delivered; durable when this fires. Only once."""

    def miss() -> Deferred[None]:
        """No message was left: becomes a missed-call mail, or nothing where that is not wanted."""

    def discard() -> Deferred[None]:
        """Nothing is to be sent at all."""


class IMessageStore(Interface):
    """The spool: nothing in it is ever lost or delivered twice."""

    def begin(envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        """Open a draft; `enclosed` are sounds of other messages that go along with it.

        Fails with NoSpace when disk or queue are full. Everybody whom the envelope names gets a
        mail of their own.
        """

    def post(envelope: Envelope) -> Deferred[None]:
        """Queue a mail that no call made (`notice`); durable when this fires.

        Nothing happens where it is queued already. Fails with NoSpace, Unavailable.
        """

    def recover() -> Deferred[int]:
        """After a start: turn what a crash left into messages; says how many."""

    def due(now: float) -> Deferred[Sequence[str]]:
        """Ids that may be tried at this wall time, oldest first."""

    def mail(id: str) -> Deferred[OutgoingMail]:
        """Compose the mail of a queued message (off the reactor)."""

    def delivered(id: str) -> Deferred[None]:
        """The mail was accepted: forget the message.

        Where it fails with Unavailable, the store goes on trying by itself; it is not due again.
        """

    def defer(id: str, why: str, next_try: float) -> Deferred[None]:
        """Keep it and try again at this wall time."""

    def bury(id: str, why: str) -> Deferred[None]:
        """Move it to the dead letters, where a person finds it."""

    def entries() -> Deferred[Sequence[QueueEntry]]:
        """Everything in the spool, oldest first."""

    def waiting() -> int:
        """How many messages wait for delivery, from memory."""

    def on_queued(notify: Callable[[], object]) -> None:
        """Call `notify()` whenever a message became due at once."""


class IMailer(Interface):
    """Hands one mail to the world."""

    def deliver(mail: OutgoingMail) -> Deferred[None]:
        """Fires when the mail is safely theirs. Fails with TemporaryFailure or PermanentFailure.

        Delivering the same mail again must not make a second copy where the far side can tell.
        """


class IMailbox(Interface):
    """The voice messages of one user, in the mailbox that mail programs show too.

    What is changed here is seen there, and the other way round. Everything can fail with
    Unavailable; what names a message, also with Gone.
    """

    def messages() -> Deferred[Sequence[VoiceMail]]:
        """Every voice message, deleted ones included; the newest first."""

    def sound(id: str, pace: float = 1.0) -> Deferred[Clip]:
        """What was said, at half to twice the speed but its own pitch. Fails with Unplayable."""

    def attachments(id: str) -> Deferred[Sequence[Attachment]]:
        """Its sounds as they came, the newest first, to be sent on. Fails with Unplayable."""

    def mark_read(id: str, read: bool) -> Deferred[None]:
        """Make it saved (heard), or new again."""

    def flag(id: str, on: bool) -> Deferred[None]:
        """Mark it for follow-up, or take the mark away."""

    def delete(id: str) -> Deferred[None]:
        """Put it into the trash; its marks stay. Harmless where it is there already."""

    def undelete(id: str) -> Deferred[None]:
        """Take it back out of the trash. Harmless where it is not there."""

    def is_full(limit: int | None) -> Deferred[bool]:
        """Whether it takes no more: it holds `limit` octets, or its mail server says so."""


class IMailboxes(Interface):
    """Every user's mailbox."""

    def open(address: str) -> IMailbox:
        """The mailbox of a user; one that does not exist yet is empty."""

    def watch(address: str, changed: Callable[[], object]) -> Callable[[], None]:
        """Call `changed()` soon after messages came, went or were read by anybody.

        It is called first when that can be seen from then on. Returns what ends it. It may be
        called without need, never more than twenty times a second.
        """
