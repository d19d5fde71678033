"""Callers who are sent on, with real peers: SIPp is asked by REFER, baresip is called and talks."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.interop.peers import Server, free_port, missing, running, sipp, wait_until
from tests.interop.test_baresip import CONFIG
from tests.kit.ear import prompts_heard
from tests.kit.house import sound_of
from umserver.wire.audio.wav import pcm_wav

CALLER, DESK = "the caller speaks", "the desk speaks"
WAV_HEAD = 44


@define(eq=False)
class Talker:
    """baresip that says the same words again and again."""

    folder: Path
    words: str
    account: str
    """Its number, and behind it parameters of its account."""
    port: int = field(factory=free_port)
    _program: subprocess.Popen[bytes] | None = None

    @contextmanager
    def telephone(self, *command: str) -> Iterator[Talker]:
        """From start to end; it begins with this command."""
        config = self.folder / "baresip"
        config.mkdir(parents=True)
        speech = pcm_wav(np.tile(sound_of(self.words), 60))
        (self.folder / "speech.wav").write_bytes(speech)
        (config / "config").write_text(CONFIG.format(port=self.port, speech="speech.wav"))
        number, _, params = self.account.partition(";")
        account = f"<sip:{number}@127.0.0.1:{self.port}>;regint=0;{params}\n"
        (config / "accounts").write_text(account)
        (config / "contacts").write_text("")
        start: Sequence[str] = ["baresip", "-f", str(config), "-t", "120", *command]
        with (self.folder / "printed").open("wb") as printed:
            self._program = program = subprocess.Popen(
                start, cwd=self.folder, stdin=subprocess.PIPE, stdout=printed, stderr=printed
            )
        try:
            yield self
        finally:
            program.kill()
            program.wait()
            assert program.stdin is not None
            program.stdin.close()

    def type(self, key: str) -> None:
        """Press a key of the keyboard: digits are keys of the telephone, b hangs up."""
        assert self._program is not None and self._program.stdin is not None
        self._program.stdin.write(key.encode())
        self._program.stdin.flush()

    def printed(self) -> str:
        """What it wrote."""
        return (self.folder / "printed").read_text(errors="replace")

    def hears(self, words: str) -> bool:
        """Whether it has heard these words."""
        dumps = sorted(self.folder.glob("dump-*-dec.wav"))
        data = dumps[-1].read_bytes()[WAV_HEAD:] if dumps else b""
        heard = np.frombuffer(data[: len(data) // 2 * 2], "<i2")
        return bool(prompts_heard(heard, {words: sound_of(words)}))


class BridgedTests(SynchronousTestCase):
    """A real client calls Reception, presses 1, and talks with another real client."""

    skip = missing("baresip")

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="um-join-"))  # baresip cuts long paths off
        self.addCleanup(shutil.rmtree, self.folder)

    def active(self, server: Server) -> int:
        """Calls that the server has now."""
        return len(json.loads(server.umctl("Get-UMActiveCalls", "--json")))

    def test_both_talk(self) -> None:
        """A µ-law caller and an A-law desk hear each other's words through us; the caller hanging
        up ends both calls.
        """
        caller = Talker(self.folder / "caller", CALLER, "2125550142;audio_codecs=pcmu")
        desk = Talker(self.folder / "desk", DESK, "1001;audio_codecs=pcma;answermode=auto")
        with running(self.folder / "state") as server, desk.telephone():
            server.umctl(
                *("Set-UMIPGateway", "loopback", "-TransferMethod", "Bridge"),
                *("-Port", str(desk.port)),
            )
            with caller.telephone("-e", f"/dial sip:5001@127.0.0.1:{server.mbx}"):
                for _ in range(10):  # a key before the answer is lost
                    caller.type("1")
                    if wait_until(lambda: self.active(server) == 2, 3.0):
                        break
                for listener, words in ((caller, DESK), (desk, CALLER)):
                    heard = wait_until(lambda: listener.hears(words), 30.0)  # noqa: B023
                    self.assertTrue(heard, caller.printed() + desk.printed() + server.tail())
                caller.type("b")
                self.assertTrue(wait_until(lambda: self.active(server) == 0, 20.0))
                self.assertTrue(wait_until(lambda: "closed" in desk.printed(), 10.0))


class ReferredTests(TestCase):
    """SIPp as the gateway that is asked to send its callers on."""

    skip = missing("sipp")
    timeout = 120.0

    def test_ten_callers(self) -> None:
        """Ten callers press 1: each is asked for by REFER, told of, and let go of."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        with running(folder / "state") as server:
            fields = [f"21255530{n:02d}" for n in range(10)]
            sipp(folder, "referred", f"127.0.0.1:{server.mbx}", fields, rate=5)
            log = server.state / "calls.jsonl"
            self.assertTrue(wait_until(lambda: log.read_text().count('"transferred"') == 10, 10.0))
