"""One router and two answering desks as processes of their own; one of the desks is killed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.trial.unittest import TestCase

from tests.interop.peers import CHECKOUT, Server, missing, voice, wait_until
from tests.kit import postgresql
from umserver.edges.admin.ask import ask
from umserver.edges.store.archive import open_archive
from umserver.org.parse import parse_toml

CALLS = int(os.environ.get("UMSERVER_SPLIT_CALLS", "12"))
SPOKEN_SECONDS = 4.0
NOTICE_SECONDS = 5.0
"""After which the router has to know that a desk died."""
NAMES = {2: "desk-2.example.com", 3: "desk-3.example.com"}
"""With these each desk is the first choice for one of the demo organisation's users at least."""
LOAD = Path(__file__).with_name("redirect_load.py")


@define(eq=False)
class Split:
    """A router on 127.0.0.1, desks on 127.0.0.2 and 127.0.0.3, and one store for all."""

    folder: Path
    url: str
    """Of the store."""
    router: Server = field(init=False)
    desks: list[Server] = field(init=False)

    def __attrs_post_init__(self) -> None:
        store = f"--store={self.url}"
        archive = open_archive(self.url, self.folder)
        demo = (CHECKOUT / "etc" / "demo.toml").read_text("utf-8")
        quick = 'country_or_region_code = "1"\naudio_codec = "G711"'
        archive.import_organisation(
            *parse_toml(demo.replace('country_or_region_code = "1"', quick)), replace=True
        )
        archive.close()
        self.router = Server(
            self.folder / "cas", options=("--roles=cas", "--listen=127.0.0.1", store)
        )
        self.desks = [self._desk(n, store) for n in (2, 3)]

    def _desk(self, n: int, store: str) -> Server:
        """A desk with a name of its own: names decide which mailboxes go where."""
        config = self.folder / f"mbx{n}.toml"
        config.write_text(f'[server]\nhost_name = "{NAMES[n]}"\n')
        options = ("--roles=mbx", f"--listen=127.0.0.{n}", f"--config={config}", store)
        return Server(self.folder / f"mbx{n}", options=options)

    @property
    def all(self) -> Sequence[Server]:
        """Every process."""
        return (*self.desks, self.router)

    def start(self) -> None:
        """Start all; a desk that rendered its prompts lends them to the next."""
        self.desks[0].start()
        prompts = self.desks[1].state / "prompts"
        shutil.copytree(self.desks[0].state / "prompts", prompts, dirs_exist_ok=True)
        self.desks[1].start()
        self.router.start()

    def used(self) -> set[str]:
        """Desks that the router sends calls to."""
        servers: Any = self.router.status()["servers"]
        return {row["host"] for row in servers if row["used"]}

    def stop(self) -> None:
        """End all."""
        for server in self.all:
            server.stop()


