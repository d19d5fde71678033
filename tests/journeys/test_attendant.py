"""Callers of Reception, the demo's auto attendant, over real bytes."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from tests.kit.house import ADA, HouseCase
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name


class AttendantTests(HouseCase):
    """5001 answers."""

    def test_leave_a_message_for_sales(self) -> None:
        """3 leads to the tone; what is said arrives as mail, and the menu follows again."""
        self.start()
        caller = self.dial("5001").wait(1.5).press("3").until_beep().say(2.0).press("#1#")
        caller.wait(6.0)
        self.assertIsNone(caller.over)
        self.assertEqual(self.mails(ADA)[0]["Content-Class"], "voice-ca")
        caller.hang_up()

    def test_find_somebody_by_name(self) -> None:
        """# and the first letters of the last name find Ben; 2 leaves him a message."""
        self.start()
        caller = self.dial("5001").wait(1.5).press("#").wait(1.0).press("726").wait(3.0)
        caller.press("2").until_beep().say(2.0).hang_up()
        self.assertEqual(self.mails("ben@example.com")[0]["Content-Class"], "voice-ca")

    def test_a_transfer(self) -> None:
        """1 sends the caller to Sales by REFER."""
        self.start()
        gateway = self.gateway(REFER=202)
        gateway.call((self.host, self.desk_port), user="5001")
        gateway.keep_silent(1.0)
        gateway.press("1")
        for _ in range(20):
            if gateway.requests("REFER"):
                break
            gateway.keep_silent(0.5)
        self.assertIn("<sip:1001@", gateway.requests("REFER")[0].header("Refer-To"))

    def test_silence(self) -> None:
        """Who says and presses nothing hears the menu again, and goodbye in the end."""
        self.start(lambda text: text.replace('operator_extension = "1002"', ""))
        caller = self.dial("5001").until_over(120.0)
        self.assertIsNotNone(caller.over)

    def test_an_imported_prompt(self) -> None:
        """A prompt that was imported is heard in the place of the generated one."""
        self.start(
            lambda text: text.replace(
                'name = "Reception"',
                'name = "Reception"\n'
                "business_hours_welcome_greeting_enabled = true\n"
                'business_hours_welcome_greeting_filename = "hello.wav"',
            )
        )
        path = self.state / folder_name(AUTO_ATTENDANT, "Reception") / "hello.wav"
        path.parent.mkdir(parents=True)
        write_tone(path, 1000.0, 3.0)
        caller = self.dial("5001").wait(3.0)
        heard = caller.ear.pcm()[4000:16000].astype(float)
        spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
        self.assertLess(abs(int(np.argmax(spectrum)) * 8000 / len(heard) - 1000.0), 5.0)
        caller.hang_up()


def write_tone(path: Path, hertz: float, seconds: float) -> None:
    """A WAV file as Import-UMPrompt takes it."""
    moments = np.arange(round(8000 * seconds)) / 8000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes((8000 * np.sin(2 * np.pi * hertz * moments)).astype("<i2").tobytes())
