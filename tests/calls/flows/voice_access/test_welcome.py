"""What is heard first at the number of voice access (spec 5.1, 3.2)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.flows.voice_access.stage import STRANGE_PHONE, Visit, VisitCase

NEWS = evolve(
    STRANGE_PHONE.dial_plan,
    info_announcement_enabled="True",
    info_announcement_filename="news.wav",
)
OWN_WELCOME = evolve(NEWS, welcome_greeting_enabled=True, welcome_greeting_filename="welcome.wav")


def visit(plan: object, *files: str) -> Visit:
    """A call from a strange telephone to the number of this plan, which has these recordings."""
    call = Visit(route=evolve(STRANGE_PHONE, dial_plan=plan))
    call.shelf.files.update(files)
    call.dial()
    return call


class WelcomeTests(VisitCase):
    """Welcome and news."""

    def test_the_order(self) -> None:
        """Feature 85: the welcome, the plan's own where it has one, then the news."""
        call = visit(NEWS, "news.wav").until("enter-extension")
        self.assertEqual(
            call.heard,
            ["voice-access-welcome", "news.wav", "enter-extension-search", "enter-extension"],
        )
        call = visit(OWN_WELCOME, "welcome.wav", "news.wav").until("enter-extension")
        self.assertEqual(
            call.heard, ["welcome.wav", "news.wav", "enter-extension-search", "enter-extension"]
        )

    def test_missing_recordings(self) -> None:
        """Feature 85: where a recording is gone callers hear the usual welcome and no news."""
        call = visit(OWN_WELCOME).until("enter-extension")
        self.assertEqual(
            call.heard, ["voice-access-welcome", "enter-extension-search", "enter-extension"]
        )

    def test_switched_off(self) -> None:
        """Feature 85: what is switched off is not heard, although its file is named."""
        off = evolve(OWN_WELCOME, welcome_greeting_enabled=False, info_announcement_enabled="False")
        call = visit(off, "welcome.wav", "news.wav").until("enter-extension")
        self.assertEqual(
            call.heard, ["voice-access-welcome", "enter-extension-search", "enter-extension"]
        )

    def test_news_are_skipped_by_a_key(self) -> None:
        """Who knows what to press skips the news, and the key counts."""
        call = visit(NEWS, "news.wav")
        call.until("news.wav").press("1").press("001")
        call.until("enter-pin")
        self.assertEqual(call.heard[1:], ["news.wav!", "enter-pin"])

    def test_news_that_must_be_heard(self) -> None:
        """Feature 86: keys neither end an uninterruptible announcement nor count afterwards."""
        plan = evolve(NEWS, info_announcement_enabled="Uninterruptible")
        call = visit(plan, "news.wav")
        call.press("1").until("news.wav").press("1001#").until("enter-extension")
        self.assertEqual(call.heard[1:], ["news.wav", "enter-extension-search", "enter-extension"])
