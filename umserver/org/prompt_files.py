"""Where imported prompts of dial plans and auto attendants are kept below the state folder.

Knows: names. Must never know: sound, disks.
"""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote

FOLDER = "custom-prompts"
DIAL_PLAN, AUTO_ATTENDANT = "UMDialPlan", "UMAutoAttendant"


def folder_name(owner: str, name: str) -> PurePath:
    """The folder of an owner's prompts; `owner` is DIAL_PLAN or AUTO_ATTENDANT."""
    return PurePath(FOLDER, owner.lower(), quote(name, safe=" ").replace(".", "%2E"))
