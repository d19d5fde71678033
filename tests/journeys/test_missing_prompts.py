"""A server whose voice cannot say everything, and whose administrator forgot a recording."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from tests.kit.house import HouseCase, TonalVoice
from tests.kit.log import said_in
from umserver.interfaces import Unavailable
from umserver.service.machine import Machine
from umserver.wire.audio.pcm import Pcm


class HoarseVoice(TonalVoice):
    """Cannot say one thing."""

    def render(self, language: str, text: str) -> Deferred[Pcm]:
        """Everything but goodbye in French."""
        if text == "Au revoir.":
            return fail(Unavailable("the voice is hoarse"))
        return super().render(language, text)


class MissingPromptTests(HouseCase):
    """What is missing is said at the start, not found out by callers."""

    def machine(self, **changes: Any) -> Machine:
        """A world with a hoarse voice."""
        return super().machine(voice=lambda reactor: HoarseVoice(), **changes)

    def test_missing_prompts(self) -> None:
        """Feature 202: every missing prompt is reported by its file when the server starts."""
        told = said_in(self)
        self.start(
            lambda text: text.replace(
                'business_name = "Example"',
                'business_name = "Example"\ninfo_announcement_enabled = "True"\n'
                'info_announcement_filename = "news.wav"',
            )
        )
        files = [
            "prompts.d/fr-FR/goodbye.wav",
            "custom-prompts/umautoattendant/Reception/news.wav",
        ]
        said = "\n".join(told())
        for file in files:
            self.assertIn(file, said)
        shown = self.ask("status")["mbx"]
        self.assertEqual((shown["prompts_missing"], shown["missing_prompts"]), (1, files))
        monitors = {row["name"]: row for row in self.ask("health")}
        self.assertEqual(monitors["UMPromptsMonitor"]["value"], "Unhealthy")
        self.assertIn(files[0], monitors["UMPromptsMonitor"]["why"])
