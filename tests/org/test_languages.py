"""Which language is spoken where the wanted one is not installed (spec 5.10, 9.8)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.languages import RELATIONS, best_language

INSTALLED = ("en-US", "fr-FR")


class LanguageTests(SynchronousTestCase):
    """Fallbacks."""

    def test_the_users_language(self) -> None:
        """The user's own language comes first, whatever the plan speaks (feature 119)."""
        self.assertEqual(best_language(["fr-FR", "en-US"], INSTALLED), "fr-FR")
        self.assertEqual(best_language(["FR_fr", "en-US"], INSTALLED), "fr-FR")
        self.assertEqual(best_language(["", "fr-FR"], INSTALLED), "fr-FR")

    def test_a_relation(self) -> None:
        """Its nearest relation comes before the plan's language (feature 119)."""
        self.assertEqual(best_language(["fr-CA", "en-US"], INSTALLED), "fr-FR")
        self.assertEqual(best_language(["fr-BE", "en-US"], INSTALLED), "fr-FR")
        self.assertEqual(best_language(["zh-TW"], ["zh-CN", "en-US"]), "zh-CN")
        self.assertEqual(best_language(["en-IN"], ["en-US", "en-GB"]), "en-GB")

    def test_the_plans_language(self) -> None:
        """Then the plan's, and at last en-US (feature 119)."""
        self.assertEqual(best_language(["de-DE", "fr-FR"], INSTALLED), "fr-FR")
        self.assertEqual(best_language(["de-DE", "ja-JP"], INSTALLED), "en-US")
        self.assertEqual(best_language([], INSTALLED), "en-US")

    def test_relations_are_relatives(self) -> None:
        """No relation leads into another language."""
        for tag, others in RELATIONS.items():
            self.assertEqual({tag[:2]}, {other[:2] for other in others})
            self.assertNotIn(tag, others)
