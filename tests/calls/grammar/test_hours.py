"""How opening hours are spoken."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.calls.grammar import grammar_for
from umserver.calls.grammar.hours import opening_hours
from umserver.org.schedule import Schedule

EN, FR = grammar_for("en-US"), grammar_for("fr-FR")
WORKDAYS = [f"{day}.8:00-{day}.17:30" for day in ("Mon", "Tue", "Wed", "Thu", "Fri")]
CASES: list[tuple[list[str], str, str]] = [
    ([], "at no time", "à aucun moment"),
    (["Sun.0:00-Sun.0:00"], "at any time", "à toute heure"),
    (
        WORKDAYS,
        "Monday to Friday, from eight AM to five thirty PM",
        "du lundi au vendredi, de huit heures à dix-sept heures trente",
    ),
    (
        ["Mon.8:00-Mon.12:00", "Mon.13:00-Mon.17:00", "Sat.9:00-Sat.12:00", "Sun.9:00-Sun.12:00"],
        "Sunday, from nine AM to noon; "
        "Monday, from eight AM to noon and from one PM to five PM; "
        "Saturday, from nine AM to noon",
        "le lundi, de huit heures à midi et de treize heures à dix-sept heures; "
        "le samedi et le dimanche, de neuf heures à midi",
    ),
    (
        ["Fri.22:00-Sat.2:00"],
        "Friday, from ten PM to two AM",
        "le vendredi, de vingt-deux heures à deux heures",
    ),
    (["Wed.0:00-Thu.0:00"], "Wednesday, all day", "le mercredi, toute la journée"),
]


class OpeningHourTests(SynchronousTestCase):
    """A caller asks when somebody is there."""

    def test_hours(self) -> None:
        """Days with the same hours are said together, nights belong to the day they begin on."""
        for texts, english, french in CASES:
            schedule = Schedule.of(texts)
            self.assertEqual(opening_hours(EN, schedule), english)
            self.assertEqual(opening_hours(FR, schedule), french)

    def test_the_first_day_of_the_week(self) -> None:
        """The week begins where the administrator says."""
        schedule = Schedule.of(["Sun.9:00-Sun.12:00", "Mon.9:00-Mon.12:00"])
        self.assertEqual(
            opening_hours(EN, schedule, 1),
            "Monday, from nine AM to noon; Sunday, from nine AM to noon",
        )
        self.assertEqual(opening_hours(EN, schedule), "Sunday and Monday, from nine AM to noon")
