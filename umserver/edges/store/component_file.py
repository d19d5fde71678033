"""Component states beside the server: a small file in the state folder (spec 3.11, -LocalOnly).

Knows: one JSON file, written whole and synced. Must never know: what the states mean. Both
functions block. A file that cannot be read says so and counts as empty, so that a server starts
whatever became of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from attrs import asdict
from twisted.logger import Logger

from umserver.interfaces import Unavailable
from umserver.org.states import Wish, wish, wishes_of

log = Logger()

FILE_NAME = "component-states.json"
MOST_OCTETS = 65_536


def read_states(state: Path) -> Sequence[Wish]:
    """The wishes in this state folder."""
    path = state / FILE_NAME
    try:
        with path.open("rb") as file:
            entries = json.loads(file.read(MOST_OCTETS))
        return [
            wish(entry["component"], entry["requester"], entry["state"], float(entry["at"]))
            for entry in entries
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as fault:
        log.error("{path} cannot be read: {fault}", path=str(path), fault=fault)
        return []


def keep_state(state: Path, new: Wish) -> None:
    """Put one wish there, in the place of an older one of its requester. Raises Unavailable."""
    path = state / FILE_NAME
    kept = wishes_of([new, *read_states(state)])
    text = json.dumps([asdict(one) for one in kept.values()], indent=1)
    draft = path.with_suffix(".new")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
        folder = os.open(state, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as fault:
        raise Unavailable(f"{path} cannot be written: {fault.strerror or fault}") from None
