"""What is wrong with settings: all of it at once, each fault with its place and the way out.

Knows: paths and words. Must never know: which settings exist, where they came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from attrs import frozen

MOST_SHOWN = 50
"""More faults than these are counted, not printed."""


@frozen
class Fault:
    """One thing that is wrong."""

    path: str
    """Where: `dial_plans.Demo.max_call_duration`; empty when it is the whole."""
    what: str
    """In words that go on after the path: `must be from 10 to 120 minutes, not 5`."""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}" if self.path else self.what


class SettingsFaults(Exception):
    """Settings that cannot be taken over. `faults` holds every one, in the order of the text."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: Sequence[Fault] = tuple(faults)
        lines = [str(fault) for fault in self.faults[:MOST_SHOWN]]
        if len(self.faults) > MOST_SHOWN:
            lines.append(f"… and {len(self.faults) - MOST_SHOWN} more")
        super().__init__("\n".join(lines))


def unknown(path: str, word: str, known: Iterable[str], what: str) -> Fault:
    """The fault of a word that does not exist, with the nearest one that does."""
    words = sorted(known)
    near = nearest(word, words)
    if near:
        return Fault(path, f"there is no {what} {word!r}; did you mean {near!r}?")
    shown = ", ".join(words[:20]) + (", …" if len(words) > 20 else "")
    return Fault(path, f"there is no {what} {word!r}; there are: {shown or 'none'}")


def nearest(word: str, known: Sequence[str]) -> str | None:
    """The known word that was probably meant, whatever its capitals; None when none is near."""
    folded = {candidate.casefold(): candidate for candidate in known}
    near = get_close_matches(word.casefold()[:100], folded, n=1)
    return folded[near[0]] if near else None
