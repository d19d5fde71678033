"""Session parameters of a crypto line: which are for us (RFC 4568 §6.3).

Knows: their names and values. Must never know: keys, suites, what becomes of a line. Unencrypted or
unauthenticated sound is never agreed to. Keys derived anew on the way (KDR) are not to be had from
libsrtp, keys for error correction belong to a stream that we do not take. A line with one of these
is passed over for the next; what begins with a minus may be ignored, and a window is a hint.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.wire.srtp.keys import LEAST_WINDOW, MOST_WINDOW, USUAL_WINDOW

_WINDOW = "WSH"
_HARMLESS = ("KDR=0", "FEC_ORDER=FEC_SRTP")
"""What they ask for is what is done without them."""
_KNOWN = (
    "KDR",
    "UNENCRYPTED_SRTP",
    "UNENCRYPTED_SRTCP",
    "UNAUTHENTICATED_SRTP",
    "FEC_ORDER",
    "FEC_KEY",
    _WINDOW,
)


def foreign_parameter(parameters: Sequence[str]) -> str | None:
    """The name of the first parameter that is not for us, as it may be shown; None without one."""
    for parameter in map(str.upper, parameters):
        name, _, value = parameter.partition("=")
        is_hint = name == _WINDOW and value.isascii() and value.isdigit() and len(value) <= 9
        if not (is_hint or parameter in _HARMLESS or name.startswith("-")):
            return name if name in _KNOWN else "an unknown parameter"
    return None


def replay_window(parameters: Sequence[str]) -> int:
    """The packets that replay protection is to remember; no parameter may be foreign."""
    window = USUAL_WINDOW
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.upper() == _WINDOW:
            window = min(max(int(value), LEAST_WINDOW), MOST_WINDOW)
    return window
