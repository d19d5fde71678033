"""A server that dies in the middle of calls, and the one that comes after it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.kit.house import ADA, HouseCase, attachment
from tests.kit.media import clip


class Crash(HouseCase):
    """The state folder as a power cut leaves it is all that the next server gets."""

    def snapshot(self) -> Path:
        """What is on the disk at this moment."""
        copy = self.disk() / "state"
        shutil.copytree(self.state, copy, ignore=shutil.ignore_patterns("*.sock*", "control*"))
        return copy

    def after_a_crash(self, copy: Path) -> None:
        """Start a server on that disk; the one before is gone."""
        self.stop()
        self.state = copy
        self.start()

    def test_while_recording(self) -> None:
        """What was said up to a second before the end arrives, once."""
        self.start()
        caller = self.dial().until_beep()
        caller.call.play([clip(30.0, 6)])
        caller.wait(10.0)
        copy = self.snapshot()
        caller.hang_up()
        self.mails()
        self.after_a_crash(copy)
        [mail] = self.mails()
        sound = bytes(attachment(mail).get_content())
        start = sound.index(clip(30.0, 6).encoded["PCMU"][:800])
        self.assertGreaterEqual(len(sound) - start, 8.8 * 8000)
        self.assertEqual(mail["Content-Class"], "voice-ca")

    def test_at_every_moment(self) -> None:
        """Whenever it dies, afterwards there is exactly one mail for the call, and it is whole."""
        self.start()
        caller = self.dial()
        copies: list[Path] = []
        for step in (0.5, 2.5, 0.6, 1.0, 1.0):
            caller.call.play([clip(9.0, 6)])
            caller.wait(step)
            copies.append(self.snapshot())
        caller.press("#")
        copies.append(self.snapshot())
        caller.press("1").press("#")
        copies.append(self.snapshot())
        caller.until_over(20.0)
        copies.append(self.snapshot())
        [first] = self.mails()
        copies.append(self.snapshot())
        kinds = []
        for copy in copies:
            self.after_a_crash(copy)
            [mail] = self.mails()
            kinds.append(mail["Content-Class"])
            self.assertEqual(mail["Message-ID"], first["Message-ID"])
            self.stage.walk(30.0)
            self.assertEqual(len(self.mails()), 1)
        self.assertEqual(kinds[0], "missedcall")
        self.assertEqual(set(kinds[4:]), {"voice-ca"})

    def test_many_calls(self) -> None:
        """Ten callers at once lose nothing when the server dies."""
        self.start()
        callers = [self.dial() for _ in range(10)]
        for caller in callers:
            caller.until_beep()
        for n, caller in enumerate(callers):
            caller.call.play([clip(9.0, 100 + n)])
        self.stage.walk(5.0)
        copy = self.snapshot()
        for caller in callers:
            caller.hang_up()
        self.after_a_crash(copy)
        sounds = [bytes(attachment(mail).get_content()) for mail in self.mails(ADA, 10)]
        for n in range(10):
            words = clip(9.0, 100 + n).encoded["PCMU"][800:24_000]
            self.assertEqual(sum(words in sound for sound in sounds), 1)
