"""What people hear for numbers, counts, times and lists, in both languages."""

from __future__ import annotations

from datetime import datetime, timedelta

from twisted.trial.unittest import SynchronousTestCase

from umserver.calls.grammar import grammar_for, grammars, local_time
from umserver.calls.grammar.en_us import ordinal, year

EN, FR = grammar_for("en-US"), grammar_for("fr-FR")
NOW = datetime(2026, 11, 25, 17, 30)

CARDINALS = [
    (0, "zero", "zéro"),
    (1, "one", "un"),
    (13, "thirteen", "treize"),
    (17, "seventeen", "dix-sept"),
    (20, "twenty", "vingt"),
    (21, "twenty-one", "vingt et un"),
    (42, "forty-two", "quarante-deux"),
    (70, "seventy", "soixante-dix"),
    (71, "seventy-one", "soixante et onze"),
    (77, "seventy-seven", "soixante-dix-sept"),
    (80, "eighty", "quatre-vingts"),
    (81, "eighty-one", "quatre-vingt-un"),
    (90, "ninety", "quatre-vingt-dix"),
    (91, "ninety-one", "quatre-vingt-onze"),
    (99, "ninety-nine", "quatre-vingt-dix-neuf"),
    (100, "one hundred", "cent"),
    (101, "one hundred one", "cent un"),
    (200, "two hundred", "deux cents"),
    (280, "two hundred eighty", "deux cent quatre-vingts"),
    (1000, "one thousand", "mille"),
    (1001, "one thousand one", "mille un"),
    (80_000, "eighty thousand", "quatre-vingt mille"),
    (200_000, "two hundred thousand", "deux cent mille"),
    (1_000_000, "one million", "un million"),
    (2_000_301, "two million three hundred one", "deux millions trois cent un"),
    (-5, "minus five", "moins cinq"),
]
COUNTS = [
    (0, "new-message", "no new messages", "aucun nouveau message"),
    (1, "new-message", "one new message", "un nouveau message"),
    (2, "new-message", "two new messages", "deux nouveaux messages"),
    (21, "new-message", "twenty-one new messages", "vingt et un nouveaux messages"),
    (0, "person", "no people", "aucune personne"),
    (1, "minute", "one minute", "une minute"),
    (21, "minute", "twenty-one minutes", "vingt et une minutes"),
    (61, "second", "sixty-one seconds", "soixante et une secondes"),
    (81, "hour", "eighty-one hours", "quatre-vingt-une heures"),
]
CLOCK = [
    (0, 0, "midnight", "minuit"),
    (0, 5, "twelve oh five AM", "minuit cinq"),
    (1, 0, "one AM", "une heure"),
    (9, 30, "nine thirty AM", "neuf heures trente"),
    (12, 0, "noon", "midi"),
    (12, 15, "twelve fifteen PM", "midi quinze"),
    (15, 5, "three oh five PM", "quinze heures cinq"),
    (21, 21, "nine twenty-one PM", "vingt et une heures vingt et une"),
]
MOMENTS = [
    (
        timedelta(hours=-2, minutes=-25),
        "today at three oh five PM",
        "aujourd'hui à quinze heures cinq",
    ),
    (
        timedelta(days=-1, hours=-2, minutes=-25),
        "yesterday at three oh five PM",
        "hier à quinze heures cinq",
    ),
    (timedelta(days=1), "tomorrow at five thirty PM", "demain à dix-sept heures trente"),
    (timedelta(days=-2), "on Monday at five thirty PM", "lundi à dix-sept heures trente"),
    (timedelta(days=-6), "on Thursday at five thirty PM", "jeudi à dix-sept heures trente"),
    (
        timedelta(days=-7),
        "on November eighteenth at five thirty PM",
        "le dix-huit novembre à dix-sept heures trente",
    ),
    (
        timedelta(days=-24),
        "on November first at five thirty PM",
        "le premier novembre à dix-sept heures trente",
    ),
    (
        timedelta(days=-365),
        "on November twenty-fifth, twenty twenty-five at five thirty PM",
        "le vingt-cinq novembre deux mille vingt-cinq à dix-sept heures trente",
    ),
]
LENGTHS = [
    (0.2, "no seconds", "aucune seconde"),
    (1, "one second", "une seconde"),
    (59.6, "one minute", "une minute"),
    (125, "two minutes and five seconds", "deux minutes et cinq secondes"),
    (3600, "one hour", "une heure"),
    (3725, "one hour and two minutes", "une heure et deux minutes"),
]
PHONES = [
    ("1001", "one zero zero one", "un zéro zéro un"),
    ("*45#", "star four five pound", "étoile quatre cinq dièse"),
    (
        "5550142",
        "five five five, zero one four two",
        "cinq, cinquante-cinq, zéro un, quarante-deux",
    ),
    (
        "2125550142",
        "two one two, five five five, zero one four two",
        "vingt et un, vingt-cinq, cinquante-cinq, zéro un, quarante-deux",
    ),
    (
        "+1 212 555-0142",
        "plus one, two one two, five five five, zero one four two",
        "plus un, vingt et un, vingt-cinq, cinquante-cinq, zéro un, quarante-deux",
    ),
    (
        "0142685300",
        "zero one four, two six eight, five three zero zero",
        "zéro un, quarante-deux, soixante-huit, cinquante-trois, zéro zéro",
    ),
]


