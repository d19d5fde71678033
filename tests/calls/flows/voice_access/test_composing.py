"""Messages to people and groups (spec 5.6), and finding somebody (5.2 key 4)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import BEN, CHLOE, OWN_PHONE, POLICY, Visit
from tests.calls.flows.voice_access.test_answering import EXTENSION, SALES, AnsweringCase
from umserver.org.messages import Addressee
from umserver.org.settings import DistributionGroup

EMPTY = DistributionGroup(name="Board")
SALES_KEYS = "72537"
SMITH = "76484"


class ComposingTests(AnsweringCase):
    """5 in the main menu (features 114, 115)."""

    def composing(self, *parts: object, **values: object) -> Visit:
        """Asked for a recipient."""
        call = Visit(**values).signed_in().press("5")  # type: ignore[arg-type]
        call.until("choice-back")
        return call

    def with_ben(self, **values: object) -> Visit:
        """Ben is the recipient."""
        call = self.composing(**values).press(EXTENSION).until("recipient-added")
        call.until("compose-menu")
        return call  # type: ignore[return-value]

    def sent(self, call: Visit) -> list[str]:
        """Record and send; who gets it."""
        call.press("1").until_the_tone().talk(2.0).press("#1#").until("message-sent")
        call.until("main-menu-repeat")
        self.check(call.hang_up())
        return self.recipients(call)

    def test_to_somebody_by_name(self) -> None:
        """A name is spelled, the message recorded and sent (features 112, 114)."""
        call = self.composing().press("726").until("search-found[Ben Sample]")
        call.until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address])
        self.assertEqual(call.draft.envelope.addressed, (Addressee(BEN.address, "Ben Sample"),))
        self.assertTrue(call.draft.envelope.sent)

    def test_typed_ahead(self) -> None:
        """Who knows the way types it in one go."""
        call = Visit().signed_in().press("5" + EXTENSION + "1").until_the_tone().talk(2.0)
        call.press("#1#").until("message-sent")
        self.assertEqual(self.recipients(call), [BEN.address])
        self.check(call.hang_up())

    def test_each_in_their_language(self) -> None:
        """Every recipient's mail is in their language and time zone."""
        call = self.with_ben().press("2").until("choice-back").press("#1003")
        call.until("recipient-added").until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address, CHLOE.address])
        (chloe,) = call.draft.envelope.also
        self.assertEqual((chloe.language, chloe.time_zone), ("fr-FR", "Europe/Paris"))

    def test_recipients_come_and_go(self) -> None:
        """Who was added can be heard, and removed again."""
        call = self.with_ben().press("2").until("choice-back").press("#1003")
        call.until("compose-menu").press("4").until("recipient-is[Ben Sample and Chloé Démo]")
        call.until("compose-menu").press("3").until("choice-back").press("1")
        call.until("recipient-removed[Ben Sample]").until("compose-menu")
        self.assertEqual(self.sent(call), [CHLOE.address])

    def test_without_recipients(self) -> None:
        """With the last recipient removed another one is asked for; nobody at all ends it."""
        call = self.with_ben().press("3").until("recipient-removed[Ben Sample]")
        call.until("choice-back").press("*").until("not-sent").until("main-menu-repeat")
        self.assertEqual(call.spool.drafts, [])
        self.check(call.hang_up())

    def test_the_same_twice(self) -> None:
        """Nobody gets a message twice."""
        call = self.with_ben().press("2").until("choice-back").press(EXTENSION)
        call.until("recipient-twice[Ben Sample]").until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address])

    def test_to_a_group(self) -> None:
        """A group is found by its name, and everybody in it gets the message (feature 114)."""
        call = self.composing(groups=(SALES,)).press(SALES_KEYS)
        call.until("search-found-group[Sales]").until("group-added[two people]")
        call.until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address, CHLOE.address])
        shown = call.draft.envelope.addressed
        self.assertEqual(shown, (Addressee("sales@example.com", "Sales"),))

    def test_who_is_in_a_group(self) -> None:
        """4 names everybody in a small group, and counts those in a large one (feature 114)."""
        call = self.composing(groups=(SALES,)).press(SALES_KEYS).until("compose-menu").press("4")
        call.until("recipient-is[Sales: Ben Sample and Chloé Démo]")
        self.check(call.hang_up())
        crowd = evolve(SALES, members=tuple(f"u{n}@example.com" for n in range(300)))
        call = self.composing(groups=(crowd,)).press(SALES_KEYS)
        call.until("group-added[three hundred people]").until("compose-menu").press("4")
        call.until("recipient-is[Sales, three hundred people]")
        self.check(call.hang_up())

    def test_to_a_group_and_somebody_in_it(self) -> None:
        """Who is in two groups, or in one and named besides, gets one message."""
        call = self.composing(groups=(SALES,)).press(EXTENSION).until("compose-menu").press("2")
        call.until("choice-back").press(SALES_KEYS).until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address, CHLOE.address])

    def test_an_empty_group(self) -> None:
        """An empty group is refused, and another recipient asked for (feature 114)."""
        call = self.composing(groups=(EMPTY,)).press("26273").until("group-empty[Board]")
        call.until("choice-back").press(EXTENSION).until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address])

    def test_hidden_groups(self) -> None:
        """A group that is hidden from lists is not found."""
        hidden = evolve(SALES, name="Xylo", hidden_from_address_lists_enabled=True)
        call = self.composing(groups=(hidden,)).press("9956").until("search-nobody")
        self.check(call.hang_up())

    def test_people_of_one_name(self) -> None:
        """Two people of one name are told apart (feature 113)."""
        plan = evolve(OWN_PHONE.dial_plan, matched_name_selection_method="Department")
        call = self.composing(route=evolve(OWN_PHONE, dial_plan=plan)).press(SMITH)
        call.press("#").until("search-none-of-them").press("2").until("compose-menu")
        self.assertIn("search-choice-detail[Tony Smith][two][Support]", call.heard)
        self.assertEqual(self.sent(call), ["tony1@example.com"])

    def test_without_the_directory(self) -> None:
        """Where names may not be searched people are named by their extension."""
        policy = evolve(POLICY, allow_tui_access_to_directory=False)
        call = Visit(policy=policy).signed_in().press("5").until("enter-recipient").press("1999")
        call.until("recipient-unknown").until("enter-recipient").press("1002")
        call.until("recipient-added").until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address])  # type: ignore[arg-type]

    def test_senders_keys(self) -> None:
        """2 plays, 3 starts over, 4 appends, 1 1 marks as important (feature 115)."""
        call = self.with_ben().press("1").until_the_tone().talk(2.0).press("#")
        call.until("message-menu").press("2").until("replay").until("message-menu").press("3")
        call.until_the_tone().talk(1.0).press("#").until("message-menu").press("4")
        call.until_the_tone().talk(2.0).press("#").until("message-menu").press("11")
        call.until("marked-important").until("message-options").press("#").until("message-sent")
        self.assertEqual(round(call.spoken), 3)
        assert call.draft.choices is not None
        self.assertTrue(call.draft.choices.important)
        self.check(call.hang_up())

    def test_private_by_the_senders_policy(self) -> None:
        """Whether 1 2 marks a message as private the sender's policy says (feature 115)."""
        policy = evolve(POLICY, protect_authenticated_voice_mail="Private")
        call = self.with_ben(policy=policy).press("1").until_the_tone().talk(2.0).press("#1")
        call.until("message-options-private").press("2").until("marked-private")
        call.until("message-options-private").press("#").until("message-sent")
        assert call.draft.choices is not None
        self.assertTrue(call.draft.choices.private)
        self.check(call.hang_up())

    def test_as_many_as_there_are_keys(self) -> None:
        """A tenth recipient is refused in words."""
        call = self.with_ben()
        people = [evolve(BEN, address=f"u{n}@example.com", extension=f"12{n:02}") for n in range(9)]
        call.directory.people.extend(people)
        for person in people[:8]:
            call.press("2").until("choice-back").press("#" + person.extension)
            call.until("compose-menu")
        call.press("2").until("recipients-full").until("compose-menu")
        self.assertEqual(len(self.sent(call)), 9)

    def test_more_people_than_one_message_goes_to(self) -> None:
        """A group that makes them more than 500 is refused in words, not cut short unheard."""
        crowd = evolve(SALES, members=tuple(f"u{n}@example.com" for n in range(500)))
        call = self.with_ben(groups=(crowd,)).press("2").until("choice-back").press(SALES_KEYS)
        call.until("recipients-full").until("compose-menu")
        self.assertEqual(self.sent(call), [BEN.address])

    def test_a_store_that_is_away(self) -> None:
        """Names that cannot be searched are apologised for; the call goes on."""
        call = self.composing()
        call.people.failing = True
        call.press("726").until("search-failed").until("not-sent").until("main-menu-repeat")
        self.check(call.hang_up())


