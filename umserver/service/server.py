"""One process of a unified messaging server, from its start to its end.

Knows: the order in which parts start and stop. Must never know: how any part works. A start that
cannot succeed says why in one line and ends the process with code 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from umserver.discover import shipped
from umserver.edges.admin.control import ControlSocket, open_control
from umserver.edges.store.calls import FILE_NAME, CallLog
from umserver.edges.store.settings import SettingsStore, open_store
from umserver.edges.web.site import open_site
from umserver.interfaces import Unavailable
from umserver.org.parse import parse_toml
from umserver.org.settings import Organisation
from umserver.roles.gateways import GatewayWatch
from umserver.roles.poller import Poller
from umserver.service import company, status, thrift
from umserver.service.answers import Answers
from umserver.service.calm import Calm
from umserver.service.desk import Desk
from umserver.service.doors import door_of
from umserver.service.faults import OPERATORS_FAULTS, words
from umserver.service.goodbye import Goodbye
from umserver.service.greeting import greet
from umserver.service.lamps import lamps_of, take_subscriptions
from umserver.service.open_files import take_room
from umserver.service.ports import look_for
from umserver.service.process import Process
from umserver.service.router import Router
from umserver.service.standing import Standing
from umserver.service.trust import Trust, files_of

log = Logger()

ROUTE_KEY = "route-key"
"""Name of the secret that signs routing results."""
LONGEST_GOODBYE = 20.0
"""Seconds that running calls get to be ended and kept when the server stops."""


@define(eq=False)
class UnifiedMessaging(Process, Service):
    """The service that `twistd` starts and stops."""

    name: str = field(init=False)
    """By which administrators and other servers know this one."""
    calm: Calm = field(init=False)
    _store: SettingsStore | None = field(init=False, default=None)
    _control: ControlSocket | None = field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        server, machine = self.bootstrap.server, self.machine
        self.state = Path(server.state).absolute()
        self.host = server.host_name or machine.host
        self.name = company.name_of(self.bootstrap, self.roles, machine.host)
        self.call_log = CallLog(self.state / FILE_NAME)
        self.standing = Standing(self.roles, on_change=self.obey)
        self.trust = Trust(
            machine,
            files_of(self.bootstrap, self.state),
            server.host_name,
            self._expected,
            self._trust_changed,
        )
        explain = self.trust.identity.complaints.about
        self.gateways = GatewayWatch(machine.reactor, machine.wall, self.ask, explain)
        self.calm = Calm(machine.reactor, self._busy)
        self.goodbye = Goodbye(
            machine.reactor, lambda: Deferred.fromCoroutine(self.trust.look(again=True))
        )

    # Twisted

    def startService(self) -> None:
        """Begin to start; `ready` fires at the end of it."""
        super().startService()  # type: ignore[no-untyped-call]
        self.started_at = self.machine.seconds()
        self.machine.reactor.callWhenRunning(self._begin)

    def stopService(self) -> Deferred[None]:
        """No new calls; running ones end and are kept; fires when everything is closed."""
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._stop())

    # the start

    def _begin(self) -> None:
        if self.machine.own_signals:
            thrift.begin()
            take_room()
            self.goodbye.listen_to_signals()
        Deferred.fromCoroutine(self._start()).addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        if isinstance(failure.value, OPERATORS_FAULTS):
            self.machine.say(f"umserver cannot start: {words(failure.value)}")
        else:
            log.failure("the server cannot start", failure=failure)
        self.standing.now(f"the start failed: {words(failure.value)}")
        self.ready.errback(failure)
        self.ready.addErrback(lambda told: None)
        self.machine.give_up()

    async def _start(self) -> None:
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.standing.now("the server is starting")
        acts = Answers(self).acts()
        self._control = open_control(self.machine.reactor, self.state, acts.asks())
        self._open_web()
        self.call_log.start()
        server = self.bootstrap.server
        store = self._store = open_store(
            self.machine.reactor, server.store, self.state, float(server.change_log_days)
        )
        await self._fill(store)
        poller = self.poller = Poller(
            self.machine.reactor, store, float(self.bootstrap.server.poll_seconds)
        )
        await poller.start()
        if poller.current is None:
            raise Unavailable(f"the settings cannot be loaded: {poller.problem}")
        await self._meet_others(store)
        await self._open_roles(store, poller)
        await self._take_calls(poller)
        greet(self)
        if self.machine.own_signals:
            self.calm.begin()
        self.ready.callback(None)

    async def _fill(self, store: SettingsStore) -> None:
        """The demo organisation, where the store is empty."""
        if not await store.is_empty():
            return
        text = shipped("demo.toml").read_text("utf-8")
        self.machine.say("The store is empty: the demo organisation is imported.")
        await store.import_organisation(*parse_toml(text))

    async def _meet_others(self, store: SettingsStore) -> None:
        """Learn what is wanted of us; be ready to speak with other servers."""
        self.states = await company.states_of(self, store)
        self.fleet = company.fleet_of(self, store)
        self.standing.states = self.states

    async def _open_roles(self, store: SettingsStore, poller: Poller) -> None:
        common = (self.machine, self.bootstrap)
        key = await store.secret(ROUTE_KEY)
        await self.trust.look()
        identity = self.trust.identity
        doors = [door_of(role, self.bootstrap, poller.settings) for role in self.roles]
        look_for(doors, self.bootstrap.listen.hosts)
        if "mbx" in self.roles:
            desk = self.desk = Desk(
                *common,
                self.state,
                self.host,
                poller,
                store,
                self.call_log,
                key,
                self.standing,
                identity,
            )
            desk.home_of = lambda mailbox: company.home_of(self, mailbox)
            self.standing.now("the prompts are being rendered")
            await desk.prepare()
            desk.start()
        if "cas" in self.roles:
            self.router = Router(
                *common,
                self.host,
                poller,
                store,
                self.call_log,
                key,
                self.standing,
                self.fleet,
                identity,
            )
            self.router.start()
        self._look_at_doors()
        if any(door.is_tls for door in self.doors):
            self.trust.watch()

    def _look_at_doors(self) -> None:
        """Say which ports the settings want and cannot have (spec 1.3)."""
        for why in self.complaints():
            log.error("{why}", why=why)
        self.standing.shut = {
            part.door.role: part.door.complaint(self.trust.lacking)
            for part in self.parts
            if not part.door.is_plain and not part.server.bound_tls_port
        }

    def _busy(self) -> int:
        """Grows with every message and every tick of sound."""
        heard = sum(part.server.station.driver.received_count for part in self.parts)
        return heard + (self.desk.engine.metrics.wakes if self.desk is not None else 0)

    def _trust_changed(self) -> None:
        """Another certificate: a port that waited for one opens."""
        for part in self.parts:
            try:
                part.server.open_tls()
                part.server.end_revoked()
            except OSError as fault:
                log.error("the TLS port does not open: {why}", why=words(fault))
        if self.parts:
            self._look_at_doors()
            self.obey()

    def _expected(self, address: str) -> Sequence[str]:
        """The host names that a peer at this address may prove."""
        org = self.poller.current if self.poller is not None else None
        own = self.trust.identity.credentials
        return company.names_at(self, org, own.names if own is not None else (), address)

    def _changed(self, old: Organisation | None, new: Organisation) -> None:
        before = self.waits_for_restart(old) if old is not None else ()
        for why in self.waits_for_restart(new):
            if why not in before:
                log.warn("{why}", why=why)
        self.obey()

    async def _take_calls(self, poller: Poller) -> None:
        """Watch the gateways, meet the other servers, and open the doors."""
        assert poller.current is not None
        self.gateways.changed(None, poller.current)
        poller.on_change(self.gateways.changed)
        if company.has_company(self.bootstrap, self.roles):
            await self.fleet.start()
        poller.on_change(self._changed)
        if self.desk is not None:
            self.desk.role.on_count = self._count_changed
            await self._light_lamps(self.desk, poller)
        assert self._store is not None
        take_subscriptions(self, poller, self._store)
        self.standing.now("")

    async def _light_lamps(self, desk: Desk, poller: Poller) -> None:
        assert self._store is not None
        desk.lamps = lamps_of(self, desk, self._store)
        poller.on_change(desk.lamps.changed)
        poller.on_change(desk.recordings.changed)
        await desk.lamps.start()

    def _open_web(self) -> None:
        listen = self.bootstrap.listen
        site = open_site(self.machine.reactor, self.status, self.not_ready)
        self.web = self.machine.reactor.listenTCP(listen.http, site, interface=listen.http_host)

    # the end

    async def _stop(self) -> None:
        self.standing.now("the server is stopping")
        self.calm.end()
        self.gateways.stop()
        self.trust.stop()
        if self.desk is not None:
            await self._end_calls(self.desk)
        if self.router is not None:
            await self.router.stop()
        if self.desk is not None:
            await self.desk.stop()
        await self._close_rest()

    async def _end_calls(self, desk: Desk) -> None:
        """Let running calls finish; end those that do not, and keep what they said."""
        running, seconds = desk.role.active, float(self.bootstrap.server.drain_seconds)
        if running and seconds:
            self.machine.say(
                f"umserver stops: {running} call{'s'[: running != 1]} may finish within "
                f"{seconds:.0f} s (the same signal again ends them at once)"
            )
            await self.goodbye.wait_for(desk.role.idle(), seconds)
        ended = Deferred.fromCoroutine(desk.finish_calls())
        ended.addTimeout(LONGEST_GOODBYE, self.machine.reactor)
        await ended.addErrback(lambda f: log.failure("calls could not be ended", failure=f))

    async def _close_rest(self) -> None:
        if self.poller is not None:
            self.poller.stop()
        if self.web is not None:
            await maybeDeferred(self.web.stopListening)
        if self._control is not None:
            await self._control.close()
        if self.standing.states is not None and company.has_company(self.bootstrap, self.roles):
            await self.fleet.stop()
        if self._store is not None:
            await self._store.close()
        self.call_log.stop()

    # how it is

    def status(self) -> Mapping[str, object]:
        """Everything that can be shown."""
        return status.whole(self)

    def _count_changed(self) -> None:
        """The other servers hear at once when we become full, or have room again."""
        assert self.desk is not None
        if self.desk.role.active in (self.most_calls, self.most_calls - 1):
            self.fleet.announce()
