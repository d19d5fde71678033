"""The test announcement: speech without a pause until the caller hangs up, to measure with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from umserver.calls.call import NO_KEY, Call
from umserver.calls.office import Flow, Office

if TYPE_CHECKING:
    from umserver.org.routes import Route

SHORTEST = 1.0
"""Seconds that one round takes at least, whatever is said."""


async def announce(call: Call, office: Office, route: Route) -> str:
    """Repeat one text for ever; a hang-up or the call's time limit ends it."""
    await call.answer()
    text = await office.speaker(route.dial_plan.default_language).clip("announcement-test")
    while True:
        if not await call.play(text, keys=NO_KEY) or text.seconds < SHORTEST:
            await call.key(SHORTEST)


FLOW = Flow(name="announcement", run=announce)
