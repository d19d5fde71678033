"""The mail of a message: headers, two bodies and the attachment.

Pure: the same message is the same octets.

Knows: the classes and headers of spec 8.1-8.4, MIME (RFC 2045-2049, 5322, 3834). Must never know:
the disk, sound codings, how mail travels. Everything that came from a caller is cleaned here, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from umserver.edges.mail.attachment import SoundFile
from umserver.edges.mail.body import Page, html_body, text_body
from umserver.edges.mail.cleaning import file_stem, one_line, token
from umserver.edges.mail.enclosing import attach, filled
from umserver.edges.mail.policy import policy
from umserver.edges.mail.wording import (
    Words,
    local_time,
    of_caller,
    spoken_length,
    spoken_moment,
    spoken_number,
    telephone_link,
    words_for,
)
from umserver.org.messages import Attachment, Choices, Envelope, Kind

CLASSES = {
    Kind.VOICE: ("voice-ca", "IPM.Note.Microsoft.Voicemail.UM.CA"),
    Kind.MISSED: ("missedcall", "IPM.Note.Microsoft.Missed.Voice"),
}
"""Content-Class and message class by kind (spec 8.1)."""
SENT = ("voice", "IPM.Note.Microsoft.Voicemail.UM")
"""The same of a voice message that a user sent by telephone."""
MOST_NAMED = 100
"""Recipients that a mail names."""
MOST_REFERENCES = 10
MOST_SPOKEN_OF = 20
"""Recipients in the body."""

SYSTEM_USER = "voicemail"
"""The user part of the address that mails come from when the caller has none."""


def sender_address(envelope: Envelope) -> str:
    """The system's address in the called user's domain; bounces go there."""
    own = envelope.notice.address if envelope.notice else envelope.mailbox
    domain = own.rpartition("@")[2]
    fits = address_of(own) and address_of(f"x@{domain}")
    return f"{SYSTEM_USER}@{domain if fits else 'localhost'}"


def compose(
    envelope: Envelope,
    choices: Choices,
    kind: Kind,
    sound: SoundFile | None = None,
    enclosed: Sequence[Attachment] = (),
) -> bytes:
    """The whole mail with CRLF line ends.

    `sound` belongs to a voice message only; `enclosed` are sounds of other messages that go along.
    """
    words = words_for(envelope.language)
    recipient = address_of(envelope.mailbox, envelope.mailbox_name)
    mail = EmailMessage(policy(utf8=not envelope.mailbox.isascii()))
    seconds = _seconds(envelope, sound)
    caller, page = caller_words(envelope, words), _page(envelope, choices, kind, seconds, words)
    moment = local_time(envelope.received, envelope.time_zone)
    mail["Date"] = format_datetime(moment)
    _set_addresses(mail, envelope, caller, recipient)
    mail["Subject"] = one_line(envelope.subject) or _subject(words, kind, caller, seconds)
    mail["Message-ID"] = token(envelope.message_id)
    _set_conversation(mail, envelope)
    mail.set_content(text_body(page), cte="quoted-printable")
    mail.add_alternative(html_body(page), subtype="html", cte="quoted-printable")
    sounds = list(enclosed)
    if sound is not None:
        name = _file_name(words, envelope, caller, sound)
        sounds.insert(0, Attachment(name, sound.content_type, sound.data))
    if sounds:
        attach(mail, sounds)
    for name, value in _marks(envelope, choices, kind, seconds):
        mail[name] = value
    mail["Content-Language"] = words.tag
    tidy_parts(mail, envelope.id)
    return filled(mail.as_bytes(), sounds)


def caller_words(envelope: Envelope, words: Words) -> str:
    """How the caller is called: name, else number, else unknown."""
    name = one_line(envelope.caller.name)
    number = spoken_number(one_line(envelope.caller.number, 64))
    return name or number or words.unknown_caller


def _subject(words: Words, kind: Kind, caller: str, seconds: int) -> str:
    whom = _of(words, caller)
    if kind is Kind.MISSED:
        return words.missed_subject.format(of_caller=whom)
    return words.voice_subject.format(of_caller=whom, length=spoken_length(words, seconds))


def _of(words: Words, caller: str) -> str:
    return of_caller(words, words.somebody if caller == words.unknown_caller else caller)


def _set_addresses(
    mail: EmailMessage, envelope: Envelope, caller: str, recipient: Address | None
) -> None:
    """From the caller's own address when that is a user, else the system's (spec 8.4)."""
    system = sender_address(envelope)
    author = address_of(envelope.caller.address, caller)
    mail["From"] = author or Address(caller, addr_spec=system)
    if author is not None:
        mail["Sender"] = Address("", addr_spec=system)
    plain = envelope.mailbox.isascii()
    named = (
        address_of(one.address, one.name)
        for one in envelope.addressed
        if one.address.isascii() or not plain
    )
    shown = [address for address in named if address is not None][:MOST_NAMED]
    mail["To"] = shown or recipient or "undisclosed-recipients:;"


def _set_conversation(mail: EmailMessage, envelope: Envelope) -> None:
    """What it answers, and everything before that (RFC 5322 §3.6.4)."""
    before = [token(id) for id in envelope.references[-MOST_REFERENCES:]]
    if before:
        mail["In-Reply-To"] = before[-1]
        mail["References"] = " ".join(before)


def address_of(text: str, name: str = "") -> Address | None:
    """The mail address with a display name; None when it is none."""
    user, at, domain = one_line(text, 320).rpartition("@")
    if not at or not user or not domain or text != one_line(text, 320):
        return None
    try:
        if not domain.isascii():
            domain = domain.encode("idna").decode()
        return Address(one_line(name), addr_spec=f"{user}@{domain}")
    except (ValueError, IndexError, UnicodeError):
        return None


def _marks(
    envelope: Envelope, choices: Choices, kind: Kind, seconds: int
) -> Iterator[tuple[str, str]]:
    """The classes, the facts of the call, the caller's choices (spec 8.1, 8.2)."""
    content_class, message_class = SENT if envelope.sent else CLASSES[kind]
    yield "Content-Class", content_class
    yield "X-UM-Message-Class", message_class
    yield "X-CallingTelephoneNumber", token(envelope.caller.number, 64)
    if seconds:
        yield "X-VoiceMessageDuration", str(seconds)
    yield "X-VoiceMessageSenderName", caller_words(envelope, words_for(envelope.language))
    yield "X-CallID", token(envelope.call_id)
    if choices.important:
        yield "Importance", "high"
        yield "X-Priority", "1"
    if choices.private:
        yield "Sensitivity", "private"
    yield "Auto-Submitted", "auto-generated"