class SplitTests(TestCase):
    """A call router and two answering desks on one SQLite file."""

    skip = missing()
    timeout = 600.0

    def store(self) -> str:
        """The URL of a fresh store."""
        return f"sqlite:{self.folder / 'shared.db'}"

    def setUp(self) -> None:
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        self.folder = folder
        self.split = Split(folder, self.store())
        self.addCleanup(self.split.stop)
        self.split.start()

    def load(self, calls: int, every: float, seconds: float = SPOKEN_SECONDS) -> subprocess.Popen:  # type: ignore[type-arg]
        """Callers who follow redirects, each speaking for so long."""
        sound = self.folder / "voice.raw"
        voice(sound, seconds, seed=1)
        command = [sys.executable, str(LOAD), "127.0.0.1", str(self.split.router.sip)]
        command += [str(calls), str(every), str(sound)]
        process = subprocess.Popen(
            command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=sys.stderr, text=True
        )
        self.addCleanup(process.kill)
        return process

    def outcomes(self, process: subprocess.Popen) -> list[dict[str, Any]]:  # type: ignore[type-arg]
        """What became of every call, in their order."""
        out, _ = process.communicate(timeout=240)
        return [json.loads(line) for line in out.splitlines()]

    def mails(self) -> list[Any]:
        """Every mail of both desks."""
        return [mail for desk in self.split.desks for mail in desk.mails()]

    def test_both_are_used(self) -> None:
        """Both desks answer calls, and every message arrives once."""
        split = self.split
        self.assertTrue(wait_until(lambda: len(split.used()) == 2, 10), split.router.tail())
        calls = self.outcomes(self.load(CALLS, 0.1))
        self.assertEqual([call["status"] for call in calls], [200] * CALLS)
        self.assertEqual({call["answered_by"] for call in calls}, {"127.0.0.2", "127.0.0.3"})
        self.assertTrue(wait_until(lambda: len(self.mails()) >= CALLS, 30))
        self.assertEqual(len({mail["Message-ID"] for mail in self.mails()}), CALLS)

    def test_one_drains(self) -> None:
        """A desk that drains gets no further call within five seconds."""
        split = self.split
        self.assertTrue(wait_until(lambda: len(split.used()) == 2, 10), split.router.tail())
        wanted = {
            "component": "UnifiedMessaging",
            "requester": "Maintenance",
            "state": "Draining",
        }
        ask(split.desks[0].state, "set-state", **wanted)
        self.assertTrue(
            wait_until(lambda: split.used() == {"127.0.0.3"}, NOTICE_SECONDS), split.used()
        )
        calls = self.outcomes(self.load(6, 0.05, 1.0))
        self.assertEqual({call["answered_by"] for call in calls}, {"127.0.0.3"})

    def test_one_is_killed(self) -> None:
        """One of two desks is killed during load: nothing but its own calls is disturbed.

        Calls on the other desk go on, new ones are all answered by it, and what was said to the
        killed one arrives when it is started again.
        """
        split = self.split
        self.assertTrue(wait_until(lambda: len(split.used()) == 2, 10), split.router.tail())
        load = self.load(CALLS * 4, 0.25)
        victim = split.desks[0]
        self.assertTrue(wait_until(lambda: self.running(victim) >= 3, 30), victim.tail())
        victim.kill()
        killed = time.time()
        self.assertTrue(
            wait_until(lambda: split.used() == {"127.0.0.3"}, NOTICE_SECONDS), split.router.tail()
        )
        noticed = time.time() - killed
        calls = self.outcomes(load)
        by = Counter(str(call["answered_by"]) for call in calls)
        self.assertEqual(len(calls), CALLS * 4)
        lost = [c for c in calls if c["status"] != 200 and c["placed"] > killed]
        self.assertEqual(lost, [], f"noticed {noticed:.1f} s")
        late = [call for call in calls if call["placed"] > killed + NOTICE_SECONDS]
        self.assertTrue(late)
        self.assertEqual({call["answered_by"] for call in late}, {"127.0.0.3"})
        whole = [call for call in calls if call["answered_by"] == "127.0.0.3"]
        self.assertEqual([call["spoken"] for call in whole], [True] * len(whole))
        victim.start()
        expected = len(whole) + by["127.0.0.2"]
        self.assertTrue(
            wait_until(lambda: len(self.mails()) >= expected, 60), (by, len(self.mails()))
        )
        self.assertEqual(len({mail["Message-ID"] for mail in self.mails()}), len(self.mails()))
        print(f"\nnoticed after {noticed:.1f} s; calls by desk {dict(by)}", file=sys.stderr)

    def running(self, desk: Server) -> int:
        """Calls on a desk."""
        part: Any = desk.status()["mbx"]
        return int(part["calls"])


class SplitOnPostgresqlTests(SplitTests):
    """The same on one PostgreSQL."""

    skip = missing() or postgresql.missing() or None

    def store(self) -> str:
        """A server of the test's own, emptied."""
        server = postgresql.shared_server()
        server.empty()
        return server.url
