"""A mailbox that another server holds (spec 4.10)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import ADA, Visit, VisitCase
from umserver.interfaces import Unavailable
from umserver.org.settings import Mailbox

HOME = "um2.example.com:5062"


class HomeTests(VisitCase):
    """Ada's mailbox is elsewhere."""

    def visit(self, home: object = HOME) -> Visit:
        """She signs in; `home` is where her mailbox is, or what is wrong with it."""

        def home_of(mailbox: Mailbox) -> str:
            self.assertEqual(mailbox.address, ADA.address)
            if isinstance(home, Exception):
                raise home
            return str(home)

        call = Visit()
        call.office = evolve(call.office, home_of=home_of)
        call.dial().until("enter-pin").press("246813#")
        return call

    def test_sent_on(self) -> None:
        """After the PIN the caller is sent to the server that holds the mailbox, by REFER, and the
        record says so (feature 120).
        """
        call = self.visit().to_the_end()
        self.assertEqual(call.outcome, "redirected")
        (target,) = call.phone.transfers
        self.assertRegex(target, rf"^sip:[0-9]+@{HOME}$")
        self.assertNotIn("main-menu", call.heard)
        self.check(call)

    def test_nobody_is_sent_on_with_a_wrong_pin(self) -> None:
        """Where a mailbox is, only its owner learns."""
        call = Visit()
        call.office = evolve(call.office, home_of=lambda mailbox: HOME)
        call.dial().until("enter-pin").press("111111#").until("pin-wrong")
        self.assertEqual(call.phone.transfers, [])
        self.check(call.hang_up())

    def test_a_server_that_is_away(self) -> None:
        """The owner hears that the mailbox cannot be opened now, and that nothing is lost."""
        call = self.visit(Unavailable("um2 does not live")).to_the_end()
        self.assertEqual(call.heard[-2:], ["mailbox-unavailable", "goodbye"])
        self.assertEqual(call.outcome, "unavailable")
        self.check(call)

    def test_a_peer_that_does_not_go(self) -> None:
        """The same where the telephone system refuses."""
        call = Visit()
        call.office = evolve(call.office, home_of=lambda mailbox: HOME)
        call.phone.transfer_works = False
        call.dial().until("enter-pin").press("246813#").to_the_end()
        self.assertEqual(call.heard[-2:], ["mailbox-unavailable", "goodbye"])
        self.check(call)
