"""What administrators may ask of a running server, and what it does then.

Knows: the server and its parts. Must never know: sockets, words of cmdlets. Everything in here
refuses with words for a person: LookupError, ValueError or Unavailable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import frozen
from twisted.logger import Logger

from umserver.edges.admin.asks import ServerActs
from umserver.interfaces import Unavailable
from umserver.roles.lamp_view import lamp_rows
from umserver.roles.poller import Poller
from umserver.service import checkup
from umserver.service.desk import Desk
from umserver.service.hearing import heard
from umserver.service.process import Process
from umserver.service.status import whole

log = Logger()


@frozen
class Answers:
    """Answers for one server."""

    um: Process

    def acts(self) -> ServerActs:
        """For the control socket."""
        um = self.um
        return ServerActs(
            status=lambda: whole(um),
            entries=lambda: self._desk().spool.entries(),
            retry=lambda id: self._desk().spool.retry(id),
            drop=lambda id: self._desk().spool.drop(id),
            kick=lambda: self._desk().delivery.kick(),
            poll=self._poll,
            settings=lambda: (self._poller().revision, self._poller().problem),
            drain=lambda: self._drain(True),
            resume=lambda: self._drain(False),
            is_me=self._is_me,
            name=lambda: um.name,
            states=self._states,
            set_state=self._set_state,
            active_calls=self._active_calls,
            health=lambda: checkup.health(self._started()),
            probe=lambda name: checkup.probe(self._started(), name),
            gateways=um.gateways.shown,
            hang_up_gateway=self._hang_up_gateway,
            servers=lambda: self._started().fleet.shown(),
            lamps=self._lamps,
            heard=self._heard,
            certificate=self._certificate,
        )

    async def _lamps(self, mailbox: str) -> Sequence[Mapping[str, object]]:
        lamps = self._desk().lamps
        if lamps is None:
            raise Unavailable("the lamps are not known yet")
        return await lamp_rows(lamps, mailbox)

    def _started(self) -> Process:
        if self.um.poller is None or self.um.standing.states is None:
            raise Unavailable(self.um.standing.doing or "the server is starting")
        return self.um

    def _desk(self) -> Desk:
        if self.um.desk is None:
            doing = self.um.standing.doing
            raise Unavailable(doing or "this process has no queue: its roles lack mbx")
        return self.um.desk

    def _poller(self) -> Poller:
        poller = self._started().poller
        assert poller is not None
        return poller

    async def _poll(self) -> None:
        await self._poller().poll()
        await self.um.states.refresh()
        if self.um.desk is not None:
            await self.um.desk.notices.look()

    def _drain(self, on: bool) -> None:
        self.um.standing.drain(on)
        log.info("new calls are {what}", what="turned away" if on else "taken again")

    def _is_me(self, name: str) -> bool:
        um, wanted = self.um, name.casefold()
        names = {um.name, um.host, um.machine.host, "localhost"}
        return wanted in {n.casefold() for n in (*names, *(n.partition(".")[0] for n in names))}

    def _states(self, component: str) -> Mapping[str, object]:
        um = self._started()
        desk = um.desk
        return {
            "server": um.name,
            "components": um.states.shown(component),
            "calls": desk.role.active if desk else 0,
            "oldest_seconds": round(desk.role.oldest, 1) if desk else 0.0,
            "queue": desk.spool.waiting() if desk else 0,
        }

    async def _set_state(
        self, component: str, requester: str, state: str, local: bool, remote: bool
    ) -> None:
        await self._started().states.set(component, requester, state, local=local, remote=remote)

    async def _certificate(self, again: bool) -> Mapping[str, object]:
        trust = self._started().trust
        if again:
            await trust.look(again=True)
        return trust.shown()

    async def _heard(self, question: Mapping[str, object]) -> Mapping[str, object]:
        desk, wall = self._desk(), self.um.machine.wall()
        return await heard(desk.shelf, self._poller().settings, wall, question)

    def _active_calls(self) -> Sequence[Mapping[str, object]]:
        um = self._started()
        return [{**call, "server": um.name} for call in um.desk.role.calls()] if um.desk else []

    def _hang_up_gateway(self, name: str) -> int:
        settings = self._poller().settings
        if name.casefold() not in {gateway.name.casefold() for gateway in settings.gateways}:
            raise LookupError(f"there is no gateway {name[:64]!r}")
        return self.um.desk.role.hang_up_gateway(name) if self.um.desk else 0
