"""The identity of a message."""

from __future__ import annotations

from random import Random
from uuid import UUID

from twisted.trial.unittest import SynchronousTestCase

from umserver.org.messages import new_identity


class IdentityTests(SynchronousTestCase):
    """Identities that sort by time and never meet."""

    def test_form(self) -> None:
        """The id is a UUID of version 7 (RFC 9562 §5.7), the Message-ID is made of it."""
        id, message_id = new_identity(1_790_000_000.123, Random(7), "um.example.com")
        self.assertEqual((UUID(id).version, UUID(id).variant), (7, "specified in RFC 4122"))
        self.assertEqual(UUID(id).int >> 80, 1_790_000_000_123)
        self.assertEqual(message_id, f"<{id}@um.example.com>")

    def test_order(self) -> None:
        """Ids of later calls sort later, and a thousand at one moment all differ."""
        random = Random(7)
        ids = [new_identity(1_790_000_000.0 + n, random, "h")[0] for n in range(100)]
        self.assertEqual(ids, sorted(ids))
        self.assertEqual(len({new_identity(1.0, random, "h")[0] for _ in range(1000)}), 1000)
