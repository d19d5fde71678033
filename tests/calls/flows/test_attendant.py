"""Conversations with an auto attendant (spec 6.3, 3.5)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import evolve

from tests.calls.lobby import ADA, BEN, FRENCH, PLAN, RECEPTION, Lobby, lobby, mapped
from tests.calls.rehearsal import RehearsalCase
from umserver.org.settings import Holiday, KeyMapping

ZONE = ZoneInfo("Europe/Paris")
MENU = [
    "attendant-key[Sales][one]",
    "attendant-key[Support][two]",
    "attendant-key[Leave a message][three]",
    "attendant-dial",
    "attendant-search",
    "attendant-operator",
]
LAST = MENU[-1]
OFFICE_HOURS = tuple(f"{day}.8:00-{day}.17:30" for day in ("Mon", "Tue", "Wed", "Thu", "Fri"))


def at(text: str) -> float:
    """A moment in Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


class WelcomeTests(RehearsalCase):
    """Until the menu is heard."""

    def test_the_menu_is_made_of_the_keys(self) -> None:
        """Feature 125: without a recording the menu is spoken from the key mappings."""
        call = lobby().until(LAST)
        self.assertEqual(call.heard, ["attendant-welcome", *MENU])

    def test_the_business_is_named(self) -> None:
        """The welcome names the business."""
        call = lobby(evolve(RECEPTION, business_name="Example Company")).until(LAST)
        self.assertEqual(call.heard[0], "attendant-welcome-name[Example Company]")

    def test_recordings_take_the_place_of_sentences(self) -> None:
        """Imported prompts are heard where they are switched on; the menu is not read out then."""
        call = Lobby(
            attendant=evolve(
                RECEPTION,
                business_hours_welcome_greeting_enabled=True,
                business_hours_welcome_greeting_filename="welcome.wav",
                business_hours_main_menu_custom_prompt_enabled=True,
                business_hours_main_menu_custom_prompt_filename="menu.wav",
            )
        )
        call.shelf.files |= {"welcome.wav", "menu.wav"}
        call.dial().until("menu.wav")
        self.assertEqual(call.heard, ["welcome.wav", "menu.wav"])

    def test_a_missing_recording(self) -> None:
        """A recording that is gone is replaced by the generated sentence."""
        call = lobby(
            evolve(
                RECEPTION,
                business_hours_welcome_greeting_enabled=True,
                business_hours_welcome_greeting_filename="gone.wav",
            )
        ).until(LAST)
        self.assertEqual(call.heard[0], "attendant-welcome")

    def test_hours_in_the_attendants_time_zone(self) -> None:
        """Feature 122: business hours and the rest of the day differ by the attendant's clock."""
        closed = KeyMapping(key="1", description="Emergencies", extension="1002")
        attendant = evolve(
            RECEPTION,
            business_hours_schedule=OFFICE_HOURS,
            after_hours_key_mapping_enabled=True,
            after_hours_key_mapping=(closed,),
        )
        for moment, zone, is_open in (
            ("2026-11-24T08:00", "Europe/Paris", True),
            ("2026-11-24T07:59", "Europe/Paris", False),
            ("2026-11-24T17:30", "Europe/Paris", False),
            ("2026-11-28T10:00", "Europe/Paris", False),
            ("2026-11-24T10:00", "America/New_York", False),
        ):
            call = lobby(evolve(attendant, time_zone=zone), at=at(moment)).until("attendant-search")
            self.assertEqual("attendant-closed" in call.heard, not is_open, moment)
            emergencies = "attendant-key[Emergencies][one]" in call.heard
            self.assertEqual(emergencies, not is_open, moment)

    def test_holidays(self) -> None:
        """Feature 123: on a holiday its greeting is heard, of two the shorter one's."""
        attendant = evolve(
            RECEPTION,
            holiday_schedule=(
                Holiday(name="Winter", file="winter.wav", start="12/20/2026", end="12/31/2026"),
                Holiday(name="Christmas", file="christmas.wav", start="12/25/2026"),
            ),
        )
        for moment, heard in (
            ("2026-12-24T12:00", "winter.wav"),
            ("2026-12-25T00:00", "christmas.wav"),
            ("2026-12-25T23:59", "christmas.wav"),
            ("2027-01-01T12:00", "attendant-welcome"),
        ):
            call = Lobby(attendant=attendant, at=at(moment))
            call.shelf.files |= {"winter.wav", "christmas.wav"}
            call.dial().until("attendant-search")
            self.assertEqual(call.heard[0], heard, moment)
        call = lobby(attendant, at=at("2026-12-25T12:00")).until("attendant-search")
        self.assertEqual(call.heard[:2], ["attendant-welcome", "attendant-holiday[Christmas]"])

    def test_news(self) -> None:
        """News follow the greeting; a key skips them unless they must be heard."""
        for kind, cut in (("True", True), ("Uninterruptible", False)):
            call = Lobby(
                attendant=evolve(
                    RECEPTION,
                    info_announcement_enabled=kind,
                    info_announcement_filename="news.wav",
                )
            )
            call.shelf.files.add("news.wav")
            call.dial().until("news.wav").press("1").to_the_end()
            self.assertEqual("news.wav!" in call.heard, cut)

    def test_the_language(self) -> None:
        """An attendant speaks its own language, else that of the plan."""
        call = lobby(FRENCH).until("attendant-key[Leave a message][trois]")
        self.assertEqual(set(call.shelf.languages), {"fr-FR"})

    def test_nothing_to_offer(self) -> None:
        """An attendant that leads nowhere says so and ends the call."""
        call = lobby(
            evolve(
                RECEPTION,
                business_hours_key_mapping_enabled=False,
                business_hours_transfer_to_operator_enabled=False,
                name_lookup_enabled=False,
                call_someone_enabled=False,
            )
        ).to_the_end()
        self.assertEqual(call.heard[-2:], ["attendant-nobody", "goodbye"])


