"""Published torture messages, over real time, against a server in a process of its own."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import Server, missing
from tests.kit.torture import Rack, Result, rounds, vectors, with_rack
from umserver.discover import shipped


class TortureTests(TestCase):
    """The server lives on, answers what is right, and OPTIONS at once after each message."""

    skip = missing()
    timeout = 600.0

    def rack(self, server: Server, port: int) -> Rack:
        """A rack on port 5060 of a loopback address of its own."""
        rack = Rack(("127.0.0.1", port), _wait)
        self.addCleanup(rack.close)
        return rack

    def send_all(self, transport: str) -> list[Result]:
        """Every vector to the answering desk, a fresh process for each round."""
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        organisation = folder / "organisation.toml"
        organisation.write_text(with_rack(shipped("demo.toml").read_text("utf-8")))
        server = Server(folder / "state", options=("--listen=127.0.0.1",))
        self.addCleanup(server.stop)
        results = []
        for group in rounds(vectors()):
            server.start()
            server.umctl("import", str(organisation))
            rack = self.rack(server, server.mbx)
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
        grades = Counter(result.grade for result in results)
        self.assertGreaterEqual(grades["ideal"], len(results) - 2, grades)

    def test_over_udp(self) -> None:
        """Datagrams."""
        self.check("udp")

    def test_over_tcp(self) -> None:
        """Streams."""
        self.check("tcp")


def _wait(seconds: float) -> None:
    threading.Event().wait(seconds)
