"""What the shipped voice makes of the catalogue, listened to with numbers.

Every prompt of every language is spoken, places filled in with long and short words, and measured
as a telephone plays it: how fast it is spoken, how loud, whether it is clipped, how long it is
silent at its ends and in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from attrs import frozen
from twisted.internet import reactor

from tests.edges.speech.test_voice import VoiceCase
from tests.interop.peers import missing
from umserver.discover import shipped
from umserver.edges.speech.cache import SpokenCache
from umserver.edges.speech.catalogue import load_catalogue, places
from umserver.edges.speech.shelf import PromptShelf
from umserver.interfaces import Clip
from umserver.wire.audio.g711 import decode
from umserver.wire.audio.pcm import SAMPLE_RATE, frame_levels

FRAME = 80
"""Samples of 10 ms."""
QUIET = -50.0
"""dBFS; what is 30 dB below speech is not heard."""
LOUD = 32_000
"""PCMU's own bound is 32,124: from here on a sample is clipped."""
FILLED: Mapping[str, Mapping[str, str]] = {
    "en-US": {"key": "seven", "what": "Sales", "time": "three oh five PM"},
    "fr-FR": {"key": "sept", "what": "les ventes", "time": "quinze heures cinq"},
}
"""Words for places; the others are filled with a name."""


@frozen
class Heard:
    """One prompt as it is played."""

    text: str
    seconds: float
    level: float
    """dBFS of the spoken parts."""
    clipped: int
    """Samples."""
    before: float
    """Seconds of silence at the beginning."""
    after: float
    pause: float
    """The longest silence within, in seconds."""

    @property
    def letters_a_second(self) -> float:
        """How fast it is spoken."""
        return len(self.text) / self.seconds

    def faults(self) -> list[str]:
        """What a listener would complain about."""
        spoken = len(self.text) >= 20
        checks = {
            "too fast": spoken and self.letters_a_second > 24,
            "too slow": spoken and self.letters_a_second < 8,
            "too short to be a word": self.seconds < 0.2,
            "too quiet": self.level < -24,
            "too loud": self.level > -16,
            "clipped": self.clipped > 0,
            "begins late": self.before > 0.15,
            "ends late": self.after > 0.15,
            "a hole within": self.pause > 1.0,
        }
        return [what for what, is_so in checks.items() if is_so]


def listen(text: str, clip: Clip) -> Heard:
    """Measure one prompt."""
    pcm = decode("PCMU", clip.encoded["PCMU"])
    levels = frame_levels(pcm, FRAME)
    loud = np.flatnonzero(levels > QUIET)
    spoken = levels[levels > QUIET]
    frame = FRAME / SAMPLE_RATE
    return Heard(
        text=text,
        seconds=len(pcm) / SAMPLE_RATE,
        level=float(10 * np.log10(np.mean(10 ** (spoken / 10)))) if len(spoken) else -99.0,
        clipped=int(np.count_nonzero(np.abs(pcm.astype(np.int32)) >= LOUD)),
        before=float(loud[0]) * frame if len(loud) else 9.0,
        after=(len(levels) - 1 - float(loud[-1])) * frame if len(loud) else 9.0,
        pause=float(np.diff(loud).max() - 1) * frame if len(loud) > 1 else 0.0,
    )


class PromptsByEarTests(VoiceCase):
    """Somebody who listens to everything."""

    skip = missing()
    timeout = 120

    async def test_every_prompt(self) -> None:
        """Every prompt is spoken at a pace and a level that people understand, without clipping, a
        hole, or more than 150 ms of silence at its ends.
        """
        catalogue = load_catalogue([shipped("prompts")])
        shelf = PromptShelf(
            reactor, SpokenCache(Path(self.mktemp())), catalogue, None, self.voice()
        )
        shelf.patience = 60.0
        self.addCleanup(shelf.stop)
        self.assertEqual(await shelf.preload(None, lambda done, total, what: None), 0)
        faults, heard = [], []
        for language, texts in catalogue.texts.items():
            for name, text in texts.items():
                values = {p: FILLED[language].get(p, "Ada Example") for p in places(text)}
                clip = await shelf.prompt(language, name, values)
                one = listen(text.format(**values), clip)
                heard.append(one)
                faults += [f"{language} {name}: {what}: {one}" for what in one.faults()]
        print(figures(heard))
        self.assertEqual(faults, [])


def figures(heard: list[Heard]) -> str:
    """The whole in one line, for people."""
    levels = [one.level for one in heard]
    ends = max(max(one.before, one.after) for one in heard)
    return (
        f"{len(heard)} prompts, {sum(one.seconds for one in heard):.0f} s together, the longest "
        f"{max(one.seconds for one in heard):.1f} s; {min(levels):.1f} to {max(levels):.1f} dBFS; "
        f"silence at the ends up to {ends * 1000:.0f} ms, within up to "
        f"{max(one.pause for one in heard):.2f} s; clipped samples: "
        f"{sum(one.clipped for one in heard)}"
    )
