"""What is counted of calls."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.roles.tally import Tally


class TallyTests(SynchronousTestCase):
    """Numbers for whoever watches."""

    def test_counts(self) -> None:
        """Feature 57: everything is there from the start as 0, and rises one by one."""
        tally = Tally()
        self.assertEqual(tally.shown()["call_answering"]["escapes"], 0)
        tally.count("call_answering", "escapes")
        tally.call("leave-message")
        tally.call("echo")
        shown = tally.shown()
        self.assertEqual(shown["call_answering"]["escapes"], 1)
        self.assertEqual(shown["call_answering"]["calls"], 1)
        self.assertEqual(shown["general"]["calls"], 2)

    def test_unknown_names(self) -> None:
        """A script that counts what nobody knows is wrong, and hears so."""
        self.assertRaises(KeyError, Tally().count, "call_answering", "lunches")
