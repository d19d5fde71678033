"""A thousand callers of every number of the desk, who go from script to script and do anything.

An attendant leads to voice access and to mailboxes, a star in a greeting to an attendant, voice
access to people and their mailboxes, and back. Everything around them may be slow or broken.
Whatever they do: no script fails, every call ends, what was said is kept, and nobody hears nothing
for long without having been asked something.
"""

from __future__ import annotations

import re
from functools import cache
from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.calls.flows.test_random_attendants import strange_attendant
from tests.calls.flows.voice_access.stage import mail
from tests.calls.strange import ANSWER_SECONDS, World, explored
from tests.kit.fake_office import clip
from tests.roles.whole_desk import REFUSED, DeskCall
from umserver.discover import shipped
from umserver.edges.speech.catalogue import load_catalogue
from umserver.org.messages import CallerId
from umserver.org.parse import parse_toml
from umserver.org.settings import AutoAttendant, DistributionGroup, Mailbox, Organisation

CALLS = 1000
PAUSE_SECONDS = 20.1
"""How long a message may be paused."""
TYPING_SECONDS = 4.0
"""How long after a key the next one of a number is waited for."""
PINS = {"1001": "246813", "1002": "135792", "1003": "864209"}
EVER = 1e9
NUMBERS = (
    *(("5000", ""), ("5000", ""), ("5000", "1001"), ("5000", "1003"), ("5001", ""), ("5001", "")),
    *(("5002", ""), ("1001", ""), ("1002", ""), ("5008", ""), ("5009", ""), ("1999", "")),
)
"""What is called, and from where it was forwarded."""
KEYS = (
    *"0123456789*#D",
    *("*", "#", "1", "3", "1001", "1002", "1003", "1001246813#", "1003864209#", "246813#"),
    *("39", "726", "76484", "##", "#1", "#1002", "00", "77", "88", "0055", "#*1001246813#"),
)


@cache
def demo() -> tuple[Organisation, tuple[Mailbox, ...]]:
    """The demo organisation and its users."""
    organisation, users = parse_toml(shipped("demo.toml").read_text("utf-8"))
    return organisation, tuple(users)


@cache
def questions() -> frozenset[str]:
    """Prompts after which the caller is to do something."""
    english = load_catalogue([shipped("prompts")]).texts["en-US"]
    asks = re.compile(r"\bpress\b|\benter\b|\bspell|\bdial\b|\?", re.IGNORECASE)
    return frozenset({name for name, text in english.items() if asks.search(text)} | {"menu.wav"})


def strange_organisation(chance: Random) -> Organisation:
    """The demo with settings by chance; its attendants lead to one another."""
    organisation, _ = demo()
    plan = evolve(
        organisation.dial_plans[0],
        um_auto_attendant=chance.choice(["", "Reception", "Accueil", "Gone"]),
        operator_extension=chance.choice(["", "1003"]),
        input_failures_before_disconnect=chance.choice([1, 3]),
        logon_failures_before_disconnect=chance.choice([1, 3]),
        max_recording_duration=chance.choice([1, 20]),
        matched_name_selection_method=chance.choice(["Department", "PromptForAlias"]),
        contact_scope=chance.choice(["DialPlan", "GlobalAddressList", "AutoAttendantLink"]),
        tui_prompt_editing_enabled=chance.random() < 0.3,
        call_someone_enabled=chance.random() < 0.9,
        send_voice_msg_enabled=chance.random() < 0.9,
        info_announcement_enabled=chance.choice(["False", "False", "True", "Uninterruptible"]),
        info_announcement_filename="news.wav",
    )
    policy = evolve(
        organisation.mailbox_policies[0],
        allow_pinless_voice_mail_access=chance.random() < 0.3,
        allow_tui_access_to_directory=chance.random() < 0.8,
        protect_unauthenticated_voice_mail=chance.choice(["None", "Private"]),
    )
    return evolve(
        organisation,
        dial_plans=(plan,),
        mailbox_policies=(policy,),
        auto_attendants=(
            attendant(chance, "Reception", "5001"),
            attendant(chance, "Accueil", "5002"),
        ),
        distribution_groups=(
            *organisation.distribution_groups,
            DistributionGroup(name="Nobody", members=()),
        ),
        gateways=tuple(
            evolve(one, outcalls_allowed=chance.random() < 0.8) for one in organisation.gateways
        ),
    )


def attendant(chance: Random, name: str, number: str) -> AutoAttendant:
    """One that leads further more often than others do."""
    return evolve(
        strange_attendant(chance),
        name=name,
        pilot_identifier_list=(number,),
        star_out_to_dial_plan_enabled=chance.random() < 0.7,
    )


def strange_users(chance: Random) -> tuple[Mailbox, ...]:
    """The demo's users with settings by chance."""
    _, users = demo()
    return tuple(
        evolve(
            one,
            operator_number=chance.choice(["", "1002"]),
            anonymous_callers_can_leave_messages=chance.random() < 0.9,
            subscriber_access_enabled=chance.random() < 0.95,
            pinless_access_to_voice_mail_enabled=chance.random() < 0.3,
            prompt_editing_enabled=chance.random() < 0.7,
            pin=PINS[one.extension],
        )
        for one in users
        if one.extension in PINS
    )


