"""Two thousand callers who press anything at any time at all kinds of attendants (seeded).

Whatever they do: no script fails, every call ends, and nobody hears nothing for long without having
been asked something.
"""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.calls.lobby import ADA, BEN, FRENCH, PEOPLE, PLAN, RECEPTION, Lobby
from tests.calls.strange import ANSWER_SECONDS, World, explored
from umserver.org.messages import CallerId
from umserver.org.settings import AutoAttendant, Holiday, KeyMapping

CALLS = 2000
TYPING_SECONDS = 1.8
"""How long after a key the next one of a name or an extension is waited for."""
EDITING = "#*1001246813#"
"""Leads to the prompts of the attendant, for those who may change them."""
SILENT_PROMPTS = ("attendant-connecting", "transfer", "goodbye", "beep", "one-moment")
"""Prompts after which no answer is expected."""

DEEDS: tuple[dict[str, object], ...] = (
    {"extension": "1001"},
    {"extension": "5550199"},
    {"auto_attendant": "Accueil"},
    {"auto_attendant": "Reception"},
    {"auto_attendant": "Gone"},
    {"prompt_file": "file.wav"},
    {"prompt_file": "gone.wav"},
    {"leave_voice_mail_for": "1001"},
    {"leave_voice_mail_for": "1999"},
    {"transfer_to_mailbox": "1002"},
    {"announce_business_location": True},
    {"announce_business_hours": True},
    {},
)


def strange_attendant(chance: Random) -> AutoAttendant:
    """Reception with settings by chance."""

    def toss(chances: float) -> bool:
        return chance.random() < chances

    keys = chance.sample("123456789-", chance.randrange(1, 5))
    entries = tuple(
        KeyMapping(key=key, description=f"It {key}", **chance.choice(DEEDS))  # type: ignore[arg-type]
        for key in keys
    )
    return evolve(
        RECEPTION,
        language=chance.choice(["", "fr-FR"]),
        operator_extension=chance.choice(["", "1002"]),
        business_name=chance.choice(["", "Example"]),
        business_location=chance.choice(["", "1 Main Street"]),
        business_hours_schedule=chance.choice([(), ("Mon.8:00-Mon.9:00",)]),
        holiday_schedule=chance.choice(
            [(), (Holiday(name="Feast", file="feast.wav", start="11/24/2026"),)]
        ),
        info_announcement_enabled=chance.choice(["False", "True", "Uninterruptible"]),
        info_announcement_filename="news.wav",
        business_hours_transfer_to_operator_enabled=toss(0.6),
        business_hours_key_mapping_enabled=toss(0.8),
        business_hours_key_mapping=entries,
        after_hours_key_mapping_enabled=toss(0.5),
        after_hours_key_mapping=entries,
        business_hours_main_menu_custom_prompt_enabled=toss(0.1),
        business_hours_main_menu_custom_prompt_filename="menu.wav",
        name_lookup_enabled=toss(0.8),
        call_someone_enabled=toss(0.8),
        send_voice_msg_enabled=toss(0.8),
        allow_dial_plan_subscribers=toss(0.8),
        allow_extensions=toss(0.4),
        star_out_to_dial_plan_enabled=toss(0.3),
        matched_name_selection_method=chance.choice(["Department", "InheritFromDialPlan"]),
        forward_calls_to_default_mailbox=toss(0.05),
        default_mailbox=chance.choice([ADA.address, "gone@example.com"]),
        speech_enabled=toss(0.2),
        dtmf_fallback_auto_attendant=chance.choice(["", "Accueil", "Gone"]),
    )


def strange_call(chance: Random) -> Lobby:
    """A call with settings and troubles by chance."""
    call = Lobby(
        attendant=strange_attendant(chance),
        plan=evolve(
            PLAN,
            operator_extension=chance.choice(["", "1003"]),
            input_failures_before_disconnect=chance.choice([1, 3, 20]),
            matched_name_selection_method=chance.choice(["Department", "PromptForAlias"]),
            dial_by_name_secondary=chance.choice(["SMTPAddress", "None"]),
            tui_prompt_editing_enabled=chance.random() < 0.5,
        ),
        others=(evolve(FRENCH, status=chance.choice(["Enabled", "Disabled"])),),
        caller=chance.choice([CallerId(), CallerId(number="2125550142")]),
    )
    call.phone.transfer_works = chance.random() < 0.3
    call.may_be_joined(chance)
    call.shelf.has_voice = chance.random() < 0.97
    call.shelf.slow = chance.choice([0.0, 0.0, 1.0, 4.0])
    call.shelf.files |= {"file.wav", "feast.wav", "news.wav", "menu.wav"}
    call.people.slow = call.weather.slow = chance.choice([0.0, 0.0, 0.2, 5.0])
    call.people.failing = chance.random() < 0.05
    if chance.random() < 0.05:
        call.weather.failing.add("directory")
    call.spool.full = chance.random() < 0.03
    call.spool.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    call.pins.pins[ADA.address] = "246813"
    call.shelf.broken = chance.random() < 0.2
    call.settings_desk.failing = chance.random() < 0.1
    ada = evolve(ADA, prompt_editing_enabled=chance.random() < 0.8)
    call.people.people[:] = [
        *(ada, *PEOPLE[1:])[: chance.randrange(6)],
        *(
            evolve(
                BEN,
                display_name=f"Al{n} Smith",
                address=f"a{n}@example.com",
                extension=f"12{n:02}",
            )
            for n in range(chance.choice([0, 4, 12]))
        ),
    ]
    return call


def patience(call: Lobby) -> float:
    """Every prompt asks for an answer but those that say what comes now."""
    last = call.heard[-1] if call.heard else ""
    asked = not last.startswith(SILENT_PROMPTS) or not call.shelf.has_voice
    return ANSWER_SECONDS if asked else 0.0


def check(call: Lobby) -> str:
    """Messages that were begun came to an end."""
    fates = {draft.fate for draft in call.spool.drafts} - {"message", "missed"}
    return f"a draft is {fates}" if fates else ""


WORLD = World(
    name="attendant",
    call=strange_call,
    keys=[*"0123456789*#", "39", "76484", "1003", "1999", "##", "#39", "#76484#", "#1#", EDITING],
    patience=patience,
    check=check,
    longest=(20.0, 60.0, 200.0),
    typing=TYPING_SECONDS,
    pressing=0.85,
    activity=(0.0, 0.02, 0.05, 0.2),
)


class RandomCallerTests(SynchronousTestCase):
    """Whatever callers do."""

    def test_two_thousand_strange_callers(self) -> None:
        """No caller of an attendant finds a fault, a dead end, or an unexplained silence."""
        stories = explored(WORLD, CALLS)
        self.assertEqual(stories.words(), "")
        ends = {"transferred", "gave-up", "hung-up", "time-up", "signed-in", "message", "missed"}
        self.assertLessEqual(ends, set(stories.outcomes))
        self.assertLessEqual(
            {
                *("attendant-nobody", "attendant-neither-works", "attendant-extension-wrong"),
                *("attendant-closed", "attendant-hours", "feast.wav"),
                *("search-nobody", "search-failed", "search-choice", "search-choice-detail"),
                *("attendant-not-understood", "prompts-refused", "prompts-kept"),
                *("prompts-out-of-use", "prompts-none-in-use", "not-changed", "pin-wrong"),
                *("search-more-letters", "search-extension", "search-address", "one-moment"),
            },
            set(stories.heard),
        )
