"""Test-UMAutoAttendant: what callers of an attendant hear at a moment, and why (spec 3.5, 6.3).

Knows: moments as people write them, where imported prompts are. Must never know: calls. It asks the
settings, so it works without a running server, and for attendants that are not yet enabled; a
running server adds the sentences word for word.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from umserver.edges.admin.ask import NotRunning, Refused
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.cmdlets.prompts import folder_of
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import NAMED
from umserver.edges.admin.outcome import Outcome, Property
from umserver.edges.admin.parameter import Parameter
from umserver.org.foretold import Foretold, foretell
from umserver.org.settings import AutoAttendant

FORMS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%m/%d/%Y %H:%M", "%Y-%m-%d", "%m/%d/%Y")
NOUN = NAMED["UMAutoAttendant"]


def test(given: Given, desk: Desk) -> Outcome:
    """Tell what holds at the moment that was named, or now."""
    name = given.needed("Identity", NOUN.word)
    attendant: AutoAttendant = find(desk.archive, NOUN, name).thing
    plan = desk.archive.load().plan_named[attendant.dial_plan]
    folder = folder_of(desk.state, NOUN.cmdlet, attendant.name)
    moment = _moment(given.text("At"), attendant.time_zone, desk.now())
    told = foretell(
        attendant,
        plan,
        moment,
        lambda file: (folder / file).is_file(),
    )
    warnings = tuple(
        f"the prompt {file} is not there, callers hear the generated one; "
        f"Import-UMPrompt {file} -UMAutoAttendant {attendant.name!r} brings it"
        for file in told.missing
    )
    record = (*_record(attendant, told), *_heard(attendant, moment, desk))
    return Outcome((record,), in_full=True, warnings=warnings)


def _heard(attendant: AutoAttendant, moment: datetime, desk: Desk) -> Sequence[Property]:
    """The sentences themselves, where a server runs that can tell them."""
    at = moment.replace(tzinfo=None).isoformat(timespec="minutes")
    try:
        told = desk.ask("heard", attendant=attendant.name, at=at)
    except (NotRunning, Refused):
        return ()
    return (Property("Heard", " ".join(told["words"]), "heard"),)


def _record(attendant: AutoAttendant, told: Foretold) -> tuple[Property, ...]:
    zone = attendant.time_zone or "the server's time zone"
    return (
        Property("Name", attendant.name, "name"),
        Property("At", f"{told.moment}, {zone}", "at"),
        Property("Answers", told.answers, "answers"),
        Property("Hours", told.hours, "hours"),
        Property("Because", told.because, "because"),
        Property("Language", told.language, "language"),
        Property("Greeting", told.greeting, "greeting"),
        Property("Announcement", told.announcement, "announcement"),
        Property("Menu", told.menu, "menu"),
        Property("Keys", told.keys, "keys"),
    )


def _moment(text: str, zone: str, now: float) -> datetime:
    """A moment by the attendant's clock. Raises Mistyped."""
    if not text:
        here = ZoneInfo(zone) if zone else None
        return datetime.fromtimestamp(now, here)
    for form in FORMS:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    raise Mistyped(f"-At: {text} is no moment such as '2026-12-25 10:00'")


CMDLETS = (
    Cmdlet(
        "Test",
        "UMAutoAttendant",
        "Tells what callers of an auto attendant hear at a moment, and why",
        test,
        (
            Parameter("Identity", "The auto attendant", section="auto_attendants", required=True),
            Parameter(
                "At",
                "When, by the attendant's clock; now when it is not given",
                form="'YEAR-MONTH-DAY HOUR:MINUTE'",
            ),
        ),
        unix="attendant test",
        ours=True,
        examples=(
            "Test-UMAutoAttendant Reception",
            "Test-UMAutoAttendant Reception -At '2026-12-25 10:00'",
        ),
    ),
)
