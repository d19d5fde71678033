"""What can be looked up in a store, nothing of which changes anything; everything blocks.

Knows: what belongs together in one look. Must never know: SQL, the reactor, rules between objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

from attrs import define, frozen

from umserver.edges.store.consistency import MAILBOXES
from umserver.edges.store.forms import mailbox_of, organisation_of, thing_of
from umserver.edges.store.ledger import Change, Search
from umserver.edges.store.tables import Reading, Tables
from umserver.interfaces import FleetServer, RequestedState
from umserver.org.dump import dump_lines
from umserver.org.people import NameQuery, last_and_first, matches
from umserver.org.pin_record import PinRecord, from_text
from umserver.org.sections import SINGLES
from umserver.org.settings import Mailbox, Organisation

T = TypeVar("T")


@frozen
class Kept:
    """One object with its version."""

    thing: Any
    version: int


@define(eq=False)
class Inspection:
    """Looks at a store. Owned by one thread at a time; raises Unavailable."""

    tables: Tables

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

    def spelled(self, query: NameQuery, most: int) -> list[Mailbox]:
        """Mailboxes whose spelled name begins with these keys, in the order of their names."""
        scope = query.scope
        with self.tables.reading() as now:
            if scope.extension:
                users = [
                    *chain.from_iterable(
                        now.find(plan, [scope.extension]).values() for plan in scope.plans
                    )
                ]
            elif scope.addresses is not None:
                users = [user for one in scope.addresses if (user := now.user(one)) is not None]
            else:
                users = [*now.spelled(query, most)]
        found = [one for one in map(mailbox_of, users) if matches(query, one)]
        return sorted(found, key=last_and_first)[:most]

    def person(self, address: str) -> Mailbox | None:
        """The mailbox of this address."""
        with self.tables.reading() as now:
            user = now.user(address)
        return mailbox_of(user) if user is not None else None

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

    def search(self, search: Search) -> Sequence[Change]:
        """Changes that were made, the newest first."""
        with self.tables.reading() as now:
            return now.ledger.search(search)

    def states(self, server: str = "") -> Sequence[RequestedState]:
        """What all requesters want of a server, or of all."""
        with self.tables.reading() as now:
            return now.roster.states(server)

    def servers(self) -> Sequence[FleetServer]:
        """Every registered server by name."""
        with self.tables.reading() as now:
            return now.roster.servers()

    def pin_hash(self, address: str) -> str | None:
        """The hash of a mailbox's PIN; None when it has none."""
        record = self.pin_record(address)
        return record.hash or None if record is not None else None

    def pin_record(self, address: str) -> PinRecord | None:
        """Everything that is kept of a mailbox's PIN; None when nothing is."""
        with self.tables.reading() as now:
            text = now.pin(address)
        return None if text is None else from_text(text)

    def looking(self, work: Callable[[Reading], T]) -> T:
        """Look at one state of everything."""
        with self.tables.reading() as now:
            return work(now)
