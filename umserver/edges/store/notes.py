"""Changes that write themselves into the change log, in the transaction that makes them.

Knows: rows before and after, what caused the change. Must never know: whether a change may be made.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import field, frozen

from umserver.edges.store.consistency import MAILBOXES
from umserver.edges.store.forms import user_row_of
from umserver.edges.store.ledger import Change
from umserver.edges.store.recordings import Recording, digest_of
from umserver.edges.store.statement import fold
from umserver.edges.store.tables import Row, UserRow, Writing, check_version
from umserver.interfaces import RequestedState
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox

PART = 2000
"""Mailboxes that are put at once."""
SINGLY = 20
"""So many new mailboxes at once are still noted one by one."""
HIDDEN = "(hidden)"


def _without_secrets(parameters: Mapping[str, str]) -> Mapping[str, str]:
    return {
        name: HIDDEN if name.lower() == "pin" or "password" in name.lower() else value
        for name, value in parameters.items()
    }


@frozen
class Cause:
    """What made a change."""

    cmdlet: str = ""
    """Set-UMDialPlan."""
    parameters: Mapping[str, str] = field(factory=dict, converter=_without_secrets)
    """What was given to it; values of secret ones are left out here at the latest."""


@frozen
class Notes:
    """Writes changes and notes them."""

    work: Writing
    cause: Cause

    # objects

    def put(self, row: Row, expected: int | None = None) -> None:
        """Keep an object, unless it is so already. Raises Conflict."""
        old = self.work.row(row.section, row.name)
        if old is not None and _same(old, row):
            check_version(row.name, expected, old.version)
            return
        self.work.put(row, expected)
        self._changed(row.section, row.name, old.text if old else "", row.text)

    def remove(self, section: str, name: str, expected: int | None = None) -> None:
        """Forget an object. Raises Conflict, LookupError."""
        old = self.work.row(section, name)
        self.work.remove(section, name, expected)
        assert old is not None
        self._changed(section, old.name, old.text, "")

    def replace(self, rows: Sequence[Row]) -> None:
        """Let these be the only objects; those that stay as they are keep their version."""
        known = {(row.section, fold(row.name)): row for row in self.work.rows()}
        self.work.clear()
        for row in rows:
            old = known.pop((row.section, fold(row.name)), None)
            if old is not None and _same(old, row):
                self.work.put(old, unchanged=True)
                continue
            self.work.put(row)
            self._changed(row.section, row.name, old.text if old else "", row.text)
        for old in known.values():
            self._changed(old.section, old.name, old.text, "")

    # mailboxes

    def put_users(self, mailboxes: Sequence[Mailbox], expected: int | None = None) -> None:
        """Keep mailboxes, but those that are so already. Raises Conflict."""
        known = self.work.users_at(mailbox.address for mailbox in mailboxes)
        new: list[UserRow] = []
        changed: list[tuple[UserRow, UserRow]] = []
        for user in map(user_row_of, mailboxes):
            old = known.get(fold(user.address))
            check_version(user.address, expected, old.version if old else 0)
            if old is None:
                new.append(user)
            elif not _same_user(old, user):
                changed.append((old, user))
        self.work.release(old.address for old, user in changed if set(old.keys) != set(user.keys))
        for old, user in changed:
            self.work.put_user(user)
            self._changed(MAILBOXES, user.address, old.text, user.text)
        self._add_users(new)

    def _add_users(self, users: Sequence[UserRow]) -> None:
        if users:
            self.work.add_users(users)
        if len(users) > SINGLY:
            addresses = json.dumps([fold(user.address) for user in users], ensure_ascii=False)
            self._record(Change(MAILBOXES, "", "loaded", "", addresses))
            return
        for user in users:
            self._changed(MAILBOXES, user.address, "", user.text)

    def put_pins(self, hashes: Mapping[str, str]) -> None:
        """Keep hashes of PINs by address."""
        self.work.put_pins(hashes)
        if len(hashes) <= SINGLY:
            for address in hashes:
                self._record(Change(MAILBOXES, address, "PIN changed"))

    def pin(self, address: str, before: PinRecord, after: PinRecord) -> None:
        """Note what became of a PIN."""
        if after.hash != before.hash:
            self._record(Change(MAILBOXES, address, "PIN changed"))
        if after.locked != before.locked:
            what = "PIN locked" if after.locked else "PIN unlocked"
            self._record(Change(MAILBOXES, address, what))
        if after.expired and not before.expired:
            self._record(Change(MAILBOXES, address, "PIN expired"))

    def remove_user(self, address: str, expected: int | None = None) -> None:
        """Forget a mailbox. Raises Conflict, LookupError."""
        old = self.work.user(address)
        self.work.remove_user(address, expected)
        assert old is not None
        self._changed(MAILBOXES, old.address, old.text, "")

    def keep_only(self, mailboxes: Iterable[Mailbox]) -> None:
        """Forget all other mailboxes."""
        wanted = {fold(mailbox.address) for mailbox in mailboxes}
        for user in self.work.users():
            if fold(user.address) not in wanted:
                self.remove_user(user.address)

    def restored(self, name: str) -> None:
        """Note that everything is as it was in this backup; PINs made since are told to nobody."""
        self.work.outbox.clear()
        self._record(Change("store", name, "restored"))

    # states

    def state(self, state: RequestedState) -> None:
        """Note that a component shall be in another state than before."""
        old = [
            known
            for known in self.work.roster.states(state.server)
            if (known.component, known.requester) == (state.component, state.requester)
        ]
        if not old or (old[0].at <= state.at and old[0].state != state.state):
            name = f"{state.server}\\{state.component}"
            before = _state_text(old[0]) if old else ""
            self._changed("states", name, before, _state_text(state))

    # recordings

    def recording(self, recording: Recording, sound: bytes) -> None:
        """Keep a recorded prompt."""
        name = f"{recording.owner}\\{recording.name}\\{recording.file}"
        old = self.work.recordings.sound(recording.owner, recording.name, recording.file)
        self.work.recordings.put(recording, sound)
        self.work.touch()
        self._changed("recordings", name, "" if old is None else _told(old), _told(sound))

    # the log

    def _changed(self, section: str, name: str, old: str, new: str) -> None:
        what = "changed" if old and new else "made" if new else "removed"
        self._record(Change(section, name, what, old, new))

    def _record(self, change: Change) -> None:
        self.work.ledger.record(
            Change(
                change.section,
                change.name,
                change.what,
                change.old,
                change.new,
                self.cause.cmdlet,
                self.cause.parameters,
                revision=self.work.revision_after(),
            )
        )


def parts(mailboxes: Iterable[Mailbox]) -> Iterator[Sequence[Mailbox]]:
    """The mailboxes, some thousand at a time."""
    part: list[Mailbox] = []
    for mailbox in mailboxes:
        part.append(mailbox)
        if len(part) == PART:
            yield part
            part = []
    if part:
        yield part


def _same(old: Row, new: Row) -> bool:
    return (old.name, old.text) == (new.name, new.text)


def _same_user(old: UserRow, new: UserRow) -> bool:
    return (old.address, old.text, set(old.keys)) == (new.address, new.text, set(new.keys))


def _state_text(state: RequestedState) -> str:
    return json.dumps({"requester": state.requester, "state": state.state})


def _told(sound: bytes) -> str:
    """What the log says of a recording."""
    return json.dumps({"octets": len(sound), "digest": digest_of(sound)[:16]})
