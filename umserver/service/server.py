"""One process of a unified messaging server, from its start to its end.

Knows: the order in which parts start and stop. Must never know: how any part works. A start that
cannot succeed says why in one line and ends the process with code 1.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.logger import Logger

from umserver.discover import shipped
from umserver.edges.admin.asks import ServerActs
from umserver.edges.admin.control import ControlSocket, ControlSocketInUse, open_control
from umserver.edges.mail.cabinet import SpoolInUse
from umserver.edges.speech.catalogue import CatalogueFaults
from umserver.edges.store.calls import FILE_NAME, CallLog
from umserver.edges.store.settings import SettingsStore, open_store
from umserver.edges.web.site import open_site
from umserver.interfaces import Unavailable
from umserver.org.bootstrap import Bootstrap
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_toml
from umserver.org.refusals import OUT_OF_SERVICE, Refusal
from umserver.roles.poller import Poller
from umserver.service import status
from umserver.service.desk import Desk
from umserver.service.machine import Machine
from umserver.service.router import Router

log = Logger()

ROUTE_KEY = "route-key"
"""Name of the secret that signs routing results."""
LONGEST_GOODBYE = 20.0
"""Seconds that running calls get to be ended and kept when the server stops."""
_OPERATORS_FAULTS = (
    SettingsFaults,
    Unavailable,
    ControlSocketInUse,
    SpoolInUse,
    CatalogueFaults,
    CannotListenError,
    OSError,
    ValueError,
)
"""What the person who starts the server can put right: told in words, without a traceback."""


@define(eq=False)
class UnifiedMessaging(Service):
    """The service that `twistd` starts and stops."""

    machine: Machine
    bootstrap: Bootstrap
    roles: Sequence[str]
    state: Path = field(init=False)
    host: str = field(init=False)
    call_log: CallLog = field(init=False)
    ready: Deferred[None] = field(init=False, factory=Deferred)
    """Fires when calls are taken; fails when they never will be."""
    desk: Desk | None = field(init=False, default=None)
    router: Router | None = field(init=False, default=None)
    poller: Poller | None = field(init=False, default=None)
    _store: SettingsStore | None = field(init=False, default=None)
    _control: ControlSocket | None = field(init=False, default=None)
    _web: IListeningPort | None = field(init=False, default=None)
    _doing: str = field(init=False, default="the server has not been started")
    """What stands between us and calls; empty when nothing does."""
    _draining: bool = field(init=False, default=False)
    _started_at: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        server = self.bootstrap.server
        self.state = Path(server.state).absolute()
        self.host = server.host_name or self.machine.host
        self.call_log = CallLog(self.state / FILE_NAME)

    # Twisted

    def startService(self) -> None:
        """Begin to start; `ready` fires at the end of it."""
        super().startService()  # type: ignore[no-untyped-call]
        self._started_at = self.machine.seconds()
        self.machine.reactor.callWhenRunning(self._begin)

    def stopService(self) -> Deferred[None]:
        """No new calls; running ones end and are kept; fires when everything is closed."""
        super().stopService()  # type: ignore[no-untyped-call]
        return Deferred.fromCoroutine(self._stop())

    # the start

    def _begin(self) -> None:
        Deferred.fromCoroutine(self._start()).addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        if isinstance(failure.value, _OPERATORS_FAULTS):
            self.machine.say(f"umserver cannot start: {_words(failure.value)}")
        else:
            log.failure("the server cannot start", failure=failure)
        self._doing = f"the start failed: {_words(failure.value)}"
        self.ready.errback(failure)
        self.ready.addErrback(lambda told: None)
        self.machine.give_up()

    async def _start(self) -> None:
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._doing = "the server is starting"
        self._control = open_control(self.machine.reactor, self.state, self._acts().asks())
        self._open_web()
        self.call_log.start()
        store = self._store = open_store(
            self.machine.reactor, self.bootstrap.server.store, self.state
        )
        await self._fill(store)
        poller = self.poller = Poller(
            self.machine.reactor, store, float(self.bootstrap.server.poll_seconds)
        )
        await poller.start()
        if poller.current is None:
            raise Unavailable(f"the settings cannot be loaded: {poller.problem}")
        await self._open_roles(store, poller)
        self._doing = ""
        self._show_availability()
        self._greet()
        self.ready.callback(None)

    async def _fill(self, store: SettingsStore) -> None:
        """The demo organisation, where the store is empty."""
        if not await store.is_empty():
            return
        text = shipped("demo.toml").read_text("utf-8")
        self.machine.say("The store is empty: the demo organisation is imported.")
        await store.import_organisation(*parse_toml(text))

    async def _open_roles(self, store: SettingsStore, poller: Poller) -> None:
        common = (self.machine, self.bootstrap)
        key = await store.secret(ROUTE_KEY)
        if "mbx" in self.roles:
            desk = self.desk = Desk(
                *common, self.state, self.host, poller, store, self.call_log, key, self._closed
            )
            self._doing = "the prompts are being rendered"
            await desk.prepare()
            desk.start()
            desk.engine.freeze()
        if "cas" in self.roles:
            self.router = Router(
                *common, self.host, poller, store, self.call_log, key, self._desk_port, self._closed
            )
            self.router.start()

    def _desk_port(self) -> int:
        return self.desk.server.bound_port if self.desk else self.bootstrap.listen.mbx

    def _open_web(self) -> None:
        listen = self.bootstrap.listen
        site = open_site(self.machine.reactor, self.status, self.not_ready)
        self._web = self.machine.reactor.listenTCP(listen.http, site, interface=listen.http_host)

    def _greet(self) -> None:
        """A few lines for whoever started the server."""
        listen = self.bootstrap.listen
        sip = (self.router or self.desk).server.bound_port  # type: ignore[union-attr]
        port = "" if sip == 5060 else f":{sip}"
        say = self.machine.say
        seconds = self.machine.seconds() - self._started_at
        say(f"umserver is ready after {seconds:.1f} s ({', '.join(self.roles)}).")
        if self.desk is not None:
            say(f"  call   sip:1001@127.0.0.1{port}, speak after the tone, hang up")
            if self.bootstrap.mail.delivery == "maildir":
                say(f"  mail   {self.state / 'mail'}/<address>/new/")
        if self._web is not None:
            say(f"  look   http://{listen.http_host}:{self.http_port}/  (umctl status)")

    @property
    def http_port(self) -> int:
        """The port of the status pages; 0 while it is closed."""
        host: Any = self._web.getHost() if self._web is not None else None
        return int(host.port) if host is not None else 0

    # the end

    async def _stop(self) -> None:
        self._doing = "the server is stopping"
        self._show_availability()
        if self.desk is not None:
            ended = Deferred.fromCoroutine(self.desk.finish_calls())
            ended.addTimeout(LONGEST_GOODBYE, self.machine.reactor)
            await ended.addErrback(lambda f: log.failure("calls could not be ended", failure=f))
        if self.router is not None:
            await self.router.stop()
        if self.desk is not None:
            await self.desk.stop()
        await self._close_rest()

    async def _close_rest(self) -> None:
        if self.poller is not None:
            self.poller.stop()
        if self._web is not None:
            await maybeDeferred(self._web.stopListening)
        if self._control is not None:
            await self._control.close()
        if self._store is not None:
            await self._store.close()
        self.call_log.stop()

    # how it is

    def not_ready(self) -> Sequence[str]:
        """Why no call can be taken just now, in words; empty when all is well."""
        reasons = [self._doing] if self._doing else []
        if self._draining:
            reasons.append("the server is draining: no new calls are taken")
        poller = self.poller
        if poller is not None and poller.current is not None and not poller.current.hunt_groups:
            reasons.append("no dial plan is linked to a gateway: there is no hunt group")
        return reasons

    def status(self) -> Mapping[str, object]:
        """Everything that can be shown."""
        shown: dict[str, object] = {
            "ready": not self.not_ready(),
            "reasons": list(self.not_ready()),
            "roles": ", ".join(self.roles),
            "host": self.host,
            "process": os.getpid(),
            "uptime_seconds": round(self.machine.seconds() - self._started_at, 1),
            "versions": status.versions(),
        }
        if self.poller is not None:
            shown["settings"] = status.settings_part(self.poller)
            shown["gateways"] = status.gateways_part(self.poller)
        if self.router is not None:
            shown["cas"] = status.router_part(self.router)
        if self.desk is not None:
            shown["mbx"] = status.desk_part(self.desk)
            shown["queue"] = status.queue_part(self.desk)
            shown["media"] = status.media_part(self.desk)
        return shown

    # what an administrator asks

    def _acts(self) -> ServerActs:
        return ServerActs(
            status=self.status,
            entries=lambda: self._answering().spool.entries(),
            retry=lambda id: self._answering().spool.retry(id),
            drop=lambda id: self._answering().spool.drop(id),
            kick=lambda: self._answering().delivery.kick(),
            poll=lambda: self._settled().poll(),
            settings=lambda: (self._settled().revision, self._settled().problem),
            drain=lambda: self._drain(True),
            resume=lambda: self._drain(False),
        )

    def _answering(self) -> Desk:
        if self.desk is None:
            raise Unavailable(self._doing or "this process has no queue: its roles lack mbx")
        return self.desk

    def _settled(self) -> Poller:
        if self.poller is None:
            raise Unavailable(self._doing)
        return self.poller

    def _drain(self, on: bool) -> None:
        """Take no new calls while running ones go on, or take them again."""
        self._draining = on
        self._show_availability()
        log.info("new calls are {what}", what="turned away" if on else "taken again")

    def _show_availability(self) -> None:
        for role in (self.router, self.desk):
            if role is not None:
                role.server.available = self._closed() is None

    def _closed(self) -> Refusal | None:
        return OUT_OF_SERVICE if self._doing or self._draining else None


def _words(fault: BaseException) -> str:
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.strerror}{f': {fault.filename}' if fault.filename else ''}"
    return str(fault) or type(fault).__name__
