"""How results are printed."""

from __future__ import annotations

import csv
import io
import json

from twisted.trial.unittest import SynchronousTestCase

from tests.edges.admin.desk import DeskCase
from umserver.command import WRONG_USE
from umserver.edges.admin.outcome import Outcome, Property
from umserver.edges.admin.show import printed, status_text, table
from umserver.edges.admin.view import View


class TableTests(SynchronousTestCase):
    """Tables."""

    def test_a_narrow_terminal(self) -> None:
        """A table fits the terminal: the widest columns are cut, and it is seen that they are."""
        rows = [["PBX", "x" * 60, "Enabled"], ["Old", "y", "Disabled"]]
        for width in (40, 60, 80):
            text = table(rows, ["Name", "Comment", "Status"], width)
            self.assertLessEqual(max(map(len, text.splitlines())), width)
            self.assertEqual("…" in text, width < 80)
        self.assertIn("x" * 60, table(rows, ["Name", "Comment", "Status"], 200))

    def test_control_characters(self) -> None:
        """What came from outside cannot move the cursor, also not in a list or a CSV cell."""
        record = (Property("Name", "evil\x1b[2J\r\nrow"), Property("List", ("a\x07",)))
        outcome = Outcome(columns=("Name", "List"))
        for format in ("Table", "List", "Csv"):
            text = printed(outcome, [record], View(format=format))
            self.assertFalse({"\x1b", "\r", "\x07"} & set(text), format)
        self.assertEqual(
            json.loads(printed(outcome, [record], View(format="Json")))[0]["List"], ["a\x07"]
        )

    def test_formulas(self) -> None:
        """A spreadsheet takes no cell of a CSV file for a formula."""
        record = (Property("Name", "=cmd|x"), Property("Number", "+12125550100"))
        text = printed(Outcome(), [record], View(format="Csv"))
        self.assertEqual(text.splitlines()[1], "'=cmd|x,+12125550100")


class StatusTests(SynchronousTestCase):
    """A status as lines."""

    def test_moments_are_times_of_day(self) -> None:
        """Since when a gateway is there is read as a date, not as a number of seconds."""
        told = status_text(
            {"gateways": [{"name": "PBX", "since": 1795600000.5, "round_trip_ms": 2}]}
        )
        self.assertRegex(told, r"name PBX, since 2026-11-2\d \d\d:\d\d:\d\d, round trip ms 2")
        trouble = {"at": 1795600000, "peer": "192.0.2.9"}
        told = status_text({"certificate": {"ends": 1827159959.0, "latest_trouble": [trouble]}})
        self.assertRegex(told, r"ends: 2027-11-2\d \d\d:\d\d:\d\d\n")
        self.assertRegex(told, r"at 2026-11-2\d \d\d:\d\d:\d\d, peer 192.0.2.9")
        for strange in (None, 0, -5, 1e300, "soon"):
            self.assertIn("since", status_text({"gateways": [{"since": strange}]}))


class FormatTests(DeskCase):
    """Formats, filters and order, as typed."""

    def test_formats(self) -> None:
        """Tables and lists for people, JSON and CSV for programs, by switch or by -Format."""
        self.assertTrue(self.good("Get-UMDialPlan").startswith("Name  URIType  "))
        listed = self.good("Get-UMDialPlan", "-Format", "List")
        self.assertIn("MaxCallDuration                         : 30 minutes", listed)
        self.assertEqual(
            json.loads(self.good("Get-UMDialPlan", "-Format", "json"))[0]["name"], "Demo"
        )
        for words in (("--csv", "Get-UMMailbox"), ("Get-UMMailbox", "-Format", "Csv")):
            rows = list(csv.DictReader(io.StringIO(self.good(*words))))
            self.assertEqual([row["Extension"] for row in rows], ["1001", "1002", "1003"])
        self.assertTrue(self.good("Get-UMDialPlan", "Demo", "-Format", "Table").startswith("Name "))
        told = self.bad(WRONG_USE, "Get-UMDialPlan", "-Format", "Xml")
        self.assertIn("there are Table, List, Json, Csv", told)

    def test_filters(self) -> None:
        """A filter, an order and a choice of properties make a report."""
        told = self.good(
            "Get-UMMailbox", "-Filter", "Extension -gt 1001 -and Address -like '*@example.com'",
            "-SortBy", "DisplayName", "-Property", "DisplayName,Extension",
        )  # fmt: skip
        self.assertEqual(told.splitlines()[2:], ["Ben Sample   1002", "Chloé Démo   1003"])
        self.assertEqual(self.rows("Get-UMMailbox", "-Filter", "Extension -eq 9"), [])
        for words, word in (
            (("-Filter", "Extention -eq 1"), "did you mean Extension"),
            (("-SortBy", "Extention"), "did you mean Extension"),
            (("-Property", "Extention"), "did you mean Extension"),
        ):
            self.assertIn(word, self.bad(WRONG_USE, "Get-UMMailbox", *words))

    def test_what_was_done_for_programs(self) -> None:
        """With --json also a change is told as JSON, and nothing else is printed."""
        told = json.loads(self.good("--json", "Set-UMDialPlan", "Demo", "-AudioCodec", "G711"))
        self.assertEqual(told, {"done": "dial plan Demo is changed", "changed": True})
        told = json.loads(
            self.good("--json", "Set-UMDialPlan", "Demo", "-AudioCodec", "Gsm", "-WhatIf")
        )
        self.assertIs(told["changed"], False)
