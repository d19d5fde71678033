"""Whether a mailbox takes another message (spec 4.6): what is in it, and how much may be.

Knows: the file `maildirsize` of Maildir++, sizes in file names (`,S=`), the QUOTA answers of an
IMAP server (RFC 9208). Must never know: calls. Maildir functions block.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

SIZE_FILE = "maildirsize"
MOST_SIZE_FILE = 64 << 10
"""Octets of it that are read; Maildir++ makes it anew above 5120."""
KILO = 1024
"""Octets of IMAP's unit of STORAGE (RFC 9208 §5.1)."""
_SIZE_IN_NAME = re.compile(r",S=(\d{1,15})(?:[,:]|$)")


@frozen
class Usage:
    """How full a mailbox is; limits of None are none."""

    octets: int = 0
    messages: int = 0
    most_octets: int | None = None
    most_messages: int | None = None

    def is_full(self, limit: int | None) -> bool:
        """Whether nothing more is taken; `limit` in octets comes from our own settings."""
        limits = [most for most in (limit, self.most_octets) if most is not None]
        over = bool(limits) and self.octets >= min(limits)
        return over or (self.most_messages is not None and self.messages >= self.most_messages)


def maildir_usage(box: Path, *, count: bool) -> Usage:
    """From `maildirsize`; where there is none, all files are looked at if `count`. OSError."""
    try:
        with (box / SIZE_FILE).open("rb") as file:
            known = read_size_file(file.read(MOST_SIZE_FILE).decode("ascii", "replace"))
    except FileNotFoundError:
        known = None
    if known is not None:
        return known
    if not count:
        return Usage()
    octets = messages = 0
    for size in _sizes(box):
        octets += size
        messages += 1
    return Usage(octets, messages)


def read_size_file(text: str) -> Usage | None:
    """The sum of a `maildirsize`; None where it is none."""
    first, *lines = text.splitlines() or [""]
    limits = {part[-1:].upper(): part[:-1] for part in first.strip().split(",")}
    if not limits or not all(k in "SC" and v.isdigit() for k, v in limits.items()):
        return None
    octets = messages = 0
    for line in lines:
        found = re.fullmatch(r"\s*(-?\d{1,15})\s+(-?\d{1,15})\s*", line)
        if found:
            octets += int(found[1])
            messages += int(found[2])
    most_octets, most_messages = (int(limits.get(key, "0")) or None for key in "SC")
    return Usage(octets, messages, most_octets, most_messages)


def note_delivery(box: Path, octets: int) -> None:
    """Tell `maildirsize` of a new message, where another program keeps one (Maildir++)."""
    try:
        handle = os.open(box / SIZE_FILE, os.O_WRONLY | os.O_APPEND)
    except OSError:
        return
    try:
        os.write(handle, f"{octets} 1\n".encode())
    except OSError:
        return
    finally:
        os.close(handle)


def _sizes(box: Path) -> Iterator[int]:
    """Of every mail of the inbox and its folders."""
    for folder in (box, *_folders(box)):
        for room in ("new", "cur"):
            try:
                with os.scandir(folder / room) as entries:
                    yield from filter(None, map(_size, entries))
            except (FileNotFoundError, NotADirectoryError):
                continue


def _folders(box: Path) -> list[Path]:
    try:
        with os.scandir(box) as entries:
            return [Path(e.path) for e in entries if e.name.startswith(".") and e.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _size(entry: os.DirEntry[str]) -> int:
    """Octets; 0 for what is no mail, or has gone meanwhile."""
    named = _SIZE_IN_NAME.search(entry.name)
    if named:
        return int(named[1])
    try:
        return 0 if entry.name.startswith(".") else entry.stat().st_size
    except OSError:
        return 0


def imap_usage(lines: Sequence[Sequence[Any]]) -> Usage:
    """The tightest of the answers `* QUOTA root (STORAGE used most MESSAGE used most)`."""
    found = Usage()
    for line in lines:
        if len(line) < 3 or bytes(line[0]).upper() != b"QUOTA" or not isinstance(line[2], list):
            continue
        parts = [part for part in line[2] if isinstance(part, bytes)]
        for name, used, most in zip(parts[::3], parts[1::3], parts[2::3], strict=False):
            if used.isdigit() and most.isdigit():
                found = _tighter(found, name.upper(), int(used), int(most))
    return found


def _tighter(found: Usage, name: bytes, used: int, most: int) -> Usage:
    if name == b"STORAGE":
        left = found.most_octets - found.octets if found.most_octets is not None else None
        if left is None or (most - used) * KILO < left:
            return Usage(used * KILO, found.messages, most * KILO, found.most_messages)
    if name == b"MESSAGE":
        left = found.most_messages - found.messages if found.most_messages is not None else None
        if left is None or most - used < left:
            return Usage(found.octets, used, found.most_octets, most)
    return found
