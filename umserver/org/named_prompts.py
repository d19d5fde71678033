"""Which recordings the settings name: what somebody has to import (spec 3.2, 3.5).

Knows: settings of dial plans and auto attendants. Must never know: files, sound.
"""

from __future__ import annotations

from collections.abc import Iterator

from umserver.org.prompt_files import AUTO_ATTENDANT, DIAL_PLAN
from umserver.org.recordable import OF_ATTENDANT, OF_PLAN
from umserver.org.settings import AutoAttendant, Organisation

Named = tuple[str, str, str]
"""DIAL_PLAN or AUTO_ATTENDANT, the owner's name, the file."""


def named_prompts(org: Organisation) -> Iterator[Named]:
    """Every recording that callers would hear if it were there; each once."""
    yield from dict.fromkeys(named for named in _named(org) if named[2])


def _named(org: Organisation) -> Iterator[Named]:
    for plan in org.dial_plans:
        for prompt in OF_PLAN.values():
            yield DIAL_PLAN, plan.name, prompt.in_use(plan)
    for attendant in org.auto_attendants:
        for file in _files(attendant):
            yield AUTO_ATTENDANT, attendant.name, file


def _files(attendant: AutoAttendant) -> Iterator[str]:
    for prompt in OF_ATTENDANT.values():
        yield prompt.in_use(attendant)
    for holiday in attendant.holiday_schedule:
        yield holiday.file
    for hours in ("business_hours", "after_hours"):
        if getattr(attendant, f"{hours}_key_mapping_enabled"):
            for entry in getattr(attendant, f"{hours}_key_mapping"):
                yield entry.prompt_file
