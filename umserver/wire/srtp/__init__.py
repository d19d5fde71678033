"""SRTP and SRTCP (RFC 3711, RFC 6188, RFC 7714): packets sealed, and opened only when genuine.

Purpose: the suites we have (`suites`), master keys as values (`keys`), one stream's state on
libsrtp (`context`), and what a call needs of both directions (`shield`): its own key, the peer's,
the peer's last one for packets on their way, and counts of what was refused. Border: no socket, no
SDP, no handshake; who agreed on the keys and how is nobody's matter here. Why so: libsrtp is called
through cffi on the buffer a packet was received in, without a copy and without an exception for
what is not genuine, so that a flood of forgeries costs no more than a flood of sound.
"""

from __future__ import annotations

from umserver.wire.srtp.keys import Keying, MasterKey
from umserver.wire.srtp.shield import Shield
from umserver.wire.srtp.suites import SUITES, Suite, suite_named, suite_of_profile

__all__ = [
    "SUITES",
    "Keying",
    "MasterKey",
    "Shield",
    "Suite",
    "suite_named",
    "suite_of_profile",
]
