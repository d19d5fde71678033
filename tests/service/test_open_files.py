"""A server started from an ordinary shell has room for its calls and connections."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from umserver.service.open_files import make_room, take_room

TOP = Path(__file__).parents[2]

_TAKES_ROOM = """
import os
from umserver.service.open_files import take_room

def table():
    return int(open("/proc/self/status").read().partition("FDSize:")[2].split()[0])

size, files = table(), len(os.listdir("/proc/self/fd"))
take_room(size + 1)
print(table() > size, len(os.listdir("/proc/self/fd")) - files)
"""


class OpenFilesTests(SynchronousTestCase):
    """The limits of this process, which are put back."""

    def setUp(self) -> None:
        self.before = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(self.limit, *self.before)

    def limit(self, soft: int, hard: int) -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    def test_raised(self) -> None:
        """The usual limit is raised as far as the system allows, and no further than asked."""
        hard = self.before[1]
        self.limit(512, hard)
        self.assertEqual(make_room(wanted=600), 600)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (600, hard))

    def test_never_lowered(self) -> None:
        """More than is asked for stays."""
        self.limit(700, self.before[1])
        self.assertEqual(make_room(wanted=600, enough=100), 700)
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 700)

    def test_no_call_waits_for_a_larger_table(self) -> None:
        """The kernel's table has its size before the calls come, and nothing stays open for it."""
        done = subprocess.run(
            [sys.executable, "-c", _TAKES_ROOM], cwd=TOP, capture_output=True, text=True, timeout=60
        )
        self.assertEqual(done.stdout, "True 0\n", done.stderr)

    def test_no_more_than_may_be_open(self) -> None:
        """A small limit is no fault."""
        self.limit(512, self.before[1])
        files = len(list(Path("/proc/self/fd").iterdir()))
        take_room(100_000)
        self.assertEqual(len(list(Path("/proc/self/fd").iterdir())), files)
