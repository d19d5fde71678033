"""One message to several people: a folder of the queue for each of them, and what goes along.

Knows: the names of enclosed sounds, in which order copies are made. Must never know: mail, the
schedule. No copy is delivered before all are there, and the original stays until then: what a crash
leaves is made again, nobody gets it twice, nobody is left out. Everything here blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from attrs import evolve

from umserver.edges.mail.files import Files
from umserver.edges.mail.spool.record import ENVELOPE, Fate, dump_envelope
from umserver.org.messages import Attachment, Envelope, Recipient

ENCLOSED = "enclosed-"
"""Followed by its place in `Envelope.enclosed`: a whole file as it came by mail."""


def put_enclosed(files: Files, folder: Path, sounds: Sequence[Attachment]) -> None:
    """Write sounds that go along into the folder of a draft."""
    for place, sound in enumerate(sounds):
        files.put(folder / f"{ENCLOSED}{place}", sound.data)


def enclosed_in(folder: Path, envelope: Envelope) -> list[Attachment]:
    """Sounds that go along, the newest first. Raises OSError."""
    found = []
    for place, text in enumerate(envelope.enclosed):
        name, _, kind = text.partition("/")
        found.append(Attachment(name, kind, (folder / f"{ENCLOSED}{place}").read_bytes()))
    return found


def naming(sounds: Sequence[Attachment]) -> tuple[str, ...]:
    """What an envelope says of sounds that go along."""
    return tuple(f"{sound.name.replace('/', '-')}/{sound.content_type}" for sound in sounds)


def copies_of(envelope: Envelope) -> list[Envelope]:
    """The envelopes of all who get the message; each has an id of its own."""
    own = Recipient(
        envelope.mailbox,
        envelope.mailbox_name,
        envelope.extension,
        envelope.language,
        envelope.time_zone,
        envelope.audio_codec,
        envelope.extra_text,
    )
    return [
        evolve(
            envelope,
            id=f"{envelope.id}-{number}",
            also=(),
            mailbox=one.mailbox,
            mailbox_name=one.mailbox_name,
            extension=one.extension,
            language=one.language,
            time_zone=one.time_zone,
            audio_codec=one.audio_codec,
            extra_text=one.extra_text,
        )
        for number, one in enumerate((own, *envelope.also), start=1)
    ]


def original_of(envelope: Envelope) -> str:
    """The id of the message that this one would be a copy of."""
    return envelope.id.rpartition("-")[0]


def make_copy(files: Files, original: Path, making: Path, envelope: Envelope) -> None:
    """A folder like the original for one recipient; sounds are shared, not written again."""
    files.remove(making)
    files.make_folder(making)
    for file in sorted(original.iterdir()):
        if file.name.startswith((ENCLOSED, "audio.")):
            files.link(file, making / file.name)
    files.put(making / ENVELOPE, dump_envelope(envelope))
    files.sync_folder(making)


def copy_names(envelope: Envelope, fate: Fate) -> list[tuple[Envelope, str]]:
    """Each copy's envelope with the name of its folder."""
    return [(one, fate.folder(one.id)) for one in copies_of(envelope)]
