"""A real telephone client and a real mail server: what is done by phone is seen in mail programs.

baresip leaves the keys as telephones send them (RFC 4733); Dovecot takes the messages by LMTP and
shows them over IMAP; what the caller hears decides what is pressed next.
"""

from __future__ import annotations

import imaplib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from tests.interop.listening import Listener, marked
from tests.interop.peers import SOFTPHONE, Server, missing, wait_until
from tests.kit.dovecot import LMTP, MASTER, MASTER_PASSWORD, PASSWORD, Dovecot
from tests.kit.ear import prompts_heard
from tests.kit.house import ADA, BEN, sound_of
from umserver.wire.audio.wav import pcm_wav, read_wav

PIN = "246813"
BOOTSTRAP = """
[mail]
delivery = "lmtp"
host = "127.0.0.1"
port = {lmtp}

[mailboxes]
storage = "imap"
host = "127.0.0.1"
port = {imap}
security = "none"
user = "{user}"
password = "{password}"
"""
PROMPTS = (
    *("enter-pin", "first-time", "main-menu", "message-acts", "message-deleted"),
    "message-is-flagged",
    *(
        "search-last-first",
        "search-other-way",
        "forward-menu",
        "message-sent",
        "greetings-menu",
        "options-menu",
    ),
    *("greeting-menu", "greeting-kept", "record-to-send", "message-menu", "message-options"),
    *("record-instructions", "operator-hint", "voice-access-welcome", "main-menu-repeat"),
    *("record-greeting", "goodbye"),
)


class ByTelephoneTests(SynchronousTestCase):
    """One owner, her callers, her mail program."""

    skip = missing("baresip", "dovecot") or (None if LMTP.exists() else "no dovecot-lmtpd")

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="um-dove-"))  # names of sockets must be short
        self.folder.chmod(0o755)  # Dovecot serves mail as another user
        self.addCleanup(shutil.rmtree, self.folder)
        self.dovecot = Dovecot(self.folder / "d")
        self.dovecot.start()
        self.addCleanup(self.dovecot.stop)
        config = self.folder / "umserver.toml"
        config.write_text(
            BOOTSTRAP.format(
                lmtp=self.dovecot.lmtp,
                imap=self.dovecot.port,
                user=MASTER,
                password=MASTER_PASSWORD,
            )
        )
        self.prompts = marked(self.folder / "state", *PROMPTS)
        self.server = Server(self.folder / "state", options=(f"--config={config}",))
        self.server.start()
        self.addCleanup(self.server.stop)
        self.server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")

    def call(self, what: str) -> np.ndarray:
        """Somebody calls Ada and says this after the tone; what they heard."""
        speech, heard = self.folder / "said.wav", self.folder / "heard.wav"
        speech.write_bytes(pcm_wav(np.tile(sound_of(what), 2)))
        command = [str(SOFTPHONE), "--quiet", "--play", str(speech), "--record", str(heard)]
        command += ["--from", "2125550142", f"sip:1001@127.0.0.1:{self.server.sip}"]
        subprocess.run(command, check=True, timeout=90)
        self.prompts[what] = sound_of(what)
        return read_wav(heard.read_bytes())

    def owner(self, call: str) -> Listener:
        """Ada calls the access number from her own telephone, speaking all the time."""
        speech = self.folder / "ada.wav"
        speech.write_bytes(pcm_wav(np.tile(sound_of("ada speaks"), 100)))
        uri = f"sip:5000@127.0.0.1:{self.server.sip}"
        return Listener(self.folder / call, speech, uri, self.prompts, number="1001")

    @contextmanager
    def program(self, user: str, box: str = "INBOX") -> Iterator[imaplib.IMAP4]:
        """A mail program that looks into a mailbox."""
        program = imaplib.IMAP4("127.0.0.1", self.dovecot.port, timeout=20)
        program.login(user, PASSWORD)
        try:
            program.select(box)
            yield program
        finally:
            program.logout()

    def shown(self, user: str, box: str = "INBOX") -> list[tuple[str, Message]]:
        """Flags and mail of each message there."""
        with self.program(user, box) as program:
            _, found = program.search(None, "ALL")
            rows = []
            for number in found[0].split():
                _, parts = program.fetch(number.decode(), "(FLAGS BODY.PEEK[])")
                head, body = next(part for part in parts if isinstance(part, tuple))
                tail = b"".join(part for part in parts if isinstance(part, bytes))
                rows.append(((head + tail).decode("ascii", "replace"), message_from_bytes(body)))
            return rows

    def arrived(self, user: str, count: int) -> None:
        """Wait until so many messages are in an inbox."""
        there = wait_until(lambda: len(self.shown(user)) == count, 30)
        self.assertTrue(there, f"{user} has {len(self.shown(user))}\n{self.server.tail()}")

    def test_a_day_of_ada(self) -> None:
        """Two new messages are heard, one is deleted, one forwarded with a comment, the greeting
        changed; the mail program shows exactly that, and what is flagged there is heard (features
        45, 99, 100).
        """
        self.call("first")
        self.arrived(ADA, 1)
        self.call("second")
        self.arrived(ADA, 2)
        with self.owner("one") as ada:
            ada.until("enter-pin").press(PIN + "#")
            ada.until("first-time").press("#")
            ada.until("main-menu").press("1")
            ada.until("second").press("7")
            ada.until("message-deleted").press("#")
            ada.until("first").until("message-acts").press("6")
            ada.until("search-last-first").until("search-other-way").press("#1002")
            ada.until("forward-menu").press("1")
            ada.until_the_tone().talk(3.0).press("#")
            ada.until("message-menu").press("1#")
            ada.until("message-sent").until("message-acts").press("*")
            ada.until("main-menu").press("6")
            ada.until("options-menu").press("2")
            ada.until("greetings-menu").press("1")
            ada.until_the_tone().talk(4.0).press("#")
            ada.until("greeting-menu").press("1")
            ada.until("greeting-kept").hang_up()
        [(flags, kept)] = self.shown(ADA)
        self.assertIn("\\Seen", flags)
        [(_, deleted)] = self.shown(ADA, "Trash")
        self.assertNotEqual(kept["Message-ID"], deleted["Message-ID"])
        self.arrived(BEN, 1)
        [(_, forwarded)] = self.shown(BEN)
        sounds = [part for part in forwarded.walk() if part.get_content_maintype() == "audio"]
        self.assertEqual(len(sounds), 2, "the comment and the message")
        again = {"ada speaks": sound_of("ada speaks")}
        heard = self.call("third")
        self.assertTrue(prompts_heard(heard, again), "the new greeting was not heard")
        self.arrived(ADA, 2)
        with self.program(ADA) as program:
            program.store("1", "+FLAGS", "\\Flagged")
            program.store("2", "+FLAGS", "\\Seen")
        with self.owner("two") as ada:
            ada.until("enter-pin").press(PIN + "#")
            ada.until("main-menu").press("1")
            ada.until("third").until("message-acts").press("#")
            ada.until("message-is-flagged").until("first").hang_up()
