"""One recording of a prompt (spec 6.4).

Knows: how long it may be. Must never know: files, settings, how a recording is made.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.dictation import Dictation
from umserver.calls.flows.prompt_editing.editor import Editor
from umserver.interfaces import Unavailable
from umserver.org.recordable import Recordable

log = Logger()

LONGEST = 300.0
"""Seconds of a prompt recorded by telephone."""


async def record(editor: Editor, prompt: Recordable) -> None:
    """Record until it is accepted and in use, or given up. Raises HungUp, TimeUp."""
    shelf = editor.office.shelf
    dictation = Dictation(
        editor.call,
        editor.speaker,
        shelf.record(editor.kind, editor.owner.name, prompt.file),
        "prompts-record",
        shelf.beep(),
        limit=LONGEST,
        idle=float(editor.plan.recording_idle_timeout),
        tries=editor.tries,
    )
    try:
        if await dictation.accepted():
            await editor.switch(prompt, on=True)
            return
    except Unavailable as fault:
        log.error("a prompt is not kept: {fault}", call=editor.call.id, fault=fault)
    await editor.say("not-changed")
