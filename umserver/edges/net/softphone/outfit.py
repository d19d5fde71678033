"""A softphone with everything it needs, on a real reactor.

Knows: which parts make one up. Must never know: what is done with it.
"""

from __future__ import annotations

from random import SystemRandom
from typing import Any

from umserver.edges.net.media import MediaEngine
from umserver.edges.net.softphone.phone import Softphone
from umserver.edges.net.softphone.secure import Security
from umserver.wire.trace import TraceMemory


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
