"""Ada changes by telephone what callers of Reception hear; the next caller hears it."""

from __future__ import annotations

import io
import json

from tests.kit.ear import prompts_heard
from tests.kit.house import ADA, HouseCase
from umserver.command import DONE, Umctl
from umserver.edges.speech.finish import finish
from umserver.org.prompt_files import AUTO_ATTENDANT, folder_name
from umserver.wire.audio.wav import read_wav


def editable(toml: str) -> str:
    """The demo organisation, whose prompts Ada may change."""
    return toml.replace(
        'country_or_region_code = "1"',
        'country_or_region_code = "1"\ntui_prompt_editing_enabled = true',
    ).replace(f'address = "{ADA}"', f'address = "{ADA}"\nprompt_editing_enabled = true')


class PromptTests(HouseCase):
    """Feature 135 over real bytes."""

    def typed(self, *words: str) -> object:
        """What umctl shows."""
        out = io.StringIO()
        code = Umctl(out, io.StringIO(), io.StringIO()).run(
            ["--state", str(self.state), "--json", *words]
        )
        self.assertEqual(code, DONE, out.getvalue())
        return json.loads(out.getvalue())

    def test_the_next_caller_hears_it(self) -> None:
        """Feature 135: recorded once, heard by the next caller, exported by Export-UMPrompt."""
        self.start(editable)
        ada = self.dial("5001").wait(1.0).press("#*1001246813#").wait(8.0)
        ada.press("1").wait(1.0).press("2").until_beep().say(3.0).press("#").wait(1.0)
        ada.press("1").wait(3.0)
        self.assertIn("prompts-kept", self.heard(ada))
        ada.press("**").until_over()
        caller = self.dial("5001").wait(8.0)
        folder = self.state / folder_name(AUTO_ATTENDANT, "Reception")
        (recording,) = folder.iterdir()
        own = finish(read_wav(recording.read_bytes()), 8000)
        heard = prompts_heard(caller.ear.pcm(), {"own": own})
        self.assertEqual([one.name for one in heard], ["own"])
        caller.hang_up()
        (told,) = self.typed("Test-UMAutoAttendant", "Reception")  # type: ignore[misc]
        file = "recorded-business-hours-greeting.wav"
        self.assertEqual(told["greeting"], f"the recording {file}")
        words = ("Export-UMPrompt", file, "-UMAutoAttendant", "Reception")
        (exported,) = self.typed(*words)  # type: ignore[misc]
        self.assertAlmostEqual(exported["seconds"], 3.0, delta=0.5)
        changes = self.typed("Search-AdminAuditLog", "Reception")
        self.assertIn("Prompt editing by telephone", json.dumps(changes))
        self.assertIn(ADA, json.dumps(changes))
