"""An organisation in a store: whole snapshots, single objects, PINs and secrets; everything blocks.

Knows: what belongs together in one transaction. Must never know: SQL, the reactor. Every change is
checked against the rest of the organisation inside the transaction that makes it, and raises
SettingsFaults, Conflict, LookupError or Unavailable with nothing changed.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from attrs import define, evolve, field, frozen

from umserver.edges.store.backend import open_tables
from umserver.edges.store.forms import (
    mailbox_of,
    organisation_of,
    row_of,
    thing_of,
    user_row_of,
)
from umserver.edges.store.keyfile import key_in
from umserver.edges.store.tables import (
    Conflict,
    Reading,
    Rehearsed,
    Tables,
    Writing,
    fold,
)
from umserver.org.declare import declared
from umserver.org.dump import dump_lines
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.rules import faults_between, mailbox_faults
from umserver.org.sections import SECTIONS, SINGLES, identity_of
from umserver.org.settings import Mailbox, Organisation

MAILBOXES = "mailboxes"
SECRET_OCTETS = 32
PEPPER_FILE = "pin-pepper.key"

HashPin = Callable[[str, bytes], str]
"""A PIN and the pepper to a hash that can be kept."""


def hash_pin(pin: str, pepper: bytes) -> str:
    """The organisation's own way; loaded only when a PIN is there to be hashed."""
    from umserver.org import pins

    return pins.hash_pin(pin, pepper)


@frozen
class Kept:
    """One object with its version."""

    thing: Any
    version: int


@define(eq=False)
class Archive:
    """See the module. Owned by one thread at a time."""

    tables: Tables
    pepper: Callable[[], bytes]
    """What PINs are hashed with; asked when there is one to be hashed."""
    hash_pin: HashPin = field(default=hash_pin)

    def close(self) -> None:
        """Let go of the store."""
        self.tables.close()

    def rehearsal(self) -> Archive:
        """The same archive with every check, whose changes are all undone at once."""
        return Archive(Rehearsed(self.tables), self.pepper, self.hash_pin)

    # seeing

    def revision(self) -> int:
        """Rises with every change; 0 while the store is empty and new."""
        with self.tables.reading() as now:
            return now.revision()

    def is_empty(self) -> bool:
        """Whether nothing was ever put here."""
        with self.tables.reading() as now:
            return now.revision() == 0

    def load(self) -> Organisation:
        """A whole, checked snapshot."""
        with self.tables.reading() as now:
            rows = now.rows()
        return organisation_of(rows)

    def find(self, dial_plan: str, numbers: Iterable[str]) -> dict[str, Mailbox]:
        """Mailboxes of that plan by number."""
        with self.tables.reading() as now:
            found = now.find(dial_plan, numbers)
        return {number: mailbox_of(user) for number, user in found.items()}

    def mailboxes(self) -> Iterator[Mailbox]:
        """Every mailbox, by address."""
        with self.tables.reading() as now:
            for user in now.users():
                yield mailbox_of(user)

    def get(self, section: str, name: str = "") -> Kept:
        """One object by its name (a mailbox by its address). Raises LookupError."""
        with self.tables.reading() as now:
            if section == MAILBOXES:
                user = now.user(name)
                if user is not None:
                    return Kept(mailbox_of(user), user.version)
            else:
                row = now.row(section, name)
                if row is not None:
                    return Kept(thing_of(row), row.version)
                if section in SINGLES:
                    return Kept(SINGLES[section](), 0)
        raise LookupError(f"there is no {name}")

    def export(self) -> Iterator[str]:
        """Everything but secrets and PINs as TOML text, piece by piece."""
        with self.tables.reading() as now:
            organisation = organisation_of(now.rows())
            yield from dump_lines(organisation, map(mailbox_of, now.users()))

    # changing

    def import_organisation(
        self, organisation: Organisation, mailboxes: Sequence[Mailbox], *, replace: bool = True
    ) -> int:
        """Put a whole organisation in the place of what is kept, or (not `replace`) into it.

        Mailboxes that come without a PIN keep the one they have. Returns the new revision.
        """
        hashes = self._hashes(mailboxes)
        with self.tables.writing() as work:
            if replace:
                _told(faults_between(organisation, mailboxes))
                work.clear()
            else:
                merged = merge(organisation_of(work.rows()), organisation)
                _told([*faults_between(merged), *mailbox_faults(merged, mailboxes)])
                self._check_users(work, organisation_of(work.rows()), merged)
            for section, thing in _objects(organisation):
                work.put(row_of(section, thing))
            for mailbox in mailboxes:
                work.put_user(user_row_of(mailbox))
            for address, hash in hashes.items():
                work.put_pin(address, hash)
        return self.revision()

    def put(self, section: str, thing: Any, expected: int | None = None) -> int:
        """Keep one object; `expected` is the version it was read with, 0 for a new one.

        Returns the new revision.
        """
        if section == MAILBOXES:
            return self.put_mailboxes([thing], expected)
        with self.tables.writing() as work:
            before = organisation_of(work.rows())
            after = merge(before, _only(section, thing))
            _told(faults_between(after))
            self._check_users(work, before, after)
            work.put(row_of(section, thing), expected)
        return self.revision()

    def put_mailboxes(self, mailboxes: Sequence[Mailbox], expected: int | None = None) -> int:
        """Keep mailboxes, all or none; a PIN that one carries replaces its old one."""
        hashes = self._hashes(mailboxes)
        with self.tables.writing() as work:
            faults = list(mailbox_faults(organisation_of(work.rows()), mailboxes))
            for mailbox in mailboxes:
                old = work.user(mailbox.address)
                faults += _rigid(mailbox_of(old), mailbox) if old else ()
            _told(faults)
            for mailbox in mailboxes:
                work.put_user(user_row_of(mailbox), expected)
            for address, hash in hashes.items():
                work.put_pin(address, hash)
        return self.revision()

    def remove(self, section: str, name: str, expected: int | None = None) -> int:
        """Forget one object that nothing needs any more. Returns the new revision."""
        with self.tables.writing() as work:
            if section == MAILBOXES:
                work.remove_user(name, expected)
            else:
                before = organisation_of(work.rows())
                self._check_unused(work, section, name)
                work.remove(section, name, expected)
                _told(faults_between(_without(before, section, name)))
        return self.revision()

    # PINs and secrets

    def pin_hash(self, address: str) -> str | None:
        """The hash of a mailbox's PIN; None when it has none."""
        with self.tables.reading() as now:
            return now.pin(address)

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
        for plan, number in sorted(_claimed(after) - _claimed(before)):
            for user in work.find(plan, [number]).values():
                path = f"mailboxes.{user.address}"
                faults.append(Fault(path, f"has the number {number} already"))
        old = dict(_named(before))
        for name, thing in _named(after):
            faults += _rigid(old.get(name, thing), thing)
        _told(faults)

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


