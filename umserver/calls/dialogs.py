"""The small conversations that scripts are made of.

Knows: prompts, keys, patience. Must never know: what a choice leads to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import NO_KEY, Call, TimeUp, handed_on
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, HungUp

log = Logger()
T = TypeVar("T")

KEY_SECONDS = 5.0
"""How long a menu waits for a key after its last word (spec 3.5: the time-out entry)."""
REPEAT_KEY = "0"
MOST_REPEATS = 10


async def menu(
    call: Call,
    speaker: Speaker,
    prompt: Sequence[Clip],
    choices: Mapping[str, T],
    *,
    tries: int = 3,
) -> T | None:
    """Offer choices by key until one is taken; None after `tries` silences or wrong keys in a row.

    0 repeats the prompt without counting (ten times at most) unless it is a choice itself; a key
    without meaning is said to be one. Raises HungUp, TimeUp.
    """
    failures = repeats = 0
    while failures < tries:
        await call.play(*prompt)
        key = await call.key(KEY_SECONDS)
        if key is not None and key in choices:
            return choices[key]
        if key == REPEAT_KEY:
            repeats += 1
            failures += repeats > MOST_REPEATS
            continue
        failures += 1
        if key is not None:
            await call.play(await speaker.clip("invalid-key"))
        elif failures < tries:
            await call.play(await speaker.clip("are-you-there"))
    return None


async def patiently(call: Call, speaker: Speaker, work: Deferred[T]) -> T:
    """The result of something slow; a caller who waits is asked for a moment.

    Raises what the work raises, and HungUp, TimeUp: then the work goes on to its end unwatched.
    """
    result = handed_on(work)
    while not await call.ready(work):
        try:
            await call.interject(await speaker.clip("one-moment"))
        except (HungUp, TimeUp):
            result.addErrback(lambda fault: log.error("{fault}", call=call.id, fault=fault.value))
            raise
    return await result


async def farewell(call: Call, speaker: Speaker, *names: str) -> None:
    """Say these prompts to the end, whatever is pressed; the script ends after it.

    Raises HungUp, TimeUp.
    """
    await call.play(*await speaker.clips(*names), keys=NO_KEY)