class KeyTests(RehearsalCase):
    """What may be pressed."""

    def test_a_key_transfers(self) -> None:
        """Feature 124: a key sends the caller to its number, naming the person."""
        call = lobby().until(MENU[1]).press("1").to_the_end()
        self.assertEqual(call.phone.transfers, ["1001"])
        self.assertEqual(call.outcome, "transferred")
        self.assertEqual(call.heard[-1], "attendant-connecting-to[Ada Example]")
        self.check(call)

    def test_typed_ahead(self) -> None:
        """Who knows the key need not listen."""
        call = lobby().press("2").to_the_end()
        self.assertEqual(call.phone.transfers, ["1002"])
        self.assertLess(call.clock.seconds(), 4.0)

    def test_an_outside_number_needs_a_rule(self) -> None:
        """A number outside is dialled only as a rule of the attendant says (feature 148)."""
        call = lobby(mapped(extension="5550199")).press("1").until("attendant-extension-wrong")
        self.assertEqual(call.phone.transfers, [])

    def test_a_message_and_back(self) -> None:
        """A message left from the menu is kept, and the menu follows again (spec 6.1)."""
        call = lobby().press("3").until_the_tone().talk(3.0).press("#1#").until(LAST)
        self.assertEqual(call.draft.fate, "message")
        self.assertEqual(call.draft.envelope.mailbox, ADA.address)
        self.assertNotIn("goodbye", call.heard)
        call.press("1").to_the_end()
        self.assertEqual(call.outcome, "transferred")

    def test_hanging_up_in_the_message(self) -> None:
        """Who hangs up while recording has left a message."""
        call = lobby().press("3").until_the_tone().talk(3.0).hang_up()
        self.assertEqual((call.outcome, call.draft.fate), ("hung-up", "message"))
        self.check(call)

    def test_a_message_for_nobody(self) -> None:
        """A mailbox that is not there is apologised for."""
        call = lobby(mapped(leave_voice_mail_for="1999")).press("1").until("attendant-not-possible")
        self.assertEqual(call.spool.drafts, [])

    def test_another_attendant(self) -> None:
        """Feature 133: a key leads to another attendant, which speaks its own language."""
        call = lobby(mapped(auto_attendant="Accueil")).press("1")
        call.until("attendant-key[Leave a message][trois]")
        self.assertIn("fr-FR", call.shelf.languages)
        call.press("1").to_the_end()
        self.assertEqual(call.phone.transfers, ["1001"])

    def test_attendants_in_a_circle(self) -> None:
        """Attendants that lead to each other do not hold a caller for ever."""
        call = lobby(mapped(auto_attendant="Reception"))
        for _ in range(50):
            call.until(LAST).press("1")
        call.to_the_end()
        self.assertEqual((call.outcome, call.heard[-1]), ("gave-up", "goodbye"))

    def test_an_attendant_that_is_switched_off(self) -> None:
        """A key to a disabled attendant is apologised for."""
        call = lobby(mapped(auto_attendant="Accueil"), others=(evolve(FRENCH, status="Disabled"),))
        call.press("1").until("attendant-not-possible")

    def test_location_and_hours(self) -> None:
        """Where the business is and when it is open is told, then the menu again."""
        attendant = evolve(
            mapped(announce_business_location=True),
            business_name="Example",
            business_location="1 Main Street",
        )
        call = lobby(attendant).press("1").until("attendant-location[Example][1 Main Street]")
        call.until(LAST)
        attendant = evolve(
            mapped(announce_business_hours=True), business_hours_schedule=OFFICE_HOURS
        )
        hours = "Monday to Friday, from eight AM to five thirty PM"
        lobby(attendant).press("1").until(f"attendant-hours[{hours}]").until(LAST)

    def test_a_file(self) -> None:
        """A key plays its recording and leads back to the menu."""
        call = Lobby(attendant=mapped(prompt_file="directions.wav"))
        call.shelf.files.add("directions.wav")
        call.dial().press("1").until("directions.wav").until(LAST)

    def test_an_extension(self) -> None:
        """Who knows an extension dials it, although its first digit is a key."""
        call = lobby().until(LAST).press("1003").to_the_end()
        self.assertEqual(call.phone.transfers, ["1003"])
        self.assertIn("attendant-connecting-to[Chloé Démo]", call.heard)

    def test_an_extension_of_nobody(self) -> None:
        """Only users can be dialled unless all extensions are allowed."""
        call = lobby().press("1999").until("attendant-extension-wrong")
        self.assertEqual(call.phone.transfers, [])
        call = lobby(evolve(RECEPTION, allow_extensions=True)).press("1999").to_the_end()
        self.assertEqual(call.phone.transfers, ["1999"])

    def test_extensions_are_not_dialled_where_nobody_may_be_called(self) -> None:
        """Feature 128: without CallSomeone the extension is neither offered nor taken."""
        call = lobby(evolve(RECEPTION, call_someone_enabled=False)).until(LAST)
        self.assertNotIn("attendant-dial", call.heard)
        call.press("9").until("invalid-key")

    def test_star(self) -> None:
        """Feature 130: * leads to voice access only where that is switched on."""
        call = lobby().press("*").until("invalid-key")
        call = lobby(evolve(RECEPTION, star_out_to_dial_plan_enabled=True))
        call.until("attendant-sign-in").press("*").to_the_end()
        self.assertEqual(call.outcome, "signed-in")


