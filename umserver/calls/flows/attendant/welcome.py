"""From the answer to the menu: greeting and news (spec 6.3).

Knows: which recording or sentence welcomes. Must never know: menus. Keys interrupt the greeting and
wait for the menu; an announcement that must be heard is heard to its end.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.call import ANY_KEY, NO_KEY
from umserver.calls.flows.attendant.desk import AttendantDesk, Phrase
from umserver.interfaces import Clip
from umserver.org.reception import Reception
from umserver.org.settings import AutoAttendant


async def welcome(desk: AttendantDesk) -> None:
    """Greet, then tell the news."""
    await desk.call.play(*await _greeting(desk))
    news = await desk.imported(desk.now.announcement)
    if news is not None:
        await desk.call.play(news, keys=NO_KEY if desk.now.must_be_heard else ANY_KEY)


async def _greeting(desk: AttendantDesk) -> Sequence[Clip]:
    recorded = await desk.imported(desk.now.greeting)
    if recorded is not None:
        return [recorded]
    return await desk.clips(greeting_phrases(desk.attendant, desk.now))


def greeting_phrases(attendant: AutoAttendant, now: Reception) -> list[Phrase]:
    """The generated greeting: the business by name, and why nobody is there."""
    business = attendant.business_name.strip()
    said: list[Phrase] = [
        ("attendant-welcome-name", {"business": business})
        if business
        else ("attendant-welcome", {})
    ]
    if now.holiday is not None:
        said.append(("attendant-holiday", {"holiday": now.holiday.name}))
    elif not now.is_open:
        said.append(("attendant-closed", {}))
    return said
