"""The assembly: the only room that sees everything, and the only one that knows the reactor.

Purpose: `twistd umserver` calls `makeService`; `options` reads the command line and the bootstrap
file, `server` starts and stops a `process` of any roles, `desk` puts the answering desk together,
`router` the call router, `standing` says which of them takes calls, `status` and `checkup` how it
all is, `answers` what administrators may ask, `company` what it is to other servers, `goodbye` how
it ends; `open_files` raises what may be open at once. Border: nothing in here decides anything
about a call, a message or a setting. Why so: parts get what they need handed in, so a test can hand
in a clock of its own (`machine.Machine`), and which parts make up a server can be read in one
place.
"""

from __future__ import annotations

from twisted.application.service import IService

from umserver.service.machine import Machine
from umserver.service.open_files import make_room
from umserver.service.options import Options
from umserver.service.server import UnifiedMessaging

__all__ = ["Options", "UnifiedMessaging", "makeService"]


def makeService(options: Options) -> IService:
    """The service that `twistd` runs."""
    from twisted.internet import reactor

    make_room()
    return UnifiedMessaging(
        Machine(reactor, own_signals=True), options.bootstrap, options.role_names
    )
