"""What a server remembers on purpose, each with its bound, and how it is made to forget that.

Knows: where these memories are. Must never know: what is in them. What is not in this table has to
be gone when the call that made it is.
"""

from __future__ import annotations

import gc
from collections import deque
from functools import _lru_cache_wrapper
from typing import Any

from attrs import frozen

from umserver.edges.net.guard import MOST_STRANGERS, Guard
from umserver.edges.net.judge import MOST as MOST_JUDGED
from umserver.edges.net.judge import Judge
from umserver.edges.speech.greetings import _Memory
from umserver.edges.speech.shelf import PromptShelf
from umserver.edges.store.settings import MOST_REMEMBERED, SettingsStore
from umserver.org.pin_callers import MOST_CALLERS, Callers
from umserver.roles.decisions import MOST as MOST_DECIDED
from umserver.roles.decisions import Decisions
from umserver.roles.health import MINUTES, LastHour
from umserver.roles.lamp_rounds import PART, Rounds
from umserver.wire.sip.frame import MOST_REMEMBERED as MOST_SEEN
from umserver.wire.sip.frame import Frames, WellWritten
from umserver.wire.sip.glance import Eye
from umserver.wire.trace import TraceMemory

OCTETS = 1 << 30
"""Of a memory that is bounded by its octets."""


@frozen
class Memory:
    """What lies in the collections of objects of one class."""

    owner: type
    most: int
    """Entries of each collection."""
    name: str = ""
    """The only collection that is meant; empty: all of them."""
    size: str = ""
    """Where the octets of all entries are counted."""

    def collections(self, owner: Any) -> dict[str, Any]:
        """Of one object, by the name under which they are shown."""
        kind = type(owner)
        names = [self.name] if self.name else attributes(owner)
        found = {f"{kind.__name__}.{name}": getattr(owner, name) for name in names}
        return {name: each for name, each in found.items() if isinstance(each, COLLECTIONS)}


def attributes(owner: Any) -> list[str]:
    """The names of everything that an object holds."""
    slots = [name for kind in type(owner).__mro__ for name in getattr(kind, "__slots__", ())]
    return [name for name in (*slots, *getattr(owner, "__dict__", ())) if hasattr(owner, name)]


COLLECTIONS = (dict, set, list, deque)
MEMORIES = (
    Memory(TraceMemory, 64),
    Memory(SettingsStore, MOST_REMEMBERED, "_remembered"),
    Memory(PromptShelf, OCTETS, "_free", "_free_bytes"),
    Memory(_Memory, 4096, "_kept", "_size"),
    Memory(Judge, MOST_JUDGED),
    Memory(Decisions, MOST_DECIDED),
    *(Memory(owner, MOST_SEEN) for owner in (Eye, Frames, WellWritten)),
    Memory(Guard, MOST_STRANGERS),
    Memory(Callers, MOST_CALLERS),
    Memory(LastHour, MINUTES),
    Memory(Rounds, PART),
)


def held() -> dict[str, tuple[int, int]]:
    """The most entries that any memory of each kind has, and its bound."""
    found: dict[str, tuple[int, int]] = {}
    for memory, owner in _all():
        for name, each in memory.collections(owner).items():
            found[name] = (max(found.get(name, (0, 0))[0], len(each)), memory.most)
    for cache in _caches():
        info = cache.cache_info()
        found[f"{cache.__module__}.{cache.__qualname__}"] = (info.currsize, info.maxsize)
    return found


def forget() -> None:
    """All of them."""
    for memory, owner in _all():
        for each in memory.collections(owner).values():
            each.clear()
        if memory.size:
            setattr(owner, memory.size, 0)
    for cache in _caches():
        cache.cache_clear()


def _all() -> list[tuple[Memory, Any]]:
    memories = {memory.owner: memory for memory in MEMORIES}
    gc.unfreeze()
    objects = [each for each in gc.get_objects() if type(each) in memories]
    gc.freeze()
    return [(memories[type(each)], each) for each in objects]


def _caches() -> list[Any]:
    """Those of our functions that have a bound."""
    gc.unfreeze()
    found: list[Any] = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    gc.freeze()
    return [
        each
        for each in found
        if str(each.__module__).startswith("umserver.")
        and each.cache_parameters()["maxsize"] is not None
    ]
