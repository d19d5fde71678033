"""Topics of the help, and README.md: every command that stands there can be typed."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.edges.admin.desk import Typed
from umserver.command import DONE, WRONG_USE
from umserver.command.umctl import COMMANDS
from umserver.discover import shipped
from umserver.edges.admin import pages
from umserver.edges.admin.catalogue import cmdlets, recognise
from umserver.edges.admin.completion import Completion
from umserver.edges.admin.desk import Archive
from umserver.edges.admin.given import CHANGING, VIEWING, given_to
from umserver.edges.admin.line import take_apart
from umserver.edges.admin.topics import NOT_YET, nouns
from umserver.edges.net.softphone import call, probe

TOP = Path(__file__).resolve().parents[3]
README = TOP / "README.md"
PROGRAMS = {"um-call": call.parser, "scripts/call": call.parser, "um-probe": probe.parser}
SHOWN = re.compile(r"    (?:/opt/umserver/bin/)?((?:umctl|um-call|um-probe|scripts/\w+) .*)")
QUOTED = re.compile(r"`((?:umctl|um-call|um-probe|scripts/\w+)(?: [^`]*)?)`")
OPTIONS = {"import": ("merge", "dry-run"), "import-mailboxes": ("welcome", "make-pins")}
OPTIONS["explain-route"] = ("to", "diversion", "source")


def written() -> Iterator[tuple[str, str]]:
    """Every page's name and text, README.md among them."""
    yield "README.md", README.read_text("utf-8")
    yield from pages.texts().items()


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command that stands in a text."""
    for line in text.splitlines():
        shown = SHOWN.match(line)
        for found in [shown.group(1)] if shown else QUOTED.findall(line):
            words = shlex.split(found, comments=True)
            yield words[: words.index(">")] if ">" in words else words


class WrittenTests(SynchronousTestCase):
    """What is written down is so."""

    def test_commands_of_umctl(self) -> None:
        """Each command in README and help exists, with its parameters, by their whole names."""
        count = 0
        for place, text in written():
            for program, *words in commands(text):
                if program != "umctl" or not words:
                    continue
                count += 1
                self.check(f"{place}: {' '.join(words)}", words)
        self.assertGreater(count, 100)

    def check(self, where: str, words: list[str]) -> None:
        """One command, as it would be understood."""
        line = take_apart([word for word in words if word != "--json"])
        if words[0] == "help":
            if words[1:] and words[1] not in ("TOPIC", "WORD", "…"):
                typed = Typed(Path("state"), tuple(words), io.StringIO())
                self.assertEqual((typed.code, typed.err), (DONE, ""), where)
            return
        line.take("state")
        if not line.words:
            return
        if line.words[0] in COMMANDS:
            known = OPTIONS.get(line.words[0], ())
            for option in line.options:
                self.assertIn(option.typed.lstrip("-"), known, where)
            return
        cmdlet = recognise(line)
        assert cmdlet is not None, where
        given = given_to(cmdlet, line, VIEWING if cmdlet.shows else CHANGING)
        for name in given.options:
            exact = rf"-{name}\b|--{'-?'.join(re.findall('[A-Z][a-z]*', name)).lower()}\b"
            if name != cmdlet.first:
                self.assertRegex(" ".join(words), exact, where)
        useless = {p.name for p in cmdlet.parameters if p.without_effect}
        self.assertFalse(useless & {*given.options}, where)

    def test_other_programs(self) -> None:
        """Options of um-call and um-probe exist; scripts and files that are named are there."""
        for place, text in written():
            for program, *words in commands(text):
                if program.startswith("scripts/"):
                    self.assertTrue((TOP / program).exists(), f"{place}: {program}")
                if program in PROGRAMS and words:
                    with redirect_stderr(io.StringIO()) as told:
                        try:
                            PROGRAMS[program]().parse_args(words)
                        except SystemExit:
                            self.fail(f"{place}: {words}: {told.getvalue()}")
            for name in re.findall(r"(?<![\w/])(?:scripts|etc)/[\w./-]*\w", text):
                self.assertTrue((TOP / name).exists(), f"{place}: {name}")

    def test_settings_by_name(self) -> None:
        """A parameter that a text names in passing exists too, by its whole name."""
        known = {p.name for cmdlet in cmdlets() for p in cmdlet.parameters}
        known |= {p.name for p in (*CHANGING, *VIEWING)}
        for place, text in written():
            for name in re.findall(r"`-?((?:[A-Z]+[a-z]+){2,})`", text):
                self.assertIn(name, known, place)

    def test_telephone_systems(self) -> None:
        """README and the topics say the same to Asterisk, FreeSWITCH and Lync, line by line."""
        readme = README.read_text("utf-8")
        for name, mark in (
            ("asterisk", "    same"),
            ("freeswitch", "    <"),
            ("lync", "    umctl"),
        ):
            lines = [one for one in pages.texts()[name].splitlines() if one.startswith(mark)]
            self.assertTrue(lines)
            for one in lines:
                self.assertIn(one, readme)


class TopicTests(SynchronousTestCase):
    """Topics are found."""

    def help(self, *words: str) -> str:
        """What `umctl help` prints."""
        typed = Typed(Path("state"), ("help", *words), io.StringIO())
        self.assertEqual((typed.code, typed.err), (DONE, ""), words)
        return typed.out

    def test_every_topic_is_reachable(self) -> None:
        """The overview lists every topic, and each can be asked for by its name."""
        overview = self.help()
        self.assertEqual(len(pages.texts()), len(list(shipped("help").iterdir())))
        for name in pages.names():
            title = (
                next(pages.texts()[name].splitlines().__iter__()) if name in pages.texts() else ""
            )
            self.assertRegex(overview, rf"(?m)^  {name} +{re.escape(title)}")
            self.assertIn(title, self.help(name))
            self.assertIn(title, self.help(name.upper()))
            self.assertNotIn(name, nouns())

    def test_see_also(self) -> None:
        """Topics that a text sends its reader to are there."""
        for name, text in pages.texts().items():
            for line in text.splitlines():
                if line.startswith("See also: "):
                    others = line.removeprefix("See also: ").split(", ")
                    self.assertLessEqual({*others}, {*pages.names()}, name)
                    self.assertNotIn(name, others)

    def test_topics_of_the_readme(self) -> None:
        """README sends nobody to a page that is not there."""
        table = re.findall(r"\| (`[^|]*`) \|$", README.read_text("utf-8"), re.MULTILINE)
        named = [name for cell in table for name in re.findall(r"`([a-z-]+)`", cell)]
        self.assertGreater(len(named), 10)
        self.assertLessEqual({*named}, {*pages.names()})

    def test_every_bootstrap_setting(self) -> None:
        """All settings of umserver.toml stand in one page; a section or one of them alone too."""
        every = self.help("settings")
        sample = shipped("umserver.toml").read_text("utf-8")
        section = ""
        for line in sample.splitlines():
            section = line.strip("[]") if line.startswith("[") else section
            if " = " in line and not re.match(r"# [A-Z]", line):
                self.assertIn(line, every)
                name = line.lstrip("# ").partition(" ")[0]
                self.assertIn(line, self.help(f"{section}.{name}"))
                self.assertIn(line, self.help("settings", name))
        mail = self.help("settings", "mail")
        self.assertIn("delivery", mail)
        self.assertNotIn("drain_seconds", mail)
        typed = Typed(Path("state"), ("help", "settings", "nothing"), io.StringIO())
        self.assertEqual(typed.code, WRONG_USE)

    def test_a_word_that_is_no_topic(self) -> None:
        """A parameter or a word of the texts leads to where it stands; a slip is put right."""
        self.assertIn("Set-UMMailboxPolicy -MinPINLength", self.help("MinPINLength"))
        self.assertIn("backup", self.help("pepper"))
        self.assertIn("backup FILE, restore FILE", self.help("restore"))
        self.assertIn("one SQLite file", self.help("backup"))
        for word, hint in (("srpt", "did you mean srtp?"), ("qqqq", "umctl help shows")):
            typed = Typed(Path("state"), ("help", word), io.StringIO())
            self.assertEqual(typed.code, WRONG_USE)
            self.assertIn(hint, typed.err)

    def test_wrapped_for_the_terminal(self) -> None:
        """Sentences are as wide as the terminal; lines to be copied stay whole."""
        text = pages.page("pins", 60)
        for line in text.splitlines():
            self.assertTrue(len(line) <= 60 or line.startswith("    "), line)
        self.assertIn("-LogonFailuresBeforePINReset 5 -MaxLogonAttempts 15\n", text)
        self.assertLess(len(pages.page("pins", 100).splitlines()), len(text.splitlines()))

    def test_completion(self) -> None:
        """Tab knows topics, commands and the sections of the settings."""

        def nothing() -> Archive:
            raise AssertionError("no name is looked up")

        completion = Completion(nothing, ("status", "help"))
        self.assertEqual(completion.offers("help srt")[0], ["srtp"])
        self.assertIn("Set-UMDialPlan", completion.offers("help Set-UMD")[0])
        self.assertIn("status", completion.offers("help stat")[0])
        self.assertEqual(completion.offers("help settings mail")[0], ["mail", "mailboxes"])

    def test_settings_that_nothing_follows(self) -> None:
        """What is only kept says so in the help, and stands in the topic about that."""
        text = pages.texts()["not-yet"]
        for name in re.findall(r"`(\w+)`", text):
            self.assertTrue(NOT_YET.fullmatch(name), name)
        self.assertIn("kept, not followed yet", self.help("AllowPlayOnPhone"))
        self.assertIn("kept, not followed yet", self.help("New-UMCallAnsweringRule"))
        self.assertNotIn("not followed yet", self.help("pins"))
