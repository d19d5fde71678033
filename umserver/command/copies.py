"""`umctl backup` and `umctl restore`: a copy of the store in one file, and back again.

Knows: what the administrator has to be asked and told. Must never know: how a copy is made.
"""

from __future__ import annotations

from pathlib import Path

from umserver.command.desk import DEFAULT_STORE, Machine
from umserver.edges.admin.ask import Refused
from umserver.edges.admin.line import Line, Mistyped

PEPPER = "The PINs in it need pin-pepper.key too: keep a copy of that file, elsewhere."


def back_up(line: Line, desk: Machine) -> str:
    """Copy the store while the server runs; what is said about it. Raises Mistyped, Unavailable."""
    path = _file(line, "say where to: backup FILE")
    try:
        desk.store().back_up(path)
    except ValueError as fault:
        raise Refused(str(fault)) from None
    return f"{path} holds the whole store. {PEPPER}"


def restore(line: Line, desk: Machine) -> str:
    """Put a backup in the place of what is kept; what is said about it."""
    asked = line.take("Confirm")
    off = asked is not None and [value.lower() for value in asked.values] == ["$false"]
    desk.confirmed = line.flag("yes", "y") or off
    path = _file(line, "say which file: restore FILE")
    there = desk.bootstrap.server.store != DEFAULT_STORE or (desk.state / "umserver.db").exists()
    if there and not desk.sure(f"Replace everything in {desk.state} by {path}?"):
        raise Refused("nothing was changed")
    try:
        revision = desk.store(make=True).restore(path)
    except ValueError as fault:
        raise Refused(str(fault)) from None
    return f"Everything is as it is in {path}, as revision {revision}."


def _file(line: Line, missing: str) -> Path:
    for option in line.options:
        raise Mistyped(f"{option.typed} means nothing here")
    if len(line.words) != 1:
        raise Mistyped(missing)
    return Path(line.words[0])
