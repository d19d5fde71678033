"""The mail about a voice mailbox: the welcome, a new PIN (spec 8.5).

Pure: the same notice is the same octets. Knows: which facts it shows, in which order. Must never
know: how PINs are kept, how mail travels.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from umserver.edges.mail.body import Page, html_body, text_body
from umserver.edges.mail.cleaning import one_line, token
from umserver.edges.mail.compose import address_of, sender_address, tidy_parts
from umserver.edges.mail.notice_words import NOTICE_WORDS, NoticeWords
from umserver.edges.mail.policy import policy
from umserver.edges.mail.wording import Words, local_time, spoken_number, words_for
from umserver.interfaces import PermanentFailure
from umserver.org.messages import Envelope, Notice


def compose_notice(envelope: Envelope) -> bytes:
    """The whole mail with CRLF line ends. Raises PermanentFailure where nothing is to be told."""
    notice = envelope.notice
    words = words_for(envelope.language)
    told = NOTICE_WORDS[words.tag]
    if notice is None or notice.occasion not in told.subjects:
        raise PermanentFailure("this mail about a mailbox is of no known kind")
    page = _page(envelope, notice, words, told)
    mail = EmailMessage(policy(utf8=not envelope.mailbox.isascii()))
    mail["Date"] = format_datetime(local_time(envelope.received, envelope.time_zone))
    mail["From"] = Address(told.sender, addr_spec=sender_address(envelope))
    recipient = address_of(envelope.mailbox, envelope.mailbox_name)
    mail["To"] = recipient or "undisclosed-recipients:;"
    mail["Subject"] = told.subjects[notice.occasion]
    mail["Message-ID"] = token(envelope.message_id)
    mail.set_content(text_body(page), cte="quoted-printable")
    mail.add_alternative(html_body(page), subtype="html", cte="quoted-printable")
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = words.tag
    tidy_parts(mail, envelope.id)
    return mail.as_bytes()


def _page(envelope: Envelope, notice: Notice, words: Words, told: NoticeWords) -> Page:
    numbers = [spoken_number(one_line(number, 64)) for number in notice.access_numbers]
    address = one_line(notice.address, 320)
    name = one_line(envelope.mailbox_name)
    rows = [
        (told.mailbox, f"{name} ({address})" if name else address),
        (told.extension, one_line(envelope.extension)),
        (told.access_numbers if len(numbers) > 1 else told.access_number, ", ".join(numbers)),
        (told.pin, one_line(notice.pin)),
    ]
    lines = [told.how_to if numbers else told.no_number, told.keep]
    lines += [told.must_change] * notice.must_change
    return Page(
        words=words,
        sentence=told.sentences[notice.occasion],
        note=told.notes[notice.occasion],
        rows=tuple((label, value) for label, value in rows if value),
        number="",
        link="",
        extra=envelope.extra_text,
        lines=tuple(lines),
    )
