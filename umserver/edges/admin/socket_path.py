"""Where the control socket is: a short name even for a long folder.

Knows: the state folder, and that the kernel takes 107 octets of a socket's path. Must never know:
what is said over it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "control.sock"
MOST_PATH = 107
"""Octets of a socket's address (sockaddr_un)."""


@contextmanager
def short_path(state: Path) -> Iterator[str]:
    """A path to the socket that the kernel takes while the context lasts.

    A long one leads through a descriptor of the folder. Raises OSError without the folder.
    """
    path = str(state / NAME)
    if len(os.fsencode(path)) <= MOST_PATH:
        yield path
        return
    folder = os.open(state, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)
