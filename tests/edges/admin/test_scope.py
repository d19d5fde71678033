"""What administrators know from Exchange is there."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.admin.catalogue import by_name, by_word, cmdlets

TOP = Path(__file__).resolve().parents[3]
KNOWN = tomllib.loads((TOP / "tests" / "vectors" / "cmdlets.toml").read_text("utf-8"))


class ScopeTests(SynchronousTestCase):
    """Names and parameters, verbatim."""

    def test_nothing_is_missing(self) -> None:
        """Every command and parameter that a script for Exchange uses is known, by its name."""
        done = subprocess.run(
            [sys.executable, TOP / "scripts" / "cmdlets.py"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("Missing", done.stdout)

    def test_names_as_documented(self) -> None:
        """Capitals in help and completion are those of the documents."""
        ours = {cmdlet.name for cmdlet in cmdlets()}
        known = {row["name"] for row in KNOWN["cmdlet"] if "later" not in row}
        self.assertEqual(known - ours, set())
        for row in KNOWN["cmdlet"]:
            if "later" in row:
                self.assertNotIn(row["name"].casefold(), by_name())

    def test_every_cmdlet_has_a_unix_spelling(self) -> None:
        """Whoever prefers short words finds each cmdlet under a word and a verb of its own."""
        spellings = [cmdlet.unix for cmdlet in cmdlets()]
        self.assertEqual(len(set(spellings)), len(spellings))
        self.assertTrue(all(len(spelling.split()) == 2 for spelling in spellings))
        self.assertEqual(sum(map(len, by_word().values())), len(spellings))


class FeatureTableTests(SynchronousTestCase):
    """The coverage table of the numbered features."""

    def test_the_table(self) -> None:
        """The table counts what docstrings name, and says what is left."""
        command = [sys.executable, str(TOP / "scripts" / "features.py")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"(?m)^all +\d+/204 +\d+/\d+$")
        self.assertIn("Of the promised no test names:", done.stdout)
        only = subprocess.run([*command, "134"], capture_output=True, text=True, timeout=60)
        self.assertRegex(only.stdout, r"134\* .*test_prompts\.test_other_formats")
