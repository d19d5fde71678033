"""Opening hours in words: days of the same hours together, in the order of the week (spec 6.3).

Knows: schedules and grammars. Must never know: whose hours these are, what time it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.grammar.language import Grammar
from umserver.org.schedule import DAY, WEEK, Schedule

Span = tuple[int, int]
"""Minutes after midnight of one day; the end may be 1440."""


def opening_hours(grammar: Grammar, schedule: Schedule, first_weekday: int | None = None) -> str:
    """All hours of a week, as "Monday to Friday, from eight AM to five thirty PM".

    `first_weekday`: 0 is Sunday; the language's when None. An empty schedule is at no time.
    """
    if any(interval.length == WEEK for interval in schedule.intervals):
        return grammar.always
    first = grammar.first_weekday if first_weekday is None else first_weekday
    spans = _by_day(schedule)
    order = [(first + place) % 7 for place in range(7)]
    runs: list[tuple[list[int], Sequence[Span]]] = []
    for day in order:
        if runs and runs[-1][1] == spans[day]:
            runs[-1][0].append(day)
        else:
            runs.append(([day], spans[day]))
    said = [_run(grammar, days, hours) for days, hours in runs if hours]
    return "; ".join(said) if said else grammar.never


def _by_day(schedule: Schedule) -> list[tuple[Span, ...]]:
    """The hours of each day from Sunday on; an interval over midnight belongs to the day on which
    it begins as long as it ends before noon.
    """
    found: list[list[Span]] = [[] for _ in range(7)]
    for interval in schedule.intervals:
        start, left = interval.start, interval.length
        while left > 0:
            day, minute = start // DAY % 7, start % DAY
            till_midnight = DAY - minute
            overnight = left <= till_midnight + DAY // 2 and minute
            length = left if overnight else min(left, till_midnight)
            found[day].append((minute, minute + length))
            start, left = start + length, left - length
    return [tuple(sorted(spans)) for spans in found]


def _run(grammar: Grammar, days: Sequence[int], hours: Sequence[Span]) -> str:
    names = [grammar.weekdays[day] for day in days]
    many = len(names) > 2
    each = [grammar.weekly(name) for name in names]
    who = grammar.days_between(names[0], names[-1]) if many else grammar.listed(each)
    return grammar.both(who, grammar.listed([_span(grammar, span) for span in hours]))


def _span(grammar: Grammar, span: Span) -> str:
    if span == (0, DAY):
        return grammar.all_day
    start, end = (grammar.clock(minute % DAY // 60, minute % 60) for minute in span)
    return grammar.times_between(start, end)
