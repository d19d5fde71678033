"""Sounds in a mail: each a part of its own, the newest first (spec 8.2 X-AttachmentOrder).

Knows: base64 (RFC 2045 §6.8), names of files. Must never know: what was said, who sent it.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Sequence
from email.message import EmailMessage

from umserver.edges.mail.cleaning import file_stem
from umserver.org.messages import Attachment

_PLACE = b"the sound number %04d goes here"
_PIECE = 57 * 1024
"""Octets that make whole lines of base64."""
ORDER = "X-AttachmentOrder"
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav"}


def attach(mail: EmailMessage, sounds: Sequence[Attachment]) -> None:
    """Make a part for each sound; `filled` puts the sounds themselves in."""
    taken: set[str] = set()
    names = [_unique(sound.name, taken) for sound in sounds]
    mail[ORDER] = ";".join(names)
    for place, (name, sound) in enumerate(zip(names, sounds, strict=True)):
        maintype, subtype = _type(sound)
        mail.add_attachment(
            _PLACE % place, maintype=maintype, subtype=subtype, filename=name, params={"name": name}
        )


def filled(mail: bytes, sounds: Sequence[Attachment]) -> bytes:
    """The mail with its sounds.

    The standard library would hold the interpreter for a tenth of a second over a long recording.
    Only a whole line is such a place: in a header a caller may have written the same.
    """
    pieces: list[bytes] = []
    for place, sound in enumerate(sounds):
        mark = b"\r\n" + b2a_base64(_PLACE % place, newline=False) + b"\r\n"
        head, _, mail = mail.partition(mark)
        pieces += (head, b"\r\n")
        for at in range(0, len(sound.data), _PIECE):
            text = b2a_base64(sound.data[at : at + _PIECE], newline=False)
            lines = [text[line : line + 76] for line in range(0, len(text), 76)]
            pieces.append(b"\r\n".join([*lines, b""]))
    return b"".join([*pieces, mail])


def _unique(name: str, taken: set[str]) -> str:
    """A clean name that no other sound of this mail has."""
    stem, _, ending = name.rpartition(".")
    ending = ending if ending.isalnum() and len(ending) < 5 else "wav"
    first = file_stem(stem, 70).replace(";", ",") or "Voice Mail"
    found, number = f"{first}.{ending}", 1
    while found in taken:
        number += 1
        found = f"{first} {number}.{ending}"
    taken.add(found)
    return found


def _type(sound: Attachment) -> tuple[str, str]:
    """An audio type, whatever a foreign mail said."""
    maintype, _, subtype = sound.content_type.lower().partition("/")
    if maintype == "audio" and subtype.replace("-", "").replace(".", "").isalnum():
        return maintype, subtype
    return "audio", _TYPES.get(sound.name.rpartition(".")[2].lower(), "audio/basic").split("/")[1]
