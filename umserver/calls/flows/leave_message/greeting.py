"""From the answer to the tone: which greeting is heard, and the keys that work in it (spec 6.1).

Knows: greetings, the operator. Must never know: recordings, menus.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import NO_KEY, handed_on
from umserver.calls.flows.leave_message.visit import Visit
from umserver.interfaces import Clip, Unavailable

log = Logger()

SKIP, OPERATOR, ESCAPE = "#", "0", "*"


class Next(Enum):
    """Where the greeting leads."""

    RECORD = "record"
    TRANSFERRED = "transferred"
    ESCAPED = "escaped"


async def greet(visit: Visit) -> Next:
    """Greeting, instructions; # skips to the tone, 0 asks for the operator, * leaves (spec 6.1)."""
    said = [*await _greeting_in_time(visit), *await _instructions(visit)]
    while True:
        await visit.call.play(*said, keys=SKIP + OPERATOR + ESCAPE)
        key = await visit.call.key(0.0)
        if key == ESCAPE:
            return Next.ESCAPED
        if key != OPERATOR:
            return Next.RECORD
        if await _operator(visit):
            return Next.TRANSFERRED
        said = await visit.speaker.clips("record-instructions-short")


def operator_of(visit: Visit) -> str:
    """The user's own operator, else the plan's; empty where there is none."""
    own: str = visit.route.mailbox.operator_number
    return own or visit.route.dial_plan.operator_extension


async def _instructions(visit: Visit) -> Sequence[Clip]:
    before = ["analysis-notice"] if _is_analysed(visit) else []
    hint = ["operator-hint"] if operator_of(visit) else []
    return await visit.speaker.clips(*before, "record-instructions", *hint)


def _is_analysed(visit: Visit) -> bool:
    """Whether a copy may be analysed, and callers are to know (spec 6.1)."""
    policy, mailbox = visit.route.policy, visit.route.mailbox
    told: bool = policy.inform_caller_of_voice_mail_analysis
    return told and policy.allow_voice_mail_analysis and mailbox.voice_mail_analysis_enabled


async def _greeting_in_time(visit: Visit) -> Sequence[Clip]:
    """A disk that sleeps or a voice that stutters must not keep the caller in silence."""
    choosing = Deferred.fromCoroutine(_greeting(visit))
    chosen = handed_on(choosing)
    if await visit.call.ready(choosing):
        return await chosen
    log.warn("the greeting was not found in time", call=visit.call.id)
    chosen.addErrback(lambda fault: log.failure("a greeting cannot be had", fault))
    return await visit.speaker.clips("greeting-unnamed")


async def _greeting(visit: Visit) -> Sequence[Clip]:
    """What the user recorded; where that cannot be read, the generated greeting."""
    try:
        return await _wanted(visit)
    except Unavailable as fault:
        log.error("a greeting cannot be had: {fault}", call=visit.call.id, fault=fault)
        return [await _spoken(visit, away=False)]


async def _wanted(visit: Visit) -> Sequence[Clip]:
    """Away if switched on, else personal, else generated with the recorded or the spoken name."""
    greetings, address = visit.office.greetings, visit.route.mailbox.address
    away = await greetings.is_away(address)
    for kind in ("away", "personal") if away else ("personal",):
        clip = await greetings.recorded(address, kind)
        if clip is not None:
            return [clip]
    wording = "away" if away else "name"
    if (name := await greetings.recorded(address, "name")) is not None:
        before, after = await visit.speaker.clips(
            "greeting-name-before", f"greeting-{wording}-after"
        )
        return [before, name, after]
    return [await _spoken(visit, away)]


async def _spoken(visit: Visit, away: bool) -> Clip:
    """The generated greeting; without a name where none is known or can be spoken."""
    named, plain = (
        ("greeting-away-generated", "greeting-away")
        if away
        else ("greeting-generated", "greeting-unnamed")
    )
    name = visit.route.mailbox.display_name.strip()
    if name:
        clip = await visit.speaker.try_clip(named, name=name)
        if clip is not None:
            return clip
    return await visit.speaker.clip(plain)


async def _operator(visit: Visit) -> bool:
    """Send the caller to the operator; False after an apology."""
    number = operator_of(visit)
    if not number:
        await visit.say("no-operator", keys=NO_KEY)
        return False
    await visit.say("transferring-to-operator", keys=NO_KEY)
    if await visit.call.transfer(number):
        visit.office.count("call_answering", "transferred")
        return True
    await visit.say("transfer-failed", keys=NO_KEY)
    return False
