"""`umctl` alone: a shell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TextIO


def converse(desk: Any, run: Callable[[Sequence[str]], int], out: TextIO) -> int:
    """Read commands until the end."""
    return 0
