"""A letter of the spool as the mail that goes out.

Knows: which parts a mail of each kind has. Must never know: the queue, mail servers. Reads the disk
and encodes sound: call it in a thread.
"""

from __future__ import annotations

from umserver.edges.mail.attachment import Encode, sound_file
from umserver.edges.mail.compose import compose, sender_address
from umserver.edges.mail.notice import compose_notice
from umserver.edges.mail.spool.cabinet import Cabinet, Letter, trouble
from umserver.edges.mail.spool.copies import enclosed_in
from umserver.interfaces import PermanentFailure
from umserver.org.messages import Attachment, Kind, OutgoingMail


def mail_of(letter: Letter, cabinet: Cabinet, encode: Encode) -> OutgoingMail:
    """The mail. Raises Unavailable, or PermanentFailure when the letter is damaged."""
    envelope = letter.envelope
    return OutgoingMail(
        envelope.id,
        envelope.message_id,
        sender_address(envelope),
        envelope.mailbox,
        _content(letter, cabinet, encode),
    )


def _content(letter: Letter, cabinet: Cabinet, encode: Encode) -> bytes:
    envelope, fate = letter.envelope, letter.fate
    if fate.kind is Kind.NOTICE:
        return compose_notice(envelope)
    if fate.kind is not Kind.VOICE:
        return compose(envelope, fate.choices, fate.kind)
    law, sound, enclosed = _sounds(letter, cabinet)
    if not sound and not enclosed:
        raise PermanentFailure("the sound of this message is gone")
    attached = sound_file(envelope.audio_codec, law, sound, encode) if sound else None
    return compose(envelope, fate.choices, fate.kind, attached, enclosed)


def _sounds(letter: Letter, cabinet: Cabinet) -> tuple[str, bytes, list[Attachment]]:
    try:
        return *cabinet.sound(letter.path), enclosed_in(letter.path, letter.envelope)
    except OSError as fault:
        raise trouble(fault, "reading a message") from None
