"""What happened in calls since the server started, as numbers (spec 9.6).

Knows: the names of what is counted. Must never know: who called. Every name is there from the
start, so that whoever watches sees a nought and not a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import define, field

KNOWN = {
    "general": ("calls", "call_duration_exceeded"),
    "call_answering": (
        "calls",
        "messages",
        "missed_calls",
        "escapes",
        "transferred",
        "quota_exceeded",
    ),
    "subscriber_access": ("calls",),
    "auto_attendant": (
        "calls",
        "business_hours_calls",
        "after_hours_calls",
        "directory_accesses",
        "operator_transfers",
        "disallowed_transfers",
        "prompts_recorded",
    ),
}
"""What is counted, group by group."""
GROUPS = {
    "leave-message": "call_answering",
    "voice-access": "subscriber_access",
    "attendant": "auto_attendant",
}
"""The group of each script's calls."""


@define(eq=False)
class Tally:
    """Counts; `count` is what scripts see of it."""

    _counts: dict[str, dict[str, int]] = field(
        init=False,
        factory=lambda: {group: dict.fromkeys(names, 0) for group, names in KNOWN.items()},
    )

    def count(self, group: str, name: str) -> None:
        """One more. A name that is not known is a KeyError."""
        self._counts[group][name] += 1

    def call(self, flow: str) -> None:
        """A call is served by this script."""
        self.count("general", "calls")
        if flow in GROUPS:
            self.count(GROUPS[flow], "calls")

    def shown(self) -> Mapping[str, Mapping[str, int]]:
        """Everything, group by group."""
        return {group: dict(counts) for group, counts in self._counts.items()}
