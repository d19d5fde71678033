"""The first words at the access number: the plan's welcome, then its news (spec 5.1 step 1, 3.2).

Knows: the plan's own recordings. Must never know: who calls. Keys interrupt both and wait for the
question that follows; an announcement that must be heard is heard to its end, and what was pressed
until then is forgotten.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.call import ANY_KEY, NO_KEY, Call
from umserver.calls.dialogs import patiently
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip
from umserver.org.prompt_files import DIAL_PLAN
from umserver.org.settings import DialPlan

log = Logger()


async def welcome(call: Call, office: Office, plan: DialPlan, speaker: Speaker) -> None:
    """Greet and tell the news. Raises HungUp, TimeUp."""
    greeting = None
    if plan.welcome_greeting_enabled:
        greeting = await _recording(call, office, plan, speaker, plan.welcome_greeting_filename)
    await call.play(greeting or await speaker.clip("voice-access-welcome"))
    if plan.info_announcement_enabled == "False":
        return
    news = await _recording(call, office, plan, speaker, plan.info_announcement_filename)
    if news is not None:
        must_be_heard = plan.info_announcement_enabled == "Uninterruptible"
        await call.play(news, keys=NO_KEY if must_be_heard else ANY_KEY)


async def _recording(
    call: Call, office: Office, plan: DialPlan, speaker: Speaker, file: str
) -> Clip | None:
    """A recording of the plan; None where it has none of this name."""
    if not file:
        return None
    loading = office.shelf.imported(DIAL_PLAN, plan.name, file)
    clip = await patiently(call, speaker, loading)
    if clip is None:
        log.warn(
            "dial plan {plan}: a prompt is missing: {file}", call=call.id, plan=plan.name, file=file
        )
    return clip
