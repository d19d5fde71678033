"""Which prompts of dial plans and auto attendants can be recorded by telephone (spec 6.4).

Knows: the settings that name a prompt and switch it on. Must never know: calls, files. A recording
gets a file name of its own, so that what an administrator imported stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from umserver.org.settings import AutoAttendant, DialPlan


@frozen
class Recordable:
    """One prompt."""

    name: str
    """business-hours-greeting; also the name of what is said about it."""
    setting: str
    """Beginning of the two settings: business_hours_welcome_greeting."""
    on: object = True
    """What the switch says while the recording is heard."""
    off: object = False

    @property
    def file(self) -> str:
        """The name that a recording made by telephone gets."""
        return f"recorded-{self.name}.wav"

    def in_use(self, owner: AutoAttendant | DialPlan) -> str:
        """The file that callers hear; empty where it is the standard prompt, or none."""
        file: str = getattr(owner, f"{self.setting}_filename")
        return file if getattr(owner, f"{self.setting}_enabled") != self.off else ""

    def switched(self, owner: AutoAttendant | DialPlan, on: bool) -> Mapping[str, Any]:
        """The settings with the recording in use, or no longer."""
        switch = f"{self.setting}_enabled"
        if not on:
            return {switch: self.off}
        before = getattr(owner, switch)
        return {
            switch: before if before != self.off else self.on,
            f"{self.setting}_filename": self.file,
        }


NEWS = Recordable("announcement", "info_announcement", "True", "False")
OF_ATTENDANT = {
    "1": Recordable("business-hours-greeting", "business_hours_welcome_greeting"),
    "2": Recordable("after-hours-greeting", "after_hours_welcome_greeting"),
    "3": NEWS,
    "4": Recordable("business-hours-menu", "business_hours_main_menu_custom_prompt"),
    "5": Recordable("after-hours-menu", "after_hours_main_menu_custom_prompt"),
}
"""By the key under which it is offered."""
OF_PLAN = {"1": Recordable("welcome", "welcome_greeting"), "2": NEWS}
