"""What has to hold within an auto attendant, and between it and its dial plan (spec 3.5).

Knows: menus, holidays, fallbacks. Must never know: calls.
"""

from __future__ import annotations

from collections.abc import Iterator

from umserver.org.faults import Fault
from umserver.org.holidays import span
from umserver.org.settings import AutoAttendant, KeyMapping, Organisation

KEYS = "123456789-"
NEEDED = "must name a distribution group, since contact_scope is AddressList"


def attendant_faults(org: Organisation) -> Iterator[Fault]:
    """Every auto attendant by itself."""
    for attendant in org.auto_attendants:
        path = f"auto_attendants.{attendant.name}"
        for menu, entries in attendant.menus:
            yield from _menu(entries, f"{path}.{menu}")
        yield from _holidays(attendant, f"{path}.holiday_schedule")
        yield from _fallback(attendant, f"{path}.dtmf_fallback_auto_attendant")
        if attendant.contact_scope == "AddressList" and not attendant.contact_address_list:
            yield Fault(f"{path}.contact_address_list", NEEDED)
        if attendant.forward_calls_to_default_mailbox and not attendant.default_mailbox:
            yield Fault(f"{path}.default_mailbox", "must be given, since calls are forwarded to it")


def _menu(entries: tuple[KeyMapping, ...], menu: str) -> Iterator[Fault]:
    """Each key means one thing."""
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        path = f"{menu}[{number}]"
        if entry.key not in KEYS:
            what = "must be 1 to 9, or - for nothing pressed"
            yield Fault(f"{path}.key", f"{what}, 0 being the operator's: {entry.key}")
        if entry.key in seen:
            yield Fault(f"{path}.key", f"the key {entry.key} has two meanings")
        seen.add(entry.key)
        if len(entry.actions) > 1:
            yield Fault(path, f"must do one thing beside playing a file, not {_both(entry)}")


def _both(entry: KeyMapping) -> str:
    return " and ".join(entry.actions)


def _holidays(attendant: AutoAttendant, path: str) -> Iterator[Fault]:
    for number, holiday in enumerate(attendant.holiday_schedule, start=1):
        try:
            span(holiday)
        except ValueError as fault:
            yield Fault(f"{path}[{number}].end", str(fault))


def _fallback(attendant: AutoAttendant, path: str) -> Iterator[Fault]:
    if not attendant.dtmf_fallback_auto_attendant:
        return
    if not attendant.speech_enabled:
        yield Fault(path, "is only for an auto attendant with speech_enabled")
    if attendant.dtmf_fallback_auto_attendant == attendant.name:
        yield Fault(path, "names the auto attendant itself")
