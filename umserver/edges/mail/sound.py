"""The sound of a voice message, whatever it was attached as.

Knows: MIME parts, and which decoder reads what. Must never know: mailboxes, calls. Takes real time
(1/300 of the sound's length for MP3): call it in a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

import numpy as np

from umserver.edges.mail.cleaning import one_line
from umserver.interfaces import Clip, Unplayable
from umserver.org.messages import Attachment
from umserver.wire.audio import g711, mp3
from umserver.wire.audio.pace import paced
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm
from umserver.wire.audio.wav import WavError, read_wav

MOST_MAIL = 64 << 20
"""Octets of a mail that is looked into."""
MOST_PARTS = 200
MOST_SOUNDS = 20
PAUSE_SECONDS = 0.7
"""Between two sounds of one mail."""
_ENDINGS = (".wav", ".mp3")


def clip_in(mail: bytes, pace: float = 1.0) -> Clip:
    """What was said in this mail, ready to be played at this pace. Raises Unplayable.

    Sounds of other messages that go along follow in their order; those that cannot be played are
    left out, the first one is not.
    """
    first, *others = attachments_in(mail)
    heard = [_decoded(first.data)]
    for other in others:
        try:
            heard.append(_decoded(other.data))
        except Unplayable:
            continue
    pause = np.zeros(round(PAUSE_SECONDS * SAMPLE_RATE), np.int16)
    parts = [part for pcm in heard for part in (pause, paced(pcm, pace))][1:]
    return Clip("message", g711.encode_both(np.concatenate(parts)))


def _decoded(data: bytes) -> Pcm:
    pcm = decoded(data)
    if len(pcm) == 0:
        raise Unplayable("the sound is empty")
    return pcm


def decoded(data: bytes) -> Pcm:
    """The sound of a WAV or MP3 file. Raises Unplayable."""
    try:
        if data[:4] == b"RIFF":
            return read_wav(data)
        return mp3.decode(data)
    except WavError as fault:
        raise Unplayable(str(fault)) from None
    except mp3.Mp3Error as fault:
        raise Unplayable(str(fault)) from None
    except Exception as fault:
        raise Unplayable(f"a decoder failed: {type(fault).__name__}: {fault}") from fault


def attachments_in(mail: bytes) -> Sequence[Attachment]:
    """Every sound of a mail, at least one, in the order that the mail names (X-AttachmentOrder).

    Raises Unplayable.
    """
    if len(mail) > MOST_MAIL:
        raise Unplayable(f"the mail has more than {MOST_MAIL >> 20} MiB")
    whole = BytesParser(policy=compat32).parsebytes(mail)
    found: list[Attachment] = []
    for number, part in enumerate(whole.walk()):
        name = _name(part)
        if number >= MOST_PARTS or len(found) >= MOST_SOUNDS:
            break
        if part.get_content_maintype() == "audio" or name.lower().endswith(_ENDINGS):
            data = part.get_payload(decode=True)
            if isinstance(data, bytes) and data:
                found.append(Attachment(name, part.get_content_type(), data))
    if not found:
        raise Unplayable("the mail has no sound attached")
    named = _words(str(whole.get("X-AttachmentOrder", ""))).lower().split(";")
    order = {name.strip(): place for place, name in reversed([*enumerate(named)])}
    found.sort(key=lambda sound: order.get(sound.name.lower(), len(order)))
    return found


def _name(part: Message) -> str:
    """A file name in one line; empty where there is none."""
    return one_line(_words(str(part.get_filename() or "")), 200)


def _words(text: str) -> str:
    """A header's encoded words decoded."""
    try:
        return str(make_header(decode_header(text)))
    except (ValueError, LookupError):
        return text
