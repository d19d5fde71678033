"""The sound of a voice message, whatever it was attached as.

Knows: MIME parts, and which decoder reads what. Must never know: mailboxes, calls. Takes real time
(1/300 of the sound's length for MP3): call it in a thread.
"""

from __future__ import annotations

from email.message import Message
from email.parser import BytesParser
from email.policy import compat32

from umserver.interfaces import Clip, Unplayable
from umserver.wire.audio import g711, mp3
from umserver.wire.audio.pace import paced
from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.wav import WavError, read_wav

MOST_MAIL = 64 << 20
"""Octets of a mail that is looked into."""
MOST_PARTS = 200
_ENDINGS = (".wav", ".mp3")


def clip_in(mail: bytes, pace: float = 1.0) -> Clip:
    """What was said in this mail, ready to be played at this pace. Raises Unplayable."""
    if len(mail) > MOST_MAIL:
        raise Unplayable(f"the mail has more than {MOST_MAIL >> 20} MiB")
    data = _attachment(mail)
    if data is None:
        raise Unplayable("the mail has no sound attached")
    pcm = decoded(data)
    if len(pcm) == 0:
        raise Unplayable("the sound is empty")
    return Clip("message", g711.encode_both(paced(pcm, pace)))


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


def _attachment(mail: bytes) -> bytes | None:
    """The first part with sound; the one that the mail names first wins (X-AttachmentOrder)."""
    whole = BytesParser(policy=compat32).parsebytes(mail)
    found: list[Message] = []
    for number, part in enumerate(whole.walk()):
        if number >= MOST_PARTS:
            break
        name = str(part.get_filename() or "").lower()
        if part.get_content_maintype() == "audio" or name.endswith(_ENDINGS):
            found.append(part)
    first = str(whole.get("X-AttachmentOrder", "")).partition(";")[0].strip().lower()
    found.sort(key=lambda part: str(part.get_filename() or "").lower() != first)
    for part in found:
        data = part.get_payload(decode=True)
        if isinstance(data, bytes) and data:
            return data
    return None
