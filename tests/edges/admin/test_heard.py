"""What callers of an attendant hear, asked of a running server."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from tests.edges.admin.desk import DEMO, Typed
from umserver.command import DONE, FAILED, WRONG_USE
from umserver.edges.admin.control import open_control
from umserver.wire.audio.wav import pcm_wav

SOUND = pcm_wav(np.full(8000, 1000, np.int16))


class HeardTests(TestCase):
    """Sentences and sound."""

    timeout = 60.0

    def setUp(self) -> None:
        self.state = Path(self.mktemp()) / "state"
        self.assertEqual(Typed(self.state, ("import", DEMO), io.StringIO()).code, DONE)
        self.asked: list[dict[str, Any]] = []

    def start(self) -> None:
        """A server that knows what is heard."""

        def heard(question: dict[str, Any]) -> dict[str, Any]:
            self.asked.append(question)
            told: dict[str, Any] = {"words": ["Welcome to Example.", "For Sales, press one."]}
            return {**told, "wav": base64.b64encode(SOUND).decode()}

        socket = open_control(reactor, self.state, {"heard": heard})
        self.addCleanup(socket.close)

    async def typed(self, *words: str) -> Typed:
        """Run one command while the server goes on."""
        return await deferToThread(Typed, self.state, words, io.StringIO())

    async def test_word_for_word(self) -> None:
        """Test-UMAutoAttendant tells the sentences of that moment where a server runs."""
        words = ("Test-UMAutoAttendant", "Reception", "-At", "2026-12-25 10:00", "--json")
        (told,) = json.loads((await self.typed(*words)).out)
        self.assertNotIn("heard", told)
        self.start()
        (told,) = json.loads((await self.typed(*words)).out)
        self.assertEqual(told["heard"], "Welcome to Example. For Sales, press one.")
        self.assertEqual(self.asked[0]["at"], "2026-12-25T10:00")

    async def test_generated_prompts(self) -> None:
        """Export-UMPrompt gives the prompts that the server says by itself (spec 3.9)."""
        words = ("Export-UMPrompt", "-AfterHoursWelcomeGreetingAndMenu", "-TestBusinessName", "New")
        typed = await self.typed(*words, "-UMAutoAttendant", "Reception")
        self.assertEqual(typed.code, FAILED)
        self.assertIn("no server is running", typed.err)
        self.start()
        path = self.state.parent / "heard.wav"
        whole = (*words, "-UMAutoAttendant", "reception", "-Path", str(path))
        self.assertEqual((await self.typed(*whole)).code, DONE)
        self.assertEqual(path.read_bytes(), SOUND)
        self.assertEqual(
            [self.asked[0][key] for key in ("attendant", "part", "hours", "business_name")],
            ["Reception", "all", "closed", "New"],
        )

    async def test_mistakes(self) -> None:
        """Two at once, or of nobody, cannot be exported."""
        for words in (
            ("-BusinessHours", "-BusinessLocation", "-UMAutoAttendant", "Reception"),
            ("-BusinessHours", "-UMDialPlan", "Demo"),
            ("hello.wav", "-BusinessHours", "-UMAutoAttendant", "Reception"),
        ):
            self.assertEqual((await self.typed("Export-UMPrompt", *words)).code, WRONG_USE)
