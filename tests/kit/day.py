"""Days in the life of a house: calls, messages, changes, nights, and a count after every hour.

Knows: the house, its town, the census. Must never know: how the server does what it does. The day
begins on a Saturday afternoon in October 2026; eleven hours later Europe's clocks are put back.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred

from tests.kit.census import Census, count
from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase, sound_of
from tests.kit.memories import forget
from tests.kit.stage import START, Stage
from tests.kit.townsfolk import STORIES, Stranger, Switchboard, Town, send
from umserver.service.answers import Answers

BEGINS = 1_792_850_400.0
"""Saturday, 24 October 2026, 14:00 UTC."""
HOUR = 3600.0
QUIET = 900.0
"""Seconds at the end of an hour in which nobody calls."""
IDLE = 7300.0
"""Longer than a TCP connection is kept that nobody uses."""
ROUND = 120.0
"""Within which whatever comes again and again was at rest once: gateways are asked how they are."""
WITHIN = 8.0
"""Seconds in which those who call at about the same time do so."""


def _wall(stage: Stage) -> float:
    return BEGINS + stage.seconds() - START


class DayCase(HouseCase):
    """`open_for_the_day`, then an `hour` after the other."""

    def open_for_the_day(self) -> None:
        """Start with a gateway that takes calls, whose telephones have lamps."""
        self.calls = 0
        self.trace.most_calls = 64
        self.board = Switchboard(self.stage)
        self.addCleanup(self.board.media.close)
        self.stranger = Stranger(self.stage)
        self.start(self._with_lamps, overrides={"media.keys_over_plain_sip": True})
        self.town = Town(self.stage, self.phone, self.host, self.router_port, self.desk_port)

    def machine(self, **changes: Any) -> Any:
        """The world, on another day than usual."""
        wall = partial(_wall, self.stage)
        return super().machine(wall=wall, **changes)

    def _with_lamps(self, text: str) -> str:
        here = 'address = "127.0.0.1"'
        text = text.replace('name = "Reception"', 'name = "Reception"\ntime_zone = "Europe/Paris"')
        text = text.replace("message_waiting_indicator_allowed = false\n", "")
        return text.replace(here, f"{here}\nport = {self.board.port}")

    def hour(self, number: int, bursts: int, at_once: int) -> Census:
        """So many times in an hour so many people call within seconds; the count at its end."""
        ends = self.stage.seconds() + HOUR
        chance = Random(number)
        gap = (HOUR - QUIET) / bursts
        for burst in range(bursts):
            due = ends - HOUR + burst * gap
            self.stage.walk(due - self.stage.seconds())
            self.burst(chance, at_once)
        self.read_everything()
        self.stage.walk(ends - self.stage.seconds())
        return self._count()

    def burst(self, chance: Random, at_once: int) -> None:
        """People call at about the same time, and others do other things meanwhile."""
        stories = [story for story, often in STORIES for _ in range(often)]
        people = [
            self.later(chance.uniform(0.0, WITHIN), chance.choice(stories), chance.random())
            for _ in range(at_once)
        ]
        self.calls += at_once
        self.stranger.disturb((self.host, self.router_port), chance)
        self.stranger.disturb((self.host, self.desk_port), chance)
        asks = [self.question(name) for name in ("states", "health", "gateways", "status", "poll")]
        self.stage.run_until(gatherResults([*people, *asks]), 300.0)

    def idle(self, seconds: float = IDLE) -> Census:
        """The count once nothing is under way any more and what may be remembered is forgotten."""
        self.read_everything()
        self.stranger.got.clear()
        self.stage.walk(seconds)
        fewest = min(self._timers_in_a_second() for _ in range(round(ROUND)))
        self.stage.run_until(lambda: len(self.stage.getDelayedCalls()) <= fewest, ROUND)
        forget()
        return self._count()

    def _count(self) -> Census:
        """Apart from what the kit keeps for speed."""
        sound_of.cache_clear()
        return count(self.stage)

    def _timers_in_a_second(self) -> int:
        self.stage.walk(1.0)
        return len(self.stage.getDelayedCalls())

    def later(self, seconds: float, story: Any, seed: float) -> Deferred[None]:
        """Somebody lives a story that begins in so many seconds."""
        done: Deferred[None] = Deferred()
        self.stage.callLater(
            seconds, lambda: send(story, self.town, round(seed * 1e9)).chainDeferred(done)
        )
        return done

    def every_story(self, seed: int = 1) -> None:
        """Each story once, all at the same time."""
        people = [
            self.later(number * 0.5, story, seed) for number, (story, _) in enumerate(STORIES)
        ]
        self.calls += len(people)
        self.stage.run_until(gatherResults(people), 300.0)

    def question(self, name: str) -> Deferred[Any]:
        """What an administrator asks; the answer is nobody's."""
        assert self.um is not None
        return maybeDeferred(Answers(self.um).acts().asks()[name], {})

    def vanish(self) -> None:
        """A gateway's call is answered, and nothing more is heard of the gateway."""
        gateway = Gateway(self.stage, self.host)
        gateway.call((self.host, self.desk_port))
        self.calls += 1
        gateway.keep_silent(0.2)
        self.stage.run_until(lambda: bool(gateway.requests("BYE")), 90.0)
        gateway.media.close()
        assert gateway.transport is not None
        stopped = gateway.transport.stopListening()
        self.stage.run_until(maybeDeferred(lambda: stopped), 5.0)

    def change_settings(self, number: int) -> None:
        """An administrator renames the business."""
        before = 'business_name = "Example"' if number == 1 else f'"Example {number - 1}"'
        after = f'"Example {number}"'
        self.change(before, f"business_name = {after}" if number == 1 else after)

    def read_everything(self) -> None:
        """Everybody deletes everything in a mail program."""
        for path in self.mail_files():
            path.unlink()

    def mail_files(self) -> list[Path]:
        """Every mail of everybody."""
        places = (self.state / "mail").glob("**/*")
        return sorted(p for p in places if p.is_file() and p.parent.name in ("new", "cur"))
