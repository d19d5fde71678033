"""The call router: entry point of every call, redirects it to a mailbox server, carries no media (spec 4.1).

Knows: the resolver and the servers it may redirect to. Must never know: SIP syntax, sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.interfaces import ICallLog, IDirectory, IPhone, RedirectTarget
from umserver.org.refusals import TROUBLE, Refusal
from umserver.org.resolve import Rejected, Resolution, Route
from umserver.org.settings import Organisation
from umserver.roles.resolving import resolution_of

log = Logger()


@define(eq=False)
class CallRouter:
    """Answers every offered call with a redirect or a refusal; keeps nothing of it."""

    settings: Callable[[], Organisation]
    directory: IDirectory
    call_log: ICallLog
    wall: Callable[[], float]
    targets: Callable[[IPhone, Route], Sequence[RedirectTarget]]
    """The mailbox servers that may take this call, best first, each with its signed token."""
    admission: Callable[[], Refusal | None]
    """A refusal while the role takes no calls (draining, maintenance)."""
    redirected: int = field(init=False, default=0)
    refused: int = field(init=False, default=0)

    def offered(self, phone: IPhone) -> Deferred[None]:
        """Take care of one offered call; never fails."""
        return Deferred.fromCoroutine(self._route(phone))

    async def _route(self, phone: IPhone) -> None:
        try:
            resolution = await self._resolve(phone)
            targets = self.targets(phone, resolution.route)
        except Exception:
            log.failure("routing a call failed", call=phone.id)
            phone.refuse(TROUBLE)
            return
        if isinstance(resolution.route, Rejected):
            self._refuse(phone, resolution.route.refusal)
            return
        self.redirected += 1
        phone.redirect(targets)
        log.info("redirected {flow}", call=phone.id, flow=resolution.route.flow)

    async def _resolve(self, phone: IPhone) -> Resolution:
        refusal = self.admission()
        if refusal is not None:
            return Resolution(route=Rejected(refusal), reasons=(refusal.reason,))
        return await resolution_of(self.settings(), self.directory, phone.facts)

    def _refuse(self, phone: IPhone, refusal: Refusal) -> None:
        self.refused += 1
        phone.refuse(refusal)
        log.warn("event 1021: call refused: {why}", call=phone.id, why=refusal.reason)
        self.call_log.record(
            {
                "at": self.wall(),
                "call": phone.id,
                "role": "cas",
                "outcome": "Rejected",
                "why": refusal.reason,
            }
        )
