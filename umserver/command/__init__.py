"""`umctl`: what an administrator types, carried out on the store and on a running server.

Purpose: the assembly of the command, as `umserver.service` is that of the server: it joins the
control socket, the cmdlets, the store and the spool. Border: what can be typed and how it looks
stands in `umserver.edges.admin`; here is only what joins the edges. Why so: the command works with
a stopped server too, tells a running one at once what changed, and has to start at once: whatever
takes long to load is loaded by the command that needs it. Exit codes: 0 done, 1 refused or failed,
2 mistyped.
"""

from __future__ import annotations

import os
import sys

from umserver.command.umctl import DONE, FAILED, WRONG_USE, Umctl

__all__ = ["DONE", "FAILED", "WRONG_USE", "Umctl", "main"]


def main() -> int:
    """The console's entry point."""
    try:
        code = Umctl().run(sys.argv[1:])
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except KeyboardInterrupt:
        return 130
