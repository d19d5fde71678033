"""Telling a gateway which lamp to light: an unsolicited NOTIFY (spec 4.8; RFC 3842, RFC 6665).

Knows: the header fields and the body of such a NOTIFY. Must never know: who is to be told when.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred, succeed

from umserver.edges.net.sockets import is_address
from umserver.edges.net.station import Station
from umserver.org.lamps import Waiting
from umserver.wire.sip.message import Response
from umserver.wire.sip.message_summary import CONTENT_TYPE, PACKAGE, Summary
from umserver.wire.sip.uri import Uri

PATIENCE = 5.0
"""Seconds that a gateway may take to answer; after that another one is tried."""
SENDER = "umserver"
"""Our user part in From."""


def summary_of(waiting: Waiting) -> Summary:
    """As telephones are told it."""
    return Summary(waiting.new, waiting.saved, waiting.urgent_new, waiting.urgent_saved)


def tell_gateway(
    station: Station,
    host: str,
    port: int,
    transport: str,
    extension: str,
    waiting: Waiting,
    patience: float = PATIENCE,
) -> Deferred[int | None]:
    """Tell a gateway at this IP address what waits for an extension; never fails.

    The status of its answer, 0 when none came within `patience` seconds, None when no port of ours
    reaches it.
    """
    flow = station.flow_to(transport, (host, port)) if is_address(host) else None
    if flow is None:
        return succeed(None)
    params = () if transport == "udp" else (("transport", transport),)
    headers = [
        ("Event", PACKAGE),
        ("Subscription-State", "terminated"),
        ("Content-Type", CONTENT_TYPE),
    ]
    asked = station.ask(
        "NOTIFY",
        Uri("sip", extension, host, port, params),
        flow,
        SENDER,
        headers,
        summary_of(waiting).to_bytes(),
    )
    told = asked.addCallback(_status)
    return told.addTimeout(patience, station.clock, lambda *late: 0)


def _status(answer: Response | None) -> int | None:
    return 0 if answer is None else answer.status
