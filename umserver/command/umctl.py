"""One command of `umctl`, from its words to its exit code.

Knows: the store, the control socket, the spool, and which words mean what. Must never know: how
cmdlets work (`umserver.edges.admin`).
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from attrs import define, field

from umserver import __version__
from umserver.command.desk import Machine
from umserver.edges.admin.ask import NotRunning, Refused
from umserver.edges.admin.catalogue import by_word, recognise
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.given import CHANGING, VIEWING, given_to
from umserver.edges.admin.line import Line, Mistyped, choose, take_apart
from umserver.edges.admin.outcome import Outcome
from umserver.edges.admin.show import as_json, printed, status_text
from umserver.edges.admin.topics import WIDTH, help_text
from umserver.edges.admin.view import View, seen, take_view
from umserver.edges.store.notes import Cause
from umserver.edges.store.tables import Conflict
from umserver.interfaces import Unavailable
from umserver.org.bootstrap import Bootstrap, parse_bootstrap
from umserver.org.faults import SettingsFaults

DONE, FAILED, WRONG_USE = 0, 1, 2
FAILURES = (SettingsFaults, Conflict, Unavailable, NotRunning, Refused, LookupError, OSError)
MOST_FILE = 256 * 1024 * 1024
"""Octets of a file that is imported."""


@define
class Umctl:
    """One command after the other, each from its words to its exit code."""

    out: TextIO = field(factory=lambda: sys.stdout)
    err: TextIO = field(factory=lambda: sys.stderr)
    input: TextIO = field(factory=lambda: sys.stdin)
    bootstrap: Bootstrap = field(init=False, factory=Bootstrap)
    format: str = field(init=False, default="")
    """One of Json and Csv where the whole command is for a program."""
    desk: Machine = field(init=False)

    @desk.default
    def _desk(self) -> Machine:
        return Machine(self.bootstrap, self.input, self.out, self.err)

    @property
    def json(self) -> bool:
        """Whether a program reads what is said."""
        return self.format == "Json"

    @property
    def state(self) -> Path:
        """The state folder."""
        return self.desk.state

    def run(self, arguments: Sequence[str]) -> int:
        """Do what was typed; the exit code."""
        try:
            return self._run(list(arguments))
        except Mistyped as fault:
            self._complain(str(fault))
            return WRONG_USE
        except BrokenPipeError:
            raise  # nobody reads what is said: `umctl export | head`
        except FAILURES as fault:
            words = fault.args[0] if isinstance(fault, KeyError) and fault.args else fault
            self._complain(str(words))
            return FAILED
        finally:
            self.desk.close()

    def _run(self, arguments: list[str]) -> int:
        rest = self._places(arguments)
        self.desk = Machine(self.bootstrap, self.input, self.out, self.err, quiet=bool(self.format))
        line = take_apart(rest)
        if line.flag("help", "h"):
            return self.help(line)
        if not rest:
            return self._shell()
        if line.flag("version"):
            self._say(f"umctl {__version__}")
            return DONE
        command = COMMANDS.get(line.words[0].lower() if line.words else "")
        if command is not None:
            self.desk.cause = Cause(line.words.pop(0).lower())
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
            elif word in ("--json", "--csv"):
                self.format = word[2:].title()
            else:
                rest.append(word)
        if places:
            text = _read(places["--config"], self.input) if "--config" in places else ""
            overrides = {"server.state": places["--state"]} if "--state" in places else {}
            self.bootstrap = parse_bootstrap(text, overrides)
        return rest

    def _shell(self) -> int:
        """Nothing was typed: a shell on a terminal, help elsewhere."""
        if not (self.input is sys.stdin and self.input.isatty() and self.out.isatty()):
            return self.help(Line())
        from umserver.edges.admin.shell import converse

        format = self.format

        def run(words: Sequence[str]) -> int:
            self.format = format
            return self.run(words)

        return converse(self.desk, run, self.out, list(COMMANDS), self.desk.warn)

    # cmdlets

    def _cmdlet(self, line: Line) -> int:
        cmdlet = recognise(line)
        if cmdlet is None:
            typed = line.words[0] if line.words else line.options[0].typed
            choose(typed, [*COMMANDS, *by_word()], "command")
            raise Mistyped(f"there is no command {typed}; umctl help shows what there is")
        given = given_to(cmdlet, line, VIEWING if cmdlet.shows else CHANGING)
        width = shutil.get_terminal_size().columns if self.out.isatty() else 0
        view = take_view(given, self.format, width) if cmdlet.shows else View(format=self.format)
        self.desk.what_if = given.what_if
        self.desk.cause = Cause(cmdlet.name, given.told())
        self.desk.confirmed = given.confirm is False
        if given.confirm and not cmdlet.asks and not self.desk.sure(f"{cmdlet.name}?"):
            raise Refused("nothing was changed")
        outcome = cmdlet.run(given, self.desk)
        return self._told(cmdlet, outcome, view, given.warnings())

    def _told(self, cmdlet: Cmdlet, outcome: Outcome, view: View, warnings: Sequence[str]) -> int:
        """Print what came of a cmdlet, and let a running server follow."""
        if not cmdlet.shows and not outcome.done and not outcome.columns and not outcome.in_full:
            raise Refused("nothing was changed")
        outcome, records = seen(outcome, view)
        text = printed(outcome, records, view, what_if=self.desk.what_if)
        if text or not outcome.done:
            self._say(text)
        for words in (*warnings, *outcome.warnings):
            self._complain(f"warning: {words}")
        if outcome.changed:
            self.desk.announce()
        return FAILED if outcome.failed else DONE

    def export(self, line: Line) -> int:
        """Print the organisation."""
        _nothing_more(line)
        archive = self.desk.store()
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
        archive = self.desk.store(make=True)
        work = archive.rehearsal() if only_say else archive
        work.import_organisation(organisation, mailboxes, replace=not merge)
        count = len(mailboxes)
        done = f"{name}: {len(organisation.dial_plans)} dial plans, {count} mailboxes"
        self._report(f"What if: {done} imported." if only_say else f"{done} imported.")
        if not only_say:
            self.desk.announce()
        return DONE

    def import_mailboxes(self, line: Line) -> int:
        """Read users from a CSV file."""
        from umserver.command.people import import_mailboxes

        if len(line.words) != 1:
            raise Mistyped("say which file: import-mailboxes FILE.csv")
        name = line.words[0]
        self._report(import_mailboxes(line, name, _read(name, self.input), self.desk))
        self.desk.announce()
        return DONE

    def backup(self, line: Line) -> int:
        """Copy the store."""
        from umserver.command.copies import back_up

        self._report(back_up(line, self.desk))
        return DONE

    def restore(self, line: Line) -> int:
        """Put a copy of the store in its place."""
        from umserver.command.copies import restore

        self._report(restore(line, self.desk))
        self.desk.announce()
        return DONE

    def explain_route(self, line: Line) -> int:
        """Say what a call would be."""
        from umserver.edges.admin.explain import decision, decision_text, explain, facts_of
        from umserver.edges.store.hosts import with_addresses

        facts = facts_of(line)
        archive = self.desk.store()
        told = decision(explain(with_addresses(archive.load()), archive, facts))
        self._say(as_json(told) if self.json else decision_text(told))
        return DONE

    # a running server

    def status(self, line: Line) -> int:
        """Say how the server is."""
        _nothing_more(line)
        status: Mapping[str, Any] = self.desk.ask("status")
        self._say(as_json(status) if self.json else status_text(status))
        return DONE

    def poll(self, line: Line) -> int:
        """Let the server read its settings now."""
        _nothing_more(line)
        answer: Mapping[str, Any] = self.desk.ask("poll")
        if answer.get("problem"):
            raise Refused(str(answer["problem"]))
        self._report(f"Revision {answer.get('revision')} is in force.")
        return DONE

    def switch(self, line: Line, name: str, words: str) -> int:
        """Tell the server something that needs no details."""
        _nothing_more(line)
        self.desk.ask(name)
        self._report(words)
        return DONE

    def queue(self, line: Line) -> int:
        """Show the queue, or do something about one message."""
        from umserver.command.queue import queue

        shown = queue(line, self.state, self.json)
        if shown:
            self._say(shown)
        return DONE

    # words

    def help(self, line: Line) -> int:
        """Explain."""
        columns = shutil.get_terminal_size().columns if self.out.isatty() else WIDTH
        self._say(help_text(line, columns))
        return DONE

    def _report(self, words: str) -> None:
        """What was done; programs that read JSON see it as an error-free silence."""
        if not self.json:
            self._say(words)

    def _say(self, text: str) -> None:
        self.out.write(text + "\n")

    def _complain(self, text: str) -> None:
        self.desk.warn(text)


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
    "backup": Umctl.backup,
    "restore": Umctl.restore,
    "poll": Umctl.poll,
    "drain": lambda umctl, line: umctl.switch(line, "drain", "No new calls are taken."),
    "resume": lambda umctl, line: umctl.switch(line, "resume", "Calls are taken again."),
    "help": Umctl.help,
}
