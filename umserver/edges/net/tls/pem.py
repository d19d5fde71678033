"""Files in PEM form: read to a bound, watched for changes.

Knows: files. Must never know: what certificates and lists mean. Reading blocks.
"""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[tuple[int, ...], ...]
"""Differs when a file has changed, come or gone."""


class CertificateFault(Exception):
    """TLS cannot be had; the words name the file and what is wrong with it."""


def text_of(file: Path, most: int) -> bytes:
    """All of it, at most so many octets. Raises CertificateFault."""
    try:
        with file.open("rb") as opened:
            text = opened.read(most + 1)
    except OSError as fault:
        raise CertificateFault(f"{file} cannot be read: {fault.strerror}") from None
    if len(text) > most:
        raise CertificateFault(f"{file} is too long: at most {most >> 20} MiB are read")
    return text


def stamp_of(*files: Path | None) -> Stamp:
    """Tells whether any of them was changed since."""
    return tuple(map(_stamp, files))


def _stamp(file: Path | None) -> tuple[int, ...]:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        found = None
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found is not None else ()
