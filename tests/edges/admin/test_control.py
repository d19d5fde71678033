"""The control socket: both ends, over a real UNIX socket."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from umserver.edges.admin.ask import NotRunning, Refused, ask
from umserver.edges.admin.control import (
    MOST_CONNECTIONS,
    MOST_LINE,
    ControlFactory,
    ControlSocket,
    ControlSocketInUse,
    open_control,
)
from umserver.edges.admin.socket_path import NAME, short_path
from umserver.interfaces import Unavailable


def refuse(question: Any) -> Any:
    raise ValueError("there is no message of that id")


def break_down(question: Any) -> Any:
    raise RuntimeError("secret detail")


ASKS: dict[str, Callable[[Any], Any]] = {
    "status": lambda question: {"calls": 3},
    "echo": lambda question: succeed(question["text"]),
    "refuse": refuse,
    "down": lambda question: fail(Unavailable("the store is down")),
    "break": break_down,
    "odd": lambda question: object(),
}


class Line(SynchronousTestCase):
    """What a connection in memory says to lines."""

    def setUp(self) -> None:
        self.connect(ASKS)

    def connect(self, asks: dict[str, Callable[[Any], Any]], user: int = 0) -> None:
        self.factory = ControlFactory(asks, lambda transport: user)
        self.protocol = self.factory.buildProtocol(None)
        assert self.protocol is not None
        self.transport = StringTransport()
        self.protocol.makeConnection(self.transport)

    def say(self, data: bytes) -> list[dict[str, Any]]:
        assert self.protocol is not None
        self.transport.clear()
        self.protocol.dataReceived(data)
        return [json.loads(line) for line in self.transport.value().splitlines()]

    def test_answers_in_order(self) -> None:
        """Several asks in one piece are answered one after the other."""
        self.assertEqual(
            self.say(b'{"ask": "status"}\n{"ask": "echo", "text": "\xc3\xa9"}\n'),
            [{"ok": True, "answer": {"calls": 3}}, {"ok": True, "answer": "é"}],
        )

    def test_one_at_a_time(self) -> None:
        """An ask that takes its time holds the later ones back."""
        slow: Deferred[str] = Deferred()
        self.connect({**ASKS, "slow": lambda question: slow})
        self.assertEqual(self.say(b'{"ask": "slow"}\n{"ask": "status"}\n'), [])
        slow.callback("done")
        lines = self.transport.value().splitlines()
        self.assertEqual([json.loads(line)["answer"] for line in lines], ["done", {"calls": 3}])

    def test_nonsense_is_told(self) -> None:
        """Whatever is no ask gets a word of help, and the connection goes on."""
        for line in (b"", b"hello", b"[]", b"{}", b'{"ask": 3}', b"\xff\xfe", b"[" * 5000):
            self.assertIn("JSON object", self.say(line + b"\n")[0]["error"])
        self.assertIn("none of: status, echo", self.say(b'{"ask": "stats"}\n')[0]["error"])

    def test_refusals_carry_their_words(self) -> None:
        """What cannot be done is said in words for people; a missing detail too."""
        self.assertEqual(
            self.say(b'{"ask": "refuse"}\n'),
            [{"ok": False, "error": "there is no message of that id"}],
        )
        self.assertEqual(self.say(b'{"ask": "down"}\n')[0]["error"], "the store is down")
        self.assertEqual(self.say(b'{"ask": "echo"}\n')[0]["error"], "text")

    def test_bugs_keep_their_details(self) -> None:
        """A bug is logged and answered without its inside."""
        for name, kind in ((b"break", RuntimeError), (b"odd", TypeError)):
            answer = self.say(b'{"ask": "' + name + b'"}\n')[0]
            self.assertEqual(answer["error"], "this failed; the server's log says why")
            self.assertEqual(len(self.flushLoggedErrors(kind)), 1)

    def test_strangers_are_not_served(self) -> None:
        """Another user of the machine gets a word and a closed door, whatever is asked."""
        for user in (os.getuid() + 1, -1):
            self.connect(ASKS, user)
            self.assertIn(b"only the server's own user", self.transport.value())
            self.assertTrue(self.transport.disconnecting)
            self.assertEqual(self.say(b'{"ask": "status"}\n'), [])

    def test_endless_line(self) -> None:
        """A line without an end is refused after a bounded length."""
        self.assertIn("at most", self.say(b"x" * (MOST_LINE + 10))[0]["error"])
        self.assertTrue(self.transport.disconnecting)

    def test_too_many_asks_at_once(self) -> None:
        """Whoever piles up asks without end is cut off."""
        self.connect({"slow": lambda question: Deferred()})
        self.say(b'{"ask": "slow"}\n' * (MOST_CONNECTIONS + 5))
        self.assertTrue(self.transport.disconnecting)

    def test_too_many_connections(self) -> None:
        """Connections are bounded, and one that ended makes room."""
        more = [self.factory.buildProtocol(None) for _ in range(MOST_CONNECTIONS - 1)]
        self.assertIsNone(self.factory.buildProtocol(None))
        assert more[0] is not None
        more[0].connectionLost()
        self.assertIsNotNone(self.factory.buildProtocol(None))


class SocketTests(TestCase):
    """`umctl` and a server in the same state folder."""

    timeout = 20.0

    def setUp(self) -> None:
        self.state = Path(self.mktemp()).resolve()
        self.state.mkdir()

    def open(self) -> ControlSocket:
        opened = open_control(reactor, self.state, ASKS)
        self.addCleanup(opened.close)
        return opened

    async def ask(self, name: str, **details: object) -> Any:
        return await deferToThread(ask, self.state, name, 5.0, **details)

    async def test_ask_and_answer(self) -> None:
        """An administrator asks, the server answers or says why not."""
        self.open()
        self.assertEqual(await self.ask("status"), {"calls": 3})
        with self.assertRaisesRegex(Refused, "no message of that id"):
            await self.ask("refuse")

    async def test_only_for_its_owner(self) -> None:
        """Nobody but the server's user reaches the socket."""
        self.open()
        mode = os.stat(self.state / NAME).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        if stat.S_IMODE(mode) != 0o600:
            raise SkipTest("this kernel keeps no modes of sockets")

    async def test_no_server(self) -> None:
        """Without a server the administrator is told so."""
        with self.assertRaisesRegex(NotRunning, "no server is running"):
            await self.ask("status")

    async def test_a_crash_leaves_no_trap(self) -> None:
        """A socket of a killed server is replaced by the next one."""
        with short_path(self.state) as path, socket.socket(socket.AF_UNIX) as dead:
            dead.bind(path)
        with self.assertRaises(NotRunning):
            await self.ask("status")
        self.open()
        self.assertEqual(await self.ask("status"), {"calls": 3})

    async def test_two_servers(self) -> None:
        """A second server in the same folder is refused and harms the first one in nothing."""
        self.open()
        with self.assertRaisesRegex(ControlSocketInUse, "another server"):
            open_control(reactor, self.state, ASKS)
        self.assertEqual(await self.ask("status"), {"calls": 3})

    async def test_closed(self) -> None:
        """A stopped server leaves no socket behind."""
        await self.open().close()
        self.assertEqual(list(self.state.iterdir()), [])

    async def test_a_long_folder(self) -> None:
        """A state folder with a name longer than a socket's address works too."""
        self.state = self.state / ("long" * 40)
        self.state.mkdir()
        self.open()
        self.assertEqual(await self.ask("status"), {"calls": 3})

    async def test_a_server_that_hangs_up(self) -> None:
        """A server that dies before it answers is reported, not waited for."""
        with short_path(self.state) as path, socket.socket(socket.AF_UNIX) as rude:
            rude.bind(path)
            rude.listen(1)
            asked = deferToThread(ask, self.state, "status", 5.0)
            connection, _ = await deferToThread(rude.accept)
            connection.recv(100)
            connection.close()
            with self.assertRaisesRegex(NotRunning, "hung up"):
                await asked

    async def test_another_version(self) -> None:
        """An answer that cannot be read is told as that."""
        with short_path(self.state) as path, socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(1)
            asked = deferToThread(ask, self.state, "status", 5.0)
            connection, _ = await deferToThread(other.accept)
            connection.recv(100)
            connection.sendall(b"[1]\n")
            with self.assertRaisesRegex(Refused, "another version"):
                await asked
            connection.close()