class OperatorTests(RehearsalCase):
    """Somebody to talk to."""

    def test_the_order_of_operators(self) -> None:
        """Feature 127: the attendant's operator, then the plan's, then an apology and the menu."""
        plan = evolve(PLAN, operator_extension="1003")
        call = Lobby(plan=plan)
        call.phone.transfer_works = False
        call.dial().press("0").until("attendant-neither-works").until(LAST)
        self.assertEqual(call.phone.transfers, ["1002", "1003"])

    def test_no_operator(self) -> None:
        """Where 0 reaches nobody, it is not offered and apologised for."""
        attendant = evolve(RECEPTION, business_hours_transfer_to_operator_enabled=False)
        call = lobby(attendant).press("0").until("no-operator")
        self.assertNotIn("attendant-operator", call.heard)

    def test_a_transfer_that_fails(self) -> None:
        """A failed transfer is explained, and the operator is tried (spec 4.10)."""
        call = Lobby()
        call.phone.transfer_works = False
        call.dial().press("1").until(LAST)
        self.assertEqual(call.phone.transfers, ["1001", "1002"])
        self.assertLess(
            call.heard.index("transfer-failed"), call.heard.index("transferring-to-operator")
        )


class PatienceTests(RehearsalCase):
    """Callers who press nothing or the wrong thing."""

    def test_wrong_keys(self) -> None:
        """A wrong key is explained; after three in a row the operator takes over."""
        call = lobby().press("9").until("invalid-key").until(LAST).press("8").until("invalid-key")
        call.until(LAST).press("*").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1002"], "transferred"))

    def test_silence(self) -> None:
        """Silence repeats the menu; then comes the operator, without one a goodbye."""
        call = lobby().to_the_end()
        self.assertEqual(call.heard.count("are-you-there"), 2)
        self.assertEqual(call.phone.transfers, ["1002"])
        attendant = evolve(RECEPTION, business_hours_transfer_to_operator_enabled=False)
        call = lobby(attendant).to_the_end()
        self.assertEqual((call.outcome, call.heard[-1]), ("gave-up", "goodbye"))
        self.check(call)

    def test_the_entry_for_silence(self) -> None:
        """Feature 126: five seconds after the menu the time-out entry is followed."""
        entry = KeyMapping(key="-", description="Nothing", extension="1003")
        call = lobby(evolve(RECEPTION, business_hours_key_mapping=(entry,))).until(LAST)
        self.assertNotIn("Nothing", "".join(call.heard))
        while call.phone.playing:
            call.tick()
        silent_since = call.clock.seconds()
        call.until("attendant-connecting-to[Chloé Démo]").to_the_end()
        self.assertEqual(call.phone.transfers, ["1003"])
        self.assertLess(abs(call.clock.seconds() - silent_since - 5.0 - 1.0), 0.3)


class DefaultMailboxTests(RehearsalCase):
    """Every call to one mailbox."""

    def test_straight_to_the_mailbox(self) -> None:
        """Feature 132: with forwarding on, callers leave a message without a menu."""
        attendant = evolve(
            RECEPTION, forward_calls_to_default_mailbox=True, default_mailbox=BEN.address
        )
        call = lobby(attendant).until_the_tone().talk(2.0).hang_up()
        self.assertEqual(call.draft.envelope.mailbox, BEN.address)
        self.assertNotIn("attendant-welcome", call.heard)
        call = lobby(evolve(attendant, default_mailbox="nobody@example.com")).until(LAST)
