"""Scanners as strangers and as gateways: SIPVicious finds nobody, guessing teaches nothing."""

from __future__ import annotations

import atexit
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from random import Random
from shutil import rmtree
from statistics import quantiles

from twisted.trial.unittest import SynchronousTestCase

from tests.interop.peers import Server, free_port, missing
from tests.interop.picky.caller import Caller
from tests.interop.picky.standing import ALARMS, part
from umserver.discover import shipped

SUITE = Path(sys.executable).parent
MAPS, WARS, CRACKS = (str(SUITE / f"sipvicious_{name}") for name in ("svmap", "svwar", "svcrack"))
EXTENSIONS = "990-1010"
"""Ada, Ben and Chloé among nobodies."""
KNOWN, UNKNOWN = ("1001", "1002", "1003"), ("1007", "1008", "1009")
STRANGER = "127.0.0.77"
ROUNDS = 60
NOISE = 0.0005
"""Seconds by which the two may differ; looking somebody up in the store takes longer."""


@lru_cache(maxsize=2)
def server_behind(gateway: str) -> Server:
    """A server with the demo organisation whose gateway is this; it runs until the end."""
    folder = Path(tempfile.mkdtemp(prefix="umserver-scanned-"))
    server = Server(folder / "state", options=("--listen=127.0.0.1",))
    demo = shipped("demo.toml").read_text("utf-8")
    toml = folder / "organisation.toml"
    toml.write_text(demo.replace('address = "127.0.0.1"', f'address = "{gateway}"'))
    server.umctl("import", str(toml))
    server.start()

    def over() -> None:
        server.stop()
        rmtree(folder, ignore_errors=True)

    atexit.register(over)
    return server


class ScannersCase(SynchronousTestCase):
    """A server that everybody on this machine can reach."""

    skip = missing(MAPS, WARS, CRACKS)
    timeout = 240
    gateway = "127.0.0.1"

    def setUp(self) -> None:
        self.server = server_behind(self.gateway)

    def scan(self) -> None:
        """All of its programs at once, against both roles: nothing is found."""
        commands = []
        for port in (self.server.sip, self.server.mbx):
            target = f"udp://127.0.0.1:{port}"
            commands.append([MAPS, "-p", str(port), "127.0.0.1"])
            commands.append([CRACKS, "-u", "1001", "-r", "246800-246820", target])
            for method in ("REGISTER", "OPTIONS", "INVITE"):
                commands.append([WARS, "-m", method, "-e", EXTENSIONS, "--force", target])
        running = [
            subprocess.Popen(
                [*command, "-P", str(free_port()), "-x", "127.0.0.1", "--maximumtime", "2"][
                    : -2 if command[0] == MAPS else None
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for command in commands
        ]
        for process in running:
            said, _ = process.communicate(timeout=90)
            self.assertIn("found nothing", said, process.args)
            self.assertNotIn("Traceback", said)
            self.assertEqual([n for n in KNOWN if f"{n} " in said], [], said)

    def check(self) -> None:
        """The server is as it was, and answers those who are no scanners."""
        caller = Caller(("127.0.0.1", self.server.mbx))
        self.addCleanup(caller.leave)
        caller.request("OPTIONS", dialog=False)
        self.assertEqual(caller.final("OPTIONS").status, 200)
        for name in ("cas", "mbx"):
            status = part(self.server, name)
            self.assertGreaterEqual(status["strangers_dropped"], 5)
            self.assertEqual(status["active"], 0)
        log = self.server.log.read_text(errors="replace")
        self.assertEqual([alarm for alarm in ALARMS if alarm in log], [])
        self.assertNotIn("friendly-scanner", log)


class GatewayTests(ScannersCase):
    """From the address of a configured gateway: it was taken over, or is forged."""

    def test_finds_nobody(self) -> None:
        """No server, no extension, no PIN; afterwards everything is as before."""
        self.scan()
        self.check()

    def test_other_questions_tell_nothing(self) -> None:
        """Who bears another name learns of an extension by calling it, and in no other way."""
        caller = Caller(("127.0.0.1", self.server.mbx))
        self.addCleanup(caller.leave)
        for method in ("REGISTER", "OPTIONS", "MESSAGE", "PUBLISH", "INFO"):
            answers = set()
            for user in (*KNOWN, *UNKNOWN, "nobody"):
                caller.user = user
                caller.request(method, dialog=False)
                answers.add(caller.final(method).start)
            self.assertEqual(len(answers), 1, (method, answers))


class StrangerTests(ScannersCase):
    """From an address that is nobody's."""

    gateway = "127.0.0.99"

    def test_finds_nobody(self) -> None:
        """No server, no extension, no PIN; afterwards everything is as before."""
        self.scan()
        self.check()

    def test_words_and_time_are_the_same(self) -> None:
        """Known and unknown extensions: the same refusal after the same time, at both roles."""
        for port in (self.server.sip, self.server.mbx):
            for method in ("INVITE", "SUBSCRIBE", "REGISTER", "OPTIONS", "MESSAGE"):
                self.compare(port, method)

    def compare(self, port: int, method: str) -> None:
        """Measured anew where it differs: other programs run on this machine."""
        for _ in range(4):
            known, unknown = self.measure(port, method)
            if abs(known - unknown) <= NOISE:
                return
        self.fail(f"{method}: {known} and {unknown}")

    def measure(self, port: int, method: str) -> tuple[float, float]:
        """Ask for everybody in random order; the quicker quarter's time for known and unknown."""
        took: dict[bool, list[float]] = {True: [], False: []}
        answers = set()
        order = [*KNOWN, *UNKNOWN] * (ROUNDS // 6)
        Random(1).shuffle(order)
        for user in order:
            caller = Caller(("127.0.0.1", port), user=user)
            began = time.monotonic()
            if method == "INVITE":
                caller.invite()
            else:
                caller.request(method, dialog=False, more=[("Event", "message-summary")])
            answer = caller.final(method)
            took[user in KNOWN].append(time.monotonic() - began)
            answers.add((answer.start, answer.header("Reason"), answer.header("ms-diagnostics")))
            if method == "INVITE":
                caller.ack_refusal(answer)
            caller.close()
        self.assertEqual(len(answers), 1, (method, answers))
        return quantiles(took[True])[0], quantiles(took[False])[0]

    def test_a_stranger_on_a_stream(self) -> None:
        """Over TCP a stranger hears the same refusals, and soon nothing more."""
        caller = Caller(("127.0.0.1", self.server.sip), "tcp", host=STRANGER)
        self.addCleanup(caller.close)
        heard = set()
        for n in range(20):
            caller.user = (*KNOWN, *UNKNOWN)[n % 6]
            caller.cseq, caller.call_id = 0, f"scan{n}@example.com"
            caller.invite()
            heard.add(caller.final("INVITE").start)
        self.assertEqual(heard, {"SIP/2.0 403 Forbidden"})
        caller.send("".join(caller.text("OPTIONS", number=n, dialog=False) for n in range(200)))
        caller.listen(3.0)
        self.assertTrue(caller.closed_by_server)
