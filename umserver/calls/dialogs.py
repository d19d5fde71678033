"""The small conversations that scripts are made of.

Knows: prompts, keys, patience. Must never know: what a choice leads to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from umserver.calls.call import ANY_KEY, NO_KEY, Call
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip

T = TypeVar("T")

KEY_SECONDS = 5.0
"""How long a menu waits for a key after its last word (spec 3.5: the time-out entry)."""
REPEAT_KEY = "0"


async def menu(
    call: Call,
    speaker: Speaker,
    prompt: Sequence[Clip],
    choices: Mapping[str, T],
    *,
    tries: int = 3,
) -> T | None:
    """Offer choices by key until one is taken; None after `tries` silences or wrong keys in a row.

    0 repeats the prompt without counting, bounded by ten times, unless it is a choice itself.
    Raises HungUp, TimeUp.
    """
    failures = repeats = 0
    while failures < tries:
        await call.play(*prompt)
        key = await call.key(KEY_SECONDS)
        if key in choices:
            return choices[key]
        if key == REPEAT_KEY and repeats < 10:
            repeats += 1
            continue
        failures += 1
        if key is not None:
            await call.play(await speaker.clip("invalid-key"), keys=ANY_KEY)
        elif failures < tries:
            await call.play(await speaker.clip("are-you-there"))
    return None


async def farewell(call: Call, speaker: Speaker, *names: str) -> None:
    """Say these prompts to the end, whatever is pressed; the script ends after it. Raises HungUp, TimeUp."""
    await call.play(*await speaker.clips(*names), keys=NO_KEY)
