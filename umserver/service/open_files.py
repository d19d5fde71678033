"""Room for open files: calls and connections are files, and a shell's usual limit is 1024.

Knows: the limits of the process. Must never know: what is opened. A crowd of strangers must not
leave a caller without a port for sound. The kernel's table of open files grows by doubling, and in
a process of several threads it waits each time for every processor: a socket took 14 ms amid 500
calls. So it gets its size before the first.
"""

from __future__ import annotations

import fcntl
import os
import resource
from contextlib import suppress

from twisted.logger import Logger

log = Logger()

WANTED = 65_536
ENOUGH = 12_000
"""Two for each of 1,000 calls, and every connection that the roles may hold."""


def make_room(wanted: int = WANTED, enough: int = ENOUGH) -> int:
    """Raise the limit of open files as far as it may be, `wanted` at most; what it is now.

    Fewer than `enough` are told in the log.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    if soft != resource.RLIM_INFINITY and soft < enough:
        log.warn("only {n} files may be open: raise the limit to {enough}", n=soft, enough=enough)
    return wanted if soft == resource.RLIM_INFINITY else soft


def take_room(room: int = ENOUGH) -> None:
    """Let the kernel's table hold so many at once, or as many as may be open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = room if soft == resource.RLIM_INFINITY else min(room, soft)
    file = os.open(os.devnull, os.O_RDONLY)
    with suppress(OSError):
        os.close(fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, most - 1))
    os.close(file)
