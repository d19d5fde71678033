"""One recording of a prompt: speak, listen, keep it or try again (spec 6.4).

Knows: how long it may be. Must never know: files, settings. Nothing changes before it is accepted.
"""

from __future__ import annotations

from enum import Enum

from twisted.logger import Logger

from umserver.calls.call import NO_KEY
from umserver.calls.dialogs import menu, patiently
from umserver.calls.flows.prompt_editing.editor import Editor
from umserver.interfaces import IGreetingTake, Unavailable
from umserver.org.recordable import Recordable

log = Logger()

LEAST_SPEECH = 0.3
"""Seconds of sound that make a recording."""
LONGEST = 300.0
"""Seconds of a prompt recorded by telephone."""


class Verdict(Enum):
    """What becomes of a recording."""

    ACCEPT = "1"
    AGAIN = "2"
    LISTEN = "3"
    BACK = "*"


VERDICTS = {verdict.value: verdict for verdict in Verdict}


async def record(editor: Editor, prompt: Recordable) -> None:
    """Record until it is accepted and in use, or given up. Raises HungUp, TimeUp."""
    try:
        if await _recorded(editor, prompt):
            await editor.switch(prompt, on=True)
            return
    except Unavailable as fault:
        log.error("a prompt is not kept: {fault}", call=editor.call.id, fault=fault)
    await editor.say("not-changed")


async def _recorded(editor: Editor, prompt: Recordable) -> bool:
    """Whether a recording was accepted; then it is kept. Raises Unavailable."""
    call, speaker, owner = editor.call, editor.speaker, editor.owner
    take = editor.office.shelf.record(editor.kind, owner.name, prompt.file)
    for _ in range(editor.tries):
        if not await _spoken(editor, take):
            await editor.say("nothing-recorded")
            continue
        verdict = await _verdict(editor, take)
        if verdict is Verdict.ACCEPT:
            await patiently(call, speaker, take.keep())
            return True
        if verdict is not Verdict.AGAIN:
            return False
    return False


async def _spoken(editor: Editor, take: IGreetingTake) -> bool:
    """Tone and recording; whether something was said."""
    call, speaker = editor.call, editor.speaker
    await patiently(call, speaker, take.erase())
    await editor.say("prompts-record", keys="#")
    await call.play(editor.office.shelf.beep(), keys=NO_KEY)
    idle = float(editor.plan.recording_idle_timeout)
    result = await call.record(take, idle=idle, limit=LONGEST, end="#")
    return result.spoken >= LEAST_SPEECH


async def _verdict(editor: Editor, take: IGreetingTake) -> Verdict | None:
    call, speaker = editor.call, editor.speaker
    while True:
        prompt = await speaker.clips("greeting-menu")
        verdict = await menu(call, speaker, prompt, VERDICTS, tries=editor.tries)
        if verdict is not Verdict.LISTEN:
            return verdict
        await call.play(await patiently(call, speaker, take.clip()))
