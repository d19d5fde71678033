"""Session descriptions (RFC 8866) as values.

Border: syntax only. What we are willing to agree to (codecs, addresses, directions) is decided in
`umserver.wire.media`. Why so: a description that is well formed may still be refused, with another
status code, and the two reasons must not blur. Finding a description in the body of a message is
`umserver.wire.sip.body`'s matter.
"""

from __future__ import annotations

from umserver.wire.sdp.description import Attribute, Connection, Media, Origin, SessionDescription
from umserver.wire.sdp.formats import Format
from umserver.wire.sdp.parse import SdpSyntaxError, parse_sdp

__all__ = [
    "Attribute",
    "Connection",
    "Format",
    "Media",
    "Origin",
    "SdpSyntaxError",
    "SessionDescription",
    "parse_sdp",
]
