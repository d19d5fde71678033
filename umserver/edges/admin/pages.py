"""Help about a matter instead of a command: one text a topic, and the bootstrap file's settings.

The texts are `etc/help/NAME.txt`: a title, then paragraphs, which are wrapped for the terminal;
what is indented is printed as it stands. Knows: these texts, the declarations of the bootstrap
file. Must never know: cmdlets, terminals.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from functools import cache

from umserver.discover import shipped
from umserver.edges.admin.line import fold
from umserver.org.bootstrap import sample

SETTINGS = "settings"
SETTINGS_TITLE = "The bootstrap file umserver.toml: every setting, its range and its default"
SETTINGS_TEXT = """A server is told where it keeps things, which ports it opens and where mail goes
in one small file. Every line of it may be left out. The file is named with `--config FILE`, for
`twistd umserver` and for `umctl`; it is read when the server starts. One section alone:
`umctl help settings mail`. Everything else is in the store and is changed with `umctl`."""
NARROWEST, WIDEST = 40, 100
LEAST_LETTERS = 3
"""Shorter words are looked for nowhere."""


@cache
def texts() -> Mapping[str, str]:
    """Every topic's text, title first, by name. Raises FileNotFoundError."""
    folder = shipped("help")
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}


@cache
def bootstrap_settings() -> Mapping[str, str]:
    """What is said about each setting of the bootstrap file, by `section.name`."""
    told: dict[str, str] = {}
    section = ""
    above: list[str] = []
    for line in sample().splitlines():
        if line.startswith("["):
            section, above = line.strip("[]"), []
        elif section and line:
            above.append(line)
            name, equals, _ = line.lstrip("# ").partition(" = ")
            if equals and name.isidentifier():
                told[f"{section}.{name}"] = "\n".join(above)
                above = []
    return told


def names() -> tuple[str, ...]:
    """What can be asked about."""
    return tuple(sorted([*texts(), SETTINGS]))


def titles() -> Iterator[str]:
    """A line for each topic."""
    for name in names():
        title = SETTINGS_TITLE if name == SETTINGS else texts()[name].partition("\n")[0]
        yield f"  {name:17} {title}"


def topic(word: str) -> str:
    """The topic of this name, however it is spelled; empty when there is none."""
    return next((name for name in names() if fold(name) == fold(word)), "")


def page(name: str, width: int, part: str = "") -> str:
    """A topic's text for a terminal of this many columns; `part`: a section of the settings."""
    if name != SETTINGS:
        return wrapped(texts()[name], width)
    shown = {
        path: told
        for path, told in bootstrap_settings().items()
        if not part or fold(part) in map(fold, (path, *path.split(".")))
    }
    lines = [] if part else [SETTINGS_TITLE, "", *_paragraph(SETTINGS_TEXT, width)]
    section = ""
    for path, told in shown.items():
        if path.partition(".")[0] != section:
            section = path.partition(".")[0]
            lines += ["", f"[{section}]"]
        *about, setting = told.splitlines()
        lines += [one for text in about for one in _comment(text, width)]
        lines.append(setting)
    return "\n".join(lines).strip("\n")


def wrapped(text: str, width: int) -> str:
    """The text with its paragraphs as wide as the terminal; what is indented stays as it is."""
    lines: list[str] = []
    paragraph: list[str] = []
    for line in [*text.rstrip().splitlines(), ""]:
        if line and not line.startswith(" "):
            paragraph.append(line)
            continue
        lines += _paragraph(" ".join(paragraph), width) if paragraph else []
        paragraph.clear()
        lines.append(line)
    return "\n".join(lines).rstrip()


def speaking_of(word: str) -> tuple[list[str], list[str]]:
    """Topics in which this word stands, and settings of the bootstrap file whose name has it."""
    wanted = word.strip("[]").casefold()
    if len(wanted) < LEAST_LETTERS:
        return [], []
    topics = [name for name, text in texts().items() if wanted in text.casefold()]
    return topics, [path for path in bootstrap_settings() if wanted in path]


def _paragraph(text: str, width: int) -> list[str]:
    columns = max(NARROWEST, min(width, WIDEST))
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False)


def _comment(text: str, width: int) -> list[str]:
    columns = max(NARROWEST, min(width, WIDEST))
    return textwrap.wrap(text, columns, subsequent_indent="#   ", break_on_hyphens=False)
