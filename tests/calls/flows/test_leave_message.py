"""Leaving a message: the conversation as a caller has it (spec 6.1; numbers are features of spec
14).
"""

from __future__ import annotations

from attrs import evolve

from tests.calls.rehearsal import (
    ADA,
    PLAN,
    POLICY,
    PRIVATE_POLICY,
    ROUTE,
    Rehearsal,
    RehearsalCase,
)
from tests.kit.fake_mailbox import GreetingsOnDisk, Weather
from tests.kit.fake_office import clip
from umserver.org.messages import CallerId, Choices

GREETING = ["greeting-generated[Ada Example]", "record-instructions"]
WITH_OPERATOR = evolve(ROUTE, dial_plan=evolve(PLAN, operator_extension="1002"))


class GreetingTests(RehearsalCase):
    """From the answer to the tone."""

    def test_generated_greeting(self) -> None:
        """Feature 45: without any recording the caller hears a sentence with the user's name,
        spoken.
        """
        call = Rehearsal().dial().until_the_tone()
        self.assertEqual(call.heard, [*GREETING, "beep"])

    def test_recorded_name(self) -> None:
        """Feature 45: a recorded name is heard inside the standard sentence, before the spoken one
        is.
        """
        call = Rehearsal()
        call.greetings.clips["ada@example.com", "name"] = clip("ada-says-her-name")
        call.dial().until_the_tone()
        self.assertEqual(
            call.heard[:3], ["greeting-name-before", "ada-says-her-name", "greeting-name-after"]
        )

    def test_personal_beats_generated(self) -> None:
        """Feature 45: a personal greeting is heard instead of the standard sentence."""
        call = Rehearsal()
        call.greetings.clips["ada@example.com", "name"] = clip("ada-says-her-name")
        call.greetings.clips["ada@example.com", "personal"] = clip("personal")
        call.greetings.clips["ada@example.com", "away"] = clip("away")
        call.dial().until_the_tone()
        self.assertEqual(call.heard, ["personal", "record-instructions", "beep"])

    def test_away_beats_personal(self) -> None:
        """Feature 45: while the away greeting is switched on it is heard before all others."""
        call = Rehearsal()
        call.greetings.clips["ada@example.com", "personal"] = clip("personal")
        call.greetings.clips["ada@example.com", "away"] = clip("away")
        call.greetings.away.add("ada@example.com")
        call.dial().until_the_tone()
        self.assertEqual(call.heard[0], "away")

    def test_away_without_a_recording(self) -> None:
        """Feature 45: away, nothing recorded: the standard sentence says that the user is away."""
        call = Rehearsal()
        call.greetings.away.add("ada@example.com")
        call.dial().until_the_tone()
        self.assertEqual(call.heard[0], "greeting-away-generated[Ada Example]")

    def test_away_with_a_recorded_name(self) -> None:
        """Feature 45: the recorded name is also heard in the away sentence."""
        call = Rehearsal()
        call.greetings.away.add("ada@example.com")
        call.greetings.clips["ada@example.com", "name"] = clip("ada-says-her-name")
        call.dial().until_the_tone()
        self.assertEqual(
            call.heard[:3], ["greeting-name-before", "ada-says-her-name", "greeting-away-after"]
        )

    def test_greetings_that_cannot_be_read(self) -> None:
        """When the disk with the greetings is broken, the generated one is heard."""
        weather = Weather(failing={"greetings"})
        call = Rehearsal(greetings=GreetingsOnDisk(weather=weather))
        call.dial().until_the_tone().talk(2)
        self.assertEqual(call.heard[0], "greeting-generated[Ada Example]")
        self.check(call.hang_up())

    def test_a_user_without_a_name(self) -> None:
        """Where there is no name to say the caller hears of "the person you are calling"."""
        call = Rehearsal(evolve(ROUTE, mailbox=evolve(ADA, display_name=" ")))
        call.dial().until_the_tone()
        self.assertEqual(call.heard[0], "greeting-unnamed")

    def test_a_slow_voice_does_not_keep_the_caller(self) -> None:
        """When the name cannot be spoken within two seconds, a greeting without it is heard."""
        call = Rehearsal()
        call.shelf.slow = 30.0
        call.dial().until("record-instructions", most=2.0)
        self.assertEqual(call.heard[0], "greeting-unnamed")
        call.hang_up().clock.advance(30)
        self.check(call)

    def test_no_voice(self) -> None:
        """With the voice out of order the caller still hears a tone and can leave a message."""
        call = Rehearsal()
        call.shelf.has_voice = False
        call.dial().until_the_tone().talk(2)
        self.assertEqual(set(call.heard), {"beep"})
        self.check(call.hang_up())

    def test_beep_comes_last_before_the_recording(self) -> None:
        """Feature 46: one tone, and right after it the recording runs."""
        call = Rehearsal().dial().until_the_tone()
        self.assertEqual(call.heard.count("beep"), 1)
        self.assertEqual(call.heard[-1], "beep")

    def test_pound_skips_to_the_tone(self) -> None:
        """Regular callers skip the greeting with #; a second # in the tone does no harm."""
        call = Rehearsal().dial().press("#")
        self.assertEqual(call.heard[-1], "beep")
        call.press("#").until_the_tone().talk(1)
        self.assertTrue(call.phone.recording)
        self.check(call.hang_up())

    def test_other_keys_do_not_cut_the_greeting(self) -> None:
        """A key without a meaning changes nothing in the greeting, nor does it in the recording."""
        call = Rehearsal().dial().press("57").until_the_tone().talk(1).press("1290*").talk(1)
        self.assertEqual(call.heard, [*GREETING, "beep"])
        self.assertTrue(call.phone.recording)
        self.check(call.hang_up())

    def test_plan_language(self) -> None:
        """Feature 60: callers hear the plan's language; the user's own language is that of the
        mail.
        """
        chloe = evolve(ADA, display_name="Chloé Démo", language="fr-FR")
        call = Rehearsal(evolve(ROUTE, mailbox=chloe)).dial().until_the_tone()
        self.assertEqual(set(call.shelf.languages), {"en-US"})
        self.assertEqual(call.draft.envelope.language, "fr-FR")
        call = Rehearsal(evolve(ROUTE, dial_plan=evolve(PLAN, default_language="fr-FR")))
        call.dial().until_the_tone()
        self.assertEqual(set(call.shelf.languages), {"fr-FR"})
        self.assertEqual(call.draft.envelope.language, "fr-FR")

    def test_anonymous_callers_where_they_are_unwelcome(self) -> None:
        """Feature 58: a caller without a number is refused in words, and not recorded, if the user
        wants it so.
        """
        mailbox = evolve(ADA, anonymous_callers_can_leave_messages=False)
        call = Rehearsal(evolve(ROUTE, caller=CallerId(), mailbox=mailbox)).dial().to_the_end()
        self.assertEqual(call.outcome, "refused")
        self.assertEqual(call.heard, ["anonymous-refused", "goodbye"])
        self.check(call)

    def test_anonymous_callers_where_they_are_welcome(self) -> None:
        """Feature 58: without that wish anonymous callers leave messages as everybody does."""
        call = Rehearsal(evolve(ROUTE, caller=CallerId())).dial().until_the_tone().talk(2)
        self.check(call.hang_up())


