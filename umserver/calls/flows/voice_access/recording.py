"""Recording a greeting or one's name: speak, listen, keep it or try again (spec 5.7).

Knows: the policy's longest greeting. Must never know: files. Nothing changes before it is accepted.
"""

from __future__ import annotations

from enum import Enum

from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import IGreetingTake, Unavailable

log = Logger()

LEAST_SPEECH = 0.3
"""Seconds of sound that make a recording."""
LONGEST_NAME = 10.0
"""Seconds of a recorded name."""


class Verdict(Enum):
    """What becomes of a recording."""

    ACCEPT = "1"
    AGAIN = "2"
    LISTEN = "3"
    BACK = "*"


VERDICTS = {verdict.value: verdict for verdict in Verdict}


async def record_greeting(owner: Owner, kind: str) -> bool:
    """Record until it is accepted or given up; whether it is in use now. Raises HungUp, TimeUp."""
    take = owner.office.greetings.begin(owner.address, kind)
    try:
        for _ in range(owner.tries):
            if not await _spoken(owner, take, kind):
                await owner.say("nothing-recorded")
                continue
            verdict = await _verdict(owner, take)
            if verdict is Verdict.ACCEPT:
                await owner.patiently(take.keep())
                await owner.say("greeting-kept")
                return True
            if verdict is not Verdict.AGAIN:
                break
    except Unavailable as fault:
        log.error("a greeting is not kept: {fault}", call=owner.call.id, fault=fault)
    await owner.say("not-changed")
    return False


async def _spoken(owner: Owner, take: IGreetingTake, kind: str) -> bool:
    """Tone and recording; whether something was said."""
    await owner.patiently(take.erase())
    await owner.say("record-name" if kind == "name" else "record-greeting", keys="#")
    await owner.call.play(owner.office.shelf.beep(), keys="")
    limit = LONGEST_NAME if kind == "name" else owner.policy.max_greeting_duration * 60.0
    idle = float(owner.route.dial_plan.recording_idle_timeout)
    result = await owner.call.record(take, idle=idle, limit=limit, end="#")
    return result.spoken >= LEAST_SPEECH


async def _verdict(owner: Owner, take: IGreetingTake) -> Verdict | None:
    while True:
        prompt = await owner.speaker.clips("greeting-menu")
        verdict = await menu(owner.call, owner.speaker, prompt, VERDICTS, tries=owner.tries)
        if verdict is not Verdict.LISTEN:
            return verdict
        await owner.call.play(await owner.patiently(take.clip()))
