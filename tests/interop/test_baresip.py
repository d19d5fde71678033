"""baresip as a caller: a real client that follows the redirect, speaks, and hears."""

from __future__ import annotations

import subprocess
import wave
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
audio_player aufile,{folder}/played.wav
audio_alert aufile,{folder}/alert.wav
ausrc_srate 8000
auplay_srate 8000
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module aufile.so
module sndfile.so
module_app account.so
module_app menu.so
snd_path {folder}
rtp_ports 30000-30100
net_interface 127.0.0.1
"""


def baresip(folder: Path, speech: Path, uri: str, seconds: int) -> str:
    """Dial with baresip and hang up after so many seconds; what it printed."""
    config = folder / "baresip"
    config.mkdir()
    port = free_port()
    (config / "config").write_text(CONFIG.format(port=port, speech=speech, folder=folder))
    account = f"<sip:2125550142@127.0.0.1:{port}>;regint=0;audio_codecs=pcmu\n"
    (config / "accounts").write_text(account)
    (config / "contacts").write_text("")
    command = ["baresip", "-f", str(config), "-e", f"/dial {uri}", "-t", str(seconds)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds + 30)
    return done.stdout + done.stderr


class BaresipTests(TestCase):
    """A person's client."""

    skip = missing("baresip", "espeak-ng")
    timeout = 180.0

    def test_leave_a_message(self) -> None:
        """Dialling 1001 at the router leads to greeting, tone, and a mail with what was said."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        speech = folder / "speech.wav"
        text = "Hello Ada. This is a long message. " * 8
        subprocess.run(["espeak-ng", "-w", str(folder / "wide.wav"), text], check=True)
        pcm = read_wav((folder / "wide.wav").read_bytes())
        with wave.open(str(speech), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(np.asarray(pcm, dtype="<i2").tobytes())
        with running(folder / "state") as server:
            out = baresip(folder, speech, f"sip:1001@127.0.0.1:{server.sip}", 16)
            self.assertTrue(wait_until(lambda: server.count() == 1, 30), out + server.tail())
            mail = next(server.mails())
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertEqual(mail["X-CallingTelephoneNumber"], "2125550142")
        self.assertEqual(mail["To"].addresses[0].addr_spec, "ada@example.com")
        self.assertGreaterEqual(int(mail["X-VoiceMessageDuration"]), 3)
        self.assertEqual(next(mail.iter_attachments()).get_content_type(), "audio/mpeg")
        dumps = sorted(folder.glob("dump-*-dec.wav"))
        self.assertTrue(dumps, out)
        heard = read_wav(dumps[-1].read_bytes())
        self.assertGreater(loud_seconds(heard), 3.0, "the greeting was not heard")
        self.assertEqual(len(beeps(heard)), 1, "one tone before the recording")