class OperatorTests(RehearsalCase):
    """0 and * in the greeting."""

    def test_personal_operator(self) -> None:
        """Feature 56: 0 leads to the user's own operator, before the plan's."""
        mailbox = evolve(ADA, operator_number="1003")
        call = Rehearsal(evolve(WITH_OPERATOR, mailbox=mailbox)).dial().press("0").to_the_end()
        self.assertEqual((call.outcome, call.phone.transfers), ("transferred", ["1003"]))
        self.check(call)

    def test_operator_of_the_plan(self) -> None:
        """Feature 56: without an own operator the plan's is asked; the greeting says that there is
        one.
        """
        call = Rehearsal(WITH_OPERATOR).dial().until("operator-hint").press("0").to_the_end()
        self.assertEqual((call.outcome, call.phone.transfers), ("transferred", ["1002"]))
        self.assertEqual(call.heard[-1], "transferring-to-operator")

    def test_operator_does_not_take_the_call(self) -> None:
        """Feature 56: when the transfer fails, a sentence says so and the message can still be
        left.
        """
        call = Rehearsal(WITH_OPERATOR)
        call.phone.transfer_works = False
        call.dial().press("0").until_the_tone().talk(2)
        self.assertEqual(
            call.heard[-4:],
            ["transferring-to-operator", "transfer-failed", "record-instructions-short", "beep"],
        )
        self.check(call.hang_up())

    def test_no_operator(self) -> None:
        """Feature 56: without any operator the caller hears so and may still leave a message."""
        call = Rehearsal().dial().press("0").until_the_tone()
        self.assertEqual(call.phone.transfers, [])
        self.assertEqual(call.heard[-3:], ["no-operator", "record-instructions-short", "beep"])
        self.assertNotIn("operator-hint", call.heard)


