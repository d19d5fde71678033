"""Where cmdlets are carried out: this machine's store, server and terminal.

Knows: the state folder, the store's URL, who sits there. Must never know: cmdlets.
"""

from __future__ import annotations

import getpass
import os
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from attrs import define, field

from umserver.edges.admin.ask import NotRunning, Refused, ask
from umserver.edges.admin.line import Mistyped
from umserver.edges.store.archive import Archive, open_archive
from umserver.edges.store.notes import Cause
from umserver.org.bootstrap import Bootstrap

DEFAULT_STORE = "sqlite:"


@define
class Machine:
    """See `umserver.edges.admin.desk.Desk`."""

    bootstrap: Bootstrap
    input: TextIO
    out: TextIO
    err: TextIO
    what_if: bool = False
    confirmed: bool = False
    """Whether every question is answered already."""
    cause: Cause = field(factory=Cause)
    """What the change log says about changes."""
    quiet: bool = False
    """Whether nothing is said but what was asked for."""
    _archive: Archive | None = field(init=False, default=None)
    _line: int = field(init=False, default=0)

    @property
    def state(self) -> Path:
        """The state folder."""
        return Path(self.bootstrap.server.state)

    @property
    def server(self) -> str:
        """Name of this machine's server."""
        return self.bootstrap.server.host_name or socket.gethostname()

    @property
    def archive(self) -> Archive:
        """The store. Raises LookupError when there is no organisation in it."""
        archive = self.store()
        return archive.rehearsal() if self.what_if else archive

    def store(self, make: bool = False) -> Archive:
        """The store as it is; unless `make`, it has to be there with something in it."""
        if self._archive is None:
            if make:
                self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._archive = open_archive(self.bootstrap.server.store, self.state)
            else:
                self._archive = self._opened()
        self._archive.cause = self.cause
        return self._archive

    def _opened(self) -> Archive:
        store = self.bootstrap.server.store
        if store == DEFAULT_STORE and not (self.state / "umserver.db").exists():
            raise LookupError(self._nothing_there())
        archive = open_archive(store, self.state)
        try:
            if archive.is_empty():
                raise LookupError(self._nothing_there())
        except BaseException:
            archive.close()
            raise
        return archive

    def _nothing_there(self) -> str:
        where = self.state.resolve()
        return f"there is no organisation in {where}: name another --state, or import one"

    def close(self) -> None:
        """Let go of the store."""
        self.progress("")
        if self._archive is not None:
            self._archive.close()
            self._archive = None

    # the server

    def ask(self, name: str, **details: Any) -> Any:
        """What the running server answers. Raises NotRunning, Refused."""
        return ask(self.state, name, **details)

    # states, changes, PINs: what cmdlets need of the store beside objects

    def is_here(self, server: str) -> bool:
        """Whether this names this machine's server; an empty name does."""
        if server.casefold() in ("", "localhost", self.server.casefold()):
            return True
        try:
            ask(self.state, "states", server=server)
        except (NotRunning, Refused):
            return False
        return True

    def states(self, server: str, component: str) -> Sequence[Mapping[str, Any]]:
        """Components with their states and everybody's wishes."""
        from umserver.command.states import shown

        here = self.is_here(server)
        return shown(self.state, self.store(), server or self.server, here, component)

    def set_state(
        self, server: str, words: tuple[str, str, str], *, local: bool, remote: bool
    ) -> None:
        """Want a state of a server: component, requester, state. Raises ValueError."""
        from umserver.command.states import keep

        if self.what_if:
            return
        where = (server or self.server, self.is_here(server))
        keep(self.state, self.store(), *where, words, local=local, remote=remote)

    def changes(self, **criteria: Any) -> Sequence[Any]:
        """What was changed, the newest first; see `umserver.edges.store.ledger.Search`."""
        from umserver.edges.store.ledger import Search

        return self.store().search(Search(**criteria))

    def announce(self) -> None:
        """Let a running server follow at once; say what it did."""
        if self.what_if:
            return
        try:
            answer = ask(self.state, "poll")
        except NotRunning:
            return
        except Refused as fault:
            self.warn(f"the running server was not told: {fault}")
            return
        if answer.get("problem"):
            self.warn(f"the running server keeps its old settings: {answer['problem']}")
        elif not self.quiet:
            self.out.write("The running server follows.\n")

    # the administrator

    def sure(self, question: str) -> bool:
        """Ask, unless the answer is known. Raises Mistyped where nobody is there to be asked."""
        if self.confirmed or self.what_if:
            return True
        if not self.input.isatty():
            raise Mistyped(
                f"{question} Nobody is there to be asked: add '-Confirm:$false' or --yes"
            )
        self.progress("")
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return self.input.readline().strip().lower() in ("y", "yes")

    def secret(self, question: str) -> str:
        """Ask for something that nobody may see; empty when nobody is there."""
        if self.input is not sys.stdin or not self.input.isatty():
            return ""
        return getpass.getpass(f"{question}: ", self.err).strip()

    def warn(self, words: str) -> None:
        """Say something beside the result."""
        self.progress("")
        for row in words.splitlines() or [""]:
            self.err.write(f"umctl: {row}\n")

    def progress(self, words: str) -> None:
        """Say how far it is, in a line that the next one replaces; only on a terminal."""
        if not self.err.isatty():
            return
        if words or self._line:
            width = os.get_terminal_size().columns if self._is_real() else 80
            text = words[: width - 1]
            self.err.write("\r" + text.ljust(self._line) + ("" if words else "\r"))
            self.err.flush()
            self._line = len(text)

    def _is_real(self) -> bool:
        try:
            return os.isatty(sys.__stdout__.fileno()) if sys.__stdout__ else False
        except (OSError, ValueError):
            return False

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def now(self) -> float:
        """Wall time."""
        return time.time()
