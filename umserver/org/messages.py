"""What a message is before it becomes mail: who called whom, when, and what the caller chose.

Knows: plain values that go through JSON unharmed. Must never know: MIME, files, the
bytes of sound formats.
"""

from __future__ import annotations

from enum import Enum
from random import Random
from uuid import UUID

from attrs import field, frozen


class Kind(Enum):
    """Spec 8.1, 8.5: the kinds of message this server writes."""

    VOICE = "voice"
    MISSED = "missed"
    NOTICE = "notice"
    """About the mailbox itself; see `Notice`."""


@frozen
class CallerId:
    """Who called, as far as it could be found out (spec 4.5)."""

    number: str = ""
    """As given by the peer; empty for an anonymous caller."""
    name: str = ""
    """Resolved display name; empty when only the number is known."""
    address: str = ""
    """Mail address when the caller is one of our users."""


@frozen
class Notice:
    """What a mail about somebody's voice mailbox tells (spec 8.5)."""

    occasion: str
    """enabled, failures (a new PIN after wrong ones) or administrator (a new PIN by order)."""
    address: str
    """The user's own; the mail itself may go to somebody else."""
    pin: str = field(repr=False)
    must_change: bool = False
    """Whether another PIN has to be chosen at the next login."""
    access_numbers: tuple[str, ...] = ()
    """Numbers of voice access."""


@frozen
class Addressee:
    """Somebody whom a mail names as a recipient."""

    address: str
    name: str = ""


@frozen
class Recipient:
    """Somebody who gets a copy; the fields are those of `Envelope`."""

    mailbox: str
    mailbox_name: str
    extension: str = ""
    language: str = "en-US"
    time_zone: str = "UTC"
    audio_codec: str = "Mp3"
    extra_text: str = ""


@frozen
class Attachment:
    """The sound of one message that goes along with another one, as it came by mail."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


@frozen
class Envelope:
    """Everything about a message that is known when the call begins.

    `message_id` is fixed here once and for all, so that a second delivery can be recognised.
    """

    id: str
    """Unique, sortable by time, safe as a file name."""
    message_id: str
    """RFC 5322 Message-ID with its angle brackets."""
    call_id: str
    received: float
    """Wall time, seconds since 1970 (UTC)."""
    mailbox: str
    """Mail address of the called user."""
    mailbox_name: str
    extension: str
    caller: CallerId
    reason: str = "Direct"
    """Direct, DivertNoAnswer, DivertBusy or DivertForward (spec 4.3)."""
    language: str = "en-US"
    """Language of the mail."""
    time_zone: str = "UTC"
    """IANA name; the mail shows times in it."""
    audio_codec: str = "Mp3"
    """Attachment coding: Mp3, G711, Gsm or Pcm (spec 8.3)."""
    extra_text: str = ""
    """The policy's VoiceMailText, appended to the body."""
    missed_call_wanted: bool = True
    """Whether a call without a message becomes a missed-call mail (policy and user allow it)."""
    notice: Notice | None = None
    """Set for a mail about the mailbox: no call led to it."""
    sent: bool = False
    """Whether a user sent it by telephone, instead of a caller who was not answered (spec 8.1)."""
    subject: str = ""
    """What it answers or forwards, with RE: or FW:; empty for the usual subject."""
    references: tuple[str, ...] = ()
    """Message-IDs of the conversation; the last one is answered (RFC 5322 §3.6.4)."""
    also: tuple[Recipient, ...] = ()
    """Who else gets it; each a mail of their own once it is on its way."""
    addressed: tuple[Addressee, ...] = ()
    """Whom the mail names as its recipients; the mailbox alone when empty."""
    enclosed: tuple[str, ...] = ()
    """Names and types (`name/audio/mpeg`) of sounds that go along, the newest first."""
    enclosed_seconds: float = 0.0
    """How long they are together."""


@frozen
class Choices:
    """What the caller chose in the menu after recording (spec 6.1)."""

    important: bool = False
    private: bool = False


@frozen
class VoiceMail:
    """A voice message as its owner finds it in the mailbox."""

    id: str
    """Stable while the message exists, also when it is read, flagged or moved."""
    sender: CallerId
    received: float
    """Wall time, seconds since 1970 (UTC)."""
    seconds: int = 0
    """Length as the mail states it; 0 where it does not."""
    new: bool = True
    """Not heard and not read."""
    deleted: bool = False
    """In the trash."""
    urgent: bool = False
    private: bool = False
    flagged: bool = False
    """Marked for follow-up by the owner."""
    message_id: str = ""
    """RFC 5322 Message-ID; empty where the mail has none."""
    references: tuple[str, ...] = ()
    """Message-IDs of what it follows, the oldest first."""
    subject: str = ""
    recipients: tuple[str, ...] = ()
    """Mail addresses of everybody it was sent to."""


@frozen
class OutgoingMail:
    """A finished mail on its way out."""

    id: str
    message_id: str
    sender: str
    """Envelope sender; may be empty (a null return path)."""
    recipient: str
    data: bytes
    """The whole message, CRLF line ends."""


@frozen
class QueueEntry:
    """One line of the queue's view."""

    id: str
    state: str
    """recording, queued, deferred or dead."""
    mailbox: str
    kind: str
    received: float
    """Wall time, seconds since 1970."""
    attempts: int
    next_try: float
    """Wall time, seconds since 1970; 0 when not scheduled."""
    why: str
    """The last failure in words."""


def new_identity(received: float, random: Random, host: str) -> tuple[str, str]:
    """An id that sorts by time (UUID version 7, RFC 9562 §5.7) and the Message-ID made of it.

    `received` is wall time in seconds; `host` is this server's name.
    """
    milliseconds = int(received * 1000) & ((1 << 48) - 1)
    value = (
        milliseconds << 80
        | 0x7 << 76
        | random.getrandbits(12) << 64
        | 0b10 << 62
        | random.getrandbits(62)
    )
    id = str(UUID(int=value))
    return id, f"<{id}@{host}>"