def merge(old: Organisation, new: Organisation) -> Organisation:
    """The old organisation with the objects of the new one put over or beside its own."""
    merged: dict[str, Any] = {}
    for section in SECTIONS:
        if section != MAILBOXES:
            things = {fold(identity_of(thing)): thing for thing in getattr(old, section)}
            things.update({fold(identity_of(thing)): thing for thing in getattr(new, section)})
            merged[section] = tuple(things.values())
    for section, owner in SINGLES.items():
        if getattr(new, section) != owner():
            merged[section] = getattr(new, section)
    return evolve(old, **merged)


def _only(section: str, thing: Any) -> Organisation:
    things: dict[str, Any] = {section: thing if section in SINGLES else (thing,)}
    return Organisation(**things)


def _without(organisation: Organisation, section: str, name: str) -> Organisation:
    things = getattr(organisation, section)
    left: dict[str, Any] = {
        section: tuple(thing for thing in things if fold(identity_of(thing)) != fold(name))
    }
    return evolve(organisation, **left)


def _objects(organisation: Organisation) -> Iterator[tuple[str, Any]]:
    """Every object with its section; single ones only where they say something."""
    for section in SECTIONS:
        for thing in getattr(organisation, section, ()):
            yield section, thing
    for section, owner in SINGLES.items():
        if getattr(organisation, section) != owner():
            yield section, getattr(organisation, section)


def _claimed(organisation: Organisation) -> set[tuple[str, str]]:
    """Numbers that cannot be a user's, by plan."""
    return {*organisation.service_at, *organisation.access_numbers}


def _named(organisation: Organisation) -> Iterator[tuple[tuple[str, str], Any]]:
    for section, thing in _objects(organisation):
        if section in SECTIONS:
            yield (section, fold(identity_of(thing))), thing


def _rigid(old: Any, new: Any) -> Iterator[Fault]:
    """What can only be given when an object is made (URI type, extension length, the plan)."""
    for setting in declared(type(new)):
        was = getattr(old, setting.name)
        if setting.setting.fixed and was != getattr(new, setting.name):
            path = f"{identity_of(new)}.{setting.name}"
            yield Fault(path, f"is {was}, and can only be given when it is made")


def _told(faults: Sequence[Fault]) -> None:
    if faults:
        raise SettingsFaults(faults)
