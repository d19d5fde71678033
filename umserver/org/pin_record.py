"""What is kept of a PIN beside the settings: its hash, whether it is locked, expired, new.

Knows: the text under which it is kept. Must never know: PINs, how hashes are made, what a login
does with it. A text that is a bare hash is a PIN about which nothing else is known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import asdict, evolve, field, fields, frozen


@frozen(kw_only=True)
class PinRecord:
    """A mailbox's PIN (spec 3.7)."""

    hash: str = field(default="", repr=False)
    """See `umserver.org.pins`; empty where there is no PIN yet."""
    set_at: float = 0.0
    """When it was set, in seconds since 1970; 0 when that is not known."""
    expired: bool = False
    """Whether it must be changed at the next login, whatever its age."""
    locked: bool = False
    """Whether an administrator has to unlock the mailbox."""
    first_time: bool = True
    """Whether its owner has not yet gone through the first login."""
    failures: int = 0
    """Wrong PINs in sequence."""
    renewed: bool = False
    """Whether these wrong PINs have led to a new one that was mailed."""
    history: tuple[str, ...] = field(default=(), repr=False)
    """Hashes of earlier PINs, the newest first."""

    @property
    def hashes(self) -> tuple[str, ...]:
        """This PIN's and those of earlier ones, the newest first."""
        return tuple(hash for hash in (self.hash, *self.history) if hash)

    def succeeded_by(self, hash: str, now: float, remembered: int) -> PinRecord:
        """With a new PIN that need not be changed; so many earlier ones are remembered."""
        return evolve(
            self,
            hash=hash,
            set_at=now,
            expired=False,
            failures=0,
            renewed=False,
            history=self.hashes[: max(remembered, 0)],
        )

    def is_expired(self, lifetime_days: int | None, now: float) -> bool:
        """Whether it must be changed: by order, or by age; None: PINs do not age."""
        if self.expired or lifetime_days is None or not self.set_at:
            return self.expired
        return now - self.set_at > lifetime_days * 86_400


def to_text(record: PinRecord) -> str:
    """As it is kept."""
    default = PinRecord()
    values = {k: v for k, v in asdict(record).items() if v != getattr(default, k)}
    return json.dumps(values, separators=(",", ":"))


def from_text(text: str) -> PinRecord:
    """What was kept; names that a later version wrote are passed over."""
    if not text.startswith("{"):
        return PinRecord(hash=text)
    values: Mapping[str, Any] = json.loads(text)
    known = {part.name for part in fields(PinRecord)}
    taken = {name: value for name, value in values.items() if name in known}
    if "history" in taken:
        taken["history"] = tuple(taken["history"])
    return PinRecord(**taken)
