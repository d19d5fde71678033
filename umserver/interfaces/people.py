"""Users: found, and known by their PIN.

Knows: mailboxes of the organisation. Must never know: how a store looks them up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from zope.interface import Interface

from umserver.org.people import NameQuery
from umserver.org.settings import Mailbox, MailboxPolicy

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


@frozen
class SignIn:
    """What came of a PIN."""

    welcome: bool
    """Whether it was the right one and the mailbox is open; nothing else may be said if not."""
    expired: bool = False
    """Whether it has to be changed before anything else."""
    first_time: bool = False
    """Whether its owner signs in for the first time."""


class IPins(Interface):
    """Who knows the PIN of a mailbox. Everything can fail with Unavailable."""

    def sign_in(
        mailbox: Mailbox | None, policy: MailboxPolicy, pin: str, caller: str = ""
    ) -> Deferred[SignIn]:
        """Try a PIN; every wrong one counts, durably, before the answer is known.

        None stands for a mailbox that does not exist: it takes as long, and is never welcome.
        `caller` names who calls: wrong PINs count for it too, whatever the mailbox.
        """

    def change(mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> Deferred[bool]:
        """Set a new PIN; False when the policy or the PINs of the past forbid it."""

    def met(mailbox: Mailbox) -> Deferred[None]:
        """The owner went through the first login."""


class IDirectory(Interface):
    """Users, found by number; never all of them in memory."""

    def find(dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        """Mailboxes of that plan by extension, secondary number, E.164 number or SIP address."""


class IPeople(Interface):
    """The same users, found by name. Everything can fail with Unavailable."""

    def spelled(query: NameQuery, most: int) -> Deferred[Sequence[Mailbox]]:
        """Users whose spelled name begins with these keys, by name; no more than `most`."""

    def person(address: str) -> Deferred[Mailbox | None]:
        """The user with this mail address."""
