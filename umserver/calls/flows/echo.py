"""The echo test: the caller hears itself. The smallest script with a conversation.

Knows: one prompt. Ends when the caller hangs up or the call's time is up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from umserver.calls.call import NO_KEY, Call
from umserver.calls.office import Flow, Office

if TYPE_CHECKING:
    from umserver.org.routes import Route

WAIT_SECONDS = 3600.0


async def echo(call: Call, office: Office, route: Route) -> str:
    """Explain, then send everything back until the caller hangs up."""
    await call.answer()
    speaker = office.speaker(route.dial_plan.default_language)
    await call.play(await speaker.clip("echo-instructions"), keys=NO_KEY)
    call.echo(True)
    while True:
        await call.key(WAIT_SECONDS)


FLOW = Flow(name="echo", run=echo)
