"""SIPp as a gateway that forwards calls: every message arrives once and unharmed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import missing, running, sipp, voice, wait_until

EXTENSIONS = ("1001", "1002", "1003")
ADDRESSES = {"1001": "ada@example.com", "1002": "ben@example.com", "1003": "chloe@example.com"}


def wav_payload(data: bytes) -> bytes:
    """The octets of a WAV's data chunk."""
    at = data.index(b"data")
    return data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")]


class SippTests(TestCase):
    """A load of forwarded calls."""

    skip = missing("sipp")
    timeout = 600.0

    def calls(self, transport: str, calls: int, at_once: int) -> None:
        folder = Path(self.mktemp())
        folder.mkdir()
        with running(folder / "state") as server:
            server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
            spoken: dict[str, bytes] = {}
            fields = []
            for number in range(calls):
                caller = f"2125551{number:03d}"
                spoken[caller] = voice(folder / f"{caller}.raw", 3.0, seed=number)
                path = (folder / f"{caller}.raw").resolve()
                fields.append(f"{EXTENSIONS[number % 3]};{caller};{path}")
            sipp(
                folder,
                "leave_message",
                f"127.0.0.1:{server.mbx}",
                fields,
                at_once=at_once,
                rate=at_once,
                transport=transport,
            )
            self.assertTrue(wait_until(lambda: server.count() >= calls, 60), server.tail())
            mails = list(server.mails())
            self.assertEqual(len(mails), calls)
            self.assertEqual(len({m["Message-ID"] for m in mails}), calls)
            for mail in mails:
                caller = mail["X-CallingTelephoneNumber"]
                attachment = next(mail.iter_attachments())
                self.assertEqual(wav_payload(attachment.get_content()), spoken[caller])
            to = Counter(mail["To"].addresses[0].addr_spec for mail in mails)
            self.assertEqual(set(to), set(ADDRESSES.values()))

    def test_udp(self) -> None:
        """Calls over UDP, 20 at a time: as many mails as calls, each with the very octets that were spoken."""
        self.calls("u1", calls=40, at_once=20)

    def test_tcp(self) -> None:
        """The same over TCP."""
        self.calls("t1", calls=40, at_once=20)

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
