"""What callers are told before they speak: that a mailbox is full, that copies are analysed."""

from __future__ import annotations

from attrs import evolve

from tests.calls.rehearsal import ADA, POLICY, ROUTE, Rehearsal, RehearsalCase
from tests.kit.fake_mailbox import MemoryMailbox, MemoryMailboxes, Weather

SMALL = evolve(ROUTE, mailbox=evolve(ADA, prohibit_send_receive_quota=2))


def rehearsal(octets: int, **weather: object) -> Rehearsal:
    """A call to Ada, whose mailbox holds so much."""
    call = Rehearsal(SMALL)
    box = MemoryMailbox(octets=octets, weather=Weather(call.clock, **weather))  # type: ignore
    call.office = evolve(
        call.office,
        mailboxes=MemoryMailboxes({ADA.address: box}),
        count=lambda group, name: call.counted.append(name),
    )
    return call


class FullMailboxTests(RehearsalCase):
    """Whoever speaks is heard."""

    def test_full(self) -> None:
        """Feature 59: the caller hears that the mailbox is full before speaking."""
        call = rehearsal(2 << 20).dial().to_the_end()
        self.assertEqual(call.heard, ["mailbox-full", "goodbye"])
        self.assertEqual(call.outcome, "mailbox-full")
        self.assertEqual(call.counted, ["quota_exceeded", "missed_calls"])
        self.check(call)

    def test_room(self) -> None:
        """Feature 59: below the quota messages are taken as ever."""
        call = rehearsal((2 << 20) - 1).dial().until_the_tone().talk(2.0).hang_up()
        self.assertNotIn("mailbox-full", call.heard)
        self.check(call)

    def test_nobody_knows(self) -> None:
        """A mail server that is slow or away keeps no caller from leaving a message."""
        for weather in ({"slow": 30.0}, {"failing": {"quota"}}):
            call = rehearsal(2 << 20, **weather).dial().until_the_tone().talk(2.0).hang_up()
            call.clock.advance(60.0)
            self.assertEqual(call.heard[0], "greeting-generated[Ada Example]")
            self.check(call)


class AnalysisTests(RehearsalCase):
    """Copies of messages that somebody analyses."""

    def test_callers_are_told(self) -> None:
        """Callers are told only where the policy says so and a copy may be taken (spec 6.1)."""
        for told, allowed, wanted in (
            (True, True, True),
            (False, True, True),
            (True, False, True),
            (True, True, False),
        ):
            policy = evolve(
                POLICY,
                inform_caller_of_voice_mail_analysis=told,
                allow_voice_mail_analysis=allowed,
            )
            mailbox = evolve(ADA, voice_mail_analysis_enabled=wanted)
            call = Rehearsal(evolve(ROUTE, policy=policy, mailbox=mailbox)).dial()
            call.until_the_tone()
            self.assertEqual("analysis-notice" in call.heard, told and allowed and wanted)
