"""A server started from an ordinary shell has room for its calls and connections."""

from __future__ import annotations

import resource

from twisted.trial.unittest import SynchronousTestCase

from umserver.service.open_files import make_room


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
