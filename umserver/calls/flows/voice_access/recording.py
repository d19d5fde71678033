"""Recording a greeting or one's name (spec 5.7).

Knows: the policy's longest greeting. Must never know: files, how a recording is made.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.dictation import Dictation
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Unavailable

log = Logger()

LONGEST_NAME = 10.0
"""Seconds of a recorded name."""


async def record_greeting(owner: Owner, kind: str) -> bool:
    """Record until it is accepted or given up; whether it is in use now. Raises HungUp, TimeUp."""
    is_name = kind == "name"
    dictation = Dictation(
        owner.call,
        owner.speaker,
        owner.office.greetings.begin(owner.address, kind),
        "record-name" if is_name else "record-greeting",
        owner.office.shelf.beep(),
        limit=LONGEST_NAME if is_name else owner.policy.max_greeting_duration * 60.0,
        idle=float(owner.route.dial_plan.recording_idle_timeout),
        tries=owner.tries,
    )
    try:
        if await dictation.accepted():
            await owner.say("greeting-kept")
            return True
    except Unavailable as fault:
        log.error("a greeting is not kept: {fault}", call=owner.call.id, fault=fault)
    await owner.say("not-changed")
    return False
