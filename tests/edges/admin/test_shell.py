"""The interactive shell: quotes, completion, history, and the whole of it on a terminal."""

from __future__ import annotations

import os
import pty
import re
import select
import sys
import time
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.edges.admin.desk import DeskCase
from umserver.edges.admin.completion import Completion
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.quoting import quoted, words_of
from umserver.edges.admin.shell import without_secrets
from umserver.edges.store.archive import open_archive

PATIENCE = 20.0
"""Seconds for one answer of the program."""


class QuotingTests(SynchronousTestCase):
    """Lines as PowerShell users type them."""

    def test_words(self) -> None:
        """Quotes, lists, brackets and comments mean what they mean in PowerShell."""
        for text, words in (
            ('Set-X "Head Office" -A b', ["Set-X", "Head Office", "-A", "b"]),
            ("Set-X 'it is \"so\"'", ["Set-X", 'it is "so"']),
            ('X -L @{Add="a","b"; Remove="c"} -Y', ["X", "-L", '@{Add="a","b"; Remove="c"}', "-Y"]),
            ('X -K "1,a","2,b" c', ["X", "-K", '"1,a","2,b"', "c"]),
            ("X -L a, b ,c d", ["X", "-L", "a,b,c", "d"]),
            ("X -Name:'a b'", ["X", "-Name:a b"]),
            ("X # why not", ["X"]),
            ("X a#b", ["X", "a#b"]),
            ("  ", []),
            ("X loopback\\Pilot", ["X", "loopback\\Pilot"]),
        ):
            self.assertEqual(words_of(text), words, text)
        for text in ("X 'a", 'X "a', "X @{Add=", "X" * 20_001):
            self.assertRaises(Mistyped, words_of, text)

    def test_names_are_quoted_where_they_must(self) -> None:
        """What completion puts there comes back as one word."""
        for name in ("Demo", "Head Office", "it's", 'so "called"', "a,b", "x(1)"):
            self.assertEqual(words_of(f"X {quoted(name)}")[1:], [name])

    def test_history_without_secrets(self) -> None:
        """A PIN never comes into the history, however its parameter is written."""
        for line in (
            "Set-UMMailboxPIN 1001 -Pin 583920",
            "Set-UMMailboxPIN 1001 -pi:583920",
            "mailbox set-pin 1001 --pin=583920",
            "Enable-UMMailbox dee@example.com -PIN 583920 -Extensions 1004",
            "Set-UMMailboxPin 1001 --pin 583920 x",
            "Set-NoSuchThing -Pin 583920",
        ):
            kept = without_secrets(line, words_of(line))
            self.assertNotIn("583920", kept)
            self.assertEqual(kept[:5], line[:5])
        line = "Set-UMDialPlan Demo -MaxCallDuration 45"
        self.assertEqual(without_secrets(line, words_of(line)), line)


class CompletionTests(DeskCase):
    """What Tab offers."""

    def setUp(self) -> None:
        super().setUp()
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        self.completion = Completion(lambda: archive, ("status", "help"))

    def offers(self, text: str) -> list[str]:
        """What could stand in the place of the last word."""
        return self.completion.offers(text)[0]

    def test_commands(self) -> None:
        """Cmdlets, Unix words and commands are offered, whatever the capitals."""
        self.assertIn("Set-UMDialPlan", self.offers("set-umd"))
        self.assertEqual(self.offers("dialp"), ["dialplan"])
        self.assertEqual(self.offers("dialplan s"), ["set"])
        self.assertEqual(self.offers("stat"), ["state", "status"])
        self.assertIn("Set-UMDialPlan", self.offers("help Set-UMD"))

    def test_parameters_and_values(self) -> None:
        """Parameters that are left, and the values that one takes, are offered."""
        self.assertEqual(self.offers("Set-UMDialPlan Demo -AudioC"), ["-AudioCodec"])
        self.assertIn("G711", self.offers("Set-UMDialPlan Demo -AudioCodec "))
        self.assertNotIn("-AudioCodec", self.offers("Set-UMDialPlan Demo -AudioCodec G711 -"))
        self.assertEqual(self.offers("Set-UMDialPlan Demo -FaxEnabled $"), ["$false", "$true"])
        self.assertEqual(self.offers("Get-UMDialPlan -Format L"), ["List"])
        self.assertIn("DisplayName", self.offers("Get-UMMailbox -SortBy D"))
        self.assertEqual(self.offers("Set-UMDialPlan Demo -Nonsense "), [])
        self.assertEqual(self.offers("nonsense "), [])

    def test_names(self) -> None:
        """Names of objects are offered where one is wanted, in quotes where they need them."""
        self.assertEqual(self.offers("Set-UMDialPlan "), ["Demo"])
        self.assertEqual(self.offers("dialplan set D"), ["Demo"])
        self.assertEqual(self.offers("Set-UMMailboxPolicy Dem"), ['"Demo Default Policy"'])
        self.assertEqual(self.offers('Set-UMMailboxPolicy "Demo De'), ['"Demo Default Policy"'])
        self.assertEqual(self.offers("Get-UMMailbox ad"), ["ada@example.com"])
        self.assertEqual(self.offers("New-UMHuntGroup X -UMIPGateway loopback6"), ["loopback6"])
        self.assertEqual(self.offers("Set-ServerComponentState -Component umc"), ["UMCallRouter"])


