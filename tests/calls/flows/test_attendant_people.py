"""Who callers of an attendant are connected to, and what leads there in the end (spec 6.3, 6.2)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.lobby import ADA, FRENCH, PLAN, RECEPTION, TWINS, Lobby, lobby, mapped
from tests.calls.rehearsal import RehearsalCase
from tests.kit.fake_office import clip
from umserver.org.settings import AutoAttendant

SPEAKING = evolve(
    RECEPTION,
    speech_enabled=True,
    dtmf_fallback_auto_attendant="Keys",
    business_hours_transfer_to_operator_enabled=False,
)
KEYS = evolve(FRENCH, name="Keys")
SEARCH = "attendant-search"


def last_of(attendant: AutoAttendant) -> str:
    """The last sentence of this attendant's menu."""
    operator = attendant.business_hours_transfer_to_operator_enabled
    return "attendant-operator" if operator else SEARCH


class NameTests(RehearsalCase):
    """The voice of whom one is connected to."""

    def test_a_recorded_name(self) -> None:
        """Who recorded a name is announced by it, others by the spoken name."""
        call = Lobby(attendant=RECEPTION)
        call.greetings.clips[ADA.address, "name"] = clip("ada-says-her-name")
        call.dial().until("attendant-operator").press("1").to_the_end()
        self.assertEqual(call.heard[-2:], ["attendant-connecting-before", "ada-says-her-name"])
        call = lobby().until("attendant-operator").press("2").to_the_end()
        self.assertEqual(call.heard[-1], "attendant-connecting-to[Ben Sample]")

    def test_somebody_found_by_name(self) -> None:
        """It is the same for somebody who was found by name."""
        call = Lobby(attendant=RECEPTION)
        call.greetings.clips[ADA.address, "name"] = clip("ada-says-her-name")
        call.dial().until("attendant-operator").press("#").until("search-last-first")
        call.press("39").until("search-call[Ada Example][one]").press("1").to_the_end()
        self.assertEqual(call.heard[-2:], ["attendant-connecting-before", "ada-says-her-name"])

    def test_namesakes(self) -> None:
        """Feature 113: attendants tell namesakes apart by their own rule, or by the plan's."""
        titled = [
            evolve(one, title=f"Title {n}", location=f"Room {n}") for n, one in enumerate(TWINS)
        ]
        for own, plans, said in (
            ("Title", "None", "Title 1"),
            ("Department", "None", "Support"),
            ("Location", "None", "Room 1"),
            ("InheritFromDialPlan", "Location", "Room 1"),
            ("None", "Title", ""),
        ):
            call = Lobby(
                attendant=evolve(RECEPTION, matched_name_selection_method=own),
                plan=evolve(PLAN, matched_name_selection_method=plans),
            )
            call.people.people[:] = titled
            call.dial().until("attendant-operator").press("#").until("search-last-first")
            call.press("76484#").until("search-none-of-them")
            named = f"search-choice-detail[Tony Smith][two][{said}]"
            wanted = named if said else "search-choice[Tony Smith][two]"
            self.assertIn(wanted, call.heard, own)

    def test_namesakes_by_alias(self) -> None:
        """Feature 113: with PromptForAlias the mail address is spelled."""
        call = lobby(evolve(RECEPTION, matched_name_selection_method="PromptForAlias"))
        call.until("attendant-operator").press("#").until("search-last-first").press("76484#")
        call.until("search-address")


class FallbackTests(RehearsalCase):
    """Attendants that listen to words."""

    def test_to_the_attendant_with_keys(self) -> None:
        """Feature 131: after too many failures the attendant with keys goes on."""
        call = lobby(SPEAKING, others=(KEYS,)).until("attendant-key[Leave a message][trois]")
        self.assertEqual(call.heard.count("are-you-there"), 2)
        call.press("2").to_the_end()
        self.assertEqual(call.phone.transfers, ["1002"])

    def test_keys_work_before(self) -> None:
        """Keys work at once, whoever knows them need not fail first."""
        call = lobby(SPEAKING, others=(KEYS,)).until(SEARCH).press("1").to_the_end()
        self.assertEqual(call.phone.transfers, ["1001"])

    def test_without_one(self) -> None:
        """Feature 131: without an attendant with keys there is an apology, and the call ends."""
        for others in ((), (evolve(KEYS, status="Disabled"),)):
            call = lobby(SPEAKING, others=others).to_the_end()
            self.assertEqual(call.heard[-2:], ["attendant-not-understood", "goodbye"])
            self.assertEqual(call.outcome, "gave-up")
            self.check(call)


class SpokenTests(RehearsalCase):
    """Where and when the business is found."""

    HOURS = ("Mon.8:00-Mon.17:30", "Tue.8:00-Tue.17:30", "Wed.9:00-Wed.12:00")

    def test_hours_in_both_languages(self) -> None:
        """Feature 124: the hours are said in the grammar of the attendant's language."""
        for language, said in (
            (
                "en-US",
                "Monday and Tuesday, from eight AM to five thirty PM; "
                "Wednesday, from nine AM to noon",
            ),
            (
                "fr-FR",
                "le lundi et le mardi, de huit heures à dix-sept heures trente; "
                "le mercredi, de neuf heures à midi",
            ),
        ):
            attendant = evolve(
                mapped(announce_business_hours=True),
                language=language,
                business_hours_schedule=self.HOURS,
            )
            call = lobby(attendant).until(last_of(attendant)).press("1")
            call.until(f"attendant-hours[{said}]").until(last_of(attendant))

    def test_the_first_day_of_the_week(self) -> None:
        """Feature 124: WeekStartDay decides with which day the hours begin."""
        attendant = evolve(
            mapped(announce_business_hours=True),
            business_hours_schedule=self.HOURS,
            week_start_day="Wednesday",
        )
        call = lobby(attendant).until("attendant-operator").press("1")
        call.until(
            "attendant-hours[Wednesday, from nine AM to noon; "
            "Monday and Tuesday, from eight AM to five thirty PM]"
        )

    def test_always_open(self) -> None:
        """Feature 124: without a schedule it is always open, and said so."""
        call = lobby(mapped(announce_business_hours=True)).until("attendant-operator").press("1")
        call.until("attendant-hours[at any time]")

    def test_the_location(self) -> None:
        """Feature 124: the location is said with the name of the business where it has one."""
        place = mapped(announce_business_location=True)
        for attendant, said in (
            (place, "attendant-location-unknown"),
            (
                evolve(place, business_location="1 Main Street"),
                "attendant-location-plain[1 Main Street]",
            ),
            (
                evolve(place, business_location="1 Main Street", business_name="Example"),
                "attendant-location[Example][1 Main Street]",
            ),
        ):
            call = lobby(attendant).until("attendant-operator").press("1")
            call.until(said).until("attendant-operator")
