"""SIPp as a gateway that forwards calls: every message arrives once and unharmed."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import missing, running, sipp, voice, wait_until, wav_payload

EXTENSIONS = ("1001", "1002", "1003")
VOICES = 16
ADDRESSES = {"1001": "ada@example.com", "1002": "ben@example.com", "1003": "chloe@example.com"}


class SippTests(TestCase):
    """A load of forwarded calls."""

    skip = missing("sipp")
    timeout = 600.0

    def calls(self, transport: str, calls: int, at_once: int) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        voices = [folder / f"voice{n}.raw" for n in range(VOICES)]
        spoken = [voice(path, 3.0, seed=n) for n, path in enumerate(voices)]
        fields = [f"{EXTENSIONS[n % 3]};2125551{n:03d};{n % VOICES}" for n in range(calls)]
        with running(folder / "state") as server:
            server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
            sipp(
                folder,
                "leave_message",
                f"127.0.0.1:{server.mbx}",
                fields,
                voices=voices,
                at_once=at_once,
                rate=at_once,
                transport=transport,
            )
            self.assertTrue(wait_until(lambda: server.count() >= calls, 60), server.tail())
            mails = list(server.mails())
        self.assertEqual(len(mails), calls)
        self.assertEqual(len({m["Message-ID"] for m in mails}), calls)
        for mail in mails:
            number = int(mail["X-CallingTelephoneNumber"][-3:])
            attachment = next(mail.iter_attachments())
            self.assertEqual(wav_payload(attachment.get_content()), spoken[number % VOICES])
            to = mail["To"].addresses[0].addr_spec
            self.assertEqual(to, ADDRESSES[EXTENSIONS[number % 3]])

    def test_udp(self) -> None:
        """80 calls over UDP, 20 at a time: a mail for each, with the very octets spoken."""
        self.calls("u1", calls=80, at_once=20)

    def test_tcp(self) -> None:
        """The same over TCP, 60 calls."""
        self.calls("t1", calls=60, at_once=20)

    def test_router_redirects(self) -> None:
        """The router sends a forwarded call to the mailbox server (302) at once."""
        folder = Path(self.mktemp())
        folder.mkdir()
        with running(folder / "state") as server:
            fields = [f"1001;21255520{n:02d}" for n in range(50)]
            for transport in ("u1", "t1"):
                sipp(
                    folder,
                    "redirected",
                    f"127.0.0.1:{server.sip}",
                    fields,
                    rate=50,
                    transport=transport,
                )
            self.assertEqual(server.count(), 0)
