"""The states beside a server: a small file that survives (spec 3.11, -LocalOnly)."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.log import said_in
from umserver.edges.store.component_file import FILE_NAME, keep_state, read_states
from umserver.interfaces import Unavailable
from umserver.org.states import wish

DRAINING = wish("UMCallRouter", "Maintenance", "Draining", 5.0)
ACTIVE = wish("UMCallRouter", "Maintenance", "Active", 6.0)
OTHER = wish("HubTransport", "Functional", "Inactive", 5.5)


class ComponentFileTests(SynchronousTestCase):
    """One state folder."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp())
        self.state.mkdir()
        self.file = self.state / FILE_NAME

    def test_there_and_back(self) -> None:
        """What is kept is read again; each requester's newest wish once."""
        self.assertEqual(read_states(self.state), [])
        for one in (DRAINING, OTHER, ACTIVE):
            keep_state(self.state, one)
        self.assertCountEqual(read_states(self.state), [ACTIVE, OTHER])

    def test_an_older_wish(self) -> None:
        """An older wish does not replace a newer one."""
        keep_state(self.state, ACTIVE)
        keep_state(self.state, DRAINING)
        self.assertEqual(read_states(self.state), [ACTIVE])

    def test_for_the_owner_alone(self) -> None:
        """Nobody else may read or write it; nothing half is left beside it."""
        keep_state(self.state, ACTIVE)
        self.assertEqual(stat.S_IMODE(self.file.stat().st_mode), 0o600)
        self.assertEqual(os.listdir(self.state), [FILE_NAME])

    def test_a_broken_file(self) -> None:
        """A file that somebody damaged is told and counts as empty; the next wish repairs it."""
        said = said_in(self, "umserver.edges.store.component_file")
        for text in ("", "[", "{}", "[1]", '[{"component": "Toaster"}]', "[" * 9000):
            self.file.write_text(text)
            self.assertEqual(list(read_states(self.state)), [], text[:20])
        self.assertEqual(len(said()), 5)
        keep_state(self.state, ACTIVE)
        self.assertEqual(read_states(self.state), [ACTIVE])

    def test_a_folder_that_is_gone(self) -> None:
        """Where nothing can be written the administrator is told."""
        self.assertRaises(Unavailable, keep_state, self.state / "gone", ACTIVE)
