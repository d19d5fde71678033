"""baresip at a telephone: a real client that is steered by what it hears.

Knows: how to start baresip, press its keys and read what it hears while it hears it. Must never
know: what the server means by it. baresip cuts long paths off, so it works in a folder of its own
and is given short names. Prompts are told apart by recordings that the test has put in their place.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from attrs import define, field

from tests.interop.peers import free_port, wait_until
from tests.kit.ear import beeps, prompts_heard
from tests.kit.house import sound_of
from umserver.wire.audio.pcm import SAMPLE_RATE, Pcm
from umserver.wire.audio.wav import pcm_wav

CONFIG = """\
sip_listen 127.0.0.1:{port}
call_local_timeout 60
audio_source aufile,{speech}
audio_player aufile,played.wav
audio_alert aufile,alert.wav
ausrc_srate 8000
auplay_srate 8000
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aufile.so
module sndfile.so
{modules}
module_app account.so
module_app menu.so
snd_path .
rtp_ports 30000-30100
net_interface 127.0.0.1
{more}
"""
WAV_HEAD = 44
APART = 0.2
"""Seconds from the beginning of a prompt to where the next one is looked for."""
AGAIN = 2.5
"""Seconds at the end of what was searched that are searched again: a prompt may begin there."""
BETWEEN_KEYS = 0.35
"""Seconds from one key to the next, as fast fingers press them."""


def marked(state: Path, *names: str, language: str = "en-US") -> dict[str, Pcm]:
    """Put recordings that an ear can tell apart in the place of these prompts, before the start."""
    folder = state / "prompts.d" / language
    folder.mkdir(parents=True, exist_ok=True)
    sounds = {name: sound_of(name) for name in names}
    for name, sound in sounds.items():
        (folder / f"{name}.wav").write_bytes(pcm_wav(sound))
    return sounds


@define(eq=False)
class Listener:
    """One call with baresip; use it in a `with`."""

    folder: Path
    speech: Path
    """What it says into the telephone, a WAV of 8000 Hz; copied into the folder."""
    uri: str
    prompts: dict[str, Pcm]
    number: str = "2125550142"
    account: str = ""
    """More parameters of the account."""
    modules: Sequence[str] = ()
    more: str = ""
    """More lines of the configuration."""
    program: subprocess.Popen[bytes] = field(init=False)
    _told: float = field(init=False, default=0.0)

    def __enter__(self) -> Listener:
        config = self.folder / "baresip"
        config.mkdir(parents=True)
        (self.folder / "speech.wav").write_bytes(self.speech.read_bytes())
        port = free_port()
        loaded = "\n".join(f"module {name}.so" for name in self.modules)
        (config / "config").write_text(
            CONFIG.format(port=port, speech="speech.wav", modules=loaded, more=self.more)
        )
        (config / "accounts").write_text(
            f"<sip:{self.number}@127.0.0.1:{port}>;regint=0;audio_codecs=pcmu{self.account}\n"
        )
        (config / "contacts").write_text("")
        with (self.folder / "printed").open("wb") as printed:
            self.program = subprocess.Popen(
                ["baresip", "-f", str(config), "-e", f"/dial {self.uri}", "-t", "170"],
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=printed,
                stderr=printed,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None
    ) -> None:
        if self.program.poll() is None:
            self._write(b"bq")
            if not wait_until(lambda: self.program.poll() is not None, 5.0):
                self.program.kill()
        self.program.wait()
        assert self.program.stdin is not None
        self.program.stdin.close()
        if fault is not None:
            fault.add_note(f"heard: {self.story()}\n{self.printed()}")

    def printed(self) -> str:
        """What baresip wrote."""
        return (self.folder / "printed").read_text(errors="replace")[-3000:]

    def heard(self) -> Pcm:
        """Everything heard so far."""
        dumps = sorted(self.folder.glob("dump-*-dec.wav"))
        data = dumps[-1].read_bytes()[WAV_HEAD:] if dumps else b""
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2")

    def story(self) -> list[str]:
        """The prompts heard so far, in order."""
        return [heard.name for heard in prompts_heard(self.heard(), self.prompts)]

    def until(self, prompt: str, seconds: float = 40.0) -> Listener:
        """Listen until this prompt begins, after those that were waited for before."""
        wanted = {prompt: self.prompts[prompt]}

        def said() -> bool:
            fresh = self._fresh()
            return self._later(fresh, [heard.start for heard in prompts_heard(fresh, wanted)])

        assert wait_until(said, seconds), f"{prompt} was not heard: {self.story()}"
        return self

    def until_the_tone(self, seconds: float = 40.0) -> Listener:
        """Listen until the next tone."""

        def toned() -> bool:
            fresh = self._fresh()
            return self._later(fresh, beeps(fresh))

        assert wait_until(toned, seconds), f"no tone: {self.story()}"
        return self

    def _fresh(self) -> Pcm:
        return self.heard()[round(self._told * SAMPLE_RATE) :]

    def _later(self, fresh: Pcm, starts: list[float]) -> bool:
        """Note the first of these places in what is fresh; if none, that it need not be searched
        again: a search of all that was heard, twenty times a second, fills a processor.
        """
        self._told += starts[0] + APART if starts else max(0.0, len(fresh) / SAMPLE_RATE - AGAIN)
        return bool(starts)

    def talk(self, seconds: float) -> Listener:
        """Let baresip say what it says, for so long."""
        end = time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > end or self.program.poll() is not None, seconds + 1)
        return self

    def press(self, keys: str) -> Listener:
        """Press keys, one after the other."""
        for key in keys:
            self._write(key.encode())
            self.talk(BETWEEN_KEYS)
        return self

    def hang_up(self) -> None:
        """Put the receiver down."""
        self._write(b"b")

    def _write(self, keys: bytes) -> None:
        assert self.program.stdin is not None
        self.program.stdin.write(keys)
        self.program.stdin.flush()
