"""The command line of the server."""

from __future__ import annotations

from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from umserver.service.options import Options


def parsed(*words: str) -> Options:
    """These words, read and checked."""
    options = Options()
    options.parseOptions(list(words))
    return options


class OptionTests(SynchronousTestCase):
    """What is typed behind `twistd umserver`."""

    def fault(self, *words: str) -> str:
        """Why these words are refused."""
        return str(self.assertRaises(UsageError, parsed, *words))

    def test_what_is_typed_counts(self) -> None:
        """Ports, folders, addresses and roles of the command line outrank the bootstrap file."""
        options = parsed("--sip", "5070", "--listen", "127.0.0.1, ::1", "--roles=mbx", "-s", "/x")
        made = options.bootstrap
        self.assertEqual((made.listen.sip, made.listen.mbx, made.server.state), (5070, 5062, "/x"))
        self.assertEqual(tuple(made.listen.hosts), ("127.0.0.1", "::1"))
        self.assertEqual(options.role_names, ("mbx",))

    def test_every_fault_at_once(self) -> None:
        """Who types several things wrongly reads about all of them, in words."""
        told = self.fault("--sip", "foo", "--http=-1", "--mbx", "5071", "--mbx-tls", "5071")
        self.assertIn("listen.sip: must be a whole number", told)
        self.assertIn("listen.http: must be from 0 to 65535, not -1", told)
        self.assertNotIn("int()", told)
        self.assertIn("must differ", self.fault("--mbx", "5071", "--mbx-tls", "5071"))

    def test_roles_and_files(self) -> None:
        """A role that there is not, and a file that cannot be read, are named."""
        self.assertIn("there is no role 'cass'; there are cas, mbx", self.fault("-r", "cass"))
        self.assertIn("/nowhere/um.toml cannot be read", self.fault("-c", "/nowhere/um.toml"))
