"""PINs as they are kept: hashed with Argon2id and a pepper that only this server has.

Knows: Argon2id (RFC 9106), HMAC. Must never know: mailboxes, policies, where hashes are kept. A
hash takes about 30 ms and 19 MiB on purpose: everything here belongs in a thread.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


_MARK = "$argon2id$"


def is_hash(stored: str) -> bool:
    """Whether this text may be a hash at all."""
    return stored.startswith(_MARK)


def hash_pin(pin: str, pepper: bytes) -> str:
    """The text to store for this PIN, different every time (random salt)."""
    return _HASHER.hash(_peppered(pin, pepper))


def verify_pin(pin: str, pepper: bytes, stored: str) -> bool:
    """Whether this is the PIN of a stored text; False also for a text that is no hash."""
    try:
        return _HASHER.verify(stored, _peppered(pin, pepper))
    except (VerificationError, InvalidHashError):
        return False


def is_any(pin: str, pepper: bytes, stored: Iterable[str]) -> bool:
    """Whether this is the PIN of one of these texts."""
    return any(verify_pin(pin, pepper, text) for text in stored)


def _peppered(pin: str, pepper: bytes) -> bytes:
    """What is hashed: useless to a thief of the store who has not the pepper too."""
    return hmac.digest(pepper, pin.encode(), "sha256")
