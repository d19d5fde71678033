"""Nothing a caller said is lost: killed server, dead mail server, full disk."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from random import Random

import numpy as np
from twisted.trial.unittest import TestCase

from tests.interop.peers import (
    SOFTPHONE,
    Server,
    missing,
    running,
    sipp,
    sipp_command,
    voice,
    wait_until,
    wav_payload,
)
from tests.kit.ear import beeps, loud_seconds
from umserver.wire.audio.wav import read_wav

CALLS = 20
SPOKEN_SECONDS = 12.0
ROUNDS = int(os.environ.get("UMSERVER_KILL_ROUNDS", "2"))


def duration(server: Server) -> list[int]:
    """Seconds of every voice mail that arrived."""
    return [
        int(m["X-VoiceMessageDuration"]) for m in server.mails() if m["Content-Class"] == "voice-ca"
    ]


def speaking(folder: Path) -> dict[str, float]:
    """Since when each caller speaks (wall time), as SIPp has logged it so far."""
    text = "".join(path.read_text() for path in folder.glob("*_logs.log"))
    found = re.findall(r"(\d+) speaks at (\S+)\s(\S+)", text)
    return {who: datetime.fromisoformat(f"{day} {clock}").timestamp() for who, day, clock in found}


class KillTests(TestCase):
    """kill -9 while twenty callers speak."""

    skip = missing("sipp")
    timeout = 900.0

    def test_kill_while_recording(self) -> None:
        """After a restart every message is there once, at most a second short."""
        for round_ in range(ROUNDS):
            self.one_round(round_)

    def one_round(self, round_: int) -> None:
        chance = Random(round_)
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        server = Server(folder / "state")
        server.start()
        self.addCleanup(server.stop)
        server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        raw = folder / "long.raw"
        voice(raw, SPOKEN_SECONDS, seed=round_)
        fields = [f"100{n % 3 + 1};21255530{n:02d};0" for n in range(CALLS)]
        command = sipp_command(
            folder,
            "leave_message",
            f"127.0.0.1:{server.mbx}",
            fields,
            voices=[raw],
            rate=CALLS,
            at_once=CALLS,
        )
        load = subprocess.Popen(
            [*command, "-trace_logs"],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        self.assertTrue(wait_until(lambda: len(speaking(folder)) == CALLS, 20), server.tail())
        wait_until(lambda: False, 1.0 + chance.random() * 2.5)
        server.kill()
        killed = time.time()
        began = speaking(folder)
        load.kill()
        load.wait()
        server.start()
        self.assertTrue(wait_until(lambda: server.count() >= CALLS, 30), server.tail())
        wait_until(lambda: server.count() > CALLS, 1.0)
        mails = list(server.mails())
        ids = Counter(m["Message-ID"] for m in mails)
        self.assertEqual((len(ids), set(ids.values())), (CALLS, {1}))
        for mail in mails:
            sound = wav_payload(next(mail.iter_attachments()).get_content())
            spoken = killed - began[mail["X-CallingTelephoneNumber"]]
            self.assertGreater(len(sound) / 8000, spoken - 1.0)
            self.assertIn(sound.strip(b"\xff"), raw.read_bytes())
        server.stop()


class MailServerTests(TestCase):
    """A mail server that is not there."""

    skip = missing("sipp")
    timeout = 300.0

    def test_mail_server_down_then_up(self) -> None:
        """Calls are taken while the mail server is down, and mails come when it is back."""
        from tests.interop.mail_sink import MailSink

        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        sink = MailSink()
        config = folder / "umserver.toml"
        config.write_text(f'[mail]\ndelivery = "smtp"\nhost = "127.0.0.1"\nport = {sink.port}\n')
        with running(folder / "state", f"--config={config}") as server:
            raw = folder / "short.raw"
            voice(raw, 3.0, seed=1)
            fields = [f"1001;21255540{n:02d};0" for n in range(5)]
            sipp(folder, "leave_message", f"127.0.0.1:{server.mbx}", fields, voices=[raw])
            self.assertIn("deferred", server.umctl("queue"))
            sink.start()
            self.addCleanup(sink.stop)
            server.umctl("queue", "retry", "all")
            self.assertTrue(wait_until(lambda: len(sink.received) >= 5, 60), server.tail())
            self.assertEqual(len(sink.received), 5)


class FullDiskTests(TestCase):
    """A small disk that fills up while a caller speaks."""

    skip = missing("sipp") or (None if os.geteuid() == 0 else "only root can mount a small disk")
    timeout = 300.0

    def test_full_disk(self) -> None:
        """The server stays up, earlier messages are whole, calls work again once there is room."""
        folder = Path(self.mktemp()).resolve()
        state = folder / "state"
        state.mkdir(parents=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(state)], check=True)
        self.addCleanup(subprocess.run, ["umount", str(state)], check=True)
        raw = folder / "short.raw"
        voice(raw, 3.0, seed=1)
        with running(state) as server:
            fields = ["1001;2125555001;0"]
            sipp(folder, "leave_message", f"127.0.0.1:{server.mbx}", fields, voices=[raw])
            self.assertTrue(wait_until(lambda: server.count() == 1, 20), server.tail())
            ballast = state / "ballast"
            with ballast.open("wb") as file:
                try:
                    while True:
                        file.write(bytes(65536))
                        file.flush()
                except OSError:
                    pass
            heard = self.heard_by_a_caller(server, folder / "heard.wav")
            self.assertGreater(loud_seconds(heard), 2.0, "an apology")
            self.assertEqual(beeps(heard), [], "nobody is asked to speak")
            self.assertEqual(server.count(), 1)
            ballast.unlink()
            sipp(folder, "leave_message", f"127.0.0.1:{server.mbx}", fields, voices=[raw])
            self.assertTrue(wait_until(lambda: server.count() >= 2, 20), server.tail())
            self.assertEqual(duration(server)[0], 3)

    def heard_by_a_caller(self, server: Server, file: Path) -> np.ndarray:
        """What somebody hears who calls 1001 and waits until the server hangs up."""
        command = [str(SOFTPHONE), f"sip:1001@127.0.0.1:{server.sip}", "--now", "--quiet"]
        subprocess.run([*command, "--seconds", "20", "--record", str(file)], check=True, timeout=60)
        return read_wav(file.read_bytes())
