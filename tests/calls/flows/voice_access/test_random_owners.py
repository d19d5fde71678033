"""Three thousand owners who do anything at any time; everything around them may be slow or broken.

They know their PIN or not, press keys, talk, stay silent and hang up by chance (seeded). Whatever
they do: no script fails, every call ends, and nobody hears nothing for long without having been
asked something.
"""

from __future__ import annotations

from random import Random

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.calls.flows.voice_access.stage import (
    ADA,
    BEN,
    CHLOE,
    OWN_PHONE,
    PIN,
    PLAN,
    POLICY,
    STRANGE_PHONE,
    Visit,
    mail,
)
from tests.calls.flows.voice_access.test_answering import SALES
from tests.calls.flows.voice_access.test_composing import EMPTY
from tests.calls.strange import ANSWER_SECONDS, World, explored
from umserver.org.messages import CallerId

CALLS = 3000
PAUSE_SECONDS = 20.1
"""How long a pause may last."""
KEYS = (
    *"0123456789*#D",
    *("00", "005", "0044", "0011", "002", "11", "33", "44", "7", "7", "8", "6", "1001", "1002"),
    *("1", "1", "#", "#", "6", "5", "1#", "246813#", "864209#864209#", "77"),
    *("0077", "99", "88", "0055", "55", "#1002", "#1003", "726", "72537", "76484", "##"),
)


def strange_visit(chance: Random) -> Visit:
    """A call with settings, messages and troubles by chance."""
    plan = evolve(
        PLAN,
        input_failures_before_disconnect=chance.choice([1, 3]),
        max_recording_duration=chance.choice([1, 20]),
        operator_extension=chance.choice(["", "1002"]),
    )
    pinless = chance.random() < 0.2
    policy = evolve(
        POLICY,
        allow_pinless_voice_mail_access=pinless,
        allow_subscriber_access=chance.random() < 0.95,
        allow_tui_access_to_directory=chance.random() < 0.8,
        protect_authenticated_voice_mail=chance.choice(["None", "Private"]),
    )
    ada = evolve(ADA, pinless_access_to_voice_mail_enabled=pinless)
    ben = CallerId("1002", "Ben Sample", BEN.address)
    mails = tuple(
        mail(
            number,
            new=chance.random() < 0.5,
            deleted=chance.random() < 0.2,
            urgent=chance.random() < 0.3,
            private=chance.random() < 0.3,
            flagged=chance.random() < 0.3,
            sender=chance.choice([ben, CallerId("2125550142"), CallerId()]),
            message_id=f"<{number}@example.com>",
            references=chance.choice([(), ("<0@example.com>",), ("<1@example.com>",)]),
            recipients=chance.choice([(), (ADA.address, CHLOE.address)]),
        )
        for number in range(chance.randrange(5))
    )
    own = chance.random() < 0.8
    route = evolve(OWN_PHONE if own else STRANGE_PHONE, dial_plan=plan)
    call = Visit(
        route=evolve(route, mailbox=ada) if own else route,
        mails=mails,
        policy=policy,
        groups=chance.choice([(), (SALES, EMPTY)]),
    )
    call.phone.transfer_works = chance.random() < 0.5
    call.may_be_joined(chance)
    call.shelf.has_voice = chance.random() < 0.95
    call.shelf.slow = chance.choice([0.0, 0.0, 1.0])
    call.weather.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    rooms = ("mailbox", "sound", "pins", "directory", "greetings", "greeting-disk")
    call.weather.failing = {room for room in rooms if chance.random() < 0.04}
    call.people.slow = chance.choice([0.0, 0.0, 3.0])
    call.people.failing = chance.random() < 0.04
    call.settings_desk.failing = chance.random() < 0.1
    call.spool.full = chance.random() < 0.05
    call.box.damaged = {one.id for one in mails if chance.random() < 0.1}
    if chance.random() < 0.2:
        call.pins.expired.add(ADA.address)
    if chance.random() < 0.2:
        call.pins.first_time.add(ADA.address)
    if chance.random() < 0.3:
        call.greetings.away.add(ADA.address)
    return call


def patience(call: Visit) -> float:
    """Every prompt asks for an answer; a pause is long."""
    return PAUSE_SECONDS if call.heard[-1:] == ["playback-paused"] else ANSWER_SECONDS


def check(call: Visit) -> str:
    """No message is left half made, and the PIN is in nothing that was noted."""
    if PIN in str(call.office.facts):
        return "the PIN was noted"
    return "a draft is open" if [d for d in call.spool.drafts if d.fate == "open"] else ""


def lose_a_message(call: Visit) -> None:
    """The newest message is removed with a mail program."""
    call.box.mails[:1] = []


WORLD = World(
    name="voice-access",
    call=strange_visit,
    keys=KEYS,
    patience=patience,
    check=check,
    answers={
        "enter-pin": [PIN + "#"],
        "enter-pin-here": [PIN + "#"],
        "enter-extension": ["1001"],
        "choice-back": ["#1002", "#1003", "72537", "76484#", "26273"],
        "compose-menu": ["1", "2", "2", "2", "3", "4"],
        "forward-menu": ["#", "1"],
        "greetings-menu": ["1", "2", "3"],
    },
    trouble=lose_a_message,
    longest=(60.0, 240.0),
    pressing=0.75,
)


class RandomOwnerTests(SynchronousTestCase):
    """Whatever owners do."""

    def test_three_thousand_strange_owners(self) -> None:
        """No owner finds a fault, a dead end, or more than two seconds of silence; the PIN is in
        nothing that was noted.
        """
        stories = explored(WORLD, CALLS)
        self.assertEqual(stories.words(), "")
        self.assertLessEqual(
            {
                *("voice-access", "hung-up", "time-up", "refused", "unavailable"),
                *("login-failed", "login-given-up", "pin-not-changed", "transferred"),
            },
            set(stories.outcomes),
        )
        self.assertLessEqual(
            {
                *("message-gone", "message-unplayable", "message-restored", "not-changed"),
                *("message-flagged", "message-unflagged", "message-sent", "new-pin-kept"),
                *("greeting-kept", "forward-menu", "playback-paused", "first-message"),
                *("conversation-hidden", "conversation-deleted", "language-choice"),
                *("recipient-added", "recipient-removed", "recipient-twice", "group-empty"),
                *("time-zone-is", "time-zone-choice", "clock-is", "interface-speech"),
                *("greeting-removed", "search-call", "transferring-to-operator"),
                *("no-more-messages", "saved-messages-follow", "mailbox-unavailable"),
            },
            set(stories.heard),
        )
