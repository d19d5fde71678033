"""What a caller hears at a number whose service this server does not offer yet.

Knows: an apology. It stands in for a script that is not there, so that no number ends in silence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from umserver.calls.call import Call
from umserver.calls.dialogs import farewell
from umserver.calls.office import Flow, Office

if TYPE_CHECKING:
    from umserver.org.routes import Route


async def apologise(call: Call, office: Office, route: Route) -> str:
    """Apologise and say goodbye."""
    if not call.answered:
        await call.answer()
    speaker = office.speaker(route.dial_plan.default_language)
    await farewell(call, speaker, "service-not-available", "goodbye")
    return "not-available"


FLOW = Flow(name="not-available", run=apologise)
