"""Which PINs a policy lets somebody have (spec 3.6), and PINs made by chance.

Knows: lengths and patterns. Must never know: whose PIN it is, how it is kept, earlier ones (those
are hashes; see `umserver.org.pin_record`). No message shows a PIN.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from random import Random

from umserver.org.settings import MailboxPolicy

MOST_DIGITS = 24


def why_not(pin: str, policy: MailboxPolicy, extensions: Iterable[str] = ()) -> str | None:
    """Why this may not be the PIN of a user with these extensions, or None.

    Refused whatever the policy says: the extension itself, its end, and a PIN that ends with it.
    """
    if not (pin.isascii() and pin.isdigit()):
        return "must be digits only"
    if len(pin) < policy.min_pin_length:
        return f"must have at least {policy.min_pin_length} digits, says {policy.name}"
    if len(pin) > MOST_DIGITS:
        return f"must have at most {MOST_DIGITS} digits"
    if any(pin.endswith(own) or own.endswith(pin) for own in extensions if own):
        return "must not be the extension, nor end as it does"
    if not policy.allow_common_patterns and is_pattern(pin):
        return f"must not be a pattern such as 123456 or 111111, says {policy.name}"
    return None


def is_pattern(pin: str) -> bool:
    """Whether all its digits are the same, or count up or down, 9 and 0 being neighbours."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps in ({0}, {1}, {9})


def made_pin(policy: MailboxPolicy, extensions: Iterable[str], random: Random) -> str:
    """A PIN of chance, as short as the policy lets it be, and no pattern.

    `random` is `random.SystemRandom()` wherever somebody uses the PIN.
    """
    own = tuple(extensions)
    while True:
        pin = "".join(random.choice("0123456789") for _ in range(policy.min_pin_length))
        if why_not(pin, policy, own) is None and not is_pattern(pin):
            return pin
