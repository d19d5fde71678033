"""Has the machine get back what the process does not need any more.

Knows: the allocator of glibc; with another one nothing is done. Must never know: what memory is
for. As it comes, glibc keeps a heap for every thread, and after one large block (a recording, a
mail) takes the next ones from those heaps too, where whatever small lies behind them keeps them.
Sources: mallopt(3), malloc_trim(3).
"""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable
from functools import cache
from pathlib import Path

_ARENA_MAX, _MMAP_THRESHOLD, _TRIM_THRESHOLD = -8, -3, -1
_PAGE = resource.getpagesize()
HEAPS = 2
"""For all threads together; only one at a time holds the interpreter."""
LARGE = 128 << 10
"""Octets of a block that is taken from the machine, and given back, by itself."""
SPARE = 1 << 20
"""Octets that stay at the end of a heap."""


def begin() -> None:
    """For good; before there are threads."""
    mallopt = _function("mallopt")
    if mallopt is not None:
        mallopt(_ARENA_MAX, HEAPS)
        mallopt(_MMAP_THRESHOLD, LARGE)
        mallopt(_TRIM_THRESHOLD, SPARE)


def give_back() -> None:
    """Let go of pages where nothing is; under a millisecond where little was freed.

    Done often: holes that stay would make a process that is never quiet grow by some MB an hour.
    """
    trim = _function("malloc_trim")
    if trim is not None:
        trim(SPARE)


def resident() -> int:
    """Octets of memory that this process has; 0 where the system does not tell. Source: proc(5)."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE
    except OSError:
        return 0


@cache
def _function(name: str) -> Callable[..., int] | None:
    try:
        return getattr(ctypes.CDLL(None), name)  # type: ignore[no-any-return]
    except (AttributeError, OSError):
        return None
