"""Signing in (spec 5.1): the own telephone, the extension, the PIN, and what nobody may learn."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import (
    ADA,
    OWN_PHONE,
    PIN,
    PLAN,
    POLICY,
    STRANGE_PHONE,
    Visit,
    VisitCase,
    mail,
)
from tests.kit.fake_office import clip
from umserver.org.messages import CallerId


class SignInTests(VisitCase):
    """At the door."""

    def test_own_telephone(self) -> None:
        """Who calls from the own telephone hears its name and gives the PIN alone (feature 37)."""
        call = Visit().signed_in()
        self.assertEqual(call.pins.tried, [(ADA.address, PIN)])
        self.assertEqual(call.pins.callers, ["1001"])
        self.check(call.to_the_end())

    def test_typed_ahead(self) -> None:
        """Who knows the way types PIN and choice at once, and hears the first message."""
        call = Visit(mails=(mail(1),))
        call.dial().press(PIN + "#1").until("sound of m1")
        self.check(call.hang_up())

    def test_another_telephone(self) -> None:
        """From elsewhere the extension is asked first; it needs no key behind it (feature 38)."""
        call = Visit(route=STRANGE_PHONE)
        call.dial().until("enter-extension").press("1001").until("enter-pin").press(PIN + "#")
        call.until("main-menu-repeat")
        self.assertNotIn("Ada Example", call.heard)
        self.check(call.to_the_end())

    def test_who_guessed(self) -> None:
        """Wrong PINs count for the calling number, without one for the gateway (feature 89)."""
        for caller, name in ((CallerId("2125550142"), "2125550142"), (CallerId(), "@192.0.2.9")):
            call = Visit(route=evolve(STRANGE_PHONE, caller=caller))
            call.phone.facts = evolve(call.phone.facts, source="192.0.2.9")
            call.dial().until("enter-extension").press("1001").until("enter-pin").press("1111#")
            call.until("enter-extension")
            self.assertEqual(call.pins.callers, [name])
            self.check(call.hang_up())

    def test_another_mailbox(self) -> None:
        """The star key on the own telephone opens somebody else's mailbox, with that one's PIN."""
        call = Visit()
        call.dial().until("enter-pin").press("*").until("enter-extension").press("1002")
        call.until("enter-pin").press("135792#").until("main-menu-repeat")
        self.assertEqual(call.office.facts["mailbox"], "ben@example.com")
        self.check(call.to_the_end())

    def test_unknown_extensions_sound_like_known_ones(self) -> None:
        """Nobody learns by words which extensions exist: wrong is wrong."""
        heard = []
        for extension in ("1001", "1999"):
            call = Visit(route=STRANGE_PHONE).dial()
            for _ in range(3):
                call.until("enter-extension").press(extension)
                call.until("enter-pin").press("999999#")
                call.tick()
            call.to_the_end()
            self.assertEqual((call.outcome, len(call.pins.tried)), ("login-failed", 3))
            heard.append(call.heard)
            self.check(call)
        self.assertEqual(heard[0], heard[1])

    def test_three_wrong_pins(self) -> None:
        """After LogonFailuresBeforeDisconnect wrong PINs the call ends, politely (feature 87)."""
        call = Visit().dial()
        for _ in range(3):
            call.until("enter-pin").press("111111#").tick()
        self.check(call.to_the_end())
        self.assertEqual(call.heard[-2:], ["pin-failed", "goodbye"])
        self.assertEqual(call.heard.count("pin-wrong"), 2)
        self.assertEqual(call.outcome, "login-failed")

    def test_changing_mailboxes_gives_no_more_tries(self) -> None:
        """Wrong PINs count together, whichever mailboxes they are tried at."""
        call = Visit().dial().until("enter-pin").press("111111#").until("enter-pin").press("*")
        call.until("enter-extension").press("1002").until("enter-pin").press("111111#")
        call.until("enter-extension").press("1001").until("enter-pin").press("111111#")
        self.check(call.to_the_end())
        self.assertEqual(call.outcome, "login-failed")

    def test_silence(self) -> None:
        """Who says nothing is asked whether anybody is there, then the call ends."""
        call = Visit().dial().to_the_end()
        self.assertEqual(call.outcome, "login-given-up")
        self.assertEqual(call.heard.count("are-you-there"), 2)
        self.check(call)

    def test_nothing_but_the_pound_key(self) -> None:
        """Who presses # without a PIN hears that this is no choice."""
        call = Visit().dial().until("enter-pin").press("#").until("invalid-key").until("enter-pin")
        call.press(PIN + "#").until("main-menu-repeat").press("6").until("options-menu")
        call.press("3").until("new-pin").press("#").until("invalid-key").until("new-pin")
        call.press("802641#").until("new-pin-again").press("*").until("not-changed")
        self.assertNotIn("are-you-there", call.heard)
        self.check(call.hang_up())

    def test_half_an_extension(self) -> None:
        """An extension that is too short is said to be so."""
        call = Visit(route=STRANGE_PHONE).dial().until("enter-extension").press("10")
        self.check(call.until("extension-wrong").hang_up())

    def test_no_access(self) -> None:
        """Users who may not call in are told so, after their PIN and not before (feature 96)."""
        for policy, mailbox in (
            (evolve(POLICY, allow_subscriber_access=False), ADA),
            (POLICY, evolve(ADA, subscriber_access_enabled=False)),
        ):
            call = Visit(route=evolve(OWN_PHONE, mailbox=mailbox), policy=policy)
            call.dial().until("enter-pin").press(PIN + "#").to_the_end()
            self.assertEqual((call.outcome, call.heard[-2]), ("refused", "access-refused"))
            self.check(call)

    def pinless(self, **changes: object) -> Visit:
        """Ada on her own telephone, whom policy and mailbox let in without a PIN."""
        policy = evolve(POLICY, allow_pinless_voice_mail_access=True)
        mailbox = evolve(ADA, pinless_access_to_voice_mail_enabled=True)
        route = evolve(OWN_PHONE, mailbox=mailbox)
        return Visit(route=route, policy=policy, **changes).dial()  # type: ignore

    def test_without_a_pin(self) -> None:
        """Where policy and mailbox allow it, the own telephone leads straight to voice mail; for
        anything else the PIN is asked for then, once (feature 95).
        """
        call = self.pinless(mails=(mail(1),)).until("sound of m1").press("*")
        call.until("main-menu-repeat").press("2").until("enter-pin-here")
        self.assertEqual(call.pins.tried, [])
        call.press(PIN + "#").until("service-not-available")
        call.until("main-menu-repeat").press("6").until("options-menu")
        self.assertEqual(call.pins.tried, [(ADA.address, PIN)])
        self.check(call.hang_up())
        mailbox = evolve(ADA, pinless_access_to_voice_mail_enabled=True)
        policy = evolve(POLICY, allow_pinless_voice_mail_access=True)
        for one in (Visit(route=evolve(OWN_PHONE, mailbox=mailbox)), Visit(policy=policy)):
            one.dial().until("enter-pin")
            self.check(one.hang_up())

    def test_a_pin_that_is_not_given(self) -> None:
        """Who was let in without a PIN may leave it at that, and hear on (feature 95)."""
        call = self.pinless().until("main-menu-repeat").press("5").until("enter-pin-here")
        call.press("*").until("main-menu-repeat").press("6").until("enter-pin-here")
        call.until("enter-pin-here").until("enter-pin-here").until("main-menu-repeat")
        self.assertEqual(call.heard.count("are-you-there"), 2)
        self.check(call.hang_up())

    def test_wrong_pins_after_the_door(self) -> None:
        """Wrong PINs end the call there as they do at the door, whatever they were asked for."""
        call = self.pinless().until("main-menu-repeat").press("6")
        call.until("enter-pin-here").press("111111#").until("enter-pin-here")
        self.assertEqual(call.heard[-2:], ["pin-wrong", "enter-pin-here"])
        call.press("*").until("main-menu-repeat").press("5")
        for _ in range(2):
            call.until("enter-pin-here").press("111111#").tick()
        self.check(call.to_the_end())
        self.assertEqual(call.heard[-2:], ["pin-failed", "goodbye"])
        self.assertEqual(call.outcome, "login-failed")

    def test_an_expired_pin_after_the_door(self) -> None:
        """A PIN that expired has to be changed, whenever it is given."""
        call = self.pinless().until("main-menu-repeat").press("6")
        call.pins.expired.add(ADA.address)
        call.until("enter-pin-here").press(PIN + "#").until("pin-expired")
        call.until("new-pin").press("*").until("not-changed").until("main-menu-repeat").press("6")
        self.check(call.until("enter-pin-here").hang_up())

    def test_pins_cannot_be_checked_after_the_door(self) -> None:
        """While PINs cannot be checked voice mail goes on."""
        call = self.pinless().until("main-menu-repeat").press("6").until("enter-pin-here")
        call.weather.failing = {"pins"}
        call.press(PIN + "#").until("mailbox-unavailable")
        self.check(call.until("main-menu-repeat").hang_up())

    def test_an_expired_pin(self) -> None:
        """An expired PIN has to be changed before anything is heard (features 90, 92)."""
        call = Visit(mails=(mail(1),))
        call.pins.expired.add(ADA.address)
        call.dial().until("enter-pin").press(PIN + "#").until("pin-expired")
        call.until("new-pin").press("123#").until("new-pin-again").press("123#")
        call.until("new-pin-refused[six digits]").until("new-pin").press("802641#")
        call.until("new-pin-again").press("802642#").until("new-pin-differs")
        call.until("new-pin").press("802641#").until("new-pin-again").press("802641#")
        call.until("new-pin-kept").until("main-menu-repeat")
        self.assertEqual(call.pins.pins[ADA.address], "802641")
        self.check(call.hang_up())

    def test_an_expired_pin_that_stays(self) -> None:
        """Who does not change it is not let in."""
        call = Visit()
        call.pins.expired.add(ADA.address)
        call.dial().until("enter-pin").press(PIN + "#").until("new-pin").press("*").to_the_end()
        self.assertEqual(call.outcome, "pin-not-changed")
        self.assertNotIn("main-menu", call.heard)
        self.check(call)

    def record(self, call: Visit, kind: str) -> None:
        """Record one of them and accept it."""
        call.until(f"record-{kind}").until_the_tone().talk(2.0).press("#")
        call.until("greeting-menu").press("1").until("greeting-kept")

    def test_the_first_time(self) -> None:
        """At the first login come new PIN, name and greeting, then the menu (feature 93)."""
        call = Visit()
        call.pins.first_time.add(ADA.address)
        call.pins.expired.add(ADA.address)
        call.dial().until("enter-pin").press(PIN + "#").until("new-pin").press("802641#")
        call.until("new-pin-again").press("802641#").until("first-time").press("1")
        for kind in ("name", "greeting"):
            self.record(call, kind)
        call.until("main-menu-repeat")
        self.assertEqual(
            set(call.greetings.clips), {(ADA.address, "name"), (ADA.address, "personal")}
        )
        self.assertEqual(call.pins.first_time, set())
        self.check(call.hang_up())

    def test_the_first_time_goes_on(self) -> None:
        """Who hangs up during the first login goes on there the next time (feature 93)."""
        call = Visit()
        call.pins.first_time.add(ADA.address)
        call.dial().until("enter-pin").press(PIN + "#").until("first-time").press("1")
        self.record(call, "name")
        self.check(call.until("record-greeting").hang_up())
        again = Visit(pins=call.pins, greetings=call.greetings)
        again.dial().until("enter-pin").press(PIN + "#").until("first-time-again").press("1")
        self.record(again, "greeting")
        self.check(again.until("main-menu-repeat").hang_up())
        self.assertEqual(again.pins.first_time, set())
        third = Visit(pins=call.pins, greetings=call.greetings).signed_in()
        self.assertNotIn("first-time-again", third.heard)
        self.check(third.hang_up())

    def test_the_first_time_with_everything_there(self) -> None:
        """Where everything has been recorded already nothing is asked."""
        call = Visit()
        call.pins.first_time.add(ADA.address)
        for kind in ("name", "personal"):
            call.greetings.clips[ADA.address, kind] = clip(kind)
        call.dial().until("enter-pin").press(PIN + "#").until("main-menu-repeat")
        self.assertNotIn("first-time-again", call.heard)
        self.assertEqual(call.pins.first_time, set())
        self.check(call.hang_up())

    def test_pins_cannot_be_checked(self) -> None:
        """While nobody can be recognised, callers hear that, not silence."""
        call = Visit()
        call.weather.failing = {"pins"}
        call.dial().until("enter-pin").press(PIN + "#").to_the_end()
        self.assertEqual((call.outcome, call.heard[-2]), ("unavailable", "mailbox-unavailable"))
        self.check(call)

    def test_a_slow_check(self) -> None:
        """Who waits for the answer is asked for a moment."""
        call = Visit()
        call.weather.slow = 2.5
        call.dial().until("enter-pin").press(PIN + "#").until("one-moment").until(
            "main-menu-repeat"
        )
        self.check(call.hang_up())

    def test_plan(self) -> None:
        """The plan's own number of tries holds."""
        plan = evolve(PLAN, logon_failures_before_disconnect=1)
        call = Visit(route=evolve(OWN_PHONE, dial_plan=plan)).dial()
        call.until("enter-pin").press("111111#").to_the_end()
        self.assertEqual(call.outcome, "login-failed")
        self.check(call)
