"""A softphone with everything it needs, on a real reactor.

Knows: which parts make one up. Must never know: what is done with it.
"""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom
from typing import Any

from attrs import evolve, frozen

from umserver.edges.net.media import MediaEngine
from umserver.edges.net.softphone.phone import Softphone
from umserver.edges.net.tls.credentials import CredentialFiles, Credentials, certificates_in
from umserver.wire.trace import TraceMemory


@frozen
class Security:
    """How a softphone speaks TLS."""

    certificate: str = ""
    """PEM file; empty shows none."""
    key: str = ""
    """PEM file; empty: the key stands in the same file."""
    authorities: str = ""
    """PEM file; empty: those of the system."""
    name: str = ""
    """The name that servers have to prove; empty: the host that is called."""
    check: bool = True

    def credentials(self) -> Credentials:
        """What stands in the files. Raises CertificateFault."""
        trusted = certificates_in(Path(self.authorities)) if self.authorities else None
        if not self.certificate:
            return Credentials((), None, trusted)
        key = Path(self.key or self.certificate)
        return evolve(
            CredentialFiles(Path(self.certificate), key, None).read(), authorities=trusted
        )


def softphone_on(
    reactor: Any,
    product: str,
    ports: range | None,
    trace: TraceMemory | None = None,
    security: Security | None = None,
) -> Softphone:
    """A softphone that has not been started; `ports` for its sound, None for one without.

    Without `security` it speaks no TLS. Raises CertificateFault.
    """
    random = SystemRandom()
    engine = None if ports is None else MediaEngine(reactor, reactor, ports, random)
    safe = security or Security()
    return Softphone(
        reactor=reactor,
        engine=engine,
        random=random,
        product=product,
        trace=trace,
        credentials=safe.credentials() if security is not None else None,
        check_names=safe.check,
        tls_name=safe.name,
    )
