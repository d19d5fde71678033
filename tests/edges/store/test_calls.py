"""The call records."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase
from zope.interface.verify import verifyObject

from umserver.edges.store.calls import MOST_FILES, MOST_RECORD, CallLog
from umserver.interfaces import ICallLog


class CallLogTests(SynchronousTestCase):
    """What is written, and what happens when it cannot be."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.folder.mkdir()
        self.path = self.folder / "calls.jsonl"

    def records(self, path: Path | None = None) -> list[dict[str, Any]]:
        """What stands in the file."""
        text = (path or self.path).read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def started(self, **bounds: int) -> CallLog:
        """A log that writes."""
        calls = CallLog(self.path, **bounds)
        calls.start()
        self.addCleanup(calls.stop)
        return calls

    def test_interface(self) -> None:
        """It can stand wherever calls are recorded."""
        self.assertTrue(verifyObject(ICallLog, CallLog(self.path)))

    def test_every_call_is_there(self) -> None:
        """Records come in their order, none is missing, also after a stop."""
        calls = self.started()
        for number in range(500):
            calls.record({"call": number, "caller": "+12125550111", "name": "Zoë\n"})
        calls.stop()
        self.assertEqual([r["call"] for r in self.records()], list(range(500)))
        self.assertEqual(self.records()[0]["name"], "Zoë\n")

    def test_for_its_owner_alone(self) -> None:
        """Who called whom is nobody else's business."""
        calls = self.started()
        calls.record({"call": 1})
        calls.stop()
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)

    def test_a_restart_goes_on(self) -> None:
        """The next start adds to the file."""
        for number in (1, 2):
            calls = self.started()
            calls.record({"call": number})
            calls.stop()
        self.assertEqual([r["call"] for r in self.records()], [1, 2])

    def test_files_stay_small(self) -> None:
        """A full file is put aside, and the oldest ones go."""
        for number in range(MOST_FILES + 5):
            calls = self.started(most_octets=60)
            calls.record({"call": number, "text": "x" * 30})
            calls.stop()
        names = sorted(path.name for path in self.folder.iterdir())
        self.assertEqual(len(names), MOST_FILES + 1)
        self.assertEqual(self.records()[0]["call"], MOST_FILES + 4)
        self.assertEqual(self.records(self.folder / "calls.jsonl.1")[0]["call"], MOST_FILES + 3)

    def test_nothing_it_is_given_makes_it_fail(self) -> None:
        """Odd values are written as text, endless ones shortened, impossible ones counted."""
        loop: dict[str, Any] = {}
        loop["self"] = loop
        calls = self.started()
        calls.record({"call": Path("/x"), (1, 2): 3})  # type: ignore[dict-item]
        calls.record({"call": "long", "outcome": "message", "text": "x" * MOST_RECORD})
        calls.record(loop)
        calls.record({"call": "\ud800"})
        calls.stop()
        first, second, third = self.records()
        self.assertEqual(first, {"call": "/x"})
        self.assertEqual((second["call"], second["shortened"]), ("long", True))
        self.assertEqual(third, {"call": "?"})
        self.assertEqual(calls.lost, 1)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_a_refusing_disk_loses_records_and_nothing_else(self) -> None:
        """Calls go on when records cannot be written, and the losses are counted."""
        self.path.mkdir()
        calls = self.started()
        calls.record({"call": 1})
        calls.record({"call": 2})
        calls.stop()
        self.assertEqual(calls.lost, 2)

    def test_the_queue_is_bounded(self) -> None:
        """A disk that hangs does not fill the memory."""
        calls = CallLog(self.path, most_queued=10)
        for number in range(25):
            calls.record({"call": number})
        self.assertEqual(calls.lost, 15)
        calls.start()
        calls.stop()
        self.assertEqual([r["call"] for r in self.records()], list(range(10)))
