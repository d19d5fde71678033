"""Whom a TLS connection to a mail server trusts (RFC 8314, RFC 6125).

Knows: certificates. Must never know: mail. The rule is the system's authorities and
the right name; an operator may name other authorities, or say that nothing is checked.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import define, field
from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    Certificate,
    CertificateOptions,
    TLSVersion,
    optionsForClientTLS,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer


def client_tls(
    host: str, *, check: bool = True, authorities: Path | None = None
) -> IOpenSSLClientConnectionCreator:
    """TLS 1.2 or newer to this host; `authorities` is a PEM file. Raises ValueError, OSError."""
    oldest = {"raiseMinimumTo": TLSVersion.TLSv1_2}
    if not check:
        return Unchecked(host)
    trust: Any = (
        trustRootFromCertificates(_read(authorities))  # type: ignore[no-untyped-call]
        if authorities
        else platformTrust()  # type: ignore[no-untyped-call]
    )
    options: IOpenSSLClientConnectionCreator = optionsForClientTLS(
        host, trustRoot=trust, extraCertificateOptions=oldest
    )
    return options


def _read(path: Path) -> list[Certificate]:
    end = "-----END CERTIFICATE-----"
    parts = [part + end for part in path.read_text("ascii", "replace").split(end)[:-1]]
    try:
        found = [Certificate.loadPEM(part.encode()) for part in parts]
    except SSL.Error:
        found = []
    if not found:
        raise ValueError(f"{path} holds no certificates in PEM form")
    return found


@implementer(IOpenSSLClientConnectionCreator)
@define(eq=False)
class Unchecked:
    """Encrypts, and believes whoever answers."""

    host: str
    _context: SSL.Context = field(init=False)

    def __attrs_post_init__(self) -> None:
        options = CertificateOptions(verify=False, raiseMinimumTo=TLSVersion.TLSv1_2)
        self._context = options.getContext()

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """One connection."""
        connection = SSL.Connection(self._context, None)
        if not self.host.replace(".", "").isdigit() and ":" not in self.host:
            connection.set_tlsext_host_name(self.host.encode("idna"))
        return connection
