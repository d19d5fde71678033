"""Prompts changed by telephone (spec 6.4; feature 135)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import OWN_PHONE, STRANGE_PHONE, Visit, VisitCase
from tests.calls.lobby import FRENCH, PEOPLE, RECEPTION, Lobby
from tests.calls.rehearsal import ADA, PLAN, RehearsalCase
from tests.kit.fake_mailbox import MemoryPins
from umserver.org.settings import AutoAttendant

EDITABLE = evolve(PLAN, tui_prompt_editing_enabled=True)
EDITOR = evolve(ADA, prompt_editing_enabled=True)
OTHERS = [one for one in PEOPLE if one.extension != "1001"]
OF_ATTENDANT = "prompts-of-attendant"
BACK = "prompts-acts-back"


def reception(
    attendant: AutoAttendant = RECEPTION, ada: object = EDITOR, plan: object = EDITABLE
) -> Lobby:
    """A call to an attendant; Ada has a PIN."""
    call = Lobby(attendant=attendant, plan=plan)  # type: ignore[arg-type]
    call.people.people[:] = [ada, *OTHERS]  # type: ignore[list-item]
    call.pins = MemoryPins({ADA.address: "246813"})
    call.dial()
    return call


def inside(attendant: AutoAttendant = RECEPTION) -> Lobby:
    """Ada has signed in and may change Reception's prompts."""
    call = reception(attendant).until("attendant-operator")
    return call.press("#*1001246813#").until(OF_ATTENDANT)


class AttendantTests(RehearsalCase):
    """From the number of an attendant."""

    def test_a_recording(self) -> None:
        """Feature 135: # * extension PIN lead there; what is recorded and accepted is used."""
        call = inside().press("1").until(BACK).press("2").until_the_tone()
        call.talk(2.0).press("#").until("greeting-menu").press("3").until("own recording")
        call.until("greeting-menu").press("1").until("prompts-kept")
        call.until("prompts-acts-in-use").press("1").until("recorded-business-hours-greeting.wav")
        call.until(BACK).press("*").until(OF_ATTENDANT).press("*").to_the_end()
        self.assertEqual(call.outcome, "prompts-edited")
        self.assertEqual(
            call.settings_desk.changed,
            [
                (
                    "auto_attendants",
                    "Reception",
                    {
                        "business_hours_welcome_greeting_enabled": True,
                        "business_hours_welcome_greeting_filename": (
                            "recorded-business-hours-greeting.wav"
                        ),
                    },
                    "ada@example.com",
                )
            ],
        )
        key = ("UMAutoAttendant", "Reception", "recorded-business-hours-greeting.wav")
        self.assertEqual(len(call.shelf.recorded[key]), 16000)
        self.assertEqual(call.office.facts["call_type"], "PromptProvisioning")
        self.check(call)

    def test_every_prompt_of_an_attendant(self) -> None:
        """Both greetings, both menus and the announcement can be recorded."""
        for key, setting in (
            ("1", "business_hours_welcome_greeting"),
            ("2", "after_hours_welcome_greeting"),
            ("3", "info_announcement"),
            ("4", "business_hours_main_menu_custom_prompt"),
            ("5", "after_hours_main_menu_custom_prompt"),
        ):
            call = inside().press(key).until(BACK).press("2").until_the_tone()
            call.talk(1.0).press("#").until("greeting-menu").press("1").until("prompts-kept")
            (changed,) = call.settings_desk.changed
            on: object = "True" if key == "3" else True
            self.assertEqual(changed[2][f"{setting}_enabled"], on)
            self.assertTrue(hasattr(RECEPTION, f"{setting}_filename"))

    def test_listening(self) -> None:
        """What callers hear now can be heard; where it is no recording, that is said."""
        own = evolve(
            RECEPTION,
            info_announcement_enabled="Uninterruptible",
            info_announcement_filename="news.wav",
        )
        call = reception(own)
        call.shelf.files.add("news.wav")
        call.until("attendant-operator").press("#*1001246813#").until(OF_ATTENDANT).press("3")
        call.until(BACK).press("1").until("news.wav").until(BACK).press("*")
        call.until(OF_ATTENDANT).press("1").until(BACK).press("1").until("prompts-none-in-use")

    def test_out_of_use(self) -> None:
        """A recording can be taken out of use; nobody can take out what is not in use."""
        own = evolve(
            RECEPTION, info_announcement_enabled="True", info_announcement_filename="news.wav"
        )
        call = inside(own).press("3").until(BACK).press("3").until("prompts-out-of-use")
        self.assertEqual(call.settings_desk.changed[0][2], {"info_announcement_enabled": "False"})
        call.until(BACK).press("3").until("invalid-key")

    def test_given_up(self) -> None:
        """Nothing changes before a recording is accepted."""
        call = inside().press("1").until(BACK).press("2").until_the_tone()
        call.talk(1.0).press("#").until("greeting-menu").press("2").until_the_tone()
        call.talk(1.0).press("#").until("greeting-menu").press("*").until("not-changed")
        call.until(BACK).hang_up()
        self.assertEqual((call.settings_desk.changed, call.shelf.recorded), ([], {}))
        self.assertEqual(call.outcome, "hung-up")

    def test_silence(self) -> None:
        """Who says nothing records nothing."""
        call = inside().press("1").until(BACK).press("2").until("not-changed")
        self.assertEqual(call.heard.count("nothing-recorded"), 3)

    def test_a_full_disk(self) -> None:
        """Where disk or store refuse, nothing is changed and that is said."""
        for broken in ("disk", "store"):
            call = inside().press("1").until(BACK).press("2").until_the_tone()
            call.shelf.broken, call.settings_desk.failing = broken == "disk", broken == "store"
            call.talk(1.0).press("#").until("greeting-menu").press("1").until("not-changed")
            self.assertNotIn("prompts-kept", call.heard)

    def test_who_may_not(self) -> None:
        """Feature 135: without the right nobody changes anything, and callers go on."""
        call = reception(ada=ADA).until("attendant-operator").press("#*1001246813#")
        call.until("prompts-refused").until("attendant-operator").press("1").to_the_end()
        self.assertEqual(call.outcome, "transferred")

    def test_a_wrong_pin(self) -> None:
        """A wrong PIN leads nowhere, three of them end the call."""
        call = reception().until("attendant-operator").press("#*1001111111#")
        call.until("pin-wrong").press("1001222222#").until("pin-wrong").press("1001333333#")
        call.to_the_end()
        self.assertEqual(call.outcome, "login-failed")
        self.assertNotIn("prompts-may-change", call.heard)

    def test_where_it_is_off(self) -> None:
        """Feature 135: without TUIPromptEditingEnabled # finds people, and * leads back."""
        call = reception(plan=PLAN).until("attendant-operator").press("#").press("*")
        call.until("attendant-operator")
        self.assertNotIn("enter-extension", call.heard)
        call = reception().until("attendant-operator").press("#").until("search-last-first")
        self.assertNotIn("enter-extension", call.heard)

    def test_during_the_greeting(self) -> None:
        """It can be asked for while the welcome is heard, in the attendant's language."""
        call = reception(FRENCH).until("attendant-welcome").press("#*1001246813#")
        call.until(OF_ATTENDANT)
        self.assertEqual(call.shelf.languages[-1], "fr-FR")


