"""Numbers typed on the telephone: extensions, PINs.

Knows: when somebody is done typing. Must never know: what the digits mean; they are in no log.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.call import Call
from umserver.interfaces import Clip

FIRST_SECONDS = 5.0
"""How long the first digit may take after the last word."""
NEXT_SECONDS = 4.0
"""How long the next one may take; then it is done."""
END_KEY = "#"
BACK_KEY = "*"


async def enter_digits(
    call: Call, prompt: Sequence[Clip], *, most: int, exact: bool = False, begun: str = ""
) -> str | None:
    """What was typed until #, a pause, or `most` digits where the length is `exact`.

    None after silence; the star key alone gives "*", wherever it is pressed. Digits beyond `most`
    are dropped. `begun`: what was typed before. Raises HungUp, TimeUp.
    """
    await call.play(*prompt)
    typed, patience = begun, NEXT_SECONDS if begun else FIRST_SECONDS
    if exact and len(typed) == most:
        return typed
    while (key := await call.key(patience)) is not None:
        if key == BACK_KEY:
            return BACK_KEY
        if key == END_KEY:
            return typed
        if key.isdigit() and len(typed) < most:
            typed += key
        if exact and len(typed) == most:
            return typed
        patience = NEXT_SECONDS
    return typed or None
