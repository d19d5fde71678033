"""The process in which attachments are encoded: `python -m umserver.edges.mail.worker`.

Knows: a pipe and the codings. Requests come on standard input, answers go to standard output, both
framed by `encoder.write_part`. Ends when its input ends. Must never know: the reactor, mail.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import BinaryIO

from umserver.edges.mail.attachment import encode_here
from umserver.edges.mail.encoder import read_part, write_part

NICENESS = 10
"""Calls come first."""


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while (request := read_part(source)) is not None:
        head, sound = request
        try:
            file = encode_here(str(head["coding"]), str(head["law"]), sound)
        except Exception as fault:
            write_part(sink, {"error": f"{type(fault).__name__}: {fault}"}, b"")
        else:
            write_part(sink, {}, file)


def main() -> None:
    """Run on standard input and output; whatever a library prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    serve(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
