"""How lamps are, for people: one of them, or those that need a look.

Knows: what was told of a lamp, why it may be wrong. Must never know: who asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from umserver.org.lamps import Lamp
from umserver.roles.health import Alert
from umserver.roles.lamps import Lamps

MOST_SHOWN = 200
"""Lamps that are shown at once."""


async def lamp_rows(lamps: Lamps, address: str = "") -> Sequence[Mapping[str, object]]:
    """The lamp of this mailbox; without one those that cannot be set, and those that burn.

    Raises LookupError where nothing was ever told of the mailbox, Unavailable.
    """
    if address:
        lamp = await lamps.book.lamp(address)
        if lamp is None:
            raise LookupError(f"no lamp of {address[:100]} was ever set")
        return [_row(lamps, lamp)]
    names = [*lamps.failing, *(a.lower() for a in await lamps.book.lit(MOST_SHOWN))]
    rows = []
    for name in list(dict.fromkeys(names))[:MOST_SHOWN]:
        lamp = await lamps.book.lamp(name)
        rows.append(_row(lamps, lamp or Lamp(name)))
    return rows


def _row(lamps: Lamps, lamp: Lamp) -> Mapping[str, object]:
    return {
        "mailbox": lamp.address,
        "extension": lamp.extension,
        "dial_plan": lamp.plan,
        "lit": lamp.waiting.lit,
        "new": lamp.waiting.new,
        "saved": lamp.waiting.saved,
        "urgent_new": lamp.waiting.urgent_new,
        "urgent_saved": lamp.waiting.urgent_saved,
        "told": lamp.told_at,
        "problem": lamps.failing.get(lamp.address.lower(), ""),
    }


def lamp_counts(lamps: Lamps) -> Mapping[str, object]:
    """Numbers for a status page."""
    return {
        "known": lamps.lease.known,
        "lit": lamps.lease.lit,
        "watched": len(lamps.watch),
        "busy": lamps.busy,
        "subscriptions": lamps.subscriptions,
        "failing": len(lamps.failing),
        "told": lamps.telling.told,
        "tries_failed": lamps.telling.failed,
        "given_up": lamps.given_up,
    }


def lamp_alert(lamps: Lamps) -> tuple[Alert, str]:
    """Whether telephones show what is so; calls are taken all the same."""
    if not lamps.failing:
        return "Healthy", ""
    name, why = next(iter(lamps.failing.items()))
    return "Degraded", f"{len(lamps.failing)} lamps cannot be set, that of {name}: {why}"
