"""What a running server answers to umctl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.acts import acts_of
from umserver.edges.admin.asks import ServerActs
from umserver.org.messages import QueueEntry

ENTRY = QueueEntry("id-1", "deferred", "ada@example.com", "voice", 1.0, 3, 9.0, "refused")


@define
class Server:
    """Remembers what it was told."""

    told: list[str] = field(factory=list)

    def acts(self) -> ServerActs:
        def entries() -> Deferred[Sequence[QueueEntry]]:
            return succeed([ENTRY])

        def one(name: str) -> Any:
            def act(id: str) -> Deferred[bool]:
                self.told.append(f"{name} {id}")
                return succeed(id == "id-1")

            return act

        def poll() -> Deferred[None]:
            self.told.append("poll")
            return succeed(None)

        def plain(name: str) -> Any:
            return lambda: self.told.append(name)

        return acts_of(
            status=lambda: {"calls": 3},
            entries=entries,
            retry=one("retry"),
            drop=one("drop"),
            kick=plain("kick"),
            poll=poll,
            settings=lambda: (7, "gateways.PBX: wrong"),
            drain=plain("drain"),
            resume=plain("resume"),
        )


class AsksTests(SynchronousTestCase):
    """One ask after the other."""

    def setUp(self) -> None:
        self.server = Server()
        self.asks = self.server.acts().asks()

    def answer(self, name: str, **details: object) -> Any:
        return self.successResultOf(maybeDeferred(self.asks[name], {"ask": name, **details}))

    def test_views(self) -> None:
        """Status and queue are what the server says."""
        self.assertEqual(self.answer("status"), {"calls": 3})
        self.assertEqual(self.answer("queue")[0]["why"], "refused")

    def test_messages(self) -> None:
        """One message, or all that wait, are tried; a dead one is dropped."""
        self.answer("retry", id="id-1")
        self.answer("retry", id="all")
        self.answer("drop", id="id-1")
        self.assertEqual(self.server.told, ["retry id-1", "kick", "drop id-1"])
        for name in ("retry", "drop"):
            missing = maybeDeferred(self.asks[name], {"ask": name, "id": "id-2"})
            self.failureResultOf(missing, LookupError)
            nothing = maybeDeferred(self.asks[name], {"ask": name})
            self.failureResultOf(nothing, ValueError)

    def test_settings(self) -> None:
        """A poll answers with what is in force after it."""
        self.assertEqual(self.answer("poll"), {"revision": 7, "problem": "gateways.PBX: wrong"})
        self.assertEqual(self.server.told, ["poll"])

    def test_drain(self) -> None:
        """A server is drained and comes back."""
        self.answer("drain")
        self.answer("resume")
        self.assertEqual(self.server.told, ["drain", "resume"])
