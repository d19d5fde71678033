"""`umctl`: what an administrator types, carried out on the store and on a running server.

The assembly of the command, as `umserver.service` is that of the server: it joins the control
socket, the cmdlets, the store and the spool. It works with a stopped server too, and tells a
running one at once what changed. Exit codes: 0 done, 1 refused or failed, 2 mistyped. Whatever
takes long to load is loaded by the command that needs it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from attrs import define, field

from umserver import __version__
from umserver.edges.admin.acts import perform, recognise
from umserver.edges.admin.ask import NotRunning, Refused, ask
from umserver.edges.admin.line import Line, Mistyped, choose, take_apart
from umserver.edges.admin.nouns import NOUNS
from umserver.edges.admin.show import (
    as_json,
    outcome_json,
    outcome_text,
    queue_text,
    status_text,
)
from umserver.edges.admin.topics import help_text
from umserver.edges.store.archive import Archive, open_archive
from umserver.edges.store.tables import Conflict
from umserver.interfaces import Unavailable
from umserver.org.bootstrap import Bootstrap, parse_bootstrap
from umserver.org.faults import SettingsFaults

if TYPE_CHECKING:
    from umserver.edges.mail.spool import Spool

DONE, FAILED, WRONG_USE = 0, 1, 2
DEFAULT_STORE = "sqlite:"
FAILURES = (SettingsFaults, Conflict, Unavailable, NotRunning, Refused, LookupError, OSError)
MOST_FILE = 256 * 1024 * 1024
"""Octets of a file that is imported."""


@define
class Umctl:
    """One command, from its words to its exit code."""

    out: TextIO = field(factory=lambda: sys.stdout)
    err: TextIO = field(factory=lambda: sys.stderr)
    input: TextIO = field(factory=lambda: sys.stdin)
    bootstrap: Bootstrap = field(init=False, factory=Bootstrap)
    json: bool = field(init=False, default=False)

    @property
    def state(self) -> Path:
        """The state folder."""
        return Path(self.bootstrap.server.state)

    def run(self, arguments: Sequence[str]) -> int:
        """Do what was typed; the exit code."""
        try:
            return self._run(list(arguments))
        except Mistyped as fault:
            self._complain(str(fault))
            return WRONG_USE
        except FAILURES as fault:
            words = fault.args[0] if isinstance(fault, KeyError) and fault.args else fault
            self._complain(str(words))
            return FAILED

    def _run(self, arguments: list[str]) -> int:
        rest = self._places(arguments)
        line = take_apart(rest)
        if line.flag("help", "h") or not rest:
            self._say(help_text(line))
            return DONE
        if line.flag("version"):
            self._say(f"umctl {__version__}")
            return DONE
        command = COMMANDS.get(line.words[0].lower() if line.words else "")
        if command is not None:
            del line.words[0]
            return command(self, line)
        return self._cmdlet(line)

    def _places(self, arguments: list[str]) -> list[str]:
        """Take out where things are; what is left is the command."""
        rest: list[str] = []
        places: dict[str, str] = {}
        words = iter(arguments)
        for word in words:
            name, equals, value = word.partition("=")
            if name in ("--state", "--config"):
                places[name] = value if equals else next(words, "")
                if not places[name]:
                    raise Mistyped(f"{name} needs a value")
            elif word == "--json":
                self.json = True
            else:
                rest.append(word)
        text = _read(places["--config"], self.input) if "--config" in places else ""
        overrides = {"server.state": places["--state"]} if "--state" in places else {}
        self.bootstrap = parse_bootstrap(text, overrides)
        return rest

    # settings

    def _cmdlet(self, line: Line) -> int:
        act = recognise(line)
        if act is None:
            typed = line.words[0] if line.words else line.options[0].typed
            choose(typed, [*COMMANDS, *(noun.unix for noun in NOUNS)], "command")
            raise Mistyped(f"there is no command {typed}; umctl help shows what there is")
        with self.archive() as archive:
            outcome = perform(act, line, archive, self._sure)
        if act.verb != "Get" and not outcome.done:
            raise Refused("nothing was changed")
        self._say(outcome_json(outcome) if self.json else outcome_text(outcome))
        if outcome.done and not outcome.only_said:
            self._tell()
        return DONE

    def _sure(self, question: str) -> bool:
        if not self.input.isatty():
            raise Mistyped(f"{question} Nobody is there to be asked: add -Confirm:$false or --yes")
        self.err.write(f"{question} [y/N] ")
        self.err.flush()
        return self.input.readline().strip().lower() in ("y", "yes")

    @contextmanager
    def archive(self, make: bool = False) -> Iterator[Archive]:
        """The store; unless `make`, it has to be there with something in it."""
        store = self.bootstrap.server.store
        if make:
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        elif store == DEFAULT_STORE and not (self.state / "umserver.db").exists():
            raise LookupError(self._nothing_there())
        archive = open_archive(store, self.state)
        try:
            if not make and archive.is_empty():
                raise LookupError(self._nothing_there())
            yield archive
        finally:
            archive.close()

    def _nothing_there(self) -> str:
        where = self.state.resolve()
        return f"there is no organisation in {where}: name another --state, or import one"

    def export(self, line: Line) -> int:
        """Print the organisation."""
        _nothing_more(line)
        with self.archive() as archive:
            for piece in archive.export():
                self.out.write(piece)
        return DONE

    def import_(self, line: Line) -> int:
        """Read an organisation."""
        from umserver.org.parse import parse_toml

        merge = line.flag("merge")
        only_say = line.flag("WhatIf", "dry-run")
        name = _one_word(line, "say which file: import FILE (- reads from the standard input)")
        organisation, mailboxes = parse_toml(_read(name, self.input))
        with self.archive(make=True) as archive:
            work = archive.rehearsal() if only_say else archive
            work.import_organisation(organisation, mailboxes, replace=not merge)
        count = len(mailboxes)
        done = f"{name}: {len(organisation.dial_plans)} dial plans, {count} mailboxes"
        self._report(f"What if: {done} imported." if only_say else f"{done} imported.")
        if not only_say:
            self._tell()
        return DONE

    def import_mailboxes(self, line: Line) -> int:
        """Read users from a CSV file."""
        from umserver.edges.admin.people import users_of

        name = _one_word(line, "say which file: import-mailboxes FILE.csv")
        text = _read(name, self.input)
        with self.archive() as archive:
            users = users_of(text.splitlines(keepends=True), archive.load())
            archive.put_mailboxes(users)
        self._report(f"{name}: {len(users)} mailboxes imported.")
        self._tell()
        return DONE

    def explain_route(self, line: Line) -> int:
        """Say what a call would be."""
        from umserver.edges.admin.explain import decision, decision_text, explain, facts_of
        from umserver.edges.store.hosts import with_addresses

        facts = facts_of(line)
        with self.archive() as archive:
            told = decision(explain(with_addresses(archive.load()), archive, facts))
        self._say(as_json(told) if self.json else decision_text(told))
        return DONE

    # a running server

    def status(self, line: Line) -> int:
        """Say how the server is."""
        _nothing_more(line)
        status: Mapping[str, Any] = ask(self.state, "status")
        self._say(as_json(status) if self.json else status_text(status))
        return DONE

    def poll(self, line: Line) -> int:
        """Let the server read its settings now."""
        _nothing_more(line)
        answer: Mapping[str, Any] = ask(self.state, "poll")
        if answer.get("problem"):
            raise Refused(str(answer["problem"]))
        self._report(f"Revision {answer.get('revision')} is in force.")
        return DONE

    def switch(self, line: Line, name: str, words: str) -> int:
        """Tell the server something that needs no details."""
        _nothing_more(line)
        ask(self.state, name)
        self._report(words)
        return DONE

    def queue(self, line: Line) -> int:
        """Show the queue, or do something about one message."""
        what = line.words.pop(0).lower() if line.words else ""
        if what not in ("", "retry", "drop"):
            raise Mistyped(f"the queue knows retry and drop, not {what}")
        id = _one_word(line, f"say which message: queue {what} ID") if what else ""
        try:
            self._queue(what, id, lambda name, **details: ask(self.state, name, **details))
        except NotRunning:
            with self._stopped_spool() as answer:
                self._queue(what, id, answer)
        return DONE

    def _queue(self, what: str, id: str, answer: Callable[..., Any]) -> None:
        entries: Sequence[Mapping[str, Any]] = answer("queue")
        if not what:
            self._say(as_json(entries) if self.json else queue_text(entries, time.time()))
            return
        if id != "all" or what != "retry":
            matches = [str(e["id"]) for e in entries if str(e["id"]).startswith(id)]
            if len(matches) != 1:
                raise LookupError(f"{len(matches) or 'no'} messages have an id beginning with {id}")
            id = matches[0]
        answer(what, id=id)
        self._report("It is tried now." if what == "retry" else f"Message {id} is deleted.")

    @contextmanager
    def _stopped_spool(self) -> Iterator[Callable[..., Any]]:
        """The spool without a server, answering like one; what a crash left is put in order."""
        from umserver.edges.mail.cabinet import Cabinet
        from umserver.edges.mail.spool import Spool, SpoolInUse
        from umserver.edges.mail.threads import Here

        folder = self.state / "spool"
        if not folder.is_dir():
            yield lambda name, **details: []
            return
        spool = Spool(Cabinet(folder), Here(), Here())
        try:
            spool.open()
        except SpoolInUse as fault:
            raise Unavailable(f"{fault}, which does not answer") from None
        try:
            _fired(spool.recover())
            yield lambda name, **details: _of_spool(spool, name, **details)
        finally:
            spool.close()

    # words

    def help(self, line: Line) -> int:
        """Explain."""
        self._say(help_text(line))
        return DONE

    def _tell(self) -> None:
        """Let a running server follow at once."""
        try:
            answer: Mapping[str, Any] = ask(self.state, "poll")
        except NotRunning:
            return
        except Refused as fault:
            self._complain(f"the running server was not told: {fault}")
            return
        if answer.get("problem"):
            self._complain(f"the running server keeps its old settings: {answer['problem']}")
        else:
            self._report("The running server follows.")

    def _report(self, words: str) -> None:
        """What was done; programs that read JSON see it as an error-free silence."""
        if not self.json:
            self._say(words)

    def _say(self, text: str) -> None:
        self.out.write(text + "\n")

    def _complain(self, text: str) -> None:
        for row in text.splitlines() or [""]:
            self.err.write(f"umctl: {row}\n")


def _of_spool(spool: Spool, name: str, id: str = "") -> Any:
    from attrs import asdict

    if name == "queue":
        return [asdict(entry) for entry in _fired(spool.entries())]
    if name == "drop":
        if not _fired(spool.drop(id)):
            raise LookupError("only dead letters can be dropped")
        return None
    entries = _fired(spool.entries())
    for entry in entries:
        if id == entry.id or (id == "all" and entry.state != "dead"):
            _fired(spool.retry(entry.id))
    return None


def _fired(done: Any) -> Any:
    """The result of something that has happened already; its failure is raised."""
    results: list[Any] = []
    failures: list[Any] = []
    done.addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    return results[0]


def _one_word(line: Line, missing: str) -> str:
    for option in line.options:
        raise Mistyped(f"{option.typed} means nothing here")
    if len(line.words) != 1:
        raise Mistyped(missing)
    return line.words[0]


def _nothing_more(line: Line) -> None:
    rest = [*line.words, *(option.typed for option in line.options)]
    if rest:
        raise Mistyped(f"{rest[0]} means nothing here")


def _read(name: str, standard: TextIO) -> str:
    """A file's text; `-` is the standard input. Raises OSError, Unavailable."""
    try:
        if name == "-":
            return standard.read(MOST_FILE)
        if Path(name).stat().st_size > MOST_FILE:
            raise Unavailable(f"{name} has more than {MOST_FILE} octets")
        return Path(name).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise Unavailable(f"{name} is no UTF-8 text") from None
    except OSError as fault:
        raise Unavailable(f"{name}: {fault.strerror}") from None


COMMANDS: Mapping[str, Callable[[Umctl, Line], int]] = {
    "status": Umctl.status,
    "explain-route": Umctl.explain_route,
    "queue": Umctl.queue,
    "export": Umctl.export,
    "import": Umctl.import_,
    "import-mailboxes": Umctl.import_mailboxes,
    "poll": Umctl.poll,
    "drain": lambda umctl, line: umctl.switch(line, "drain", "No new calls are taken."),
    "resume": lambda umctl, line: umctl.switch(line, "resume", "Calls are taken again."),
    "help": Umctl.help,
}


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


if __name__ == "__main__":
    sys.exit(main())