def strange_call(chance: Random) -> DeskCall:
    """A call with settings and troubles by chance."""
    number, diverted_from = chance.choice(NUMBERS)
    call = DeskCall(
        number=number,
        diverted_from=diverted_from,
        caller=chance.choice(["1001", "1003", "2125550142", ""]),
        organisation=strange_organisation(chance),
        users=strange_users(chance),
    )
    for user in call.users:
        fill(call, user, chance)
    call.phone.transfer_works = chance.random() < 0.3
    call.phone.sends_on = chance.random() < 0.5
    call.phone.callee = lambda: (
        chance.uniform(0, 40),
        chance.choice(["loopback", ""]),
        chance.uniform(0, 20),
    )
    trouble(call, chance)
    return call


def fill(call: DeskCall, user: Mailbox, chance: Random) -> None:
    """What is in a mailbox, and what was recorded for it."""
    others = [one for one in call.users if one is not user]
    call.boxes.open(user.address).mails[:] = [
        mail(
            number,
            new=chance.random() < 0.5,
            sender=chance.choice(
                [CallerId("2125550142"), CallerId()]
                + [CallerId(one.extension, one.display_name, one.address) for one in others]
            ),
            message_id=f"<{number}@example.com>",
            recipients=chance.choice([(), tuple(one.address for one in call.users)]),
        )
        for number in range(chance.randrange(3))
    ]
    for kind in ("away", "personal", "name"):
        if chance.random() < 0.3:
            call.greetings.clips[user.address, kind] = clip(kind, 2.0)
    for told, share in ((call.greetings.away, 0.2), (call.pins.expired, 0.1)):
        if chance.random() < share:
            told.add(user.address)
    if chance.random() < 0.2:
        call.pins.first_time.add(user.address)


def trouble(call: DeskCall, chance: Random) -> None:
    """What is slow, and what is broken."""
    call.shelf.has_voice = chance.random() < 0.97
    call.shelf.slow = chance.choice([0.0, 0.0, 1.0, 4.0])
    call.shelf.files |= {"file.wav", "feast.wav", "news.wav", "menu.wav"}
    call.shelf.broken = chance.random() < 0.1
    call.people.slow = chance.choice([0.0, 0.0, 0.2, 5.0])
    call.people.failing = chance.random() < 0.04
    call.weather.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    rooms = ("mailbox", "sound", "quota", "pins", "directory", "greetings", "greeting-disk")
    call.weather.failing = {room for room in rooms if chance.random() < 0.02}
    call.settings_desk.failing = chance.random() < 0.1
    call.spool.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    call.spool.full = chance.random() < 0.03
    call.spool.failing = {w for w in ("begin", "clip", "erase", "end") if chance.random() < 0.02}


def patience(call: DeskCall) -> float:
    """Only a question is followed by silence; without a voice nobody hears what was asked."""
    last = call.heard[-1].rstrip("!").partition("[")[0] if call.heard else ""
    if call.phone.echoing:
        return EVER
    if last == "playback-paused":
        return PAUSE_SECONDS
    return ANSWER_SECONDS if last in questions() or not call.shelf.has_voice else 0.0


def check(call: DeskCall) -> str:
    """No script failed, nothing is left of the call, no PIN is in the call log."""
    if call.outcome == "failed":
        return "a script failed"
    if call.role.active:
        return "the desk still serves the call"
    if any(pin in str(call.log.entries) for pin in PINS.values()):
        return "a PIN is in the call log"
    if not call.spool.failing and any(draft.fate == "open" for draft in call.spool.drafts):
        return "a draft is open"
    return ""


WORLD = World(
    name="desk",
    call=strange_call,
    keys=KEYS,
    patience=patience,
    check=check,
    answers={
        "enter-pin": [pin + "#" for pin in PINS.values()],
        "enter-pin-here": [pin + "#" for pin in PINS.values()],
        "enter-extension": [*PINS, "*", "#"],
        "choice-back": ["#1002", "#1003", "39", "726"],
        "record-instructions": ["*"],
        "operator-hint": ["*"],
        "attendant-sign-in": ["*"],
        "attendant-operator": ["*", "#", "1", "2"],
        "search-again": ["1", "2"],
        "main-menu-repeat": ["1", "4", "5", "5"],
        "compose-menu": ["1", "2"],
        "message-acts": ["#", "6", "8"],
        "message-menu": ["1#"],
    },
    longest=(20.0, 60.0, 240.0),
    typing=TYPING_SECONDS,
    pressing=0.8,
    activity=(0.0, 0.01, 0.03, 0.2),
)


class RandomCallTests(SynchronousTestCase):
    """Whatever callers do."""

    def test_a_thousand_strange_calls(self) -> None:
        """No caller of any number finds a fault, a dead end, a lost message, or an unexplained
        silence, wherever the call leads.
        """
        stories = explored(WORLD, CALLS)
        self.assertEqual(stories.words(), "")
        self.assertLessEqual(
            {REFUSED, "voice-access", "gave-up", "message", "missed", "transferred", "time-up"},
            set(stories.outcomes),
        )
        self.assertLessEqual(
            {
                *("attendant-sign-in", "voice-access-welcome", "enter-extension-attendant"),
                *("main-menu-repeat", "compose-menu", "record-to-send", "message-acts"),
                *("search-message", "greeting-unnamed", "record-instructions", "operator-hint"),
                *("echo-instructions", "announcement-test", "one-moment", "ringing"),
            },
            set(stories.heard),
        )
