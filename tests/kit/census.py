"""What a process holds: objects of our classes and what they keep, files, timers, threads, memory.

Knows: the garbage collector, `/proc/self`. Must never know: what the objects are for. Garbage that
waits for the collector does not count, what it was told to spare for good (`gc.freeze`) does.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import Counter, OrderedDict, deque
from collections.abc import Mapping
from typing import Any

from attrs import frozen
from twisted.internet.base import DelayedCall

from tests.kit.stage import Stage

OURS = ("umserver.", "tests.kit.")
TWISTED = ("Deferred", "DelayedCall", "Port", "Server", "Client")
KEEPING = (dict, list, set, deque, OrderedDict, bytearray)


@frozen
class Census:
    """One count."""

    objects: Mapping[str, int]
    """Of each class of ours, and of those of Twisted that belong to something under way."""
    entries: Mapping[str, int]
    """What lies in the collections that objects of each class of ours hold, all together."""
    files: int
    timers: int
    threads: int
    blocks: int
    """Of memory that the interpreter has handed out."""
    resident: int
    """KiB of memory."""

    def grown(self, before: Census) -> dict[str, int]:
        """What is more than before, and by how many; resident memory and blocks do not count."""
        return {
            name: number - before.figures().get(name, 0)
            for name, number in self.figures().items()
            if number > before.figures().get(name, 0)
        }

    def figures(self) -> dict[str, int]:
        """Everything that has to be as before once nothing goes on."""
        return {
            **self.objects,
            **{f"entries of {name}": number for name, number in self.entries.items()},
            "files": self.files,
            "timers": self.timers,
        }


def count(stage: Stage) -> Census:
    """Count now. What was cancelled lies around in a reactor for a while and does not count."""
    gc.unfreeze()
    gc.collect()
    objects: Counter[str] = Counter()
    entries: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        if kind is Census or (kind is DelayedCall and each.cancelled):
            continue
        if str(kind.__module__).startswith(OURS):
            name = f"{kind.__module__}.{kind.__qualname__}"
            objects[name] += 1
            entries[name] += 0 if each is stage else _kept(each)
        elif kind.__name__ in TWISTED:
            objects[f"{kind.__module__}.{kind.__qualname__}"] += 1
    blocks = sys.getallocatedblocks()
    gc.freeze()
    return Census(
        objects=dict(objects),
        entries={name: number for name, number in entries.items() if number},
        files=len(os.listdir("/proc/self/fd")),
        timers=len(stage.getDelayedCalls()),
        threads=threading.active_count(),
        blocks=blocks,
        resident=_resident(),
    )


def _kept(owner: Any) -> int:
    """How much lies in the collections that an object holds itself."""
    own = getattr(owner, "__dict__", None)
    held = list(own.values()) if own is not None else gc.get_referents(owner)
    return sum(len(each) for each in held if type(each) in KEEPING)


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
