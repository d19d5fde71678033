"""The mails that cmdlets cause: a welcome, a new PIN (spec 8.5).

Knows: the parameters that decide whether one is sent, and to whom. Must never know: how it is kept,
what it looks like. The running server sends it, or the next one that starts.
"""

from __future__ import annotations

from random import SystemRandom

from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.org.forms import mail_address, number
from umserver.org.messages import Envelope, Notice
from umserver.org.notices import ADMINISTRATOR, ENABLED, notice_of, sent_to
from umserver.org.settings import Mailbox, Organisation


def welcome(
    given: Given, desk: Desk, organisation: Organisation, user: Mailbox, *, must_change: bool
) -> list[Envelope]:
    """The welcome mail with this user's PIN, where one is wanted. Raises Mistyped."""
    pilot, address = given.text("PilotNumber").strip(), _address(given)
    if pilot and (wrong := number(pilot)):
        raise Mistyped(f"-PilotNumber {wrong}")
    if not given.flag("SendWelcomeMail", True):
        return []
    pilots = (pilot,) if pilot else ()
    notice = Notice(ENABLED, user.address, user.pin, must_change, pilots)
    return [sent_to(mail_of(desk, organisation, user, notice), address)]


def new_pin(
    given: Given, desk: Desk, organisation: Organisation, user: Mailbox, pin: str, *, expired: bool
) -> list[Envelope]:
    """The mail with a PIN that an administrator set, where one is wanted. Raises Mistyped."""
    address = _address(given)
    if not given.flag("SendEmail", True):
        return []
    notice = Notice(ADMINISTRATOR, user.address, pin, expired)
    return [sent_to(mail_of(desk, organisation, user, notice), address)]


def mail_of(desk: Desk, organisation: Organisation, user: Mailbox, notice: Notice) -> Envelope:
    """The mail that tells this user, made now and here."""
    return notice_of(
        organisation, user, notice, at=desk.now(), host=desk.server, random=SystemRandom()
    )


def told(mails: list[Envelope], what: str) -> str:
    """What is said about them: `; the welcome mail goes to ada@example.com`."""
    return "".join(f"; {what} goes to {mail.mailbox}" for mail in mails)


def _address(given: Given) -> str:
    address = given.text("NotifyEmail").strip()
    if address and (wrong := mail_address(address)):
        raise Mistyped(f"-NotifyEmail {wrong}")
    return address
