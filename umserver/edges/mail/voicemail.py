"""A mail read back as the voice message that it carries.

Knows: the classes and headers of spec 8.1 and 8.2, also as other programs write them. Must never
know: where mails are kept. A mail comes from strangers: headers are cleaned and bounded, and none
of them can make anything fail.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses, parseaddr, parsedate_to_datetime

from attrs import frozen

from umserver.edges.mail.cleaning import one_line
from umserver.org.messages import CallerId, VoiceMail

MOST_HEADERS = 256 * 1024
"""Octets of a mail's headers that are looked at."""
LONGEST = 24 * 3600
"""Seconds; a message that claims to be longer claims nothing."""
MOST_REFERENCES = 16 * 1024
"""Characters of a list of Message-IDs or addresses that are looked at."""
MOST_IDS = 50
MOST_RECIPIENTS = 200
_ID = re.compile(r"<[^<>\s]{1,300}>")
_VOICE_CLASS = re.compile(
    r"IPM\.Note\.(Microsoft\.Voicemail(\.|$)|rpmsg\.Microsoft\.Voicemail(\.|$))", re.IGNORECASE
)


@frozen
class Letterhead:
    """What stands in the headers of a voice message; it never changes."""

    message_id: str
    sender: CallerId
    received: float
    """Seconds since 1970; 0 when the mail does not say."""
    seconds: int
    urgent: bool
    private: bool
    subject: str = ""
    references: tuple[str, ...] = ()
    """Message-IDs of what it follows, the oldest first."""
    recipients: tuple[str, ...] = ()
    """Mail addresses in To and Cc."""

    def voice_mail(self, id: str, *, new: bool, deleted: bool, flagged: bool) -> VoiceMail:
        """The message with what the mailbox says of it."""
        return VoiceMail(
            id=id,
            sender=self.sender,
            received=self.received,
            seconds=self.seconds,
            new=new,
            deleted=deleted,
            urgent=self.urgent,
            private=self.private,
            flagged=flagged,
            message_id=self.message_id,
            references=self.references,
            subject=self.subject,
            recipients=self.recipients,
        )


def letterhead(head: bytes) -> Letterhead | None:
    """Of a mail whose headers are the beginning of these octets; None: no voice message."""
    mail = BytesHeaderParser(policy=compat32).parsebytes(head[:MOST_HEADERS])
    if not _is_voice(mail):
        return None
    return Letterhead(
        message_id=_text(mail, "Message-ID"),
        sender=_sender(mail),
        received=_moment(mail),
        seconds=_seconds(_text(mail, "X-VoiceMessageDuration")),
        urgent=_text(mail, "Importance").lower() == "high"
        or _text(mail, "X-Priority")[:1] in ("1", "2"),
        private=_text(mail, "Sensitivity").lower() in ("private", "company-confidential"),
        subject=_text(mail, "Subject"),
        references=_references(mail),
        recipients=_recipients(mail),
    )


def _is_voice(mail: Message) -> bool:
    if _VOICE_CLASS.match(_text(mail, "X-UM-Message-Class")):
        return True
    kind = _text(mail, "Content-Class").lower().removeprefix("urn:content-class:")
    return kind in ("voice", "voice-ca", "voice-uc") or bool(_text(mail, "X-VoiceMessageDuration"))


def _text(mail: Message, name: str) -> str:
    """A header decoded, cleaned, in one line; empty where there is none."""
    value = mail.get(name)
    if value is None:
        return ""
    try:
        return one_line(str(make_header(decode_header(str(value)))), 320)
    except (ValueError, LookupError):
        return one_line(str(value), 320)


def _sender(mail: Message) -> CallerId:
    """The caller: a user when somebody else than the author sent the mail (spec 8.4)."""
    number = _text(mail, "X-CallingTelephoneNumber")
    shown, address = parseaddr(_text(mail, "From"))
    is_user = "@" in address and (
        mail.get("Sender") is not None or not _text(mail, "X-UM-Message-Class").endswith(".CA")
    )
    name = one_line(shown) or _text(mail, "X-VoiceMessageSenderName")
    if not is_user and (not number or _same_number(name, number)):
        name = ""
    return CallerId(number, name, address if is_user else "")


def _references(mail: Message) -> tuple[str, ...]:
    """References and, where it is not among them, In-Reply-To."""
    text = f"{mail.get('In-Reply-To', '')} {mail.get('References', '')}"[:MOST_REFERENCES]
    found = list(dict.fromkeys(_ID.findall(text)))
    if found and str(mail.get("In-Reply-To", "")).strip().startswith(found[0]):
        found.append(found.pop(0))
    return tuple(found[-MOST_IDS:])


def _recipients(mail: Message) -> tuple[str, ...]:
    texts = [
        str(text)[:MOST_REFERENCES] for name in ("To", "Cc") for text in mail.get_all(name, [])
    ]
    try:
        found = [address for _, address in getaddresses(texts) if "@" in address]
    except (ValueError, IndexError, TypeError):
        return ()
    return tuple(dict.fromkeys(one_line(address, 320) for address in found[:MOST_RECIPIENTS]))


def _same_number(name: str, number: str) -> bool:
    """Whether a name is only the number, perhaps written nicely."""
    digits = re.sub(r"\D", "", name)
    return not re.search(r"[^\W\d_]", name) and digits[-6:] == re.sub(r"\D", "", number)[-6:]


def _moment(mail: Message) -> float:
    try:
        moment = parsedate_to_datetime(str(mail.get("Date", "")))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0


def _seconds(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        return 0
    return seconds if 0 < seconds <= LONGEST else 0