def _seconds(envelope: Envelope, sound: SoundFile | None) -> int:
    """Whole seconds of everything that is attached, at least one; 0 where nothing is."""
    if sound is None and not envelope.enclosed:
        return 0
    own = sound.seconds if sound is not None else 0.0
    return max(1, int(own + envelope.enclosed_seconds + 0.5))


def _page(envelope: Envelope, choices: Choices, kind: Kind, seconds: int, words: Words) -> Page:
    caller = caller_words(envelope, words)
    number = spoken_number(one_line(envelope.caller.number, 64))
    called = one_line(envelope.mailbox_name)
    if envelope.extension:
        called = one_line(f"{called} ({envelope.extension})")
    moment = spoken_moment(words, local_time(envelope.received, envelope.time_zone))
    marks = [words.important] * choices.important + [words.private] * choices.private
    rows = [
        (words.caller, caller),
        (words.number, number if number != caller else ""),
        (words.address, one_line(envelope.caller.address, 320)),
        (words.called, "" if envelope.sent else called),
        (words.recipients, _recipients(envelope) if envelope.sent else ""),
        (words.time, moment),
        (words.length, spoken_length(words, seconds) if seconds else ""),
        (words.marks, ", ".join(marks)),
    ]
    sentence = words.voice_sentence if kind is Kind.VOICE else words.missed_sentence
    notes = ["" if envelope.sent else words.reasons.get(envelope.reason, "")]
    notes += [words.no_message] * (kind is Kind.MISSED)
    return Page(
        words=words,
        sentence=sentence.format(of_caller=_of(words, caller)),
        note=" ".join(filter(None, notes)),
        rows=tuple((label, value) for label, value in rows if value),
        number=number,
        link=telephone_link(envelope.caller.number),
        extra=envelope.extra_text if kind is Kind.VOICE else "",
    )


def _recipients(envelope: Envelope) -> str:
    """Those to whom a user sent it; of many the first ones."""
    names = [one_line(one.name or one.address) for one in envelope.addressed]
    more = ["…"] if len(names) > MOST_SPOKEN_OF else []
    return ", ".join([*names[:MOST_SPOKEN_OF], *more]) or one_line(envelope.mailbox_name)


def _file_name(words: Words, envelope: Envelope, caller: str, sound: SoundFile) -> str:
    who = file_stem(caller) or file_stem(envelope.caller.number) or words.unknown_caller
    seconds = max(1, int(sound.seconds + 0.5))
    length = words.one_second if seconds == 1 else words.seconds.format(seconds=seconds)
    stem = file_stem(words.file_name.format(caller=who, length=length), 70)
    return f"{stem}.{sound.extension}"


def tidy_parts(mail: EmailMessage, id: str) -> None:
    """Boundaries from the id, which no base64 and no quoted-printable line can contain (`=_`)."""
    for number, part in enumerate(mail.walk()):
        if part is not mail:
            del part["MIME-Version"]
        if part.is_multipart():
            part.set_boundary(f"=_{number}_{token(id, 40)}")
