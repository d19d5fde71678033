"""Which recordings the settings name."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.test_foretold import ATTENDANT, PLAN
from umserver.org.named_prompts import named_prompts
from umserver.org.settings import Organisation


class NamedPromptTests(SynchronousTestCase):
    """What somebody has to import."""

    def test_all_of_them(self) -> None:
        """Feature 202: greetings, news, menus, holidays and keys, as far as they are used."""
        plan = evolve(
            PLAN,
            welcome_greeting_enabled=True,
            welcome_greeting_filename="hello.wav",
            info_announcement_filename="unused.wav",
        )
        attendant = evolve(
            ATTENDANT,
            info_announcement_enabled="True",
            info_announcement_filename="news.wav",
            after_hours_main_menu_custom_prompt_enabled=True,
            after_hours_main_menu_custom_prompt_filename="night.wav",
        )
        org = Organisation(dial_plans=(plan,), auto_attendants=(attendant,))
        found = [(name, file) for _, name, file in named_prompts(org)]
        files = ["news.wav", "night.wav", "winter.wav", "christmas.wav", "way.wav"]
        self.assertEqual(found, [("Demo", "hello.wav"), *(("Reception", file) for file in files)])
