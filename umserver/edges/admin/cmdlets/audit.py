"""Search-AdminAuditLog: who changed what, when, from what to what.

Knows: changes as the store keeps them. Must never know: how they are kept. No secret is there.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter
from umserver.org.sections import NOUNS

FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%m/%d/%Y")
"""How moments are written, in local time; a Z at the end means UTC."""
COLUMNS = ("RunDate", "Caller", "CmdletName", "ObjectModified", "Change")


def search(given: Given, desk: Desk) -> Outcome:
    """Changes, the newest first."""
    most = given.number("ResultSize", 1000)
    if not 1 <= most <= 250_000:
        raise Mistyped(f"-ResultSize is from 1 to 250000, not {most}")
    ids = given.texts("ObjectIds")
    who = given.texts("UserIds")
    if len(who) > 1:
        raise Mistyped("-UserIds takes one name here")
    found: list[Any] = []
    for name in ids or ("",):
        found += desk.changes(
            name=name,
            who=who[0] if who else "",
            cmdlets=given.texts("Cmdlets"),
            parameters=given.texts("Parameters"),
            after=_moment(given, "StartDate"),
            before=_moment(given, "EndDate"),
            most=most,
        )
    found.sort(key=lambda change: change.at, reverse=True)
    return Outcome(tuple(map(_record, found[:most])), COLUMNS)


def _moment(given: Given, name: str) -> float | None:
    text = given.text(name)
    if not text:
        return None
    zone = UTC if text.endswith("Z") else None
    for form in FORMS:
        try:
            moment = datetime.strptime(text.rstrip("Z"), form)
        except ValueError:
            continue
        return moment.replace(tzinfo=zone).timestamp() if zone else moment.timestamp()
    raise Mistyped(f"-{name} needs a moment such as 2026-11-25 or '2026-11-25 14:30', not {text}")


def _record(change: Any) -> Record:
    properties = tuple(
        f"{name}: {_value(old)} → {_value(new)}" for name, (old, new) in change.difference.items()
    )
    what = NOUNS.get(change.section, change.section)
    given = tuple(f"{name}={value}" for name, value in change.parameters.items())
    when = datetime.fromtimestamp(change.at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    return (
        Property("RunDate", when, "at"),
        Property("Caller", change.who, "who"),
        Property("CmdletName", change.cmdlet, "cmdlet"),
        Property("ObjectModified", f"{what} {change.name}".strip(), "object"),
        Property("Change", change.what, "what"),
        Property("CmdletParameters", given, "parameters"),
        Property("ModifiedProperties", properties, "properties"),
        Property("Revision", change.revision, "revision"),
    )


def _value(value: Any) -> str:
    return "(default)" if value is None else str(value)


CMDLETS = (
    Cmdlet(
        "Search",
        "AdminAuditLog",
        "Shows who changed what and when",
        search,
        (
            Parameter("Cmdlets", "Made by these commands", form="list", several=True),
            Parameter("Parameters", "Made with one of these", form="list", several=True),
            Parameter("ObjectIds", "Changes of these objects", form="list", several=True),
            Parameter("UserIds", "Made by this user", form="list", several=True),
            Parameter("StartDate", "From this moment on", form="2026-11-25 14:30"),
            Parameter("EndDate", "Before this moment", form="2026-11-25 14:30"),
            Parameter("ResultSize", "How many at most", form="number", default="1000"),
        ),
        unix="audit search",
        first="ObjectIds",
        examples=(
            "Search-AdminAuditLog -StartDate 2026-11-25 -Cmdlets Set-UMDialPlan",
            "Search-AdminAuditLog Demo -Format List",
        ),
    ),
)
