"""Users from a CSV file."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ORG, PLAN
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.people import users_of
from umserver.org.faults import SettingsFaults


class PeopleTests(SynchronousTestCase):
    """A table becomes users."""

    def test_a_table(self) -> None:
        """Columns stand in any order, empty cells and lines mean nothing."""
        lines = [
            "\ufeffExtension,name,address,pin,language\r\n",
            '2000,"Load, User 2000",load2000@example.com,975310,fr-FR\r\n',
            "\r\n",
            "2001,Zoë,zoe@example.com,,\r\n",
        ]
        first, second = users_of(lines, ORG)
        self.assertEqual((first.display_name, first.pin), ("Load, User 2000", "975310"))
        self.assertEqual((first.dial_plan, first.policy), ("Boston", "Boston Default Policy"))
        self.assertEqual((second.display_name, second.language, second.pin), ("Zoë", "", ""))

    def test_every_bad_line_is_told(self) -> None:
        """All mistakes are told at once, with their lines."""
        lines = ["extension,name,address\n", "20x,A,a@example.com\n", "2001,B\n", "2002,C,nobody\n"]
        told = str(self.assertRaises(SettingsFaults, users_of, lines, ORG)).splitlines()
        self.assertEqual(
            [row.partition(":")[0] for row in told],
            [
                "line 2.extension",
                "line 3",
                "line 4.address",
            ],
        )
        self.assertNotIn("None", "".join(told))

    def test_the_head(self) -> None:
        """A file without a right first line is refused with a word of help."""
        for head, word in (
            ("extention,name,address\n", "did you mean 'extension'|did you mean extension"),
            ("extension,name\n", "address is missing"),
            ("", "extension, name, address is missing"),
            ("shoe size,extension\n", "there are extension, name"),
        ):
            with self.assertRaisesRegex(Mistyped, word):
                users_of([head], ORG)

    def test_several_plans(self) -> None:
        """Where there is a choice, the file has to make it."""
        two = evolve(ORG, dial_plans=(PLAN, evolve(PLAN, name="Paris")))
        lines = ["extension,name,address\n", "2000,A,a@example.com\n"]
        self.assertIn("dial_plan", str(self.assertRaises(SettingsFaults, users_of, lines, two)))
        lines = ["extension,name,address,dial_plan\n", "2000,A,a@example.com,Boston\n"]
        self.assertEqual(users_of(lines, two)[0].policy, "Boston Default Policy")
