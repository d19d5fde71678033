"""The voice: a real worker process, and what happens when it dies, hangs, or is not there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any

import numpy as np
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.edges.speech.voices import Spawner
from umserver.discover import shipped
from umserver.edges.speech.catalogue import load_catalogue
from umserver.edges.speech.voice import MOST_TEXT, AnswerReader, EspeakVoice
from umserver.edges.speech.voices import VOICES, voice_for
from umserver.interfaces import Unavailable
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm, frame_levels
from umserver.wire.audio.silence import speech_frames

ODD_ENGINE = """
import os, sys, time
import numpy as np
from umserver.edges.speech.worker import serve

class Engine:
    rate = 8000

    def say(self, text, voice, speed, pitch):
        if "die" in text:
            os.kill(os.getpid(), 9)
        if "hang" in text:
            time.sleep(600)
        if "rubbish" in text:
            os.write(1, b"\\xff" * 1000)
            time.sleep(600)
        return (5000 * np.sin(np.arange(4000) / 3)).astype(np.int16)

serve(Engine(), sys.stdin.buffer, sys.stdout.buffer)
"""
NO_ENGINE = """
import sys
sys.modules["espeakng_loader"] = None
from umserver.edges.speech.worker import main
main()
"""


def awaited(test: Callable[[Any], Coroutine[Any, Any, None]]) -> Callable[[Any], Deferred[None]]:
    """A test written as a coroutine."""

    @wraps(test)
    def run(self: Any) -> Deferred[None]:
        return Deferred.fromCoroutine(test(self))

    return run


class VoiceCase(TestCase):
    """Voices of the test's own; all their processes have ended after it."""

    timeout = 60

    def setUp(self) -> None:
        self.spawner = Spawner(reactor)
        self.addCleanup(self.spawner.ended)

    def voice(self, program: str = "", **changes: Any) -> EspeakVoice:
        if program:
            changes["command"] = (sys.executable, "-c", program)
        voice = EspeakVoice(self.spawner, **changes)
        self.addCleanup(voice.stop)
        return voice

    async def refused(self, said: Deferred[Pcm]) -> str:
        """Why this could not be spoken."""
        try:
            await said
        except Unavailable as fault:
            return str(fault)
        raise self.failureException("it was spoken")


class EspeakTests(VoiceCase):
    """The engine that the server comes with."""

    @awaited
    async def test_both_languages_sound_as_they_should(self) -> None:
        """Every prompt of both languages: even level, no dead air, no snap, only the telephone's
        band.
        """
        catalogue, voice = load_catalogue([shipped("prompts")]), self.voice()
        named = [(tag, name) for tag in catalogue.languages for name in catalogue.plain(tag)]
        said = [voice.render(tag, catalogue.texts[tag][name]) for tag, name in named]
        for (tag, name), pcm in zip(named, await gatherResults(said), strict=True):
            self.check_sound(f"{tag} {name}", pcm)
        self.assertEqual((len(self.spawner.processes), voice.restarts), (1, 0))

    def check_sound(self, what: str, pcm: Pcm) -> None:
        heard = g711.decode("PCMU", g711.encode("PCMU", pcm))
        levels = frame_levels(heard)
        speech = 10 * np.log10(np.mean(10 ** (levels[speech_frames(heard)] / 10)))
        self.assertTrue(-23.0 < speech < -18.0, f"{what}: {speech:.1f} dBFS")
        loud = np.flatnonzero(frame_levels(heard, 80) > -50) * 0.01
        dead = max(loud[0], len(heard) / 8000 - loud[-1])
        self.assertLess(dead, 0.15, what)
        self.assertLess(np.diff(loud).max(), 0.6, what)
        self.assertLessEqual(max(abs(int(heard[0])), abs(int(heard[-1]))), 40, what)
        power = np.abs(np.fft.rfft(heard * np.hanning(len(heard)))) ** 2
        frequency = np.fft.rfftfreq(len(heard), 1 / 8000)
        outside = power[(frequency < 150) | (frequency > 3750)].sum() / power.sum()
        self.assertLess(10 * np.log10(outside), -35, what)

    @awaited
    async def test_languages_differ(self) -> None:
        """French is spoken by the French voice."""
        voice = self.voice()
        english = await voice.render("en-US", "Message important")
        french = await voice.render("fr-FR", "Message important")
        self.assertNotEqual(len(english), len(french))
        self.assertEqual((voice.manner("en-US")[:5], voice.manner("fr-CA")[:2]), ("en-us", "fr"))

    @awaited
    async def test_any_text(self) -> None:
        """Whatever stands in a name is spoken or passed over; the worker lives on."""
        voice = self.voice()
        strange = [
            "Chloé Démo",
            "<speak>&amp;",
            "[[h@loU]]",
            "名前 ☎ 😀",
            "\ud800",
            "a\0b\n",
            "",
            "'\"\\%s{}",
        ]
        for text in strange:
            try:
                await voice.render("en-US", text)
            except Unavailable:
                self.assertEqual(text, "\ud800")
        self.assertGreater(len(await voice.render("en-US", "Still there.")), 4000)
        self.assertEqual((len(self.spawner.processes), voice.restarts), (1, 0))

    @awaited
    async def test_unknown_language(self) -> None:
        """A language without a voice is spoken by the default one rather than not at all."""
        self.assertGreater(len(await self.voice().render("tlh", "Hello.")), 2000)

    @awaited
    async def test_every_voice_exists(self) -> None:
        """The engine has every voice that the server would ask it for."""
        voice = self.voice()
        await gatherResults([voice.render(tag, "1") for tag in VOICES])
        self.assertEqual(voice_for("EN_gb"), VOICES["en-gb"])

    @awaited
    async def test_ends_with_its_server(self) -> None:
        """A worker whose server is gone ends by itself."""
        voice = self.voice()
        await voice.render("en-US", "One.")
        self.spawner.processes[0].closeStdin()
        await self.spawner.ended()


