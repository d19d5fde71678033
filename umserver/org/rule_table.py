"""Dialing rules as a CSV file, as administrators keep them (spec 4.9).

Knows: the header, one rule a line. Must never know: files, dial plans.
"""

from __future__ import annotations

from collections.abc import Iterable

from umserver.org.columns import from_columns, to_columns
from umserver.org.declare import declared
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.parse import parse_object
from umserver.org.settings import DialingRule

HEADER = ",".join(setting.parameter for setting in declared(DialingRule))
"""Name,NumberMask,DialedNumber,Comment"""
MOST_LINES = 1000


def read_rules(lines: Iterable[str]) -> tuple[DialingRule, ...]:
    """The rules of a file whose first line is the header; empty lines are passed over.

    Raises SettingsFaults with the numbers of all lines that are wrong.
    """
    rules: list[DialingRule] = []
    faults: list[Fault] = []
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").strip()
        if number == 1:
            if text.replace(" ", "").casefold() != HEADER.casefold():
                raise SettingsFaults([Fault("line 1", f"must be {HEADER}")])
        elif number > MOST_LINES + 1:
            raise SettingsFaults([Fault("", f"must have at most {MOST_LINES} rules")])
        elif text:
            try:
                values = from_columns(DialingRule, text)
                rules.append(parse_object(DialingRule, values, f"line {number}"))
            except SettingsFaults as found:
                faults += found.faults
            except ValueError as fault:
                faults.append(Fault(f"line {number}", str(fault)))
    if faults:
        raise SettingsFaults(faults)
    return tuple(rules)


def write_rules(rules: Iterable[DialingRule]) -> str:
    """The file of these rules; lines end as in CSV files, with CR LF."""
    return "".join(f"{line}\r\n" for line in (HEADER, *map(to_columns, rules)))
