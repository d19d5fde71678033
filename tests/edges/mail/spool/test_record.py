"""Envelopes and names of other versions, and damaged ones."""

from __future__ import annotations

import json

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.mail.spool.record import BadRecord, load_envelope, load_tries, parse_folder
from umserver.org.messages import Choices


class RecordTests(SynchronousTestCase):
    """Envelopes of other versions."""

    def test_newer_and_older(self) -> None:
        """Unknown fields are passed over, missing ones take their defaults."""
        written = {
            "id": "a",
            "message_id": "<a@x>",
            "call_id": "c",
            "received": 5,
            "mailbox": "a@example.com",
            "mailbox_name": "",
            "extension": "",
            "caller": {"number": "1", "shoe_size": 44},
            "colour": "red",
        }
        read = load_envelope(json.dumps(written).encode())
        self.assertEqual((read.caller.number, read.language), ("1", "en-US"))

    def test_not_an_envelope(self) -> None:
        """Anything else is told apart."""
        for data in (b"", b"[]", b"7", b"{}", b'{"caller": 7}', b"[" * 100_000, b"\xff"):
            self.assertRaises(BadRecord, load_envelope, data)

    def test_tries(self) -> None:
        """Notes on tries are read with care."""
        for data in (b"", b"[]", b"{}", b'{"attempts": "x", "next_try": 1, "why": ""}'):
            self.assertEqual(load_tries(data).attempts, 0)

    def test_names(self) -> None:
        """The name says what became of it."""
        id, fate = parse_folder("a-b.voice.private")
        self.assertEqual((id, fate.choices), ("a-b", Choices(private=True)))
        for name in ("a", "a.fax", ".voice", "../a.voice", "a b.voice"):
            self.assertRaises(BadRecord, parse_folder, name)
        self.assertEqual(evolve(fate).folder("x"), "x.voice.private")