class RecordingTests(RehearsalCase):
    """What ends a recording, and what follows."""

    def test_pound_ends_the_recording(self) -> None:
        """Feature 47: # ends the recording and the menu is heard."""
        call = Rehearsal().dial().until_the_tone().talk(2).press("#")
        self.assertFalse(call.phone.recording)
        self.assertEqual(call.heard[-1], "message-menu")

    def test_silence_ends_the_recording(self) -> None:
        """Feature 51: after RecordingIdleTimeout seconds of silence the menu is heard."""
        plan = evolve(PLAN, recording_idle_timeout=7)
        call = Rehearsal(evolve(ROUTE, dial_plan=plan)).dial().until_the_tone().talk(2)
        call.clock.pump([0.1] * 69)
        self.assertTrue(call.phone.recording)
        call.clock.pump([0.1] * 2)
        self.assertEqual(call.heard[-1], "message-menu")

    def test_longest_recording(self) -> None:
        """Feature 52: at MaxRecordingDuration the caller is told and decides what to do with the
        message.
        """
        plan = evolve(PLAN, max_recording_duration=1)
        call = Rehearsal(evolve(ROUTE, dial_plan=plan)).dial().until_the_tone().talk(59.8)
        self.assertTrue(call.phone.recording)
        call.talk(0.3).until("message-menu")
        self.assertEqual(call.heard[-2:], ["recording-limit-reached", "message-menu"])
        self.assertAlmostEqual(call.spoken, 60, places=0)
        call.press("4").until("message-menu")
        self.assertEqual(call.heard[-2:], ["recording-limit-reached", "message-menu"])
        self.check(call.hang_up())

    def test_additions_count(self) -> None:
        """Feature 52: what is added to a message counts towards its longest duration."""
        plan = evolve(PLAN, max_recording_duration=1)
        call = Rehearsal(evolve(ROUTE, dial_plan=plan)).dial().until_the_tone().talk(40)
        call.press("#4").until_the_tone().talk(30)
        self.assertIn("recording-limit-reached", call.heard)
        self.assertAlmostEqual(call.spoken, 60, places=0)
        self.check(call.hang_up())

    def test_what_was_erased_does_not_count(self) -> None:
        """Feature 52: after erasing, the whole longest duration is there again."""
        plan = evolve(PLAN, max_recording_duration=1)
        call = Rehearsal(evolve(ROUTE, dial_plan=plan)).dial().until_the_tone().talk(40)
        call.press("#3").until_the_tone().talk(50)
        self.assertTrue(call.phone.recording)
        self.check(call.hang_up())

    def test_hang_up_keeps_the_message(self) -> None:
        """Feature 53: whoever just hangs up after speaking has left a message."""
        call = Rehearsal().dial().until_the_tone().talk(3).hang_up()
        self.assertEqual((call.draft.fate, call.draft.choices), ("message", Choices()))
        self.assertAlmostEqual(call.spoken, 3)
        self.assertEqual(call.office.facts["left"], "message")
        self.check(call)

    def test_hang_up_in_the_greeting_is_a_missed_call(self) -> None:
        """Feature 54: whoever hangs up before the tone was missed."""
        call = Rehearsal().dial().until("record-instructions").hang_up()
        self.assertEqual(call.draft.fate, "missed")
        self.assertEqual(call.office.facts["left"], "missed")
        self.check(call)

    def test_caller_gave_up_before_the_answer(self) -> None:
        """Feature 54: a call that was cancelled while ringing was missed."""
        call = Rehearsal()
        call.phone.over = "cancel"
        call.dial()
        self.assertEqual(call.draft.fate, "missed")
        self.check(call)

    def test_missed_calls_are_not_always_wanted(self) -> None:
        """Feature 55: policy and user can each do without mails about missed calls."""
        wanted = {}
        for policy in (True, False):
            for user in (True, False):
                route = evolve(
                    ROUTE,
                    policy=evolve(POLICY, allow_missed_call_notifications=policy),
                    mailbox=evolve(ADA, missed_call_notification_enabled=user),
                )
                call = Rehearsal(route).dial()
                wanted[policy, user] = call.draft.envelope.missed_call_wanted
        self.assertEqual([both for both, value in wanted.items() if value], [(True, True)])

    def test_silence_gets_help_then_goodbye(self) -> None:
        """A caller who says nothing hears so, gets a second tone, and then a goodbye; no
        message.
        """
        call = Rehearsal().dial().until_the_tone().to_the_end()
        self.assertEqual(call.outcome, "missed")
        self.assertEqual(
            call.heard[2:],
            [
                *("beep", "nothing-recorded", "record-instructions-short", "beep"),
                *("nothing-recorded", "goodbye"),
            ],
        )
        self.check(call)

    def test_one_word_is_too_short(self) -> None:
        """Less than half a second is not kept, and the caller is told why the tone comes again."""
        call = Rehearsal().dial().until_the_tone().talk(0.3).press("#")
        call.until("record-instructions-short")
        self.assertEqual(call.heard[-2], "message-too-short")
        self.check(call.hang_up())

    def test_pound_without_a_word(self) -> None:
        """Whoever presses # without speaking gets one more chance, and # skips the explanation."""
        call = Rehearsal().dial().until_the_tone().press("#")
        self.assertEqual(call.heard[-2:], ["nothing-recorded", "record-instructions-short"])
        call.press("#").until_the_tone().talk(1)
        self.check(call.hang_up())

    def test_override_of_the_coding(self) -> None:
        """Feature 67: the user's own choice of attachment beats the plan's."""
        mailbox = evolve(ADA, call_answering_audio_codec="G711")
        call = Rehearsal(evolve(ROUTE, mailbox=mailbox)).dial()
        self.assertEqual(call.draft.envelope.audio_codec, "G711")
        self.assertEqual(Rehearsal().dial().draft.envelope.audio_codec, "Mp3")


