"""Why a server cannot start, in words for the person who starts it.

Knows: faults of the parts. Must never know: what a part does.
"""

from __future__ import annotations

from errno import EADDRINUSE

from twisted.internet.error import CannotListenError

from umserver.edges.admin.control import ControlSocketInUse
from umserver.edges.mail.spool.cabinet import SpoolInUse
from umserver.edges.speech.catalogue import CatalogueFaults
from umserver.interfaces import Unavailable
from umserver.org.faults import SettingsFaults

OPERATORS_FAULTS = (
    SettingsFaults,
    Unavailable,
    ControlSocketInUse,
    SpoolInUse,
    CatalogueFaults,
    CannotListenError,
    OSError,
    ValueError,
)
"""What the person who starts the server can put right: told in words, without a traceback."""
TAKEN = "does another server run? --sip, --mbx, --sip-tls, --mbx-tls and --http take other ports"


def words(fault: BaseException) -> str:
    """The fault in one line; a port that is taken is named, with the way out."""
    if isinstance(fault, CannotListenError):
        named = f"TCP port {fault.port} of {fault.interface or 'all addresses'}"
        return words(OSError(*fault.socketError.args[:2], named))
    if isinstance(fault, OSError) and fault.strerror:
        said = f"{fault.strerror}: {fault.filename}" if fault.filename else fault.strerror
        return f"{said} ({TAKEN})" if fault.errno == EADDRINUSE and fault.filename else said
    return str(fault) or type(fault).__name__
