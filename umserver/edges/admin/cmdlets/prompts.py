"""Import-UMPrompt and Export-UMPrompt: recordings of dial plans and auto attendants (spec 3.9).

Knows: the store and the folder where they are kept, the one sound format that is taken. Must never
know: who plays them. A file is kept octet for octet; other servers get it from the store.
"""

from __future__ import annotations

import base64
import io
import os
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import NAMED, Noun
from umserver.edges.admin.outcome import Outcome, Property
from umserver.edges.admin.parameter import Parameter
from umserver.org.prompt_files import folder_name

OWNERS = {"UMDialPlan": "UMDialPlan", "UMAutoAttendant": "UMAutoAttendant"}
MOST_OCTETS = 20 << 20
"""Octets of a prompt: 20 minutes."""
MOST_NAME = 255
RATE, WIDTH, CHANNELS = 8000, 2, 1
GENERATED = {
    "BusinessHours": {"part": "hours"},
    "BusinessHoursWelcomeGreeting": {"part": "greeting", "hours": "open"},
    "BusinessHoursWelcomeGreetingAndMenu": {"part": "all", "hours": "open"},
    "AfterHoursWelcomeGreeting": {"part": "greeting", "hours": "closed"},
    "AfterHoursWelcomeGreetingAndMenu": {"part": "all", "hours": "closed"},
    "BusinessLocation": {"part": "location"},
}
"""What a running server says by itself, and how it is asked for it."""


def folder_of(state: Path, owner: str, name: str) -> Path:
    """Where the prompts of a dial plan or an auto attendant are kept."""
    return state / folder_name(owner, name)


def import_prompt(given: Given, desk: Desk) -> Outcome:
    """Take over a recording."""
    noun, thing, folder = _owner(given, desk)
    name = _file_name(given)
    source = given.text("PromptFileData") or given.text("PromptFileStream")
    if given.has("PromptFileData") and given.has("PromptFileStream"):
        raise Mistyped("-PromptFileData and -PromptFileStream exclude each other")
    if not source:
        raise Mistyped("say which file: -PromptFileData FILE.wav")
    data = _octets(Path(source))
    seconds = check_sound(data, source)
    desk.archive.recorded.put(noun.cmdlet, thing.name, name, data)
    if not given.what_if:
        _keep(folder / name, data)
    done = f"the prompt {name} ({seconds:.1f} s) belongs to {noun.word} {thing.name}"
    return Outcome(done=done, changed=True)


def export_prompt(given: Given, desk: Desk) -> Outcome:
    """Give a recording back, octet for octet."""
    wanted = [word for word in GENERATED if given.flag(word)]
    if wanted:
        return _export_generated(given, desk, wanted)
    noun, thing, folder = _owner(given, desk)
    words = f"{noun.word} {thing.name}"
    path = folder / _file_name(given)
    kept = desk.archive.recorded.sound(noun.cmdlet, thing.name, path.name)
    if kept is not None:
        return _exported(given, path.name, words, kept)
    if not path.is_file():
        known = sorted(one.name for one in folder.glob("*")) if folder.is_dir() else []
        hint = f"there are {', '.join(known)}" if known else "it has none"
        raise LookupError(f"{words} has no prompt {path.name}; {hint}")
    return _exported(given, path.name, words, path.read_bytes())


def _export_generated(given: Given, desk: Desk, wanted: Sequence[str]) -> Outcome:
    """What callers hear where nothing was recorded, as the running server says it."""
    if len(wanted) > 1:
        raise Mistyped(f"-{wanted[0]} and -{wanted[1]} exclude each other")
    name = given.text("UMAutoAttendant")
    if not name or given.has("PromptFileName"):
        raise Mistyped(f"-{wanted[0]} needs -UMAutoAttendant, and no -PromptFileName")
    thing = find(desk.archive, NAMED["UMAutoAttendant"], name).thing
    details = {**GENERATED[wanted[0]], "business_name": given.text("TestBusinessName")}
    told = desk.ask("heard", attendant=thing.name, sound=True, **details)
    words = f"auto attendant {thing.name}"
    return _exported(given, f"{wanted[0]}.wav", words, base64.b64decode(told["wav"]))


def _exported(given: Given, name: str, words: str, data: bytes) -> Outcome:
    out = given.text("Path")
    if out:
        Path(out).write_bytes(data)
    record = (
        Property("PromptFileName", name, "name"),
        Property("Owner", words, "owner"),
        Property("Duration", round(check_sound(data, name), 1), "seconds", "s"),
        Property("Size", len(data), "octets", "octets"),
        Property("Path", out, "path"),
        Property("AudioData", "" if out else _Audio(data), "audio"),
    )
    return Outcome((record,), in_full=True)


class _Audio(str):
    """The octets as base64, which people see shortened."""

    def __new__(cls, data: bytes) -> _Audio:
        return super().__new__(cls, base64.b64encode(data).decode("ascii"))


