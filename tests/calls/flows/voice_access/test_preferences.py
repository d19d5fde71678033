"""Interface, time zone and clock (spec 5.7; feature 116): kept, and in force at once."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import ADA, OWN_PHONE, Visit, VisitCase, mail
from umserver.calls.grammar.places import REGIONS, place_of
from umserver.org.zones import time_zone


class PreferenceTests(VisitCase):
    """Ada in her personal options."""

    def options(self, **values: object) -> Visit:
        """In the menu."""
        call = Visit(**values).signed_in().press("6")  # type: ignore[arg-type]
        return call.until("options-menu")  # type: ignore[return-value]

    def kept(self, call: Visit) -> dict[str, object]:
        """The last change in the store."""
        section, name, changes, by = call.settings_desk.changed[-1]
        self.assertEqual((section, name, by), ("mailboxes", ADA.address, ADA.address))
        return changes

    def test_the_clock(self) -> None:
        """6 switches between 12 and 24 hours, and says the time the new way (feature 116)."""
        call = self.options().press("6").until("clock-is[fourteen thirteen]")
        self.assertEqual(self.kept(call), {"hour_clock": "24"})
        call.until("options-menu").press("6").until("clock-is[two thirteen PM]")
        self.assertEqual(self.kept(call), {"hour_clock": "12"})
        self.check(call.hang_up())

    def test_the_clock_in_french(self) -> None:
        """Where the language has 24 hours the first switch leads to 12."""
        ada = evolve(ADA, language="fr-FR")
        call = self.options(route=evolve(OWN_PHONE, mailbox=ada)).press("6")
        call.until("clock-is[deux heures treize de l'après-midi]")
        self.assertEqual(self.kept(call), {"hour_clock": "12"})
        self.check(call.hang_up())

    def test_the_time_zone(self) -> None:
        """5 leads over a region to a place; messages are told in its time then (feature 116)."""
        call = self.options(mails=(mail(1),)).press("5")
        call.until("time-zone-regions").press("1").until("choice-back")
        self.assertIn("time-zone-is[universal time][two thirteen PM]", call.heard)
        self.assertIn("time-zone-choice[Paris][two]", call.heard)
        call.press("2").until("time-zone-is[Paris][four thirteen PM]").until("options-menu")
        self.assertEqual(self.kept(call), {"time_zone": "Europe/Paris"})
        call.press("*").until("main-menu-repeat").press("1").until("sound of m1")
        (header,) = [name for name in call.heard if name.startswith("message-from[")]
        self.assertIn("three thirteen PM", header)
        self.check(call.hang_up())

    def test_more_places(self) -> None:
        """A region of many places is read in parts; behind the last is the first again."""
        call = self.options().press("52").until("choice-back")
        self.assertIn("time-zone-choice[New York][one]", call.heard)
        call.press("#").until("choice-back").press("#").until("choice-back").press("1")
        call.until("options-menu")
        self.assertEqual(self.kept(call), {"time_zone": "America/New_York"})
        self.assertIn("time-zone-choice[Mexico City][three]", call.heard)
        self.check(call.hang_up())

    def test_no_other_zone(self) -> None:
        """The star key, in the regions or among the places, changes nothing."""
        for keys in ("5*", "51*"):
            call = self.options().press(keys).until("not-changed").until("options-menu")
            self.assertEqual(call.settings_desk.changed, [])
            self.check(call.hang_up())

    def test_the_interface(self) -> None:
        """4 switches between keys and speech (feature 116)."""
        call = self.options().press("4").until("interface-speech").until("options-menu")
        self.assertEqual(self.kept(call), {"voice_access_interface": "Speech"})
        call.press("4").until("interface-keys").until("options-menu")
        self.assertEqual(self.kept(call), {"voice_access_interface": "Touchtone"})
        self.check(call.hang_up())

    def test_a_store_that_is_away(self) -> None:
        """What cannot be kept is not in force, and that is said."""
        call = self.options()
        call.settings_desk.failing = True
        for key in ("4", "6"):
            call.press(key).until("not-changed").until("options-menu")
        call.press("512").until("not-changed").until("options-menu")
        self.check(call.hang_up())


class GreetingTests(VisitCase):
    """A greeting that is there already (feature 116)."""

    def kind(self, key: str) -> Visit:
        """Ada has a greeting of each kind, and chose one."""
        call = Visit()
        for kind in ("personal", "away", "name"):
            call.greetings.clips[ADA.address, kind] = call.shelf.beep()
        call.signed_in().press("62").until("greetings-menu").press(key)
        return call.until("greeting-own-menu")  # type: ignore[return-value]

    def test_hear_it(self) -> None:
        """2 plays what callers hear."""
        call = self.kind("1").press("2").until("beep").until("greeting-own-menu")
        self.check(call.hang_up())

    def test_remove_it(self) -> None:
        """3 goes back to the automatic greeting."""
        call = self.kind("2").press("3").until("greeting-removed").until("greetings-menu")
        self.assertNotIn((ADA.address, "away"), call.greetings.clips)
        self.assertIn((ADA.address, "personal"), call.greetings.clips)
        self.check(call.hang_up())

    def test_record_it_anew(self) -> None:
        """1 records another one; the star key instead leaves it as it is."""
        call = self.kind("3").press("1").until("record-name").until_the_tone().talk(2.0)
        call.press("#1").until("greeting-kept").until("greetings-menu").press("3")
        call.until("greeting-own-menu").press("*").until("greetings-menu")
        self.assertGreater(call.greetings.clips[ADA.address, "name"].seconds, 1.5)
        self.check(call.hang_up())

    def test_a_disk_that_refuses(self) -> None:
        """What cannot be removed is said to be there still."""
        call = self.kind("1")
        call.weather.failing = {"greetings"}
        call.press("3").until("not-changed")
        self.check(call.hang_up())


class PlaceTests(VisitCase):
    """Names of zones."""

    def test_every_zone_exists(self) -> None:
        """Whatever can be chosen is a time zone, once, and has a name in both languages."""
        zones = [zone for region in REGIONS.values() for zone in region]
        self.assertEqual(len(zones), len(set(zones)))
        for zone in zones:
            self.assertIsNone(time_zone(zone), zone)
            for language in ("en-US", "fr-FR"):
                self.assertRegex(place_of(zone, language), r"^[A-Za-zÀ-ÿ' .-]+$")

    def test_languages(self) -> None:
        """Places are called as the language calls them."""
        self.assertEqual(place_of("Europe/London", "fr-FR"), "Londres")
        self.assertEqual(place_of("America/Los_Angeles", "en-US"), "Los Angeles")
        self.assertEqual(place_of("Elsewhere/Some_Where", "fr-FR"), "Some Where")