class PlanTests(VisitCase):
    """From the number of voice access."""

    def visit(self, route: object = STRANGE_PHONE, ada: object = EDITOR) -> Visit:
        call = Visit(route=evolve(route, dial_plan=EDITABLE))  # type: ignore[type-var]
        call.directory.people[:] = [ada]  # type: ignore[list-item]
        call.dial()
        return call

    def test_the_welcome_of_the_plan(self) -> None:
        """Feature 135: the plan's welcome and announcement are changed the same way."""
        call = self.visit().until("voice-access-welcome").press("#*1001246813#")
        call.until("prompts-of-plan").press("1").until(BACK).press("2").until_the_tone()
        call.talk(1.0).press("#").until("greeting-menu").press("1").until("prompts-kept")
        call.until(BACK).press("*").until("prompts-of-plan").press("*").to_the_end()
        self.assertEqual(call.outcome, "prompts-edited")
        (changed,) = call.settings_desk.changed
        self.assertEqual(changed[:2], ("dial_plans", "Demo"))
        self.assertEqual(changed[2]["welcome_greeting_filename"], "recorded-welcome.wav")

    def test_from_the_own_telephone(self) -> None:
        """Also there the extension is said; pinless access opens nothing of it."""
        route = evolve(OWN_PHONE, mailbox=EDITOR)
        call = self.visit(route).until("voice-access-welcome").press("#*1001246813#")
        call.until("prompts-of-plan")

    def test_who_may_not(self) -> None:
        """Who may not is told so and comes to the own mailbox."""
        call = self.visit(ada=ADA).until("voice-access-welcome").press("#*1001246813#")
        call.until("prompts-refused").until("main-menu-repeat")

    def test_other_keys(self) -> None:
        """Other keys in the welcome are the extension, as ever."""
        call = self.visit().until("voice-access-welcome").press("1001").until("enter-pin")
        self.assertNotIn("extension-wrong", call.heard)
