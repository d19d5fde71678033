"""What is found on the disk at a start: put in order and read; everything here blocks.

Knows: what a crash can leave, what damage looks like. Must never know: Deferreds, the schedule,
mail. Damage stops nothing but itself: it goes to the dead letters, where people find it.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from pathlib import Path
from typing import TypeVar

from twisted.logger import Logger

from umserver.edges.mail.spool.cabinet import WHY, Cabinet, Letter, trouble
from umserver.edges.mail.spool.copies import original_of
from umserver.edges.mail.spool.dividing import divided
from umserver.edges.mail.spool.record import (
    ENVELOPE,
    TRIES,
    BadRecord,
    Fate,
    Tries,
    load_envelope,
    load_tries,
    parse_folder,
)
from umserver.org.messages import CallerId, Envelope, Kind
from umserver.wire.audio.silence import speech_seconds

log = Logger()

T = TypeVar("T")

LEAST_SPEECH = 0.5
"""Seconds of sound that make a message out of an interrupted recording."""


def recover(cabinet: Cabinet, busy: Container[str]) -> tuple[int, list[Letter]]:
    """Put in order what a crash left; how many messages that made, and all there are.

    Lets drafts be whose ids are `busy`. Of a message that the disk would not divide no copies are
    told, it comes itself. Raises Unavailable.
    """
    try:
        count = _rescue(cabinet, busy)
        found = [one for letter in letters(cabinet) for one in divided(cabinet, letter)]
    except OSError as fault:
        raise trouble(fault, "reading the spool") from None
    whole = {letter.envelope.id for letter in found if letter.envelope.also}
    return count, [one for one in found if original_of(one.envelope) not in whole]


def letters(cabinet: Cabinet) -> list[Letter]:
    """Everything in `queue` and `dead`; damaged folders of the queue go to `dead`."""
    queue = sorted((cabinet.folder / "queue").iterdir())
    waiting = [_guarded(cabinet, path, lambda _, path: read_letter(path)) for path in queue]
    dead = [_dead_letter(path) for path in sorted((cabinet.folder / "dead").iterdir())]
    return [*filter(None, waiting), *dead]


def read_letter(path: Path) -> Letter:
    """One folder. Raises BadRecord, OSError."""
    id, fate = parse_folder(path.name)
    file = path / TRIES
    tries = load_tries(file.read_bytes()) if file.exists() else Tries()
    return Letter(path, _envelope(path, id), fate, tries, path.parent.name == "dead")


def _rescue(cabinet: Cabinet, busy: Container[str]) -> int:
    """Turn drafts that a crash left into messages; says how many."""
    for rubbish in sorted((cabinet.folder / "tmp").iterdir()):
        if rubbish.name not in busy:
            cabinet.remove_quietly(rubbish)
    drafts = sorted((cabinet.folder / "drafts").iterdir())
    kept = [_guarded(cabinet, path, _keep) for path in drafts if path.name not in busy]
    return kept.count(True)


def _keep(cabinet: Cabinet, draft: Path) -> bool:
    """Make a message of a draft, or nothing; whether there is one."""
    envelope = _envelope(draft, draft.name)
    fate = _fate(envelope, *cabinet.sound(draft))
    if fate is None:
        cabinet.discard(draft)
        return False
    cabinet.settle(draft, envelope.id, fate)
    return True


def _fate(envelope: Envelope, codec: str, sound: bytes) -> Fate | None:
    if envelope.notice is not None:
        return Fate(Kind.NOTICE)
    if sound and speech_seconds(codec, sound) >= LEAST_SPEECH:
        return Fate(Kind.VOICE)
    return Fate(Kind.MISSED) if envelope.missed_call_wanted else None


def _guarded(cabinet: Cabinet, path: Path, work: Callable[[Cabinet, Path], T]) -> T | None:
    """Work on one folder; None for a fault in it, with which it goes to the dead letters."""
    try:
        return work(cabinet, path)
    except BadRecord as fault:
        log.error("{path} is damaged: {fault}", path=str(path), fault=fault)
        try:
            cabinet.bury(path, str(fault))
        except OSError as worse:
            log.error("{path} stays where it is: {fault}", path=str(path), fault=worse)
    except OSError as fault:
        log.error("{path} cannot be read: {fault}", path=str(path), fault=fault)
    return None


def _envelope(path: Path, id: str) -> Envelope:
    try:
        envelope = load_envelope((path / ENVELOPE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise BadRecord("there is no envelope") from None
    if envelope.id != id:
        raise BadRecord(f"the envelope belongs to {envelope.id}")
    return envelope


def _dead_letter(path: Path) -> Letter:
    """A dead letter, as much of it as can be read."""
    try:
        return read_letter(path)
    except (BadRecord, OSError):
        id = path.name.partition(".")[0]
        unknown = Envelope(id, "", "", 0.0, "", "", "", CallerId())
        return Letter(path, unknown, Fate(Kind.VOICE), Tries(0, 0.0, _why(path)), dead=True)


def _why(path: Path) -> str:
    try:
        return (path / WHY).read_text("utf-8", "replace").strip()[:500]
    except OSError:
        return "cannot be read"
