"""What callers hear is changed by telephone (spec 6.4; feature 135).

Purpose: the conversation with somebody who signed in and may change the prompts of an attendant or
of a dial plan. Border: which settings a prompt hangs on stands in `umserver.org.recordable`; who it
is was found out before. `editor` is that person at work, `recording` makes one recording. Running
calls keep what they began with; everything counts from the next call on.
"""

from __future__ import annotations

from umserver.calls.call import Call
from umserver.calls.dialogs import farewell, menu
from umserver.calls.flows.prompt_editing.editor import BACK, Act, Editor
from umserver.calls.flows.prompt_editing.recording import record
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.org.recordable import Recordable
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox

EDITED = "prompts-edited"
TOGETHER_SECONDS = 0.7
"""How long the second of the two keys may take that ask for it."""


async def asked_for(call: Call) -> bool:
    """Whether # and * were pressed, which ask for it; other keys stay for whoever is next."""
    first = await call.key(0.0)
    if first == "#" and await asked_behind_pound(call):
        return True
    call.put_back(first or "")
    return False


async def asked_behind_pound(call: Call) -> bool:
    """The same when # was read already."""
    second = await call.key(call.left_of(TOGETHER_SECONDS))
    if second == BACK:
        return True
    call.put_back(second or "")
    return False


def may_edit(plan: DialPlan, mailbox: Mailbox) -> bool:
    """Whether the plan lets this user change prompts by telephone."""
    allowed: bool = plan.tui_prompt_editing_enabled and mailbox.prompt_editing_enabled
    return allowed


async def edit_prompts(
    call: Call,
    office: Office,
    speaker: Speaker,
    owner: AutoAttendant | DialPlan,
    by: Mailbox,
) -> str:
    """Until everything is as it should be; says goodbye. Raises HungUp, TimeUp."""
    office.facts["call_type"] = "PromptProvisioning"
    editor = Editor(call, office, speaker, owner, by)
    await editor.say("prompts-may-change")
    choices: dict[str, Recordable | None] = {**editor.prompts, BACK: None}
    while True:
        prompt = await speaker.clips(editor.words)
        chosen = await menu(call, speaker, prompt, choices, tries=editor.tries)
        if chosen is None:
            break
        await _edit(editor, chosen)
    await farewell(call, speaker, "goodbye")
    return EDITED


async def _edit(editor: Editor, prompt: Recordable) -> None:
    """One prompt: hear it, record it, take it out of use."""
    while True:
        in_use = editor.file(prompt)
        names = [f"prompts-{prompt.name}", "prompts-acts"]
        names += ["prompts-acts-in-use"] if in_use else []
        acts = {act.value: act for act in Act if in_use or act is not Act.OUT_OF_USE}
        said = await editor.speaker.clips(*names, "prompts-acts-back")
        act = await menu(editor.call, editor.speaker, said, acts, tries=editor.tries)
        if act is Act.HEAR:
            await editor.hear(prompt)
        elif act is Act.RECORD:
            await record(editor, prompt)
        elif act is Act.OUT_OF_USE:
            await editor.switch(prompt, on=False)
        else:
            return
