"""Why a call is not taken: our own table of the documented reasons (spec 4.4).

Knows: SIP status codes and the ms-diagnostics numbers as plain values. Must never know: SIP syntax.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen


@frozen
class Refusal:
    """Why a call is not taken (spec 4.4)."""

    status: int
    """SIP status, 400–699."""
    phrase: str
    """SIP reason phrase."""
    diagnostics: int
    """Number for the ms-diagnostics header, 15000–15999."""
    reason: str
    """In words, for the header, the log and the call record."""
    retry_after: int | None = None
    """Seconds, for 503."""


RETRY_SOON = 30
"""Seconds after which a peer may try again where the cause passes by itself."""

TROUBLE = Refusal(500, "Server Internal Error", 15000, "internal trouble; the log says more")
UNKNOWN_GATEWAY = Refusal(403, "Forbidden", 15001, "the peer is not a known UM IP gateway")
GATEWAY_DISABLED = Refusal(403, "Forbidden", 15002, "the UM IP gateway is disabled")
GATEWAY_NO_NEW_CALLS = Refusal(
    503, "Service Unavailable", 15003, "the UM IP gateway takes no new calls", RETRY_SOON
)
NO_HUNT_GROUP = Refusal(
    404, "Not Found", 15004, "no hunt group or dial plan fits the called number"
)
NOT_UM_ENABLED = Refusal(
    404, "Not Found", 15005, "the diverted user is not UM-enabled or not found"
)
ATTENDANT_DISABLED = Refusal(
    480, "Temporarily Unavailable", 15006, "the auto attendant is disabled"
)
SECURITY_MISMATCH = Refusal(
    403, "Forbidden", 15007, "the transport does not fit the security mode of the dial plan"
)
NO_COMMON_CODEC = Refusal(488, "Not Acceptable Here", 15008, "no common codec")
INVALID_REQUEST = Refusal(400, "Bad Request", 15009, "invalid SIP headers or callee URI")
TOO_MANY_CALLS = Refusal(
    503, "Service Unavailable", 15010, "the maximum of calls is reached", RETRY_SOON
)
NOT_FOR_US = Refusal(404, "Not Found", 15011, "the call is meant for another kind of server")
OUT_OF_SERVICE = Refusal(
    503, "Service Unavailable", 15012, "the service is stopping, draining or inactive", RETRY_SOON
)
PIPELINE_FULL = Refusal(
    503, "Service Unavailable", 15013, "too many messages wait for delivery", RETRY_SOON
)
DISK_LOW = Refusal(503, "Service Unavailable", 15014, "disk space is low", RETRY_SOON)
DIRECTORY_UNREACHABLE = Refusal(
    500, "Server Internal Error", 15015, "the directory cannot be reached"
)
SOUND_NOT_SECURED = Refusal(
    488, "Not Acceptable Here", 15016, "the dial plan needs SRTP and the offer has none"
)
NOBODY_CALLED = Refusal(404, "Not Found", 15017, "nobody and nothing has the called number")
BROKEN_USER = Refusal(
    500, "Server Internal Error", 15018, "the user's settings are damaged (event 1134)"
)
NO_CERTIFICATE = Refusal(
    403, "Forbidden", 15019, "the dial plan is secured and the peer showed no certificate"
)
WRONG_CERTIFICATE = 15020
"""Diagnostics number of a certificate that is not the gateway's."""
MOST_NAMES = 3
"""So many names of a certificate are told."""


def wrong_certificate(names: Sequence[str], gateway: str) -> Refusal:
    """The peer's certificate has these names, and its gateway has that one."""
    told = ", ".join(name[:64] for name in names[:MOST_NAMES])
    reason = f"the peer's certificate is for {told}, and its UM IP gateway is {gateway}"
    return Refusal(403, "Forbidden", WRONG_CERTIFICATE, reason)
