"""Published torture messages, over real time, against a server in a process of its own."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import missing
from tests.interop.secured import dual_server
from tests.kit.torture import Rack, Result, rounds, vectors, with_rack
from umserver.discover import shipped


class TortureTests(TestCase):
    """The server lives on, answers what is right, and OPTIONS at once after each message."""

    skip = missing()
    timeout = 600.0

    def send_all(self, transport: str) -> list[Result]:
        """Every vector to the answering desk, a fresh process for each round."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        organisation = with_rack(shipped("demo.toml").read_text("utf-8"))
        server, context, tls_port = dual_server(folder, organisation)
        self.addCleanup(server.stop)
        results = []
        for group in rounds(vectors()):
            server.start()
            rack = Rack(("127.0.0.1", server.mbx), _wait, tls=context, tls_port=tls_port)
            self.addCleanup(rack.close)
            for vector in group:
                results.append(rack.send(vector, transport))
                self.assertTrue(rack.is_alive(), f"{vector.name}\n{server.tail()}")
            rack.close()
            self.assertTrue(server.ready(), server.tail())
            server.stop()
        self.assertNotIn("Traceback", server.log.read_text(errors="replace"))
        return results

    def check(self, transport: str) -> None:
        """No answer is wrong."""
        results = self.send_all(transport)
        self.assertEqual([str(result) for result in results if result.grade == "wrong"], [])
        less = [str(result) for result in results if result.grade != "ideal"]
        grades = Counter(result.grade for result in results)
        self.assertGreaterEqual(grades["ideal"], len(results) - 3, (grades, less))

    def test_over_udp(self) -> None:
        """Datagrams."""
        self.check("udp")

    def test_over_tcp(self) -> None:
        """Streams."""
        self.check("tcp")

    def test_over_tls(self) -> None:
        """Encrypted streams."""
        self.check("tls")


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
