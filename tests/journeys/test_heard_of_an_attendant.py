"""An administrator hears what callers of an attendant will hear."""

from __future__ import annotations

import base64

from tests.journeys.test_attendant import write_tone
from tests.kit.house import HouseCase, sound_of
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name
from umserver.wire.audio.wav import read_wav

CLOSED = (
    'business_name = "Example"',
    'business_name = "Example"\nbusiness_location = "1 Main Street"\n'
    'business_hours_schedule = ["Mon.8:00-Mon.17:30"]\ntime_zone = "Europe/Paris"\n'
    "after_hours_welcome_greeting_enabled = true\n"
    'after_hours_welcome_greeting_filename = "night.wav"',
)


class HeardTests(HouseCase):
    """Word for word, and as sound."""

    def setUp(self) -> None:
        super().setUp()
        self.start(lambda text: text.replace(*CLOSED))

    def words(self, **details: object) -> list[str]:
        """The sentences."""
        found: list[str] = self.ask("heard", attendant="reception", **details)["words"]
        return found

    def test_words(self) -> None:
        """Greeting and menu of a moment, by the attendant's clock, as callers hear them."""
        words = self.words(at="2026-11-30T08:00")
        self.assertEqual(words[:2], ["Welcome to Example.", "For Sales, press one."])
        self.assertNotIn("We are closed at the moment.", words)
        night = self.words(at="2026-11-30T07:59")
        self.assertEqual(night[:2], ["Welcome to Example.", "We are closed at the moment."])

    def test_recordings(self) -> None:
        """A recording is named once it was imported; before, the sentences in its place are."""
        path = self.state / folder_name(AUTO_ATTENDANT, "Reception") / "night.wav"
        path.parent.mkdir(parents=True)
        write_tone(path, 1000.0, 2.0)
        self.assertEqual(self.words(hours="closed", part="greeting"), ["(recording night.wav)"])
        answer = self.ask("heard", attendant="Reception", hours="closed", part="greeting", sound=1)
        self.assertEqual(round(len(read_wav(base64.b64decode(answer["wav"]))) / 8000, 1), 2.1)

    def test_parts(self) -> None:
        """Hours and location alone; another business name can be tried."""
        self.assertEqual(
            self.words(part="hours"),
            ["We are open Monday, from eight AM to five thirty PM."],
        )
        self.assertEqual(
            self.words(part="location", business_name="Other"),
            ["Other is located at 1 Main Street."],
        )

    def test_sound(self) -> None:
        """The sound is that of the telephone."""
        answer = self.ask("heard", attendant="Reception", hours="open", part="greeting", sound=True)
        heard = read_wav(base64.b64decode(answer["wav"]))
        self.assertAlmostEqual(len(heard), len(sound_of("Welcome to Example.")), delta=2000)

    def test_mistakes(self) -> None:
        """Nobody and nothing are told to be so."""
        for details in ({"attendant": "Nobody"}, {"attendant": "Reception", "part": "lunch"}):
            with self.assertRaises((LookupError, ValueError)):
                self.ask("heard", **details)
