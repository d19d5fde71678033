"""Three thousand owners who do anything at any time; everything around them may be slow or broken.

They know their PIN or not, press keys, talk, stay silent and hang up by chance (seeded). Whatever
they do: no script fails, every call ends, and nobody hears nothing for long without having been
asked something.
"""

from __future__ import annotations

from random import Random

from attrs import evolve

from tests.calls.flows.voice_access.stage import (
    ADA,
    BEN,
    OWN_PHONE,
    PIN,
    PLAN,
    POLICY,
    STRANGE_PHONE,
    Visit,
    VisitCase,
    mail,
)
from umserver.org.messages import CallerId

CALLS = 3000
LONGEST = 240.0
"""Seconds that a call may last."""
ANSWER_SECONDS = 20.1
"""How long it may be quiet after a question: the patience of a pause."""
QUIET_SECONDS = 2.0
KEYS = (
    *"0123456789*#D",
    *("00", "005", "0044", "0011", "002", "11", "33", "44", "7", "7", "8", "6", "1001", "1002"),
    *("1", "1", "#", "#", "6", "5", "1#", "246813#", "864209#864209#", "77"),
)


def strange_visit(chance: Random) -> Visit:
    """A call with settings, messages and troubles by chance."""
    plan = evolve(
        PLAN,
        input_failures_before_disconnect=chance.choice([1, 3]),
        max_recording_duration=chance.choice([1, 20]),
    )
    pinless = chance.random() < 0.2
    policy = evolve(
        POLICY,
        allow_pinless_voice_mail_access=pinless,
        allow_subscriber_access=chance.random() < 0.95,
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
        )
        for number in range(chance.randrange(5))
    )
    own = chance.random() < 0.8
    route = evolve(OWN_PHONE if own else STRANGE_PHONE, dial_plan=plan)
    call = Visit(route=evolve(route, mailbox=ada) if own else route, mails=mails, policy=policy)
    call.phone.transfer_works = chance.random() < 0.5
    call.shelf.has_voice = chance.random() < 0.95
    call.shelf.slow = chance.choice([0.0, 0.0, 1.0])
    call.weather.slow = chance.choice([0.0, 0.0, 0.3, 4.0])
    rooms = ("mailbox", "sound", "pins", "directory", "greetings", "greeting-disk")
    call.weather.failing = {room for room in rooms if chance.random() < 0.04}
    call.spool.full = chance.random() < 0.05
    call.box.damaged = {one.id for one in mails if chance.random() < 0.1}
    if chance.random() < 0.2:
        call.pins.expired.add(ADA.address)
    if chance.random() < 0.2:
        call.pins.first_time.add(ADA.address)
    if chance.random() < 0.3:
        call.greetings.away.add(ADA.address)
    return call


class StrangeOwner:
    """Does something by chance at each tenth of a second, and notes how long it hears nothing."""

    def __init__(self, call: Visit, chance: Random) -> None:
        self.call, self.chance = call, chance
        self.activity = chance.choice([0.0, 0.05, 0.2])
        self.knows = chance.random() < 0.9
        self.quiet = self.most_quiet = 0.0
        self._talking = 0

    def live(self) -> None:
        """The whole call, from answer to end."""
        for _ in range(round(LONGEST * 10) + 300):
            if self.call.outcome:
                return
            if self.call.phone.over is None:
                self._act()
            self._talking -= 1
            self.call.tick(talking=self._talking > 0)
            self._listen()

    def _act(self) -> None:
        asked = self.call.heard[-1:]
        if self.knows and self.chance.random() < 0.1:
            if asked == ["enter-pin"]:
                self.call.press(PIN + "#")
                self.quiet = 0.0
            elif asked == ["enter-extension"]:
                self.call.press("1001")
                self.quiet = 0.0
        if self.chance.random() > self.activity:
            return
        what = self.chance.random()
        if what < 0.75:
            self.call.press(self.chance.choice(KEYS))
            self.quiet = 0.0
        elif what < 0.97:
            self._talking = self.chance.randrange(1, 40)
        elif what < 0.985:
            self.call.box.mails[:1] = []
        else:
            self.call.phone.hang_up_now()

    def _listen(self) -> None:
        phone = self.call.phone
        if phone.over is not None or phone.playing or phone.recording or not phone.heard:
            self.quiet = 0.0
            return
        self.quiet += 0.1
        paused = self.call.heard[-1:] == ["playback-paused"]
        patience = ANSWER_SECONDS if paused else 5.1
        self.most_quiet = max(self.most_quiet, self.quiet - patience)


class RandomOwnerTests(VisitCase):
    """Whatever owners do."""

    def test_three_thousand_strange_owners(self) -> None:
        """No owner finds a fault, a dead end, or more than two seconds of silence; the PIN is in
        nothing that was noted.
        """
        outcomes: dict[str, int] = {}
        heard: set[str] = set()
        for number in range(CALLS):
            chance = Random(number)
            call = strange_visit(chance)
            owner = StrangeOwner(call, chance)
            call.dial(chance.choice([60.0, LONGEST]))
            owner.live()
            call.clock.pump([1.0] * 30)
            self.successResultOf(call.running)
            story = f"owner {number}: {call.outcome!r} at {call.clock.seconds():.0f} s {call.heard}"
            self.assertNotEqual(call.outcome, "", story)
            self.assertLessEqual(owner.most_quiet, QUIET_SECONDS, story)
            self.assertEqual(call.clock.getDelayedCalls(), [], story)
            self.assertFalse([d for d in call.spool.drafts if d.fate == "open"], story)
            self.assertNotIn(PIN, str(call.office.facts))
            outcomes[call.outcome] = outcomes.get(call.outcome, 0) + 1
            heard |= {name.rstrip("!") for name in call.heard}
        self.assertLessEqual(
            {
                *("voice-access", "hung-up", "time-up", "refused", "unavailable"),
                *("login-failed", "login-given-up", "pin-not-changed", "transferred"),
            },
            set(outcomes),
        )
        self.assertLessEqual(
            {
                *("message-gone", "message-unplayable", "message-restored", "not-changed"),
                *("message-flagged", "message-unflagged", "message-sent", "new-pin-kept"),
                *("greeting-kept", "forward-comment", "playback-paused", "first-message"),
                *("no-more-messages", "saved-messages-follow", "mailbox-unavailable"),
            },
            heard,
        )
