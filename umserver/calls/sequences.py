"""Keys pressed in quick succession that mean one thing together: 33, 00 5.

Knows: a table of sequences. Must never know: what they do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from umserver.calls.call import Call

T = TypeVar("T")

TOGETHER_SECONDS = 0.7
"""How long a further key may take that belongs to the one before."""


async def sequence(
    call: Call, table: Mapping[str, T], timeout: float, begun: str = ""
) -> tuple[str, T | None]:
    """The keys of the longest sequence that was pressed, and its meaning; None: it has none.

    `timeout`: seconds that the first key may take; no key at all gives "". `begun`: what was
    pressed before. Raises HungUp, TimeUp.
    """
    keys, patience = begun, timeout
    while (key := await call.key(patience)) is not None:
        keys += key
        if not any(known.startswith(keys) and known != keys for known in table):
            break
        patience = call.left_of(TOGETHER_SECONDS)
    return (keys if keys != begun else ""), table.get(keys)
