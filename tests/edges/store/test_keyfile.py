"""Keys in files."""

from __future__ import annotations

import threading
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.store.keyfile import key_in
from umserver.interfaces import Unavailable


class KeyFileTests(SynchronousTestCase):
    """Made once, whole, for everybody the same."""

    def test_made_at_the_same_time(self) -> None:
        """Programs that start together agree on one key and leave nothing else behind."""
        folder = Path(self.mktemp())
        folder.mkdir()
        keys: list[bytes] = []
        start = threading.Barrier(8)

        def begin() -> None:
            start.wait()
            keys.append(key_in(folder / "some.key"))

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual((len(keys), len(set(keys)), len(keys[0])), (8, 1, 32))
        self.assertEqual([path.name for path in folder.iterdir()], ["some.key"])

    def test_no_folder(self) -> None:
        """A key that cannot be kept is not made up."""
        with self.assertRaisesRegex(Unavailable, "No such file"):
            key_in(Path("/nowhere/some.key"))
