"""Tone and recording, until something was said (spec 6.1).

Knows: the plan's bounds of a recording. Must never know: what the caller decides afterwards.
"""

from __future__ import annotations

from umserver.calls.call import NO_KEY
from umserver.calls.flows.leave_message.visit import Visit

EMPTY_TAKES = 2
"""How often a caller is listened to who says nothing."""

LEAST_ROOM = 1.0
"""Seconds that must be left below the plan's limit for a recording to go on."""


async def take(visit: Visit) -> str:
    """Record until the message holds something; says what ended the last recording.

    After `EMPTY_TAKES` recordings without speech it gives up: the message is empty then.
    """
    for left in reversed(range(EMPTY_TAKES)):
        ended_by = await _record(visit)
        if visit.is_message or ended_by not in ("stopped", "silence"):
            break
        if left:
            heard = "message-too-short" if visit.spoken else "nothing-recorded"
            await visit.say(heard, "record-instructions-short", keys="#")
    return ended_by


def has_room(visit: Visit) -> bool:
    """Whether more can be recorded within the plan's longest recording."""
    return _room(visit) >= LEAST_ROOM


def _room(visit: Visit) -> float:
    return visit.route.dial_plan.max_recording_duration * 60.0 - visit.seconds


async def _record(visit: Visit) -> str:
    """Tone and recording, appended to the draft."""
    await visit.call.play(visit.office.shelf.beep(), keys=NO_KEY)
    idle = float(visit.route.dial_plan.recording_idle_timeout)
    result = await visit.call.record(
        visit.draft, idle=idle, limit=max(LEAST_ROOM, _room(visit)), end="#"
    )
    visit.spoken += result.spoken
    visit.seconds += result.seconds
    return result.ended_by
