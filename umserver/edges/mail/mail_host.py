"""A mail server as an operator names it, for handing mail over and for opening mailboxes.

Knows: how it is reached, how the connection is protected, who logs in. Must never know: what is
spoken there.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from attrs import field, frozen
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator

from umserver.edges.mail.trust import client_tls


@frozen(kw_only=True)
class MailHost:
    """One server."""

    host: str = "127.0.0.1"
    """Name or address."""
    port: int = 0
    """0: the usual one of what is spoken there."""
    socket: Path | None = None
    """A UNIX socket instead of host and port."""
    security: str = "none"
    """none, starttls or tls."""
    check_certificate: bool = True
    authorities: Path | None = None
    """A PEM file that replaces the system's."""
    user: str = ""
    """Empty: nobody logs in."""
    password: str = field(default="", repr=False)
    token_file: Path | None = None
    """An access token to log in with, instead of a password."""

    @property
    def is_near(self) -> bool:
        """Whether what is said there stays on this machine."""
        return self.socket is not None or is_loopback(self.host)

    def tls(self) -> IOpenSSLClientConnectionCreator:
        """How TLS is begun there. Raises ValueError, OSError: no `authorities` can be read."""
        return client_tls(self.host, check=self.check_certificate, authorities=self.authorities)

    def check_login(self) -> None:
        """Raises ValueError where a login would be heard by others."""
        if self.security == "none" and not self.is_near:
            raise ValueError(
                f"no login is sent to {self.host} without TLS; set security to starttls or tls"
            )


def is_loopback(host: str) -> bool:
    """Whether this is a name or an address of the machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
