"""A day's calls leave nothing behind: no object, no file, no timer."""

from __future__ import annotations

from random import Random

from tests.kit.census import Census
from tests.kit.day import DayCase

QUIET = 200.0
"""Seconds; longer than anything that a call leaves behind, but for a TCP connection, kept open."""


class ADay(DayCase):
    """Everybody lives every story, all at the same time."""

    def everything(self, seed: int) -> Census:
        """A call of each kind, a gateway that vanishes, new settings, questions, nonsense."""
        self.vanish()
        self.every_story(seed)
        self.change_settings(seed)
        self.burst(Random(seed), at_once=3)
        return self.idle(QUIET)

    def test_nothing_is_left(self) -> None:
        """What has happened before leaves nothing behind when it happens again."""
        self.open_for_the_day()
        before = self.everything(1)
        self.assertEqual(self.everything(2).grown(before), {})
        counters = self.ask("status")["counters"]
        self.assertGreater(counters["call_answering"]["messages"], 4)
        self.assertGreater(counters["subscriber_access"]["calls"], 2)
        self.assertGreater(counters["auto_attendant"]["calls"], 3)

    def test_something_is_left(self) -> None:
        """Whoever keeps calls, timers or files is found out."""
        self.open_for_the_day()
        self.dial().hang_up()
        before = self.idle(QUIET)
        kept = self.dial().hang_up()
        self.stage.callLater(1e6, lambda: None)
        with open(self.state / "umserver.db", "rb"):
            grown = self.idle(QUIET).grown(before)
        self.assertEqual(kept.over, "us")
        for name in ("umserver.edges.net.softphone.outgoing.OutgoingCall", "files", "timers"):
            self.assertEqual(grown.get(name), 1, grown)