class TroubleTests(VoiceCase):
    """Workers that die, hang, talk rubbish or do not exist."""

    @awaited
    async def test_a_text_that_kills_the_worker(self) -> None:
        """Such a text is tried twice and given up; the texts after it are spoken by a new
        worker.
        """
        voice = self.voice(ODD_ENGINE)
        fatal, harmless = voice.render("en-US", "die"), voice.render("en-US", "live")
        self.assertIn("could not be spoken", await self.refused(fatal))
        self.assertGreater(len(await harmless), 0)
        self.assertEqual((len(self.spawner.processes), voice.restarts), (3, 2))

    @awaited
    async def test_a_text_that_hangs_the_worker(self) -> None:
        """A worker that takes too long is killed and replaced; nobody waits for ever."""
        voice = self.voice(ODD_ENGINE)
        await voice.render("en-US", "warm")
        voice.patience = 0.05
        hangs, harmless = voice.render("en-US", "hang"), voice.render("en-US", "live")
        self.assertIn("took too long", await self.refused(hangs))
        voice.patience = 15.0
        harmless.addErrback(lambda fault: fault.trap(Unavailable))
        await harmless
        self.assertGreaterEqual(voice.restarts, 2)

    @awaited
    async def test_rubbish(self) -> None:
        """A worker whose answers make no sense is replaced."""
        voice = self.voice(ODD_ENGINE)
        await self.refused(voice.render("en-US", "rubbish"))
        self.assertGreater(len(await voice.render("en-US", "live")), 0)

    @awaited
    async def test_no_engine(self) -> None:
        """Where the engine is not installed three tries are made; then the voice declines at once
        for a while.
        """
        voice = self.voice(NO_ENGINE, rest=1000.0)
        first, second = voice.render("en-US", "one"), voice.render("en-US", "two")
        await self.refused(first)
        self.assertIn("does not work", await self.refused(second))
        self.assertEqual(len(self.spawner.processes), 3)
        self.assertIn("just now", await self.refused(voice.render("en-US", "three")))
        self.assertEqual(len(self.spawner.processes), 3)

    @awaited
    async def test_recovery_after_the_rest(self) -> None:
        """After its rest the voice is tried again, and an engine that was repaired speaks."""
        voice = self.voice(NO_ENGINE, rest=0.0)
        for _ in range(2):
            await self.refused(voice.render("en-US", "one"))
        voice.command = (sys.executable, "-c", ODD_ENGINE)
        self.assertGreater(len(await voice.render("en-US", "live")), 0)

    @awaited
    async def test_no_such_program(self) -> None:
        """A command that does not exist is trouble like any other."""
        voice = self.voice(command=("/nonexistent/voice",))
        await self.refused(voice.render("en-US", "one"))

    @awaited
    async def test_bounds(self) -> None:
        """Too long a text and too many texts are declined at once."""
        voice = self.voice(ODD_ENGINE, most_waiting=2)
        self.assertIn("too long", await self.refused(voice.render("en-US", "a" * (MOST_TEXT + 1))))
        taken = [voice.render("en-US", "live") for _ in range(3)]
        self.assertIn("too many", await self.refused(voice.render("en-US", "one more")))
        await gatherResults(taken)

    @awaited
    async def test_stop(self) -> None:
        """Stopping answers everybody who waits and leaves no process behind, not even a hanging
        one.
        """
        voice = self.voice(ODD_ENGINE)
        await voice.render("en-US", "warm")
        waiting = [voice.render("en-US", text) for text in ("hang", "live")]
        voice.stop()
        for said in waiting:
            self.assertIn("stopped", await self.refused(said))
        self.assertIn("stopped", await self.refused(voice.render("en-US", "late")))
        await self.spawner.ended()


class AnswerReaderTests(SynchronousTestCase):
    """The worker's answers, cut anywhere."""

    ANSWERS = (
        b"\0\0\0\x16"
        + b'{"id": 1, "octets": 4}'
        + b"\1\2\3\4"
        + b"\0\0\0\x16"
        + b'{"id": 2, "octets": 0}'
    )

    def test_cut_anywhere(self) -> None:
        """However the pipe cuts them, the same answers come out."""
        for size in range(1, len(self.ANSWERS) + 1):
            reader, found = AnswerReader(), []
            for start in range(0, len(self.ANSWERS), size):
                found += reader.feed(self.ANSWERS[start : start + size])
            self.assertEqual([(a["id"], s) for a, s in found], [(1, b"\1\2\3\4"), (2, b"")])

    def test_no_sense(self) -> None:
        """A length beyond reason is a fault, not a wait without end."""
        self.assertRaises(ValueError, AnswerReader().feed, b"\xff\xff\xff\xff")
