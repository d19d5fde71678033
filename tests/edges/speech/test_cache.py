"""The disk cache of speech: whole or not at all, and bounded."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.speech.cache import SpokenCache, spoken_key

SOUND = np.arange(800, dtype=np.int16)
WRITER = """
import sys
import numpy as np
from pathlib import Path
from umserver.edges.speech.cache import SpokenCache
cache = SpokenCache(Path(sys.argv[1]))
sound = np.arange(400_000, dtype=np.int16)
print("writing", flush=True)
for number in range(100_000):
    cache.put(f"{number % 50:040d}", sound)
"""


class CacheTests(SynchronousTestCase):
    """One folder of speech."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.cache = SpokenCache(self.folder)

    def put(self, key: str, age: float, sound: object = SOUND) -> None:
        self.cache.put(key, sound)  # type: ignore[arg-type]
        then = time.time() - age
        os.utime(self.folder / f"{key}.wav", (then, then))

    def test_kept(self) -> None:
        """What was said once is found again, sample by sample."""
        self.cache.put("a", SOUND)
        found = self.cache.get("a")
        assert found is not None
        self.assertEqual(found.tolist(), SOUND.tolist())

    def test_unknown(self) -> None:
        """What was never said is not there; a folder that does not exist yet is empty."""
        self.assertIsNone(self.cache.get("a"))

    def test_identity(self) -> None:
        """Another text, engine or voice is another piece of speech."""
        keys = {spoken_key(t, e, m) for t in ("a", "b") for e in ("x", "y") for m in ("p", "q")}
        self.assertEqual(len(keys), 8)
        self.assertNotEqual(spoken_key("ab", "c", ""), spoken_key("a", "bc", ""))

    def test_damaged_file(self) -> None:
        """A file cut short, emptied or overwritten counts as none: it is spoken again."""
        self.cache.put("a", SOUND)
        path = self.folder / "a.wav"
        whole = path.read_bytes()
        for damaged in (b"", whole[:60], whole[:-1], b"\0" * len(whole), whole + b"more"):
            path.write_bytes(damaged)
            self.assertIsNone(self.cache.get("a"))

    def test_kill_while_writing(self) -> None:
        """A server killed in the middle of writing leaves only whole files behind."""
        for moment in (0.0, 0.01, 0.03):
            writer = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(self.folder)],
                stdout=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            )
            assert writer.stdout is not None
            writer.stdout.readline()
            with contextlib.suppress(subprocess.TimeoutExpired):
                writer.wait(moment)
            writer.send_signal(signal.SIGKILL)
            writer.wait()
            writer.stdout.close()
            for path in self.folder.glob("*.wav"):
                self.assertIsNotNone(self.cache.get(path.stem), path.name)

    def test_never_half_a_file(self) -> None:
        """Whoever looks while speech is being kept finds all of it or nothing."""
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(self.folder)],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        whole = 44 + 2 * 400_000
        sizes: set[int] = set()
        looks, patience = 0, time.monotonic() + 20
        while looks < 2000 and time.monotonic() < patience:
            sizes |= {path.stat().st_size for path in self.folder.glob("*0.wav")}
            looks += bool(sizes)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        self.assertEqual(sizes, {whole})

    def test_disk_that_refuses(self) -> None:
        """A place that cannot be written costs the cache, not the call."""
        self.folder.write_bytes(b"a file, no folder")
        self.cache.put("a", SOUND)
        self.assertIsNone(self.cache.get("a"))
        self.assertEqual(self.cache.prune(), 0)

    def test_bounded_in_number(self) -> None:
        """Of too many files those go that were not used for longest."""
        for number in range(6):
            self.put(str(number), age=1e6 - number)
        self.assertEqual(self.cache.prune(most=2), 4)
        self.assertEqual({p.stem for p in self.folder.iterdir()}, {"4", "5"})

    def test_bounded_in_octets(self) -> None:
        """Long speech is bounded by its size."""
        for number in range(6):
            self.put(str(number), age=1e6 - number)
        self.assertEqual(self.cache.prune(most_octets=4000), 4)

    def test_the_catalogue_stays(self) -> None:
        """Prompts of the catalogue are never tidied away."""
        for number in range(6):
            self.put(str(number), age=1e6 - number)
        self.cache.prune(keep=frozenset("012"), most=3)
        self.assertEqual({p.stem for p in self.folder.iterdir()}, {"0", "1", "2"})

    def test_use_counts(self) -> None:
        """A name that is spoken every day stays, however long ago it was made."""
        self.put("old", age=1e7)
        self.put("new", age=1e6)
        self.cache.get("old")
        self.cache.prune(most=1)
        self.assertEqual([p.stem for p in self.folder.iterdir()], ["old"])

    def test_leftovers(self) -> None:
        """What a crash left half written goes after an hour; what is being written now stays."""
        self.cache.put("a", SOUND)
        for name, age in ((".a.1.1.tmp", 7200), (".b.1.1.tmp", 0)):
            (self.folder / name).write_bytes(b"half")
            os.utime(self.folder / name, (time.time() - age,) * 2)
        self.cache.prune()
        self.assertEqual({p.name for p in self.folder.iterdir()}, {"a.wav", ".b.1.1.tmp"})
