"""Dialing rules in a CSV file (spec 4.9)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.faults import SettingsFaults
from umserver.org.rule_table import MOST_LINES, read_rules, write_rules
from umserver.org.settings import DialingRule

FILE = """Name,NumberMask,DialedNumber,Comment
Local,1425xxxxxxx,91425xxxxxxx,inside the city
World,9011*,9011*,"far, far away"

Any,*,*
"""


class RuleTableTests(SynchronousTestCase):
    """Files that administrators bring along."""

    def faults(self, *lines: str) -> list[str]:
        with self.assertRaises(SettingsFaults) as raised:
            read_rules(lines)
        return str(raised.exception).splitlines()

    def test_round_trip(self) -> None:
        """A file is read, with and without comments, and written as it was."""
        rules = read_rules(FILE.splitlines())
        self.assertEqual([rule.name for rule in rules], ["Local", "World", "Any"])
        self.assertEqual(rules[1].comment, "far, far away")
        self.assertEqual(rules[2], DialingRule(name="Any", number_mask="*", dialed_number="*"))
        text = write_rules(rules)
        self.assertEqual(text, FILE.replace("\n\n", "\n").replace("\n", "\r\n"))
        self.assertEqual(read_rules(text.splitlines()), rules)

    def test_head(self) -> None:
        """The first line names the columns, whatever mark a spreadsheet puts before it."""
        self.assertEqual(read_rules([]), ())
        self.assertEqual(read_rules(["\ufeffname, NumberMask,DialedNumber,Comment"]), ())
        said = ["line 1: must be Name,NumberMask,DialedNumber,Comment"]
        self.assertEqual(self.faults("Local,*,*,"), said)

    def test_every_bad_line(self) -> None:
        """Every bad line is told with its number; endless files end."""
        head = FILE.splitlines()[0]
        self.assertEqual(
            self.faults(head, "Local,1a,9", "Local,*,*,x,y", "Local,*", f"{'x' * 33},*,*"),
            [
                "line 2.number_mask: must be digits, an x for any digit, and at its end perhaps a "
                "* for all others",
                "line 3: has 5 columns; they are Name,NumberMask,DialedNumber,Comment",
                "line 4.dialed_number: is missing",
                "line 5.name: must have at most 32 characters, not 33",
            ],
        )
        self.assertEqual(
            self.faults(head, *["Any,*,*"] * (MOST_LINES + 1)), ["must have at most 1000 rules"]
        )