def check_sound(data: bytes, name: str) -> float:
    """Seconds of a WAV file of 16 bit linear PCM, 8000 Hz, mono. Raises Mistyped for others."""
    wanted = "a prompt is a WAV file of 16 bit linear PCM, 8 kHz, mono"
    try:
        with wave.open(io.BytesIO(data)) as sound:
            found = (sound.getframerate(), sound.getsampwidth(), sound.getnchannels())
            frames = int(sound.getnframes())
            whole = len(sound.readframes(frames)) == frames * found[1] * found[2]
    except (wave.Error, EOFError) as fault:
        raise Mistyped(f"{name}: unsupported format, {_kind(data, fault)}; {wanted}") from None
    if found != (RATE, WIDTH, CHANNELS):
        rate, width, channels = found
        kind = "mono" if channels == 1 else f"{channels} channels"
        raise Mistyped(f"{name}: unsupported format, {width * 8} bit, {rate} Hz, {kind}; {wanted}")
    if not frames or not whole:
        raise Mistyped(f"{name}: the file has no sound, or ends in the middle of it")
    return float(frames) / RATE


def _kind(data: bytes, fault: Exception) -> str:
    """What a file that is no WAV file of PCM seems to be."""
    if data[:3] == b"ID3" or (data[:1] == b"\xff" and data[1:2] >= b"\xe0"):
        return "this is MP3"
    if data[:4] == b"0&\xb2u":
        return "this is Windows Media"
    if data[:4] == b"RIFF":
        return f"a WAV file of another coding ({fault})"
    return "this is no WAV file"


def _owner(given: Given, desk: Desk) -> tuple[Noun, Any, Path]:
    """The noun of the one owner that was named, the owner itself, and the folder of its prompts."""
    named = [name for name in OWNERS if given.text(name)]
    if len(named) != 1:
        raise Mistyped("say whose prompt: exactly one of -UMDialPlan and -UMAutoAttendant")
    noun = NAMED[named[0]]
    thing = find(desk.archive, noun, given.text(named[0])).thing
    return noun, thing, folder_of(desk.state, noun.cmdlet, thing.name)


def _file_name(given: Given) -> str:
    name = given.needed("PromptFileName", "prompt")
    if name != Path(name).name or name.startswith(".") or not name.isprintable():
        raise Mistyped(f"-PromptFileName is a name without folders, not {name}")
    if len(name.encode()) > MOST_NAME:
        raise Mistyped(f"-PromptFileName has at most {MOST_NAME} octets")
    if not name.lower().endswith(".wav"):
        raise Mistyped(f"-PromptFileName ends in .wav, not {name}")
    return name


def _octets(path: Path) -> bytes:
    size = path.stat().st_size
    if size > MOST_OCTETS:
        raise Mistyped(f"{path} has {size} octets; a prompt has at most {MOST_OCTETS}")
    return path.read_bytes()


def _keep(path: Path, data: bytes) -> None:
    """Write it so that it is there whole, or as it was before."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name[:200]}.{os.getpid()}.new")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, path)


_WHOSE = (
    Parameter("UMDialPlan", "The dial plan that it belongs to", section="dial_plans"),
    Parameter(
        "UMAutoAttendant", "The auto attendant that it belongs to", section="auto_attendants"
    ),
)
ABOUT = {
    "BusinessHours": "the business hours",
    "BusinessHoursWelcomeGreeting": "the greeting in business hours",
    "BusinessHoursWelcomeGreetingAndMenu": "greeting and menu in business hours",
    "AfterHoursWelcomeGreeting": "the greeting after hours",
    "AfterHoursWelcomeGreetingAndMenu": "greeting and menu after hours",
    "BusinessLocation": "the location",
}
_NAME = Parameter("PromptFileName", "Name under which it is known", form="NAME.wav", required=True)
CMDLETS = (
    Cmdlet(
        "Import",
        "UMPrompt",
        "Takes over a recording: a WAV file of 16 bit linear PCM, 8 kHz, mono",
        import_prompt,
        (
            _NAME,
            Parameter("PromptFileData", "File to read", form="FILE.wav"),
            Parameter("PromptFileStream", "The same as -PromptFileData", form="FILE.wav"),
            *_WHOSE,
        ),
        unix="prompt import",
        first="PromptFileName",
        examples=(
            "Import-UMPrompt welcome.wav -PromptFileData hello.wav -UMDialPlan Demo",
            "Import-UMPrompt menu.wav -PromptFileStream hello.wav -UMAutoAttendant Reception",
        ),
    ),
    Cmdlet(
        "Export",
        "UMPrompt",
        "Gives a recording back, octet for octet",
        export_prompt,
        (
            evolve(_NAME, required=False),
            Parameter("Path", "File to write; without it -Format Json shows AudioData"),
            *_WHOSE,
            *(
                Parameter(name, f"What the server says by itself: {about}", switch=True)
                for name, about in ABOUT.items()
            ),
            Parameter("TestBusinessName", "Another business name, to hear how it sounds"),
            Parameter(
                "TestMenuKeyMapping",
                "Another menu, to hear how it sounds",
                without_effect="the menu of the settings is said",
            ),
        ),
        unix="prompt export",
        first="PromptFileName",
        examples=(
            "Export-UMPrompt welcome.wav -UMDialPlan Demo -Path copy.wav",
            "Export-UMPrompt welcome.wav -UMDialPlan Demo -Format Json",
        ),
    ),
)
