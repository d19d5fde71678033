"""baresip as a caller: a real client that follows the redirect, speaks, and hears."""

from __future__ import annotations

import subprocess
import wave
from email.message import EmailMessage
from pathlib import Path

import numpy as np
from twisted.trial.unittest import TestCase

from tests.interop.peers import free_port, missing, running, wait_until
from tests.kit.ear import beeps, loud_seconds
from umserver.wire.audio.wav import read_wav

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
module_app account.so
module_app menu.so
snd_path .
rtp_ports 30000-30100
net_interface 127.0.0.1
"""


def baresip(
    folder: Path,
    speech: Path,
    uri: str,
    seconds: int,
    keys: str = "",
    *,
    config: str = "",
    account: str = "",
) -> str:
    """Dial with baresip and hang up after so many seconds; what it printed.

    `config` are more lines of its configuration, `account` more parameters of its account.

    It cuts long paths off, so it works in `folder` and is given short names.

    `keys` are pressed one after the other, the first two seconds after the tone of a generated
    greeting (which takes eleven).
    """
    home = folder / "baresip"
    home.mkdir()
    port = free_port()
    (home / "config").write_text(CONFIG.format(port=port, speech=speech.name) + config)
    line = f"<sip:2125550142@127.0.0.1:{port}>;regint=0;audio_codecs=pcmu{account}\n"
    (home / "accounts").write_text(line)
    (home / "contacts").write_text("")
    command = ["baresip", "-f", str(home), "-e", f"/dial {uri}", "-t", str(seconds)]
    with (folder / "printed").open("wb") as printed:
        client = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=printed, stderr=printed
        )
        assert client.stdin is not None
        try:
            wait_until(lambda: client.poll() is not None, 14.0 if keys else 0.0)
            for key in keys:
                client.stdin.write(key.encode())
                client.stdin.flush()
                wait_until(lambda: client.poll() is not None, 0.8)
            client.wait(seconds + 30)
        finally:
            client.kill()
            client.wait()
            client.stdin.close()
    return (folder / "printed").read_text(errors="replace")


def spoken(folder: Path, text: str) -> Path:
    """A WAV of this text at 8000 Hz, spoken by espeak-ng."""
    speech = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-w", str(folder / "wide.wav"), text], check=True)
    pcm = read_wav((folder / "wide.wav").read_bytes())
    with wave.open(str(speech), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.asarray(pcm, dtype="<i2").tobytes())
    return speech


class BaresipTests(TestCase):
    """A person's client."""

    skip = missing("baresip", "espeak-ng")
    timeout = 180.0

    def call(self, seconds: int, keys: str = "") -> tuple[EmailMessage, np.ndarray]:
        """One call to 1001 at the router: the mail that arrives, and what the caller heard."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        speech = spoken(folder, "Hello Ada. This is a long message. " * 16)
        with running(folder / "state") as server:
            uri = f"sip:1001@127.0.0.1:{server.sip}"
            out = baresip(folder, speech, uri, seconds, keys)
            self.assertTrue(wait_until(lambda: server.count() == 1, 30), out + server.tail())
            mail = next(server.mails())
        dumps = sorted(folder.glob("dump-*-dec.wav"))
        self.assertTrue(dumps, out)
        return mail, read_wav(dumps[-1].read_bytes())

    def test_leave_a_message(self) -> None:
        """Dialling 1001 at the router leads to greeting, tone, and a mail with what was said."""
        mail, heard = self.call(16)
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertEqual(mail["X-CallingTelephoneNumber"], "2125550142")
        self.assertEqual(mail["To"].addresses[0].addr_spec, "ada@example.com")
        self.assertGreaterEqual(int(mail["X-VoiceMessageDuration"]), 3)
        self.assertEqual(next(mail.iter_attachments()).get_content_type(), "audio/mpeg")
        self.assertGreater(loud_seconds(heard), 3.0, "the greeting was not heard")
        self.assertEqual(len(beeps(heard)), 1, "one tone before the recording")

    def test_mark_as_important(self) -> None:
        """Keys of a real client end the recording, accept it, mark it as important and send it."""
        mail, heard = self.call(40, keys="#11#")
        self.assertEqual(mail["Importance"].lower(), "high")
        self.assertIn(int(mail["X-VoiceMessageDuration"]), (2, 3))
        self.assertGreater(loud_seconds(heard), 10.0, "menus and goodbye were not heard")