class TerminalTests(DeskCase):
    """The program on a terminal."""

    def test_a_session(self) -> None:
        """Somebody completes, asks, answers and leaves; the history is private and holds no PIN."""
        history = Path(self.mktemp()).resolve()
        process, terminal = pty.fork()
        if process == 0:
            os.environ.update(UMCTL_HISTORY=str(history), TERM="dumb")
            program = [sys.executable, "-m", "umserver.command", "--state", str(self.state)]
            os.execv(sys.executable, program)
        try:
            self.expect(terminal, "umctl> ")
            self.send(terminal, "Set-UMDialPlan De\t-Audio\tG7\t\n", "is changed")
            self.send(terminal, "Get-UMDialPlan -Property AudioC\t\n", "G711")
            self.send(terminal, "Set-UMMailboxPIN 1001\n", "PIN (nothing")
            self.send(terminal, "583920\n", "Once more")
            said = self.send(terminal, "583920\n", "is changed")
            self.assertNotIn("583920", said)
            self.send(terminal, "Set-UMMailboxPIN 1001 -Pin 583921\n", "is changed")
            self.send(terminal, "Remove-UMMailbox 1002\n", "[y/N]")
            self.send(terminal, "n\n", "nothing was changed")
            self.send(terminal, "Get-UMMailbox 'Ada\n", "is not closed")
            os.write(terminal, b"exit\n")
            self.read_to_the_end(terminal)
        finally:
            os.close(terminal)
            _, status = os.waitpid(process, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 2)
        kept = history.read_text()
        self.assertIn("Set-UMDialPlan Demo -AudioCodec G711\n", kept)
        self.assertIn("Set-UMMailboxPIN 1001 -Pin\n", kept)
        self.assertNotIn("58392", kept)
        self.assertEqual(history.stat().st_mode & 0o777, 0o600)

    def send(self, terminal: int, text: str, answer: str) -> str:
        """Type something and wait for the answer and, after a line, the next prompt."""
        os.write(terminal, text.encode())
        said = self.expect(terminal, answer)
        ends = answer == "[y/N]" or answer.startswith(("PIN", "Once"))
        return said if ends else said + self.expect(terminal, "umctl> ")

    def read_to_the_end(self, terminal: int) -> None:
        """Wait until the program has gone."""
        end = time.monotonic() + PATIENCE
        while select.select([terminal], [], [], max(0.0, end - time.monotonic()))[0]:
            try:
                if not os.read(terminal, 4096):
                    return
            except OSError:
                return
        self.fail("the program does not end")

    def expect(self, terminal: int, wanted: str) -> str:
        """Read until this was said. Fails after a while."""
        self.left = getattr(self, "left", "")
        end = time.monotonic() + PATIENCE
        while wanted not in self.left:
            ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                self.fail(f"no {wanted!r} in {self.left!r}")
            try:
                part = os.read(terminal, 4096).decode("utf-8", "replace")
            except OSError:
                part = ""
            if not part:
                self.fail(f"the program ended before {wanted!r}: {self.left!r}")
            self.left += re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", part)
        place = self.left.index(wanted) + len(wanted)
        said, self.left = self.left[:place], self.left[place:]
        return said