class FindingTests(AnsweringCase):
    """4 in the main menu (feature 112)."""

    def found(self, **values: object) -> Visit:
        """Ben is found."""
        call = Visit(**values).signed_in().press("4").until("choice-back")  # type: ignore
        call.press("726").until("search-again")
        return call  # type: ignore[return-value]

    def test_call(self) -> None:
        """1 puts the owner through."""
        call = self.found().press("1").until("call-transferring").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1002"], "transferred"))
        self.check(call)

    def test_a_call_that_is_not_allowed(self) -> None:
        """The policy's rules hold; the owner is told and comes back to the menu (feature 148)."""
        policy = evolve(POLICY, allow_dial_plan_subscribers=False, allow_extensions=False)
        call = self.found(policy=policy).press("1").until("search-not-reachable[Ben Sample]")
        call.until("main-menu-repeat")
        self.check(call.hang_up())

    def test_a_message(self) -> None:
        """2 sends a message."""
        call = self.found().press("2").until("compose-menu").press("1").until_the_tone()
        call.talk(2.0).press("#1#").until("message-sent").until("main-menu-repeat")
        self.assertEqual(self.recipients(call), [BEN.address])  # type: ignore[arg-type]
        self.check(call.hang_up())

    def test_by_alias(self) -> None:
        """## spells the mail address instead (feature 112)."""
        call = Visit().signed_in().press("4").until("choice-back").press("##")
        call.until("choice-back").press("236").until("search-again")
        self.assertIn("search-address", call.heard)
        self.check(call.hang_up())

    def test_the_operator(self) -> None:
        """0 reaches the owner's own operator, else the plan's."""
        ada = evolve(OWN_PHONE.mailbox, operator_number="1002")  # type: ignore[arg-type]
        route = evolve(OWN_PHONE, mailbox=ada)
        call = Visit(route=route).signed_in().press("4").until("choice-back").press("0")
        call.until("transferring-to-operator").to_the_end()
        self.assertEqual(call.phone.transfers, ["1002"])
        self.check(call)
