"""Voice access: the owner of a mailbox hears and answers messages by telephone (spec 5).

Purpose: the script of calls to the access number. Border: the conversation alone; what a mailbox,
a PIN or a greeting is kept in stands behind the door. `sign_in` finds out who it is (`strangers`
serves those who do not sign in, `proof` asks for a PIN later), `first_time` asks for what is
missing, `main_menu` leads to `messages` (a `walk` through the mailbox, each heard in `playing`, the
keys in `acts`), `finding`, `composing` and `options` with their `preferences`. A message to
`parties` is taken and sent by `sending`, also for `answering`; `calling` puts owners through. Every
verb takes one `Owner`.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.call import Call
from umserver.calls.dialogs import farewell
from umserver.calls.flows.prompt_editing import edit_prompts, may_edit
from umserver.calls.flows.voice_access.calling import led_home
from umserver.calls.flows.voice_access.first_time import set_up
from umserver.calls.flows.voice_access.main_menu import main_menu, summary, voice_mail
from umserver.calls.flows.voice_access.sign_in import Door
from umserver.calls.office import Flow, Office
from umserver.interfaces import Unavailable
from umserver.org.routes import Route, VoiceAccess

log = Logger()


async def voice_access(call: Call, office: Office, route: Route) -> str:
    """Serve one call to the access number.

    Returns voice-access, prompts-edited, login-failed, login-given-up, refused, pin-not-changed,
    redirected or unavailable.
    """
    assert isinstance(route, VoiceAccess)
    speaker = office.speaker(route.dial_plan.default_language)
    await call.answer()
    door = Door(call, office, route, speaker)
    try:
        opened = await door.open()
        if not isinstance(opened, str) and await led_home(opened[0]):
            return "redirected"
    except Unavailable as fault:
        log.error("a mailbox cannot be opened: {fault}", call=call.id, fault=fault)
        await farewell(call, speaker, "mailbox-unavailable", "goodbye")
        return "unavailable"
    if isinstance(opened, str):
        return opened
    owner, told = opened
    if not await set_up(owner, told):
        await owner.say_goodbye()
        return "pin-not-changed"
    if door.edits_prompts:
        if may_edit(route.dial_plan, owner.mailbox):
            return await edit_prompts(call, office, owner.speaker, route.dial_plan, owner.mailbox)
        await owner.say("prompts-refused")
    await summary(owner)
    if owner.proved or await voice_mail(owner):
        await main_menu(owner)
    await owner.say_goodbye()
    return "voice-access"


FLOW = Flow(name="voice-access", run=voice_access)
