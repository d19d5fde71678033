"""Somebody who changes the prompts of one attendant or dial plan.

Knows: which recordings are in use, also those of this call. Must never know: menus.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import define, field
from twisted.logger import Logger

from umserver.calls.call import ANY_KEY, Call
from umserver.calls.dialogs import patiently
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Unavailable
from umserver.org.faults import SettingsFaults
from umserver.org.prompt_files import AUTO_ATTENDANT, DIAL_PLAN
from umserver.org.recordable import OF_ATTENDANT, OF_PLAN, Recordable
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox

log = Logger()

BACK = "*"
WHY = "Prompt editing by telephone"


class Act(Enum):
    """What can be done with a prompt."""

    HEAR = "1"
    RECORD = "2"
    OUT_OF_USE = "3"
    BACK = BACK


@define(eq=False)
class Editor:
    """One editing session."""

    call: Call
    office: Office
    speaker: Speaker
    owner: AutoAttendant | DialPlan
    by: Mailbox
    _changed: dict[str, str] = field(init=False, factory=dict)
    """The file in use of each prompt that was changed in this call; empty for none."""

    @property
    def _of_attendant(self) -> bool:
        return isinstance(self.owner, AutoAttendant)

    @property
    def prompts(self) -> Mapping[str, Recordable]:
        """What can be changed, by the key that leads to it."""
        return OF_ATTENDANT if self._of_attendant else OF_PLAN

    @property
    def words(self) -> str:
        """Name of the prompt that offers them."""
        return "prompts-of-attendant" if self._of_attendant else "prompts-of-plan"

    @property
    def kind(self) -> str:
        """Whose prompts these are (`umserver.org.prompt_files`)."""
        return AUTO_ATTENDANT if self._of_attendant else DIAL_PLAN

    @property
    def plan(self) -> DialPlan:
        """The dial plan whose limits hold."""
        if isinstance(self.owner, DialPlan):
            return self.owner
        return self.office.settings.plan_named[self.owner.dial_plan]

    @property
    def tries(self) -> int:
        """How often a menu bears silence or a wrong key in a row."""
        return self.plan.input_failures_before_disconnect

    async def say(self, *names: str, keys: str = ANY_KEY) -> None:
        """Say these prompts; a key among `keys` cuts them short."""
        await self.call.play(*await self.speaker.clips(*names), keys=keys)

    def file(self, prompt: Recordable) -> str:
        """The recording in use; empty for none."""
        return self._changed.get(prompt.name, prompt.in_use(self.owner))

    async def hear(self, prompt: Recordable) -> None:
        """Play what callers hear, where it is a recording."""
        clip = None
        if file := self.file(prompt):
            loading = self.office.shelf.imported(self.kind, self.owner.name, file)
            clip = await patiently(self.call, self.speaker, loading)
        await self.call.play(clip or await self.speaker.clip("prompts-none-in-use"))

    async def switch(self, prompt: Recordable, *, on: bool) -> None:
        """Put the recording into use or take it out, and say so."""
        section = "auto_attendants" if self._of_attendant else "dial_plans"
        changes = prompt.switched(self.owner, on)
        changing = self.office.desk.change(section, self.owner.name, changes, self.by.address, WHY)
        try:
            await patiently(self.call, self.speaker, changing)
        except (Unavailable, LookupError, SettingsFaults) as fault:
            log.error("a prompt is not changed: {fault}", call=self.call.id, fault=fault)
            await self.say("not-changed")
            return
        log.info(
            "{who} changed a prompt of {owner}: {prompt}",
            call=self.call.id,
            who=self.by.address,
            owner=self.owner.name,
            prompt=prompt.name,
        )
        if on:
            self.office.count("auto_attendant", "prompts_recorded")
        self._changed[prompt.name] = prompt.file if on else ""
        await self.say("prompts-kept" if on else "prompts-out-of-use")