class MenuTests(RehearsalCase):
    """The menu after the recording, and the options."""

    def recorded(self, **changes: object) -> Rehearsal:
        """A caller who spoke for two seconds and pressed #."""
        route = evolve(ROUTE, **changes)
        return Rehearsal(route).dial().until_the_tone().talk(2).press("#")

    def test_accept_and_send(self) -> None:
        """Feature 48: 1 accepts, # sends and the caller hears that it was sent, then goodbye."""
        call = self.recorded().press("1")
        self.assertEqual(call.heard[-1], "message-options")
        call.press("#").to_the_end()
        self.assertEqual(call.heard[-2:], ["message-sent", "goodbye"])
        self.assertEqual((call.outcome, call.draft.choices), ("message", Choices()))
        self.check(call)

    def test_keys_typed_ahead(self) -> None:
        """Feature 48: whoever knows the menus types #1# in one go and hears none of them to its
        end.
        """
        call = Rehearsal().dial().until_the_tone().talk(2).press("#1#").to_the_end()
        self.assertEqual(
            call.heard[-4:], ["message-menu!", "message-options!", "message-sent", "goodbye"]
        )
        self.assertEqual(call.outcome, "message")

    def test_replay(self) -> None:
        """Feature 48: 2 plays back what was said, then the menu comes again."""
        call = self.recorded().press("2")
        self.assertEqual(call.heard[-1], "replay")
        call.until("message-menu")
        self.check(call.hang_up())

    def test_replay_can_be_interrupted(self) -> None:
        """Feature 48: a key during the replay is the answer to the menu."""
        call = self.recorded().press("2").press("1")
        self.assertEqual(call.heard[-2:], ["replay!", "message-options"])

    def test_erase_and_record_again(self) -> None:
        """Feature 48: 3 forgets what was said and records anew."""
        call = self.recorded().press("3")
        self.assertEqual(call.heard[-2:], ["message-erased", "record-again"])
        call.until_the_tone().talk(1).hang_up()
        self.assertAlmostEqual(call.spoken, 1)
        self.check(call)

    def test_erase_and_go_is_a_missed_call(self) -> None:
        """Feature 48: whoever erased the message and hangs up left none."""
        call = self.recorded().press("3").hang_up()
        self.assertEqual(call.draft.fate, "missed")
        self.check(call)

    def test_erase_and_silence(self) -> None:
        """Feature 48: after erasing, silence gets a second tone like the first recording does."""
        call = self.recorded().press("3").until_the_tone().to_the_end()
        self.assertEqual(call.heard.count("nothing-recorded"), 2)
        self.assertEqual(call.outcome, "missed")
        self.check(call)

    def test_append(self) -> None:
        """Feature 48: 4 goes on where the message ended."""
        call = self.recorded().press("4")
        self.assertEqual(call.heard[-1], "record-append")
        call.until_the_tone().talk(1.5).hang_up()
        self.assertAlmostEqual(call.spoken, 3.5)
        self.check(call)

    def test_append_nothing(self) -> None:
        """Feature 48: adding nothing leaves the message as it was."""
        call = self.recorded().press("4").until_the_tone().press("#").to_the_end()
        self.assertEqual(call.outcome, "message")
        self.assertAlmostEqual(call.spoken, 2)
        self.check(call)

    def test_cancel(self) -> None:
        """Feature 48: * drops the message; the user still learns that somebody called."""
        call = self.recorded().press("*").to_the_end()
        self.assertEqual((call.outcome, call.draft.audio), ("cancelled", b""))
        self.assertEqual(call.heard[-2:], ["message-cancelled", "goodbye"])
        self.check(call)

    def test_repeat(self) -> None:
        """Feature 48: 0 says the menu again, and does not count as a mistake."""
        call = self.recorded()
        for _ in range(10):
            call.press("0")
        self.assertEqual(call.heard[-2:], ["message-menu!", "message-menu"])
        self.assertNotIn("invalid-key", call.heard)

    def test_repeating_without_end(self) -> None:
        """Feature 48: a stuck 0 key does not hold the line for ever; the message is kept."""
        call = self.recorded().press("0" * 20).to_the_end()
        self.assertEqual(call.outcome, "message")

    def test_wrong_key_is_explained(self) -> None:
        """Feature 48: a key that the menu does not know is said to be invalid and the menu comes
        again.
        """
        call = self.recorded().press("7").until("message-menu")
        self.assertEqual(call.heard[-3:], ["message-menu!", "invalid-key", "message-menu"])

    def test_too_many_wrong_keys_send(self) -> None:
        """Feature 48: after InputFailuresBeforeDisconnect wrong keys the message is sent as is."""
        plan = evolve(PLAN, input_failures_before_disconnect=2)
        call = self.recorded(dial_plan=plan).press("77").to_the_end()
        self.assertEqual(call.heard[-2:], ["message-sent", "goodbye"])
        self.check(call)

    def test_silence_in_the_menu_sends(self) -> None:
        """Silence in the menu is asked about, the menu comes again, and in the end the message is
        sent.
        """
        call = self.recorded().to_the_end()
        self.assertEqual(call.outcome, "message")
        self.assertEqual(
            call.heard[-7:],
            [
                *("message-menu", "are-you-there", "message-menu", "are-you-there"),
                *("message-menu", "message-sent", "goodbye"),
            ],
        )
        self.check(call)

    def test_important(self) -> None:
        """Feature 49: option 1 marks the message important; pressed again it does not; each is
        said.
        """
        call = self.recorded().press("11").press("#").to_the_end()
        self.assertEqual(call.draft.choices, Choices(important=True))
        call = (
            self.recorded().press("1").press("1").until("marked-important").until("message-options")
        )
        call.press("1").until("unmarked-important").press("#").to_the_end()
        self.assertEqual(call.draft.choices, Choices())

    def test_important_and_gone(self) -> None:
        """Feature 49: what was marked important stays so when the caller hangs up without #."""
        call = self.recorded().press("11").hang_up()
        self.assertEqual(call.draft.choices, Choices(important=True))
        self.check(call)

    def test_private_is_absent(self) -> None:
        """Feature 50: where the policy protects nothing, private is not offered nor accepted."""
        call = self.recorded().press("1")
        self.assertEqual(call.heard[-1], "message-options")
        call.press("2").until("message-options").hang_up()
        self.assertIn("invalid-key", call.heard)
        self.assertEqual(call.draft.choices, Choices())

    def test_private(self) -> None:
        """Feature 50: with a protecting policy option 2 marks the message private, and again takes
        it back.
        """
        call = self.recorded(policy=PRIVATE_POLICY).press("1")
        self.assertEqual(call.heard[-1], "message-options-private")
        call.press("2").until("marked-private").press("#").to_the_end()
        self.assertEqual(call.draft.choices, Choices(private=True))
        call = self.recorded(policy=PRIVATE_POLICY).press("122").until("unmarked-private").hang_up()
        self.assertEqual(call.draft.choices, Choices())

    def test_back_from_the_options(self) -> None:
        """Feature 48: * in the options goes back to the menu, marks are kept."""
        call = self.recorded().press("11*")
        self.assertEqual(call.heard[-1], "message-menu")
        call.press("3").until_the_tone().talk(1).press("#1#").to_the_end()
        self.assertEqual(call.draft.choices, Choices(important=True))
