"""Time zones by whatever name an administrator knows them: IANA, Windows, or a part of one.

Knows: the zones of this machine and the names Windows gives the usual ones (spec 3.5 Timezone,
TimeZoneName). Must never know: what time it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from zoneinfo import available_timezones

_WINDOWS = {
    "UTC": "UTC",
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw",
    "GTB Standard Time": "Europe/Bucharest",
    "FLE Standard Time": "Europe/Kiev",
    "E. Europe Standard Time": "Europe/Chisinau",
    "Turkey Standard Time": "Europe/Istanbul",
    "Russian Standard Time": "Europe/Moscow",
    "Israel Standard Time": "Asia/Jerusalem",
    "Egypt Standard Time": "Africa/Cairo",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Arabian Standard Time": "Asia/Dubai",
    "Arab Standard Time": "Asia/Riyadh",
    "India Standard Time": "Asia/Kolkata",
    "SE Asia Standard Time": "Asia/Bangkok",
    "Singapore Standard Time": "Asia/Singapore",
    "China Standard Time": "Asia/Shanghai",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "E. Australia Standard Time": "Australia/Brisbane",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "W. Australia Standard Time": "Australia/Perth",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Alaskan Standard Time": "America/Anchorage",
    "Pacific Standard Time": "America/Los_Angeles",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Central Standard Time": "America/Chicago",
    "Canada Central Standard Time": "America/Regina",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Eastern Standard Time": "America/New_York",
    "US Eastern Standard Time": "America/Indianapolis",
    "Atlantic Standard Time": "America/Halifax",
    "Newfoundland Standard Time": "America/St_Johns",
    "SA Pacific Standard Time": "America/Bogota",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires",
}
MOST_SHOWN = 5


@cache
def _known() -> dict[str, str]:
    """Every whole name in small letters, with the zone that it stands for."""
    return {
        **{name.casefold(): zone for name, zone in _WINDOWS.items()},
        **{zone.casefold(): zone for zone in available_timezones()},
    }


def zones_of(text: str) -> Sequence[str]:
    """The zone of this name, or the zones whose names hold these words; in alphabetical order."""
    words = " ".join(text.casefold().split())
    if not words:
        return ()
    known = _known()
    whole = known.get(words) or known.get(words.replace(" ", "_"))
    if whole:
        return (whole,)
    parts = (words, words.replace(" ", "_"))
    return tuple(sorted({z for name, z in known.items() if any(part in name for part in parts)}))


def time_zone(text: str) -> str | None:
    """What is wrong with the name of a zone, or None."""
    found = zones_of(text) if len(text) <= 100 else ()
    if len(found) == 1:
        return None
    if found:
        shown = ", ".join(found[:MOST_SHOWN]) + (", …" if len(found) > MOST_SHOWN else "")
        return f"may be {shown}: write more of it"
    return "must be a time zone such as Europe/Paris"


def tidy_zone(text: str) -> str:
    """The IANA name."""
    return zones_of(text)[0]
