"""A softphone with everything it needs, on a real reactor.

Knows: which parts make one up. Must never know: what is done with it.
"""

from __future__ import annotations

from random import SystemRandom
from typing import Any

from umserver.edges.net.media import MediaEngine
from umserver.edges.net.softphone.phone import Softphone
from umserver.wire.trace import TraceMemory


def softphone_on(
    reactor: Any, product: str, ports: range | None, trace: TraceMemory | None = None
) -> Softphone:
    """A softphone that has not been started; `ports` for its sound, None for one without."""
    random = SystemRandom()
    engine = None if ports is None else MediaEngine(reactor, reactor, ports, random)
    return Softphone(reactor=reactor, engine=engine, random=random, product=product, trace=trace)
