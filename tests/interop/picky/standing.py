"""One server in a process of its own that all picky peers of a test run share.

Knows: how to start it and what may never be in its log. Every test checks afterwards that it still
answers, holds no call and has not complained.
"""

from __future__ import annotations

import atexit
import tempfile
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from pathlib import Path
from shutil import rmtree
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.peers import Server, missing, wait_until
from tests.interop.picky.caller import Caller

ALARMS = ("Traceback", "failed; the message is dropped", "was misused", "not taken well")
"""What a peer must never be able to bring into the log."""

LATE = 6
"""Files that a server opens when they are first needed: the voice's pipes, a watch of folders."""


@lru_cache(maxsize=1)
def standing_server() -> Server:
    """The server; it is stopped when the test run ends."""
    folder = Path(tempfile.mkdtemp(prefix="umserver-picky-"))
    server = Server(folder / "state")
    server.start()
    server.umctl("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")

    def over() -> None:
        server.stop()
        rmtree(folder, ignore_errors=True)

    atexit.register(over)
    return server


def part(server: Server, name: str) -> dict[str, Any]:
    """One section of its status page."""
    section = server.status()[name]
    assert isinstance(section, dict)
    return section


def legs(server: Server) -> int:
    """Calls whose sound it carries."""
    return int(part(server, "media")["legs"])


class PickyCase(SynchronousTestCase):
    """Plain sockets against the standing server; nothing may be left behind."""

    skip = missing()

    def setUp(self) -> None:
        self.server = standing_server()
        self._read = self.server.log.stat().st_size
        self._callers: list[Caller] = []

    def tearDown(self) -> None:
        for caller in self._callers:
            caller.leave()
        self.assertTrue(wait_until(lambda: legs(self.server) == 0, 10), self.server.status())
        options = self.caller()
        options.request("OPTIONS", dialog=False)
        self.assertEqual(options.final("OPTIONS").status, 200)
        options.close()
        with self.server.log.open(errors="replace") as log:
            log.seek(self._read)
            said = log.read()
        self.assertEqual([line for line in said.splitlines() if _alarms(line)], [], said[-3000:])

    def caller(self, **more: Any) -> Caller:
        """A peer towards the answering desk; what it leaves open is closed at the end."""
        port = more.pop("port", self.server.mbx)
        host = "::1" if ":" in more.get("host", "") else "127.0.0.1"
        caller = Caller((host, port), **more)
        self._callers.append(caller)
        return caller

    def mail_of(self, caller: Caller) -> EmailMessage:
        """The one mail that came of this caller's call."""
        found: list[EmailMessage] = []

        def has_come() -> bool:
            found[:] = _mails_of(self.server, caller.number)
            return bool(found)

        self.assertTrue(wait_until(has_come, 15), self.server.tail())
        self.assertEqual(len(found), 1)
        return found[0]


def _mails_of(server: Server, number: str) -> list[EmailMessage]:
    """Delivered mails about a caller; reads no more than their heads to find them."""
    found = []
    for path in server.state.glob("mail/*/new/*"):
        data = path.read_bytes()
        if number.encode() in data.partition(b"\r\n\r\n")[0].partition(b"\n\n")[0]:
            found.append(message_from_bytes(data, policy=default))
    return found


def _alarms(line: str) -> bool:
    return any(alarm in line for alarm in ALARMS)
