"""Which PINs a policy allows, and PINs made by chance or typed unseen (spec 3.6).

Knows: lengths and patterns. Must never know: whose PIN it is, how it is kept. No message shows one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import pairwise

from umserver.edges.admin.cmdlet import Desk
from umserver.edges.admin.line import Mistyped
from umserver.org.settings import MailboxPolicy

MOST_DIGITS = 24


def made_pin(policy: MailboxPolicy, extensions: Iterable[str] = ()) -> str:
    """A PIN of chance as long as the policy wants, and no pattern."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(policy.min_pin_length))
        if not is_pattern(pin) and not any(pin.endswith(e) for e in extensions if e):
            return pin


def is_pattern(pin: str) -> bool:
    """Whether all digits are the same, or count up or down."""
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return steps <= {0} or steps <= {1} or steps <= {-1}


def check_pin(pin: str, policy: MailboxPolicy, extension: str) -> None:
    """Raises Mistyped, never showing the PIN, when the policy does not allow it (spec 3.6)."""
    least = policy.min_pin_length
    if not (pin.isascii() and pin.isdigit()):
        raise Mistyped("-Pin takes digits only")
    if not least <= len(pin) <= MOST_DIGITS:
        raise Mistyped(
            f"-Pin must have at least {least} digits, says {policy.name}, and at most {MOST_DIGITS}"
        )
    if extension and pin.endswith(extension):
        raise Mistyped("-Pin must not end with the extension")
    if not getattr(policy, "allow_common_patterns", False) and is_pattern(pin):
        raise Mistyped(f"-Pin must not be a pattern such as 123456 or 111111, says {policy.name}")


def asked_pin(desk: Desk) -> str:
    """A PIN that the administrator types unseen, twice; empty for one of chance."""
    first = desk.secret("PIN (nothing: one is made by chance)")
    if first and desk.secret("Once more") != first:
        raise Mistyped("these were two different PINs; nothing was changed")
    return first
