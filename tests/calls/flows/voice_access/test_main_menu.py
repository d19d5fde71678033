"""The main menu (spec 5.2): what it offers, what it hides, and how it ends."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import (
    ADA,
    OWN_PHONE,
    PLAN,
    POLICY,
    Visit,
    VisitCase,
    mail,
)
from umserver.calls.flows.voice_access.main_menu import SPOKEN
from umserver.org.messages import VoiceMail

ALWAYS = ["main-menu", "main-menu-directory", "main-menu-compose", "main-menu-options"]


class MainMenuTests(VisitCase):
    """Ada signed in."""

    def offered(self, call: Visit) -> list[str]:
        """What the menu speaks of."""
        return [name for name in call.heard if name in SPOKEN.values()]

    def test_what_is_offered(self) -> None:
        """1, 4, 5 and 6 are spoken of; 7 only while the away greeting is on (feature 97)."""
        self.assertEqual(self.offered(call := Visit().signed_in()), ALWAYS)
        call.press("7").until("invalid-key")
        self.check(call.hang_up())
        call = Visit()
        call.greetings.away.add(ADA.address)
        self.assertEqual(self.offered(call.signed_in()), [*ALWAYS, "main-menu-away"])
        self.check(call.hang_up())

    def test_every_key_leads_somewhere(self) -> None:
        """Behind each key is what the menu says (feature 97)."""
        for key, heard in (
            ("1", "no-messages"),
            ("2", "service-not-available"),
            ("3", "service-not-available"),
            ("4", "choice-back"),
            ("5", "choice-back"),
            ("6", "options-menu"),
            ("0", "main-menu-repeat"),
            ("*", "main-menu-repeat"),
            ("8", "invalid-key"),
            ("9", "invalid-key"),
            ("#", "invalid-key"),
        ):
            call = Visit().signed_in().press(key)
            call.tick()
            self.check(call.until(heard).hang_up())

    def test_the_star_key_leads_back(self) -> None:
        """From everywhere * leads back to the main menu, menu by menu (feature 97)."""
        for keys in ("1", "4", "5", "6", "62", "65", "5#1002", "1*"):
            call = Visit(mails=(mail(1),)).signed_in().press(keys)
            for _ in range(200):
                if call.heard[-1] == "main-menu-repeat" and call.phone.playing:
                    break
                call.press("*").tick()
            self.assertEqual(call.heard[-1], "main-menu-repeat", keys)
            self.check(call.hang_up())

    def test_what_the_policy_hides(self) -> None:
        """Mail, calendar and directory vanish with their keys where they are forbidden
        (feature 98).
        """
        for key, change in (
            ("2", {"allow_tui_access_to_email": False}),
            ("3", {"allow_tui_access_to_calendar": False}),
            ("4", {"allow_tui_access_to_directory": False}),
        ):
            policy = evolve(POLICY, **change)  # type: ignore[arg-type]
            call = Visit(policy=policy).signed_in()
            self.assertEqual("main-menu-directory" in call.heard, key != "4")
            self.check(call.press(key).until("invalid-key").hang_up())

    def test_what_the_mailbox_hides(self) -> None:
        """The user's own switches for mail and calendar do the same (feature 98)."""
        for key, change in (
            ("2", {"tui_access_to_email_enabled": False}),
            ("3", {"tui_access_to_calendar_enabled": False}),
        ):
            ada = evolve(ADA, **change)  # type: ignore[arg-type]
            call = Visit(route=evolve(OWN_PHONE, mailbox=ada)).signed_in()
            self.check(call.press(key).until("invalid-key").hang_up())

    def test_counts(self) -> None:
        """New and saved messages are counted; zero counts are not spoken of (feature 94)."""
        saved = evolve(mail(3), new=False)
        trash = evolve(mail(4), deleted=True)
        for mails, words in (
            ((), "no-messages"),
            ((mail(1),), "message-summary[one new message]"),
            (
                (mail(1), mail(2), saved),
                "message-summary[two new messages and one saved message]",
            ),
            ((saved, trash), "message-summary[one saved message]"),
        ):
            call = Visit(mails=tuple[VoiceMail, ...](mails)).dial().until("enter-pin")
            call.press("246813#").until(words)
            self.check(call.hang_up())

    def test_counts_in_french(self) -> None:
        """The same with French grammar (feature 94)."""
        chloe = evolve(ADA, language="fr-FR")
        route = evolve(OWN_PHONE, mailbox=chloe)
        call = Visit(route=route, mails=(mail(1), mail(2))).dial().until("enter-pin")
        call.press("246813#").until("message-summary[deux nouveaux messages]")
        self.check(call.hang_up())

    def test_silence(self) -> None:
        """Who says nothing is asked twice and then said goodbye to."""
        call = Visit().signed_in().to_the_end()
        self.assertEqual(call.heard.count("are-you-there"), 2)
        self.assertEqual((call.outcome, call.heard[-1]), ("voice-access", "goodbye"))
        self.check(call)

    def test_silence_with_an_operator(self) -> None:
        """Where an operator is set, who falls silent is put through to one."""
        plan = evolve(PLAN, operator_extension="1009")
        route = evolve(OWN_PHONE, dial_plan=plan)
        call = Visit(route=route).signed_in().until("transferring-to-operator").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1009"], "transferred"))
        self.check(call)

    def test_silence_with_an_operator_who_is_away(self) -> None:
        """The own operator first, then the plan's; when neither takes the call it ends politely."""
        plan = evolve(PLAN, operator_extension="1009")
        ada = evolve(ADA, operator_number="1008")
        call = Visit(route=evolve(OWN_PHONE, dial_plan=plan, mailbox=ada)).signed_in()
        call.phone.transfer_works = False
        call.to_the_end()
        self.assertEqual(call.phone.transfers, ["1008", "1009"])
        self.assertEqual(call.heard[-2:], ["transfer-failed", "goodbye"])
        self.check(call)
