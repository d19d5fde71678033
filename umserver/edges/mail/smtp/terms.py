"""How to speak with one server that takes mails.

Knows: what the settings ask for. Must never know: what the server offers.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from umserver.edges.mail.login import Login


class Security(Enum):
    """How the connection is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    """Nothing is handed over where the server does not offer it."""
    TLS = "tls"
    """From the first octet."""


@frozen
class Terms:
    """How to speak with one server."""

    server: str
    """For people: `mail.example.com:587`."""
    helo: str
    lmtp: bool = False
    security: Security = Security.NONE
    login: Login | None = None