class LanguageTests(SynchronousTestCase):
    """Correct English and French."""

    def test_numbers(self) -> None:
        """Numbers are said as people of the language say them."""
        for number, english, french in CARDINALS:
            self.assertEqual((EN.cardinal(number), FR.cardinal(number)), (english, french))

    def test_every_number_is_said_differently(self) -> None:
        """No two numbers sound the same."""
        for grammar in (EN, FR):
            numbers = [*range(2100), *range(2100, 1_200_000, 997)]
            self.assertEqual(len({grammar.cardinal(n) for n in numbers}), len(numbers))

    def test_counts(self) -> None:
        """Counted things have the right number and gender, and nothing is said as nothing."""
        for number, noun, english, french in COUNTS:
            self.assertEqual((EN.count(number, noun), FR.count(number, noun)), (english, french))

    def test_languages_count_the_same_things(self) -> None:
        """What can be counted in one language can be counted in all of them."""
        for grammar in grammars().values():
            self.assertEqual(set(grammar.nouns), set(EN.nouns), grammar.language)

    def test_times_of_day(self) -> None:
        """Times are said in the language's own clock, noon and midnight by name."""
        for hour, minute, english, french in CLOCK:
            said = (EN.clock(hour, minute), FR.clock(hour, minute))
            self.assertEqual(said, (english, french))

    def test_the_other_clock(self) -> None:
        """Who prefers twelve or twenty-four hours hears them."""
        self.assertEqual(EN.clock(15, 5, twelve=False), "fifteen oh five")
        self.assertEqual(EN.clock(0, 0, twelve=False), "zero hundred")
        self.assertEqual(EN.clock(0, 30, twelve=False), "zero thirty")
        self.assertEqual(EN.clock(20, 0, twelve=False), "twenty hundred")
        self.assertEqual(FR.clock(0, 5, twelve=False), "zéro heure cinq")
        self.assertEqual(FR.clock(15, 5, twelve=True), "trois heures cinq de l'après-midi")
        self.assertEqual(FR.clock(9, 0, twelve=True), "neuf heures du matin")
        self.assertEqual(FR.clock(21, 0, twelve=True), "neuf heures du soir")

    def test_moments(self) -> None:
        """Near days are named as people name them, a weekday within a week, else the date."""
        for ago, english, french in MOMENTS:
            said = (EN.moment(NOW + ago, NOW), FR.moment(NOW + ago, NOW))
            self.assertEqual(said, (english, french))

    def test_lengths(self) -> None:
        """A length of time has its two largest units."""
        for seconds, english, french in LENGTHS:
            self.assertEqual((EN.duration(seconds), FR.duration(seconds)), (english, french))

    def test_telephone_numbers(self) -> None:
        """Numbers are said in the groups in which people of the country say them."""
        for number, english, french in PHONES:
            self.assertEqual((EN.telephone(number), FR.telephone(number)), (english, french))
        self.assertEqual(EN.digits("1001"), "one zero zero one")

    def test_lists(self) -> None:
        """Lists end in and, or in or where one is to be chosen."""
        for things, english, french in (
            ([], "", ""),
            (["Ada"], "Ada", "Ada"),
            (["Ada", "Ben"], "Ada and Ben", "Ada et Ben"),
            (["Ada", "Ben", "Chloé"], "Ada, Ben, and Chloé", "Ada, Ben et Chloé"),
        ):
            self.assertEqual((EN.listed(things), FR.listed(things)), (english, french))
        self.assertEqual(FR.listed(["Ada", "Ben"], one_of=True), "Ada ou Ben")

    def test_ordinals_and_years(self) -> None:
        """Days and years are said as in dates."""
        said = [ordinal(number) for number in (1, 2, 3, 5, 8, 9, 12, 20, 21, 30, 31)]
        self.assertEqual(
            said[:7], ["first", "second", "third", "fifth", "eighth", "ninth", "twelfth"]
        )
        self.assertEqual(said[7:], ["twentieth", "twenty-first", "thirtieth", "thirty-first"])
        years = [year(number) for number in (1900, 1901, 1999, 2000, 2005, 2010, 2026)]
        self.assertEqual(years[:3], ["nineteen hundred", "nineteen oh one", "nineteen ninety-nine"])
        self.assertEqual(years[3:5], ["two thousand", "two thousand five"])
        self.assertEqual(years[5:], ["twenty ten", "twenty twenty-six"])

    def test_the_nearest_language(self) -> None:
        """Who asks for a sibling of a language gets it; for an unknown one, English."""
        spoken = [grammar_for(tag).language for tag in ("fr-CA", "FR_fr", "en-GB", "sv-SE")]
        self.assertEqual(spoken, ["fr-FR", "fr-FR", "en-US", "en-US"])

    def test_local_time(self) -> None:
        """A moment is told by the clocks of the listener's zone, also when clocks are put back."""
        for seconds, zone, shown in (
            (1_792_976_340, "Europe/Paris", "2026-10-26 01:59"),
            (1_792_976_340, "America/New_York", "2026-10-25 20:59"),
            (1_792_976_340, "nowhere", "2026-10-26 00:59"),
        ):
            self.assertEqual(f"{local_time(seconds, zone):%Y-%m-%d %H:%M}", shown)
