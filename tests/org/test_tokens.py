"""The signed routing result of a redirect."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.tokens import MAX_LENGTH, MAX_TEXT, SLOT_SECONDS, Claim, form_of, sign, verify

KEY = bytes(range(32))
NOW = 1_790_000_040.0
CLAIM = Claim(
    flow="leave-message",
    dial_plan="Boston",
    mailbox="1001",
    mailbox_plan="Boston",
    reason="DivertNoAnswer",
    caller_number="+13125550142",
    caller_name="Chloé “C.” Démo",
    called="5000",
)
WORDS = st.text(max_size=40)
CLAIMS = st.builds(
    Claim,
    flow=WORDS,
    dial_plan=WORDS,
    mailbox=WORDS,
    mailbox_plan=WORDS,
    attendant=WORDS,
    reason=WORDS,
    caller_number=WORDS,
    caller_name=WORDS,
    called=WORDS,
)


class TokenTests(SynchronousTestCase):
    """What holds, and what does not."""

    def test_holds_for_a_minute(self) -> None:
        """A redirected call that comes back within a minute is believed, an old one is not."""
        token = sign(CLAIM, KEY, NOW)
        for late in (0.0, 1.0, SLOT_SECONDS - 1.0, SLOT_SECONDS, -SLOT_SECONDS):
            self.assertEqual(verify(token, KEY, NOW + late), CLAIM, late)
        for late in (2.0 * SLOT_SECONDS, 3600.0, -2.0 * SLOT_SECONDS):
            self.assertIsNone(verify(token, KEY, NOW + late), late)

    def test_repeated_offer_gets_the_same_answer(self) -> None:
        """The token depends on nothing but claim, key and slot."""
        self.assertEqual(sign(CLAIM, KEY, NOW), sign(CLAIM, KEY, NOW + 1))
        self.assertNotEqual(sign(CLAIM, KEY, NOW), sign(CLAIM, KEY, NOW + SLOT_SECONDS))

    @given(CLAIMS, WORDS, WORDS)
    def test_a_form_for_many_callers(self, claim: Claim, number: str, name: str) -> None:
        """A claim signed in two steps, its caller last, is the claim signed at once."""
        whole = evolve(claim, caller_number=number, caller_name=name)
        self.assertEqual(form_of(claim).signed(number, name, KEY, NOW), sign(whole, KEY, NOW))

    def test_stands_in_a_uri(self) -> None:
        """No character of a token needs an escape in a SIP URI."""
        self.assertIsNotNone(re.fullmatch(r"[A-Za-z0-9._-]+", sign(CLAIM, KEY, NOW)))

    def test_forgery(self) -> None:
        """Whoever changes one character, or has another key, is not believed."""
        token = sign(CLAIM, KEY, NOW)
        for at in range(len(token)):
            other = "A" if token[at] != "A" else "B"
            forged = token[:at] + other + token[at + 1 :]
            found = verify(forged, KEY, NOW)
            self.assertIsNone(found, at)
        self.assertIsNone(verify(token, KEY[::-1], NOW))

    def test_rubbish(self) -> None:
        """Anything else in the parameter is passed over."""
        for text in (None, "", ".", "...", "1.2.3.4", "é", "A" * (MAX_LENGTH + 1)):
            self.assertIsNone(verify(text, KEY, NOW))

    def test_another_version(self) -> None:
        """A token of another version is passed over, although it was signed with our key."""
        body = sign(CLAIM, KEY, NOW).rpartition(".")[0]
        for version, holds in (("1", True), ("2", False)):
            changed = version + body[1:]
            mac = urlsafe_b64encode(hmac.digest(KEY, changed.encode(), "sha256")[:16])
            token = f"{changed}.{mac.decode().rstrip('=')}"
            self.assertEqual(verify(token, KEY, NOW) is not None, holds)

    def test_longest(self) -> None:
        """Even with the longest names a token is short enough to be read."""
        text, rude = "😀" * MAX_TEXT, "\x01" * MAX_TEXT
        claim = Claim(
            flow="leave-message",
            dial_plan=text,
            mailbox="1" * 20,
            mailbox_plan=text,
            attendant=text,
            reason="DivertNoAnswer",
            caller_number=rude,
            caller_name=rude,
            called=rude,
        )
        token = sign(claim, KEY, NOW)
        self.assertEqual(verify(token, KEY, NOW), claim)

    @given(CLAIMS)
    def test_every_claim_comes_back(self, claim: Claim) -> None:
        """What was signed is what is read."""
        token = sign(claim, KEY, NOW)
        self.assertEqual(verify(token, KEY, NOW), claim)

    @given(st.text(max_size=200))
    def test_whatever_a_peer_sends(self, text: str) -> None:
        """No text is a fault."""
        self.assertIsNone(verify(text, KEY, NOW))
