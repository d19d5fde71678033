"""Recordings of a bench: kept in a real spool on the disk, and compared with what was said."""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred, DeferredLock
from zope.interface import implementer

from umserver.edges.mail.spool.spool import Spool, open_spool
from umserver.interfaces import IDraft, ITake
from umserver.org.messages import CallerId, Envelope

FRAME = 160


def spoken(leg: int, turn: int) -> bytes:
    """What this leg says in its so many-eth packet; no two packets of a run are the same."""
    return struct.pack("!II", leg, turn) * (FRAME // 8)


@implementer(ITake)
@define(eq=False)
class OnDisk:
    """One leg's recording, synced as for a caller."""

    spool: Spool
    leg: int
    draft: IDraft | None = None
    _order: DeferredLock = field(init=False, factory=DeferredLock)

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """See ITake."""
        return self._order.run(lambda: Deferred.fromCoroutine(self._append(codec, data)))

    async def _append(self, codec: str, data: bytes) -> None:
        if self.draft is None:
            id = f"{self.leg:08}"
            letter = Envelope(
                id=id, message_id=f"<{id}@example.com>", call_id=id, received=0.0,
                mailbox="ada@example.com", mailbox_name="Ada", extension="1001", caller=CallerId(),
            )  # fmt: skip
            self.draft = await self.spool.begin(letter)
        await self.draft.append(codec, data)

    async def exact(self) -> int:
        """Octets on the disk; 0 when one of them is not what was said, in its order."""
        if self.draft is None:
            return 0
        sound = (await self.draft.clip()).encoded["PCMU"]
        first = int.from_bytes(sound[4:8])
        turns = range(first, first + len(sound) // FRAME + 1)
        said = b"".join(spoken(self.leg, turn) for turn in turns)
        return len(sound) if sound == said[: len(sound)] else 0


class Shelf:
    """All of them."""

    def __init__(self, reactor: Any) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="um-bench-")
        self._spool = open_spool(reactor, Path(self._folder.name) / "spool")
        self._takes: list[OnDisk] = []

    def take(self) -> OnDisk:
        """That of the next leg."""
        self._takes.append(OnDisk(self._spool, len(self._takes)))
        return self._takes[-1]

    async def check(self) -> dict[str, object]:
        """How many are octet for octet what was said, and how long the shortest is."""
        octets = [await take.exact() for take in self._takes]
        self._spool.close()
        self._folder.cleanup()
        return {"exact": sum(map(bool, octets)), "shortest_seconds": min(octets) / 8000}
