"""The shelf: everything that can be said, from memory, from disk, or spoken now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from tests.edges.speech.voices import ToneVoice, at_once
from umserver.edges.speech.cache import SpokenCache
from umserver.edges.speech.catalogue import Catalogue
from umserver.edges.speech.shelf import PromptShelf
from umserver.edges.speech.voice import IVoice
from umserver.interfaces import Clip, IPromptShelf, Unavailable
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm
from umserver.wire.audio.wav import pcm_wav

CATALOGUE = Catalogue(
    {
        "en-US": {"hello": "Hello.", "bye": "Goodbye.", "named": "{name} is out."},
        "fr-FR": {"hello": "Bonjour.", "bye": "Au revoir.", "named": "{name} est absent."},
    }
)


def recording(seconds: float = 0.5) -> Pcm:
    """What a person might have recorded."""
    return (6000 * np.sin(np.arange(round(8000 * seconds)) / 2)).astype(np.int16)


class ShelfTests(SynchronousTestCase):
    """One shelf with a voice of tones."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.root = Path(self.mktemp())
        self.overrides = self.root / "own"
        self.voice = ToneVoice()
        self.shelf = self.make()

    def make(self, **changes: object) -> PromptShelf:
        parts = {
            "reactor": self.clock,
            "cache": SpokenCache(self.root / "cache"),
            "catalogue": CATALOGUE,
            "overrides": self.overrides,
            "voice": self.voice,
            "in_thread": at_once,
            **changes,
        }
        return PromptShelf(**parts)  # type: ignore[arg-type]

    def record(self, language: str, name: str, data: bytes) -> None:
        path = self.overrides / language / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def got(self, clip: Deferred[Clip]) -> Clip:
        return self.successResultOf(clip)

    def test_interfaces(self) -> None:
        """The shelf is one, and so is the voice."""
        verifyObject(IPromptShelf, self.shelf)
        verifyObject(IVoice, self.voice)

    def test_both_codings(self) -> None:
        """A clip is there in both codings of the telephone, of the same length: playing is
        copying.
        """
        clip = self.got(self.shelf.prompt("en-US", "hello"))
        self.assertEqual(set(clip.encoded), {"PCMU", "PCMA"})
        mu, a = (g711.decode(codec, clip.encoded[codec]) for codec in ("PCMU", "PCMA"))
        self.assertEqual(len(mu), len(a))
        self.assertLess(np.abs(mu.astype(int) - a).max(), 200)
        self.assertEqual(self.shelf.beep().seconds, 0.4)

    def test_preload_speaks_everything_once(self) -> None:
        """At the first start all prompts without names are spoken; at the second none is."""
        seen: list[tuple[int, int]] = []
        missing = self.shelf.preload(progress=lambda done, of, what: seen.append((done, of)))
        self.assertEqual(self.successResultOf(missing), 0)
        self.assertEqual(seen, [(1, 4), (2, 4), (3, 4), (4, 4)])
        self.assertEqual(len(self.voice.said), 4)
        again = self.make()
        self.assertEqual(self.successResultOf(again.preload()), 0)
        self.assertEqual(len(self.voice.said), 4)
        self.assertEqual(again.missing("en-US"), [])

    def test_preloaded_prompts_come_at_once(self) -> None:
        """After the start no call waits for a thread or a voice: the very same clip is handed
        out.
        """
        self.successResultOf(self.shelf.preload(["en-US"]))
        self.shelf.in_thread = None
        first = self.got(self.shelf.prompt("en-GB", "hello"))
        self.assertIs(first, self.got(self.shelf.prompt("en-US", "hello")))

    def test_one_language(self) -> None:
        """Only the languages that are asked for are spoken in advance."""
        self.successResultOf(self.shelf.preload(["fr-CA"]))
        self.assertEqual({language for language, _ in self.voice.said}, {"fr-FR"})
        self.assertEqual(self.shelf.missing("en-US"), ["bye", "hello"])

    def test_voice_is_broken(self) -> None:
        """A start without a voice counts what is missing; each such prompt fails with
        Unavailable.
        """
        self.voice.broken = True
        self.assertEqual(self.successResultOf(self.shelf.preload()), 4)
        self.failureResultOf(self.shelf.prompt("en-US", "hello"), Unavailable)
        self.voice.broken = False
        self.got(self.shelf.prompt("en-US", "hello"))
        self.assertEqual(self.shelf.missing("en-US"), ["bye"])

    def test_recordings_win(self) -> None:
        """A recording by a person replaces a prompt, in its language only."""
        self.record("en-US", "hello", pcm_wav(recording()))
        self.successResultOf(self.shelf.preload())
        self.assertNotIn(("en-US", "Hello."), self.voice.said)
        self.assertIn(("fr-FR", "Bonjour."), self.voice.said)
        self.assertAlmostEqual(
            self.got(self.shelf.prompt("en-US", "hello")).seconds, 0.6, delta=0.05
        )

    def test_recordings_that_cannot_be_used(self) -> None:
        """A broken or silent recording is reported, and speech takes its place."""
        for data in (b"no sound", pcm_wav(np.zeros(8000, np.int16)), b""):
            self.record("en-US", "hello", data)
            shelf = self.make()
            self.successResultOf(shelf.preload(["en-US"]))
            self.assertEqual(shelf.missing("en-US"), [])
        self.assertIn(("en-US", "Hello."), self.voice.said)

    def test_names_are_spoken_when_asked_for(self) -> None:
        """A name is spoken in the sentence, kept on disk, and never spoken again."""
        self.got(self.shelf.prompt("fr-CA", "named", {"name": "Chloé"}))
        self.assertEqual(self.voice.said, [("fr-FR", "Chloé est absent.")])
        self.got(self.shelf.prompt("fr-FR", "named", {"name": "Chloé"}))
        self.got(self.make().prompt("fr-FR", "named", {"name": "Chloé"}))
        self.assertEqual(len(self.voice.said), 1)

    def test_two_who_want_the_same_wait_for_the_same(self) -> None:
        """Two calls for the same new name make the voice speak once, and both hear it."""
        self.voice.held = True
        both = [self.shelf.speak("en-US", "Ada  Example") for _ in range(2)]
        both.append(self.shelf.speak("en-US", " Ada Example "))
        self.assertEqual(len(self.voice.said), 1)
        for clip in both:
            self.assertNoResult(clip)
        self.voice.release()
        clips = [self.got(clip) for clip in both]
        self.assertIs(clips[0], clips[2])

    def test_a_slow_voice_keeps_nobody(self) -> None:
        """After a moment a caller is told that there is no voice; the next one has it ready."""
        self.voice.held = True
        late = self.shelf.speak("en-US", "Ada Example")
        self.clock.advance(self.shelf.patience - 0.1)
        self.assertNoResult(late)
        self.clock.advance(0.2)
        self.failureResultOf(late, Unavailable)
        patient = self.shelf.speak("en-US", "Ada Example")
        self.voice.release()
        self.got(patient)
        self.assertEqual(len(self.voice.said), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_trouble_of_one_is_not_kept(self) -> None:
        """A text that could not be spoken is tried again by the next who wants it."""
        self.voice.broken = True
        self.failureResultOf(self.shelf.speak("en-US", "Ada"), Unavailable)
        self.voice.broken = False
        self.got(self.shelf.speak("en-US", "Ada"))

    def test_unknown_prompts_and_places(self) -> None:
        """A script that asks for what is not in the catalogue is told so."""
        self.failureResultOf(self.shelf.prompt("en-US", "nothing"), KeyError)
        self.failureResultOf(self.shelf.prompt("en-US", "named"), KeyError)

    def test_memory_is_bounded(self) -> None:
        """However many names are spoken, memory holds only those used last."""
        shelf = self.make(most_free_bytes=20_000)
        names = [f"Name {number:03d}" for number in range(100)]
        for name in names:
            self.got(shelf.speak("en-US", name))
            self.got(shelf.speak("en-US", names[0]))
        self.assertLessEqual(shelf._free_bytes, 20_000)
        self.assertEqual(
            shelf._free_bytes, sum(2 * len(c.encoded["PCMU"]) for c in shelf._free.values())
        )
        self.assertIn(names[0], {wanted.text for wanted in shelf._free})
        self.assertEqual(len(self.voice.said), 100)

    def test_disk_is_tidied_now_and_then(self) -> None:
        """A server that runs for years does not fill its disk with names; prompts stay."""
        tidied: list[frozenset[str]] = []

        class Watched(SpokenCache):
            def prune(self, keep: frozenset[str] = frozenset(), *bounds: int) -> int:  # type: ignore[override]
                tidied.append(keep)
                return 0

        shelf = self.make(cache=Watched(self.root / "cache"), tidy_every=10)
        self.successResultOf(shelf.preload())
        for number in range(26):
            self.got(shelf.speak("en-US", f"Name {number}"))
        self.assertEqual(len(tidied), 3)
        prompts = {path.stem for path in (self.root / "cache").iterdir()}
        self.assertEqual(len(tidied[0] & prompts), 4)

    def test_other_engine_other_sound(self) -> None:
        """After a change of the engine everything is spoken anew."""
        self.successResultOf(self.shelf.preload(["en-US"]))
        self.voice.engine = "tone/2"
        self.successResultOf(self.make().preload(["en-US"]))
        self.assertEqual(len(self.voice.said), 4)

    def test_stop(self) -> None:
        """Stopping the shelf stops the voice."""
        self.shelf.stop()
        self.assertTrue(self.voice.stopped)

    def test_no_voice_at_all(self) -> None:
        """Where no engine works, recordings are still heard."""
        self.record("en-US", "hello", pcm_wav(recording()))
        shelf = self.make(voice=ToneVoice(broken=True))
        self.assertEqual(self.successResultOf(shelf.preload(["en-US"])), 1)
        self.got(shelf.prompt("en-US", "hello"))
        self.failureResultOf(shelf.prompt("en-US", "bye"), Unavailable)
