"""An organisation in a store: whole snapshots, single objects, PINs and secrets; everything blocks.

Knows: what belongs together in one transaction. Must never know: SQL, the reactor. Every change is
checked against the rest of the organisation inside the transaction that makes it, and raises
SettingsFaults, Conflict, LookupError or Unavailable with nothing changed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, evolve, field

from umserver.edges.store.backend import open_tables
from umserver.edges.store.consistency import (
    MAILBOXES,
    changed,
    merge,
    newly_claimed,
    objects,
    only,
    rigid,
    rigid_faults,
    told,
    without,
)
from umserver.edges.store.forms import mailbox_of, organisation_of, row_of
from umserver.edges.store.inspection import Inspection
from umserver.edges.store.keyfile import key_in
from umserver.edges.store.lamps import Lamps
from umserver.edges.store.notes import Cause, Notes, parts
from umserver.edges.store.notices import Notices
from umserver.edges.store.recorded import Recorded
from umserver.edges.store.statement import fold
from umserver.edges.store.tables import Conflict, Ear, Reading, Rehearsed, Writing
from umserver.interfaces import FleetServer, RequestedState, Unavailable
from umserver.org.faults import Fault
from umserver.org.messages import Envelope
from umserver.org.pin_record import PinRecord, from_text, to_text
from umserver.org.prompt_files import AUTO_ATTENDANT, DIAL_PLAN
from umserver.org.rules import faults_between, mailbox_faults
from umserver.org.settings import Mailbox, Organisation

T = TypeVar("T")

SECRET_OCTETS = 32
PEPPER_FILE = "pin-pepper.key"
NOBODY = ""
"""The address under which tries at mailboxes that do not exist are counted."""
MOST_CHANGES = 1_000_000
"""Changes that the log holds at most, however young they are."""

OWNERS = {"dial_plans": DIAL_PLAN, "auto_attendants": AUTO_ATTENDANT}
"""Sections whose objects have recorded prompts."""
CHANGE_TRIES = 5
"""How often a change is made anew that somebody else was faster with."""

HashPin = Callable[[str, bytes], str]
"""A PIN and the pepper to a hash that can be kept."""


def hash_pin(pin: str, pepper: bytes) -> str:
    """The organisation's own way; loaded only when a PIN is there to be hashed."""
    from umserver.org import pins

    return pins.hash_pin(pin, pepper)


