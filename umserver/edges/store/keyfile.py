"""A secret in a file of its own, for what must not lie beside the rows that it protects.

Knows: one file, mode 0600, made once with all its octets or not at all. Must never know: what for.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from umserver.interfaces import Unavailable

OCTETS = 32


def key_in(path: Path) -> bytes:
    """The file's octets; made of chance when there is no such file. Raises Unavailable.

    Of two programs that make it at the same time, both get the same octets.
    """
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as fault:
        raise Unavailable(f"the key {path}: {fault.strerror or fault}") from None
    if len(key) != OCTETS:
        raise Unavailable(f"the key {path} is damaged: it has {len(key)} octets, not {OCTETS}")
    return key


def _make(path: Path) -> None:
    making = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    file = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_bytes(OCTETS))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(making, path)
    except FileExistsError:
        return
    finally:
        os.unlink(making)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
