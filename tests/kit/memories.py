"""What a server remembers on purpose, each with its bound, and how it is made to forget that.

Knows: where these memories are. Must never know: what is in them. What is not in this table has to
be gone when the call that made it is.
"""

from __future__ import annotations

import gc
from functools import _lru_cache_wrapper
from typing import Any

from attrs import frozen

from umserver.edges.mail.mailboxes import MOST_OPEN, MaildirMailboxes
from umserver.edges.net.guard import MOST_MEMBERS, MOST_NAMES, MOST_STRANGERS, Guard
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
from umserver.wire.sip.glance import MOST_REMEMBERED as MOST_SEEN
from umserver.wire.sip.glance import Eye
from umserver.wire.trace import TraceMemory

OCTETS = 1 << 30
"""Of a memory that is bounded by its octets."""


@frozen
class Memory:
    """One of them."""

    owner: type
    name: str
    most: int
    """Entries."""
    size: str = ""
    """Where the octets of all entries are counted."""


MEMORIES = (
    Memory(TraceMemory, "_calls", 400),
    Memory(SettingsStore, "_remembered", MOST_REMEMBERED),
    Memory(PromptShelf, "_free", OCTETS, "_free_bytes"),
    Memory(_Memory, "_kept", 4096, "_size"),
    *(Memory(Judge, name, MOST_JUDGED) for name in ("_ways", "_callers", "_places")),
    *(Memory(Decisions, name, MOST_DECIDED) for name in ("_ways", "_callers")),
    *(Memory(Eye, name, MOST_SEEN) for name in ("_single", "_several", "_uris")),
    Memory(Guard, "_strangers", MOST_STRANGERS),
    Memory(Guard, "_members", MOST_MEMBERS),
    Memory(Guard, "_decent", MOST_NAMES),
    Memory(Callers, "_wrong", MOST_CALLERS),
    Memory(LastHour, "_minutes", MINUTES),
    Memory(Rounds, "_part", PART),
    Memory(MaildirMailboxes, "_open", MOST_OPEN),
)


def held() -> dict[str, tuple[int, int]]:
    """The most entries that any memory of each kind has, and its bound."""
    found: dict[str, tuple[int, int]] = {}
    for memory, owner in _all():
        name = f"{memory.owner.__name__}.{memory.name}"
        size = max(found.get(name, (0, 0))[0], len(getattr(owner, memory.name)))
        found[name] = (size, memory.most)
    for cache in _caches():
        if cache.cache_parameters()["maxsize"] is not None:
            info = cache.cache_info()
            found[f"{cache.__module__}.{cache.__qualname__}"] = (info.currsize, info.maxsize or 0)
    return found


def forget() -> None:
    """All of them."""
    for memory, owner in _all():
        getattr(owner, memory.name).clear()
        if memory.size:
            setattr(owner, memory.size, 0)
    for cache in _caches():
        if cache.cache_parameters()["maxsize"] is not None:
            cache.cache_clear()


def _all() -> list[tuple[Memory, Any]]:
    owners = {memory.owner for memory in MEMORIES}
    gc.unfreeze()
    objects = [each for each in gc.get_objects() if type(each) in owners]
    gc.freeze()
    return [(m, each) for m in MEMORIES for each in objects if type(each) is m.owner]


def _caches() -> list[Any]:
    gc.unfreeze()
    found = [each for each in gc.get_objects() if isinstance(each, _lru_cache_wrapper)]
    gc.freeze()
    return [each for each in found if str(each.__module__).startswith("umserver.")]
