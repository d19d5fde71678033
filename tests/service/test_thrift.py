"""Memory that is not needed any more goes back to the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import umserver

CHECKOUT = Path(umserver.__file__).resolve().parents[1]

PROGRAM = """
from pathlib import Path
from umserver.service import thrift

def held():
    told = int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])
    assert abs(thrift.resident() - told * 1024) < 32 << 20, "resident() does not tell what is held"
    return told // 1024

thrift.begin()
before = held()
blocks = [bytes([n % 251 + 1]) * 2000 for n in range(40000)]
full = held()
kept = blocks[::400]
del blocks
thrift.give_back()
print(before, full, held(), len(kept))
"""


class ThriftTests(SynchronousTestCase):
    """In a process of its own: such settings cannot be taken back."""

    if not sys.platform.startswith("linux"):
        skip = "Linux tells what a process holds"

    def test_scattered_survivors(self) -> None:
        """Of 80 MB only a little stays when every four-hundredth block is still needed."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        )
        before, full, after, _ = (int(word) for word in done.stdout.split())
        self.assertGreater(full - before, 60)
        self.assertLess(after - before, 20)
