"""Conversations on paper."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.transcript import FLOWS, steps_of, transcript


class TranscriptTests(SynchronousTestCase):
    """Who reviews the words needs no telephone."""

    def test_what_is_said_and_what_may_be_pressed(self) -> None:
        """The menu stands there in words, and under it what each key leads to."""
        lines = transcript("attendant")
        self.assertIn("  For Sales, press one.", lines)
        self.assertIn("      (transfer to 1001)", lines)
        self.assertIn("  4 5 6 7 8 9 *", lines)
        self.assertIn("  silence", lines)

    def test_steps(self) -> None:
        """A conversation can be followed to its end, in French too."""
        lines = transcript("attendant", steps_of("3 (2) #1# 1"), "fr-FR")
        self.assertIn("[#1#]", lines)
        self.assertEqual(lines[-1], "  (end: transferred)")
        self.assertTrue(any("laisser un message" in line for line in lines))

    def test_changing_prompts(self) -> None:
        """Prompts changed by telephone can be read too, in both languages (feature 135)."""
        for language, said in (
            ("en-US", "  You can now change what callers hear."),
            ("fr-FR", "  Vous pouvez maintenant changer ce que les appelants entendent."),
        ):
            steps = steps_of("#*1001246813# 1 2 (2) # 1")
            lines = transcript("attendant", steps, language)
            self.assertIn(said, lines)

    def test_every_flow(self) -> None:
        """Every script of the server can be read."""
        for flow in set(FLOWS) - {"announcement", "echo"}:
            self.assertGreater(len(transcript(flow)), 5, flow)

    def test_mistakes(self) -> None:
        """Steps that are none are told."""
        self.assertEqual(steps_of("1 ~ (2.5) 1001#"), ["1", "~", "(2.5)", "1001#"])
        self.assertRaises(ValueError, steps_of, "1 x")
