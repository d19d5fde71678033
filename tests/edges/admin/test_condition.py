"""The words of -Filter and -SortBy."""

from __future__ import annotations

from random import Random

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.admin.condition import condition, sorted_by
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Property, Record


def record(**values: object) -> Record:
    """Something that is shown."""
    return tuple(Property(name, value, name.lower()) for name, value in values.items())


PBX = record(Name="PBX", Port=5060, Status="Enabled", Groups=("Pilot", "Rest"), Simulator=False)
OLD = record(Name="Old 'one'", Port=5070, Status="Disabled", Groups=(), Simulator=True)


class ConditionTests(SynchronousTestCase):
    """What is shown, and what is not."""

    def test_comparisons(self) -> None:
        """Properties are compared as PowerShell does it, without regard to capitals."""
        for text, pbx, old in (
            ("Name -eq 'pbx'", True, False),
            ("name -ne PBX", False, True),
            ("Name -like 'p*'", True, False),
            ("Name -notlike '*x'", False, True),
            ("Name -eq 'Old ''one'''", False, True),
            ("Name -eq \"Old 'one'\"", False, True),
            ("Port -gt 5060", False, True),
            ("Port -ge 5060", True, True),
            ("Port -lt 5070", True, False),
            ("Port -le 5069", True, False),
            ("Port -eq 5060", True, False),
            ("Groups -eq 'rest'", True, False),
            ("Groups -like 'P*'", True, False),
            ("Groups -eq $null", False, True),
            ("Simulator -eq $true", False, True),
            ("Simulator -eq 'False'", True, False),
        ):
            fits = condition(text)
            self.assertEqual((fits(PBX), fits(OLD)), (pbx, old), text)

    def test_logic(self) -> None:
        """-not binds closer than -and, -and closer than -or; brackets decide otherwise."""
        for text, pbx, old in (
            ("Port -eq 5060 -and Status -eq Enabled", True, False),
            ("Port -eq 5060 -or Port -eq 5070", True, True),
            ("-not Port -eq 5060", False, True),
            ("-not (Port -eq 5060 -or Port -eq 5070)", False, False),
            ("Port -eq 5070 -or Port -eq 5060 -and Status -eq Disabled", False, True),
            ("(Port -eq 5070 -or Port -eq 5060) -and Status -eq Disabled", False, True),
            ("{ Name -eq 'PBX' }", True, False),
        ):
            fits = condition(text)
            self.assertEqual((fits(PBX), fits(OLD)), (pbx, old), text)

    def test_mistakes(self) -> None:
        """A filter that says nothing is explained, with the nearest right word."""
        for text, word in (
            ("", "needs a property"),
            ("Name", "needs a comparison behind Name"),
            ("Name -equals 'x'", "did you mean -eq"),
            ("Name -eq", "needs a value behind Name -eq"),
            ("Name -eq 'x' 'y'", "should end before y"),
            ("(Name -eq 'x'", "not closed"),
            ("Name -eq 'x", "cannot be read from 'x"),
            ("(" * 60 + "Name -eq x" + ")" * 60, "at most 50 brackets"),
            ("x" * 3000, "at most 2000 characters"),
        ):
            with self.assertRaisesRegex(Mistyped, word):
                condition(text)
        with self.assertRaisesRegex(Mistyped, "did you mean Status"):
            condition("Staus -eq 'x'")(PBX)

    def test_rubbish(self) -> None:
        """Whatever is typed, the answer is a condition or a complaint."""
        random = Random(7)
        pieces = [
            "Name",
            "-eq",
            "-and",
            "-or",
            "-not",
            "(",
            ")",
            "'x'",
            "'",
            '"',
            "{",
            "$true",
            "5",
        ]
        for _ in range(2000):
            text = " ".join(random.choices(pieces, k=random.randrange(8)))
            try:
                self.assertIsInstance(condition(text)(PBX), bool)
            except Mistyped:
                continue

    def test_order(self) -> None:
        """Numbers are sorted by value, texts by letter, whatever their capitals."""
        rows = [record(Name=name, Port=port) for name, port in (("b", 10), ("A", 9), ("c", 100))]
        self.assertEqual([r[0].value for r in sorted_by(rows, "name")], ["A", "b", "c"])
        self.assertEqual([r[1].value for r in sorted_by(rows, "Port")], [9, 10, 100])
        self.assertRaises(Mistyped, sorted_by, rows, "Colour")
