"""The ear itself: it must hear what is there and nothing else."""

from __future__ import annotations

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.ear import beeps, loud_seconds, prompts_heard
from umserver.wire.audio import g711
from umserver.wire.audio.pcm import Pcm, clipped
from umserver.wire.audio.tones import beep, dtmf, silence, tone


def voice(seed: int, seconds: float) -> Pcm:
    """Noise that swells and fades like words, different for every seed."""
    random = np.random.default_rng(seed)
    count = round(seconds * 8000)
    swell = np.abs(np.sin(np.arange(count) * 2 * np.pi * random.uniform(1.5, 3) / 8000))
    noise = np.convolve(random.normal(0, 1, count), np.ones(6) / 6, mode="same")
    return clipped(4000 * noise * swell)


class EarTests(SynchronousTestCase):
    """What tests say was heard was heard."""

    def test_beeps(self) -> None:
        """Each beep is found where it begins, also coded; keys, words and chirps are none."""
        sound = np.concatenate(
            [
                voice(1, 1.0),
                beep(),
                silence(0.5),
                dtmf("5", 0.5),
                tone((1000.0,), 0.1),
                silence(0.1),
                beep(),
            ]
        )
        for codec in ("PCMU", "PCMA"):
            coded = g711.decode(codec, g711.encode(codec, sound))
            found = beeps(coded)
            self.assertEqual(len(found), 2)
            for start, right in zip(found, (1.0, 2.6), strict=True):
                self.assertApproximates(start, right, 0.03)

    def test_a_beep_with_a_lost_packet_is_one(self) -> None:
        """A gap of 20 ms does not make two tones of one."""
        sound = beep()
        sound[1600:1760] = 0
        self.assertEqual(len(beeps(sound)), 1)
        self.assertEqual(beeps(silence(0.0)), [])

    def test_loudness(self) -> None:
        """Half a second of sound within silence is half a second."""
        sound = np.concatenate([silence(1.0), tone((300.0,), 0.5), silence(1.0)])
        self.assertApproximates(loud_seconds(sound), 0.5, 0.03)

    def test_which_prompt(self) -> None:
        """Prompts are named in the order in which they were heard, also quieter, coded and cut
        short.
        """
        prompts = {name: voice(seed, 2.0) for seed, name in enumerate(("greeting", "menu", "bye"))}
        sound = np.concatenate(
            [silence(0.3), prompts["menu"] // 2, beep(), prompts["greeting"][:12000], silence(1)]
        )
        sound = g711.decode("PCMU", g711.encode("PCMU", sound.astype(np.int16)))
        heard = prompts_heard(sound, prompts)
        self.assertEqual([each.name for each in heard], ["menu", "greeting"])
        self.assertApproximates(heard[0].start, 0.3, 0.01)
        self.assertApproximates(heard[1].start, 2.7, 0.01)
        self.assertEqual(prompts_heard(silence(0.1), prompts), [])
