"""Mail addresses as SMTP writes them between angle brackets (RFC 5321 §4.1.2).

Knows: what may stand there, and what could become a second command. Must never know: servers.
"""

from __future__ import annotations

import re

MOST_PATH = 254
"""Octets (RFC 5321 §4.5.3.1.3, erratum 1690)."""

_LOCAL = re.compile(
    r'[^\x00-\x20\x7f<>()\[\]\\,;:@"]+\Z|"(?:[^\x00-\x1f\x7f"\\]|\\[\x20-\x7e])+"\Z'
)
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\Z|\[[0-9A-Za-z.:]+\]\Z")


class BadPath(ValueError):
    """This is no mail address; `args[0]` says so."""


def path(address: str) -> tuple[str, bool]:
    """The address, its domain in ASCII, and whether it needs SMTPUTF8. Raises BadPath."""
    local, _, domain = address.rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    whole = f"{local}@{domain}"
    fits = _LOCAL.match(local) and _DOMAIN.match(domain) and len(whole.encode()) <= MOST_PATH
    if not fits:
        raise BadPath(f"{address[:100]!r} is no mail address")
    return whole, not local.isascii()
