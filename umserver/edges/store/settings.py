"""An archive in the reactor: settings, users and servers, from two threads of its own.

Knows: which questions are asked often. Must never know: rows, SQL. One thread reads, one thing
after the other, so an answer never overtakes a newer one; what it said about users is remembered
until the revision changes. The other one writes, and may wait for somebody else's transaction
while the first one goes on answering.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from umserver.edges.store.archive import Archive, open_archive
from umserver.edges.store.hosts import AddressesOf, addresses_of, with_addresses
from umserver.edges.store.lamps import Lamps
from umserver.edges.store.notes import Cause
from umserver.edges.store.recordings import Recording
from umserver.edges.store.tables import Ear, Reading
from umserver.edges.threads import Pool
from umserver.interfaces import (
    FleetServer,
    IDirectory,
    IFleet,
    IPeople,
    ISettingsDesk,
    ISettingsSource,
    RequestedState,
)
from umserver.org.messages import Envelope
from umserver.org.people import NameQuery
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox, Organisation

log = Logger()

P = ParamSpec("P")
T = TypeVar("T")

KEEP_DAYS = 90.0
WHY_RECORDED = "Prompt editing by telephone"
TIDY_EVERY = 3600.0
"""Seconds between two times that the change log is cut."""
MOST_REMEMBERED = 10_000
"""Numbers whose owner, or whose having none, is remembered."""


@implementer(ISettingsSource, ISettingsDesk, IDirectory, IPeople, IFleet)
@define(eq=False)
class SettingsStore:
    """See the interfaces; also PINs and secrets."""

    reactor: Any
    """Gives callFromThread."""
    archive: Archive
    addresses_of: AddressesOf = field(default=addresses_of)
    keep_days: float = KEEP_DAYS
    """How long the change log remembers."""
    writer: Archive | None = None
    """A second connection to the same store for the thread that writes; None shares the first."""
    _revision: int = field(init=False, default=-1)
    _remembered: OrderedDict[tuple[str, str], Mailbox | None] = field(
        init=False, factory=OrderedDict
    )
    _known_hosts: dict[str, tuple[str, ...]] = field(init=False, factory=dict)
    _listeners: list[Callable[[], object]] = field(init=False, factory=list)
    _ear: Ear | None = field(init=False, default=None)
    _tidy_at: float = field(init=False, default=float("-inf"))
    _reading: Pool = field(init=False)
    _writing: Pool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._reading = Pool(self.reactor, 1, "store")
        self._writing = Pool(self.reactor, 1, "store-writes")

    # settings

    def revision(self) -> Deferred[int]:
        """See `ISettingsSource`. The change log is kept in its bounds on this occasion."""
        now = self.reactor.seconds()
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_EVERY
            done = self._write(lambda archive: archive.forget_changes(self.keep_days))
            done.addErrback(self._untidy)
        return self._run(self.archive.revision).addCallback(self._noted)

    def _untidy(self, failure: Failure) -> None:
        log.error("the change log keeps old changes: {why}", why=failure.getErrorMessage())

    def load(self) -> Deferred[Organisation]:
        """See `ISettingsSource`. Host names of gateways are looked up here (spec 2.5)."""
        return self._run(self._load)

    def _load(self) -> Organisation:
        organisation = with_addresses(self.archive.load(), self._look_up)
        self._known_hosts = dict(organisation.host_addresses)
        return organisation

    def listen(self, heard: Callable[[], object]) -> None:
        """See `ISettingsSource`; until the store is closed."""
        self._listeners.append(heard)
        if len(self._listeners) == 1:
            self._ear = self.archive.listen(self._heard)

    def _heard(self) -> None:
        """In the thread that listens."""
        self.reactor.callFromThread(self._tell)

    def _tell(self) -> None:
        for heard in self._listeners:
            heard()

    def _look_up(self, host: str) -> tuple[str, ...]:
        """Once for as long as a gateway in use has this name; failures are tried again."""
        if self._known_hosts.get(host):
            return self._known_hosts[host]
        try:
            return tuple(self.addresses_of(host))
        except OSError as fault:
            log.error("the gateway {host} has no address: {why}", host=host, why=fault.strerror)
            return ()

    def _noted(self, revision: int) -> int:
        if revision != self._revision:
            self._revision = revision
            self._remembered.clear()
        return revision

    # users

    def find(self, dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        """See `IDirectory`."""
        missing = [number for number in numbers if (dial_plan, number) not in self._remembered]
        if not missing:
            return succeed(self._recalled(dial_plan, numbers, {}))
        found = self._run(self.archive.find, dial_plan, missing)
        return found.addCallback(self._learned, dial_plan, numbers, missing)

    def _learned(
        self,
        found: dict[str, Mailbox],
        dial_plan: str,
        numbers: Sequence[str],
        missing: Sequence[str],
    ) -> Mapping[str, Mailbox]:
        for number in missing:
            self._remembered[dial_plan, number] = found.get(number)
        answer = self._recalled(dial_plan, numbers, found)
        while len(self._remembered) > MOST_REMEMBERED:
            self._remembered.popitem(last=False)
        return answer

    def _recalled(
        self, dial_plan: str, numbers: Sequence[str], found: Mapping[str, Mailbox]
    ) -> Mapping[str, Mailbox]:
        """What is known of these numbers; those asked last are forgotten last."""
        answer: dict[str, Mailbox] = {}
        for number in numbers:
            mailbox = found.get(number)
            if (dial_plan, number) in self._remembered:
                mailbox = self._remembered[dial_plan, number]
                self._remembered.move_to_end((dial_plan, number))
            if mailbox is not None:
                answer[number] = mailbox
        return answer

    def spelled(self, query: NameQuery, most: int) -> Deferred[Sequence[Mailbox]]:
        """See `IPeople`."""
        found: Deferred[Any] = self._run(self.archive.spelled, query, most)
        return found

    def person(self, address: str) -> Deferred[Mailbox | None]:
        """See `IPeople`."""
        return self._run(self.archive.person, address)

    # the rest

    def is_empty(self) -> Deferred[bool]:
        """Whether nothing was ever put into this store."""
        return self._run(self.archive.is_empty)

    def import_organisation(
        self, organisation: Organisation, mailboxes: Sequence[Mailbox], *, replace: bool = True
    ) -> Deferred[int]:
        """Put a whole organisation there; fires with the revision. See `Archive`."""
        done = self._write(
            lambda archive: archive.import_organisation(organisation, mailboxes, replace=replace)
        )
        return done.addCallback(lambda revision: self.revision())

    def secret(self, name: str) -> Deferred[bytes]:
        """32 octets that are this store's own, made when first asked for."""
        return self._write(lambda archive: archive.secret(name))

    def pin_hash(self, address: str) -> Deferred[str | None]:
        """The hash of a mailbox's PIN, for `umserver.org.pins.verify_pin`."""
        return self._run(self.archive.pin_hash, address)

    def change_pin_record(
        self,
        address: str,
        change: Callable[[PinRecord], PinRecord],
        notices: Sequence[Envelope] = (),
    ) -> Deferred[PinRecord]:
        """Durably change what is kept of a PIN; fires with what is kept now. See `Archive`."""
        return self._write(lambda archive: archive.change_pin_record(address, change, notices))

    def take_notices(self, holder: str) -> Deferred[Sequence[Envelope]]:
        """Mails about mailboxes for this server's spool. See `Notices`."""
        return self._write(lambda archive: archive.notices.take(holder))

    def forget_notices(self, ids: Sequence[str]) -> Deferred[None]:
        """They are in the spool."""
        return self._write(lambda archive: archive.notices.forget(ids))

    def pin_record(self, address: str) -> Deferred[PinRecord | None]:
        """Everything that is kept of a mailbox's PIN."""
        return self._run(self.archive.pin_record, address)

    def change(
        self, section: str, name: str, changes: Mapping[str, object], by: str, why: str
    ) -> Deferred[None]:
        """See `ISettingsDesk`."""
        cause = Cause(why, {"By": by, **{key: str(value) for key, value in changes.items()}})
        done = self._write(lambda archive: archive.caused_by(cause).change(section, name, changes))
        return done.addCallback(lambda _: self._tell())

    def recordings(self) -> Deferred[Sequence[Recording]]:
        """Every recorded prompt of a dial plan or an auto attendant."""
        return self._run(self.archive.recorded.listed)

    def recording(self, owner: str, name: str, file: str) -> Deferred[bytes | None]:
        """The octets of one."""
        return self._run(self.archive.recorded.sound, owner, name, file)

    def put_recording(self, owner: str, name: str, file: str, sound: bytes) -> Deferred[None]:
        """Keep one; other servers learn of it."""
        cause = Cause(WHY_RECORDED)
        done = self._write(
            lambda archive: archive.caused_by(cause).recorded.put(owner, name, file, sound)
        )
        return done.addCallback(lambda _: None)

    # servers and states

    def states(self, server: str) -> Deferred[Sequence[RequestedState]]:
        """See `IFleet`."""
        return self._run(self.archive.states, server)

    def set_state(self, state: RequestedState) -> Deferred[bool]:
        """See `IFleet`."""
        return self._write(lambda archive: archive.set_state(state))

    def register_server(self, server: FleetServer) -> Deferred[None]:
        """See `IFleet`."""
        return self._write(lambda archive: archive.register_server(server))

    def heartbeat(self, name: str, calls: int, state: str) -> Deferred[bool]:
        """See `IFleet`."""
        return self._write(lambda archive: archive.heartbeat(name, calls, state))

    def forget_server(self, name: str) -> Deferred[bool]:
        """See `IFleet`."""
        return self._write(lambda archive: archive.forget_server(name))

    def servers(self) -> Deferred[Sequence[FleetServer]]:
        """See `IFleet`."""
        return self._run(self.archive.servers)

    # lamps

    def minding(self, work: Callable[[Lamps], T]) -> Deferred[T]:
        """Work on what is kept of lamps, in a transaction of its own (`StoreLamps`)."""
        return self._write(lambda archive: archive.minding(work))

    def looking(self, work: Callable[[Reading], T]) -> Deferred[T]:
        """Look at one state of everything."""
        return self._run(self.archive.looking, work)

    # threads

    def close(self) -> Deferred[None]:
        """Finish what is under way and let go of the store."""
        self._listeners.clear()
        written = self._write(self._close_writer)
        written.addBoth(lambda result: self._run(self.archive.close))
        return written.addBoth(self._stopped)

    def _close_writer(self, archive: Archive) -> None:
        if self._ear is not None:
            self._ear.stop()
        if self.writer is not None:
            archive.close()

    def _stopped(self, result: Any) -> Any:
        self._reading.stop()
        self._writing.stop()
        return result

    def _run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        """In the thread that reads."""
        return self._reading.run(work, *args, **kwargs)

    def _write(self, work: Callable[[Archive], T]) -> Deferred[T]:
        """In the thread that writes, where there is a connection for it."""
        if self.writer is None:
            return self._reading.run(work, self.archive)
        return self._writing.run(work, self.writer)


def open_store(reactor: Any, url: str, state: Path, keep_days: float = KEEP_DAYS) -> SettingsStore:
    """The store of this URL for a running server (blocks for a moment).

    Raises ValueError for a URL that says nothing, Unavailable.
    """
    archive = open_archive(url, state)
    writer = open_archive(url, state) if archive.lasts else None
    return SettingsStore(reactor, archive, keep_days=keep_days, writer=writer)
