"""Why an offer or an answer cannot be used, in the words SIP has for it.

Knows: RFC 3261 §20.43 (warn-codes) and §21.4.26. Must never know: how the reply is sent.
"""

from __future__ import annotations

NETWORK_PROTOCOL = 300
ADDRESS_FORMAT = 301
TRANSPORT_PROTOCOL = 302
MEDIA_TYPE = 304
MEDIA_FORMAT = 305
MULTICAST = 330
MISCELLANEOUS = 399

_TEXTS = {
    NETWORK_PROTOCOL: "Incompatible network protocol",
    ADDRESS_FORMAT: "Incompatible network address formats",
    TRANSPORT_PROTOCOL: "Incompatible transport protocol",
    MEDIA_TYPE: "Media type not available",
    MEDIA_FORMAT: "Incompatible media format",
    MULTICAST: "Multicast not available",
    MISCELLANEOUS: "Miscellaneous warning",
}


class NotAcceptable(Exception):
    """An offer or answer that we do not agree to; what was agreed before stays in force.

    `status` is for the SIP response (488, or 400 where the body is no SDP), `warning` the whole
    value of a Warning field or None, `why` a sentence for the log, `insecure` whether it is refused
    for being unprotected.
    """

    def __init__(
        self, status: int, warning: str | None, why: str, *, insecure: bool = False
    ) -> None:
        super().__init__(why)
        self.insecure = insecure
        self.status = status
        self.warning = warning
        self.why = why


def warning_value(code: int, host: str, text: str = "") -> str:
    """The value of a Warning field from `host`, an IP literal (RFC 3261 §20.43).

    `text`, without quotation marks, stands instead of the usual words of the code.
    """
    agent = f"[{host}]" if ":" in host else host
    return f'{code} {agent} "{text or _TEXTS[code]}"'