@define(eq=False)
class Archive(Inspection):
    """See the module. Owned by one thread at a time."""

    pepper: Callable[[], bytes]
    """What PINs are hashed with; asked when there is one to be hashed."""
    hash_pin: HashPin = field(default=hash_pin)
    cause: Cause = field(factory=Cause)
    """What the change log will say made the next changes."""

    @property
    def notices(self) -> Notices:
        """Mails about mailboxes that wait for a server."""
        return Notices(self.tables, self.pepper)

    def close(self) -> None:
        """Let go of the store."""
        self.tables.close()

    def rehearsal(self) -> Archive:
        """The same archive with every check, whose changes are all undone at once."""
        return Archive(Rehearsed(self.tables), self.pepper, self.hash_pin, self.cause)

    @property
    def recorded(self) -> Recorded:
        """Recorded prompts of dial plans and auto attendants."""
        return Recorded(self.tables, self.cause)

    def caused_by(self, cause: Cause) -> Archive:
        """The same archive, whose changes the log will say were made by this."""
        return Archive(self.tables, self.pepper, self.hash_pin, cause)

    @property
    def lasts(self) -> bool:
        """Whether it can be opened a second time."""
        return self.tables.lasts

    def listen(self, heard: Callable[[], None]) -> Ear | None:
        """Call `heard` in some thread after every change by anybody; None where nobody tells."""
        return self.tables.listen(heard)

    # changing

    def import_organisation(
        self,
        organisation: Organisation,
        mailboxes: Sequence[Mailbox],
        *,
        replace: bool = True,
        notices: Sequence[Envelope] = (),
        new_pins: PinRecord | None = None,
    ) -> int:
        """Put a whole organisation in the place of what is kept, or (not `replace`) into it.

        Mailboxes that come without a PIN keep the one they have; of the others' PINs the same is
        kept as of `new_pins`. `notices` are sent to them. Returns the new revision.
        """
        hashes = self._hashes(mailboxes)
        if new_pins is not None:
            hashes = {who: to_text(evolve(new_pins, hash=hash)) for who, hash in hashes.items()}
        with self.tables.writing() as work:
            note = Notes(work, self.cause)
            rows = [row_of(section, thing) for section, thing in objects(organisation)]
            if replace:
                told(faults_between(organisation, mailboxes))
                note.replace(rows)
                note.keep_only(mailboxes)
            else:
                before = organisation_of(work.rows())
                merged = merge(before, organisation)
                told([*faults_between(merged), *mailbox_faults(merged, mailboxes)])
                self._check_users(work, before, merged)
                for row in rows:
                    note.put(row)
            for part in parts(mailboxes):
                note.put_users(part)
            note.put_pins(hashes)
            self.notices.put(work, notices)
            return work.revision_after()

    def put(self, section: str, thing: Any, expected: int | None = None) -> int:
        """Keep one object; `expected` is the version it was read with, 0 for a new one.

        Returns the new revision; the old one where the object is so already.
        """
        if section == MAILBOXES:
            return self.put_mailboxes([thing], expected)
        with self.tables.writing() as work:
            before = organisation_of(work.rows())
            after = merge(before, only(section, thing))
            told(faults_between(after))
            self._check_users(work, before, after)
            Notes(work, self.cause).put(row_of(section, thing), expected)
            return work.revision_after()

    def change(self, section: str, name: str, changes: Mapping[str, object]) -> int:
        """Set some fields of one object as it is now. Raises LookupError without such an object."""
        for _ in range(CHANGE_TRIES):
            kept = self.get(section, name)
            try:
                return self.put(section, changed(kept.thing, changes), kept.version)
            except Conflict:
                continue
        raise Unavailable(f"{name} is being changed by somebody else all the time")

    def put_mailboxes(
        self,
        mailboxes: Sequence[Mailbox],
        expected: int | None = None,
        hashes: Mapping[str, str] | None = None,
        notices: Sequence[Envelope] = (),
    ) -> int:
        """Keep mailboxes, all or none; a PIN that one carries replaces its old one.

        `hashes`: those of their PINs by address, where somebody made them already. `notices` are
        sent to them.
        """
        made = self._hashes(mailboxes) if hashes is None else hashes
        with self.tables.writing() as work:
            faults = list(mailbox_faults(organisation_of(work.rows()), mailboxes))
            known = work.users_at(mailbox.address for mailbox in mailboxes)
            for mailbox in mailboxes:
                old = known.get(fold(mailbox.address))
                faults += rigid(mailbox_of(old), mailbox) if old else ()
            told(faults)
            note = Notes(work, self.cause)
            note.put_users(mailboxes, expected)
            note.put_pins(made)
            self.notices.put(work, notices)
            return work.revision_after()

    def load_mailboxes(
        self, mailboxes: Iterable[Mailbox], loaded: Callable[[int], None] = lambda count: None
    ) -> int:
        """Keep very many mailboxes, some thousand in each transaction; tells `loaded` how many.

        Returns the new revision. A fault ends it and undoes its part; the parts before stay.
        """
        count = 0
        for part in parts(mailboxes):
            self.put_mailboxes(part)
            count += len(part)
            loaded(count)
        return self.revision()

    def remove(self, section: str, name: str, expected: int | None = None) -> int:
        """Forget one object that nothing needs any more. Returns the new revision."""
        with self.tables.writing() as work:
            note = Notes(work, self.cause)
            if section == MAILBOXES:
                note.remove_user(name, expected)
            else:
                before = organisation_of(work.rows())
                self._check_unused(work, section, name)
                note.remove(section, name, expected)
                work.recordings.forget(OWNERS.get(section, ""), name)
                told(faults_between(without(before, section, name)))
            return work.revision_after()

    # what was changed

    def forget_changes(self, days: float) -> None:
        """Drop what the log holds of the time before, and what is too much of it."""
        with self.tables.writing() as work:
            work.ledger.forget(days * 86_400.0, MOST_CHANGES)

    # copies

    def back_up(self, path: Path) -> None:
        """Copy the whole store to a file while servers run. Raises ValueError: not this way.

        The key with which PINs are hashed is not in it: that is `pin-pepper.key` beside the store.
        """
        self.tables.back_up(path)

    def restore(self, path: Path) -> int:
        """Let everything be as it is in a backup; running servers follow. Returns the revision.

        What the change log says of the time after the backup stays. Raises Unavailable for a file
        that is no backup, ValueError where backups are made another way.
        """
        with self.tables.restoring(path) as work:
            Notes(work, self.cause).restored(str(path))
            return work.revision_after()

    # servers and states

    def set_state(self, state: RequestedState) -> bool:
        """Keep it, unless the same requester said something newer: then False."""
        with self.tables.writing() as work:
            Notes(work, self.cause).state(state)
            return work.roster.put_state(state)

    def register_server(self, server: FleetServer) -> None:
        """Describe a server, in the place of what was known of it."""
        with self.tables.noting() as roster:
            roster.put_server(server)

    def heartbeat(self, name: str, calls: int, state: str) -> bool:
        """Say that a server lives; False when it is not registered."""
        with self.tables.noting() as roster:
            return roster.beat(name, calls, state)

    def minding(self, work: Callable[[Lamps], T]) -> T:
        """Work on what is kept of lamps, in a transaction."""
        with self.tables.minding() as lamps:
            return work(lamps)

    def forget_server(self, name: str) -> bool:
        """Forget a server; False when it was not known."""
        with self.tables.noting() as roster:
            return roster.remove_server(name)

    # PINs and secrets

    def change_pin_record(
        self,
        address: str,
        change: Callable[[PinRecord], PinRecord],
        notices: Sequence[Envelope] = (),
    ) -> PinRecord:
        """Keep what `change` makes of what is kept; nobody else comes in between.

        `notices` are sent where it is another than before. NOBODY is kept as if it were a mailbox.
        Only what an administrator wants to see is noted in the change log: a new PIN, a lock; not
        every wrong PIN. Returns what is kept now. Raises LookupError without such a mailbox.
        """
        with self.tables.writing() as work:
            if work.user(address) is None and address != NOBODY:
                raise LookupError(f"there is no {address}")
            text = work.pin(address)
            before = PinRecord() if text is None else from_text(text)
            after = change(before)
            if after != before or text is None:
                work.put_pin(address, to_text(after))
                Notes(work, self.cause).pin(address, before, after)
                self.notices.put(work, notices)
            return after

    def hash_of(self, pin: str) -> str:
        """A PIN as it is kept; takes about 30 ms."""
        return self.hash_pin(pin, self.pepper())

    def is_any(self, pin: str, hashes: Sequence[str]) -> bool:
        """Whether this is the PIN of one of these hashes; takes as long for each."""
        from umserver.org import pins

        return pins.is_any(pin, self.pepper(), hashes)

    def secret(self, name: str) -> bytes:
        """A secret of this store, made of chance when it is first asked for; never exported."""
        with self.tables.reading() as now:
            found = now.secret(name)
        if found is not None:
            return found
        with self.tables.writing() as work:
            found = work.secret(name)
            if found is None:
                found = secrets.token_bytes(SECRET_OCTETS)
                work.put_secret(name, found)
        return found

    def _hashes(self, mailboxes: Sequence[Mailbox]) -> dict[str, str]:
        """The hashes of the PINs that come along, by address; made before anything is locked."""
        given = [mailbox for mailbox in mailboxes if mailbox.pin]
        if not given:
            return {}
        pepper = self.pepper()
        with ThreadPoolExecutor(min(len(given), os.cpu_count() or 1)) as pool:
            hashes = list(pool.map(lambda mailbox: self.hash_pin(mailbox.pin, pepper), given))
        return {mailbox.address: hash for mailbox, hash in zip(given, hashes, strict=True)}

    # checks that need the users

    def _check_users(self, work: Reading, before: Organisation, after: Organisation) -> None:
        """Users whose number somebody else claims, or whose plan changed under them."""
        faults = []
        for plan, number in newly_claimed(before, after):
            for user in work.find(plan, [number]).values():
                path = f"mailboxes.{user.address}"
                faults.append(Fault(path, f"has the number {number} already"))
        told([*faults, *rigid_faults(before, after)])

    def _check_unused(self, work: Writing, section: str, name: str) -> None:
        count = 0
        if section == "dial_plans":
            count = work.count(dial_plan=name)
        elif section == "mailbox_policies":
            count = work.count(policy=name)
        if count:
            raise Conflict(f"{name} is used by {count} mailbox{'es' if count > 1 else ''}")


def open_archive(url: str, state: Path) -> Archive:
    """The archive of this URL; the pepper of its PINs is a file of the state folder.

    Raises ValueError for a URL that says nothing, Unavailable.
    """
    return Archive(open_tables(url, state), lambda: key_in(state / PEPPER_FILE))
