"""PINs that an administrator gives: typed unseen, and refused in words that do not show them.

Knows: the policy's rules as `umserver.org.pin_rules` has them. Must never know: how a PIN is kept.
"""

from __future__ import annotations

from umserver.edges.admin.desk import Desk
from umserver.edges.admin.line import Mistyped
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.pin_rules import why_not
from umserver.org.settings import MailboxPolicy


def check_pin(pin: str, policy: MailboxPolicy, extension: str) -> None:
    """Raises SettingsFaults, never showing the PIN, when the policy does not allow it."""
    wrong = why_not(pin, policy, (extension,))
    if wrong:
        raise SettingsFaults([Fault("-Pin", wrong)])


def asked_pin(desk: Desk) -> str:
    """A PIN that the administrator types unseen, twice; empty for one of chance."""
    first = desk.secret("PIN (nothing: one is made by chance)")
    if first and desk.secret("Once more") != first:
        raise Mistyped("these were two different PINs; nothing was changed")
    return first
