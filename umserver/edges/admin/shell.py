"""`umctl` alone: a shell with completion, a history without secrets, and help.

Knows: readline, the history's file. Must never know: what commands do; whole lines go to `run`.
"""

from __future__ import annotations

import os
import readline
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from attrs import define, field

from umserver.edges.admin.catalogue import recognise
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.completion import Completion
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.line import Mistyped, fold, take_apart
from umserver.edges.admin.quoting import words_of

PROMPT = "umctl> "
LEAVING = ("exit", "quit", "logout")
MOST_HISTORY = 1000
WELCOME = "Tab completes, help explains, exit leaves."


def history_file() -> Path:
    """Where lines are remembered: `UMCTL_HISTORY`, or the user's home."""
    return Path(os.environ.get("UMCTL_HISTORY") or Path.home() / ".umctl_history")


def converse(
    desk: Desk,
    run: Callable[[Sequence[str]], int],
    out: TextIO,
    commands: Sequence[str],
    warn: Callable[[str], object],
) -> int:
    """Read commands until the end of the input or `exit`; the exit code of the last one."""
    shell = Shell(run, Completion(lambda: desk.archive, (*commands, *LEAVING)), warn)
    shell.prepare()
    out.write(WELCOME + "\n")
    code = 0
    while not shell.over:
        try:
            line = input(PROMPT)
        except EOFError:
            out.write("\n")
            break
        except KeyboardInterrupt:
            out.write("\n")
            continue
        code = shell.one(line, code)
        out.flush()
    shell.remember()
    return code


@define
class Shell:
    """What happens to each line."""

    run: Callable[[Sequence[str]], int]
    completion: Completion
    warn: Callable[[str], object]
    over: bool = field(init=False, default=False)
    _offers: list[str] = field(init=False, factory=list)

    def one(self, line: str, code: int) -> int:
        """Do one line; the exit code, which is the one before for an empty line."""
        try:
            words = words_of(line)
            if not words:
                return code
            kept = without_secrets(line, words)
            if kept:
                readline.add_history(kept)
            if words[0].lower() in LEAVING:
                self.over = True
                return code
            return self.run(words)
        except Mistyped as fault:
            self.warn(str(fault))
            return 2
        except KeyboardInterrupt:
            self.warn("interrupted")
            return 130
        finally:
            self.completion.forget()

    # the terminal

    def prepare(self) -> None:
        """Set the terminal up."""
        readline.set_auto_history(False)
        readline.set_completer_delims(" \t\n")
        readline.set_completer(self.complete)
        for setting in (
            "tab: complete",
            "set completion-ignore-case on",
            "set show-all-if-ambiguous on",
            "set bell-style none",
        ):
            readline.parse_and_bind(setting)
        readline.set_history_length(MOST_HISTORY)
        try:
            readline.read_history_file(history_file())
        except OSError:
            return

    def remember(self) -> None:
        """Write the history where only its owner reads it; without one when that cannot be."""
        path = history_file()
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
            os.chmod(path, 0o600)
            readline.write_history_file(path)
            os.chmod(path, 0o600)
        except OSError as fault:
            self.warn(f"{path}: {fault.strerror}")

    def complete(self, text: str, state: int) -> str | None:
        """What readline asks for: the offers one by one."""
        if state == 0:
            self._offers = self._found(text)
        return self._offers[state] if state < len(self._offers) else None

    def _found(self, text: str) -> list[str]:
        line = readline.get_line_buffer()[: readline.get_endidx()]
        try:
            offers, start = self.completion.offers(line)
        except Exception:
            return []
        done = readline.get_begidx() - start
        shown = [offer[done:] if done > 0 else offer for offer in offers]
        return [f"{shown[0]} "] if len(shown) == 1 else shown


def without_secrets(line: str, words: Sequence[str]) -> str:
    """The line as it may be remembered: without a PIN that was given in it."""
    parsed = take_apart(words)
    try:
        cmdlet = recognise(parsed)
    except Mistyped:
        cmdlet = None
    secret = {
        value
        for option in parsed.options
        if _is_secret(option.typed, cmdlet)
        for value in option.values
    }
    for value in secret:
        line = line.replace(value, "")
    return line.strip()


def _is_secret(typed: str, cmdlet: Cmdlet | None) -> bool:
    """Whether this option could hold a secret, also where it is mistyped."""
    name = fold(typed)
    if name.startswith(("pin", "pass")) and name != "pinexpired":
        return True
    known = cmdlet.parameters if cmdlet is not None else ()
    return any(p.secret and fold(p.name).startswith(name) for p in known)
