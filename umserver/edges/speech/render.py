"""Speak the whole catalogue in advance: `python -m umserver.edges.speech.render --cache DIR`.

Knows: the command line, a progress bar. Must never know: the running server; it only fills its
cache. Exit code 0 when every prompt is there, 1 when some could not be spoken, 2 when the catalogue
is faulty.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any, TextIO

from attrs import define
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from umserver.discover import shipped
from umserver.edges.speech.cache import SpokenCache
from umserver.edges.speech.catalogue import CatalogueFaults, load_catalogue
from umserver.edges.speech.shelf import PromptShelf
from umserver.edges.speech.voice import EspeakVoice

_BAR = 30


@define
class ProgressBar:
    """One line that fills on a terminal; a line for every tenth elsewhere."""

    out: TextIO

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` are done."""
        full = _BAR * done // max(1, total)
        line = f"[{'#' * full}{'.' * (_BAR - full)}] {done}/{total}"
        if self.out.isatty():
            self.out.write(f"\r{line} {what:<40.40}" + ("\n" if done == total else ""))
        elif done == total or done * 10 // total != (done - 1) * 10 // total:
            self.out.write(f"{line}\n")
        self.out.flush()


def _arguments(words: list[str]) -> Namespace:
    parser = ArgumentParser(
        prog="python -m umserver.edges.speech.render", description="Speak all prompts in advance."
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder for the rendered sound")
    parser.add_argument(
        "--catalogue", type=Path, action="append", help="folder of <language>.toml (repeatable)"
    )
    parser.add_argument("--overrides", type=Path, help="folder of <language>/<prompt>.wav")
    parser.add_argument("--language", action="append", help="only this language (repeatable)")
    return parser.parse_args(words)


async def _render(reactor: Any, options: Namespace) -> None:
    try:
        catalogue = load_catalogue(options.catalogue or [shipped("prompts")])
    except CatalogueFaults as faults:
        sys.stderr.write(f"{faults}\n")
        raise SystemExit(2) from None
    shelf = PromptShelf(
        reactor=reactor,
        cache=SpokenCache(options.cache),
        catalogue=catalogue,
        overrides=options.overrides,
        voice=EspeakVoice(reactor),
    )
    missing = await shelf.preload(options.language, ProgressBar(sys.stderr))
    shelf.stop()
    if missing:
        sys.stderr.write(f"{missing} prompts could not be spoken\n")
        raise SystemExit(1)


def main() -> None:
    """Run it."""
    options = _arguments(sys.argv[1:])
    react(lambda reactor: Deferred.fromCoroutine(_render(reactor, options)))


if __name__ == "__main__":
    main()
