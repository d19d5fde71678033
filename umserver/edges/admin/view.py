"""What of a result is shown, and in which form.

Knows: -Filter, -SortBy, -Property, -Format, -ResultSize, records. Must never know: which records.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from attrs import evolve, field, frozen

from umserver.edges.admin.condition import condition, place_in, sorted_by
from umserver.edges.admin.given import FORMATS, Given
from umserver.edges.admin.line import Mistyped, choose
from umserver.edges.admin.outcome import Outcome, Record


@frozen
class View:
    """How an administrator wants to see something."""

    filter: str = ""
    sort_by: str = ""
    properties: tuple[str, ...] = ()
    format: str = ""
    """One of FORMATS; empty: as the cmdlet finds best."""
    width: int = field(default=0, kw_only=True)
    """Columns of the terminal; 0: there is none, nothing is cut."""


def take_view(given: Given, format: str, width: int) -> View:
    """Remove from the parameters what is about showing. `format` counts unless one is given."""
    typed = given.options.pop("Format", ())
    chosen = choose(typed[0], FORMATS, "-Format") if typed else format
    view = View(
        given.text("Filter"), given.text("SortBy"), given.texts("Property"), chosen, width=width
    )
    for name in ("Filter", "SortBy", "Property"):
        given.options.pop(name, None)
    if view.filter:
        condition(view.filter)
    return view


def seen(outcome: Outcome, view: View) -> tuple[Outcome, tuple[Record, ...]]:
    """What the administrator wants to see of it, with a warning when that is not all.

    Raises Mistyped.
    """
    records: Iterable[Record] = outcome.shown
    if view.filter:
        records = filter(condition(view.filter), records)
    warnings = outcome.warnings
    if view.sort_by:
        records = sorted_by(list(records), view.sort_by)
    found = list(islice(records, outcome.limit + 1) if outcome.limit else records)
    if outcome.limit and len(found) > outcome.limit:
        del found[outcome.limit :]
        words = f"only the first {outcome.limit} are shown; -ResultSize Unlimited shows all"
        warnings = (*warnings, words)
    columns = outcome.columns
    if view.properties and found:
        places = [place_in(found[0], name) for name in view.properties]
        columns = tuple(found[0][place].name for place in places)
        found = [tuple(record[place] for place in places) for record in found]
    return evolve(outcome, columns=columns, warnings=warnings, shown=()), tuple(found)


def is_list(outcome: Outcome, view: View) -> bool:
    """Whether it is printed property by property."""
    if view.format not in ("", *FORMATS):
        raise Mistyped(f"there is no format {view.format}")
    return view.format == "List" or (not view.format and outcome.in_full)
