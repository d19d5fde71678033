"""Personal options (spec 5.7): away greeting, recordings, PIN."""

from __future__ import annotations

from tests.calls.flows.voice_access.stage import ADA, PIN, Visit, VisitCase


class OptionTests(VisitCase):
    """Ada sets up her mailbox."""

    def options(self) -> Visit:
        """In the menu of personal options."""
        call = Visit()
        call.signed_in().press("6").until("options-menu")
        return call

    def test_away_on_and_off(self) -> None:
        """1 switches the away greeting; while it is on, 7 in the main menu switches it off
        (features 97, 116).
        """
        call = self.options()
        self.assertIn("options-away-is-off", call.heard)
        call.press("1").until("away-on").until("options-menu").press("*")
        self.assertEqual(call.greetings.away, {ADA.address})
        call.until("main-menu-repeat")
        self.assertIn("main-menu-away", call.heard)
        call.press("7").until("away-off").until("main-menu-repeat")
        self.assertEqual(call.greetings.away, set())
        call.press("7").until("invalid-key")
        self.check(call.hang_up())

    def test_a_greeting(self) -> None:
        """A recorded greeting can be heard and recorded again before it is used (feature 116)."""
        call = self.options().press("2").until("greetings-menu").press("1")
        call.until("record-greeting").until_the_tone().talk(2.0).press("#")
        call.until("greeting-menu").press("3").until("own recording").until("greeting-menu")
        self.assertEqual(call.greetings.clips, {})
        call.press("2").until_the_tone().talk(4.0).press("#").until("greeting-menu").press("1")
        call.until("greeting-kept").until("greetings-menu")
        clip = call.greetings.clips[ADA.address, "personal"]
        self.assertLess(abs(clip.seconds - 4.0), 0.21)
        self.check(call.hang_up())

    def test_given_up(self) -> None:
        """The star key, or hanging up, leaves the old greeting."""
        call = self.options().press("2").until("greetings-menu").press("3")
        call.until("record-name").until_the_tone().talk(2.0).press("#")
        call.until("greeting-menu").press("*").until("not-changed").until("greetings-menu")
        call.press("2").until_the_tone().talk(2.0)
        self.check(call.hang_up())
        self.assertEqual(call.greetings.clips, {})

    def test_silence_is_no_greeting(self) -> None:
        """Who says nothing is asked again, and nothing is changed in the end."""
        call = self.options().press("21").until("nothing-recorded").until("not-changed")
        self.assertEqual(call.greetings.clips, {})
        self.check(call.hang_up())

    def test_a_full_disk(self) -> None:
        """A greeting that cannot be kept is said not to be."""
        call = self.options()
        call.weather.failing = {"greetings"}
        call.press("21").until("not-changed")
        self.check(call.hang_up())

    def test_a_new_pin(self) -> None:
        """3 changes the PIN."""
        call = self.options().press("3").until("new-pin").press("802641#")
        call.until("new-pin-again").press("802641#").until("new-pin-kept").until("options-menu")
        self.assertEqual(call.pins.pins[ADA.address], "802641")
        self.check(call.hang_up())

    def test_the_pin_stays(self) -> None:
        """The star key leaves the PIN as it was."""
        call = self.options().press("3").until("new-pin").press("*").until("not-changed")
        self.assertEqual(call.pins.pins[ADA.address], PIN)
        self.check(call.hang_up())

    def test_places_for_later(self) -> None:
        """Mail and calendar are in the menu and say that they are not available yet."""
        call = Visit().signed_in()
        for key in "23":
            call.press(key).until("service-not-available").until("main-menu-repeat")
        self.check(call.hang_up())
