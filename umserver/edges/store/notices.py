"""Mails about mailboxes on their way from the store to a server's spool.

Knows: that a PIN in them must not lie readable in the store or in a backup of it: they are sealed
with a key made of the one that PINs are hashed with. Must never know: what they say.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from umserver.edges.store.tables import Tables, Writing
from umserver.org.envelope_text import BadRecord, dump_envelope, load_envelope
from umserver.org.messages import Envelope

LABEL = b"umserver mails about mailboxes"


@frozen
class Notices:
    """Everything blocks, and may raise Unavailable."""

    tables: Tables
    pepper: Callable[[], bytes]

    def put(self, work: Writing, notices: Iterable[Envelope]) -> None:
        """Keep mails in a transaction that is open."""
        for notice in notices:
            work.outbox.put(notice.id, seal(dump_envelope(notice), self.pepper()))

    def waiting(self) -> int:
        """How many wait for a server."""
        with self.tables.reading() as now:
            return now.outbox.waiting()

    def take(self, holder: str, most: int = 50) -> list[Envelope]:
        """The oldest for this server's spool; they are its own for two minutes.

        Those that this server cannot read stay for others, and hold up nothing.
        """
        if not self.waiting():
            return []
        found: list[Envelope] = []
        with self.tables.writing() as work:
            after = ""
            while not found and (taken := work.outbox.take(holder, most, after)):
                opened = [(id, self._opened(id, sealed)) for id, sealed in taken]
                found = [notice for _, notice in opened if notice is not None]
                work.outbox.release(id for id, notice in opened if notice is None)
                after = taken[-1][0]
        return found

    def forget(self, ids: Sequence[str]) -> None:
        """They are in the spool."""
        with self.tables.writing() as work:
            work.outbox.remove(ids)

    def _opened(self, id: str, sealed: bytes) -> Envelope | None:
        try:
            return load_envelope(unseal(sealed, self.pepper()))
        except BadRecord as fault:
            from twisted.logger import Logger

            log = Logger()
            log.error("the mail {id} in the store cannot be sent: {why}", id=id, why=fault)
            return None


def seal(text: bytes, pepper: bytes) -> bytes:
    """What only somebody with the pepper can read."""
    from cryptography.fernet import Fernet

    return Fernet(_key(pepper)).encrypt(text)


def unseal(sealed: bytes, pepper: bytes) -> bytes:
    """What was sealed. Raises BadRecord with another pepper, or where somebody changed it."""
    from cryptography.fernet import Fernet, InvalidToken

    try:
        return Fernet(_key(pepper)).decrypt(sealed)
    except InvalidToken:
        raise BadRecord(
            "it was sealed with another key than this server's pin-pepper.key"
        ) from None


def _key(pepper: bytes) -> bytes:
    return urlsafe_b64encode(hmac.digest(pepper, LABEL, "sha256"))
