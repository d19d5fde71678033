"""The call router: every call's first stop; redirects it to a mailbox server (spec 4.1).

Knows: the resolver, the servers it may redirect to, the key its results are signed with. Must never
know: SIP syntax, sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.interfaces import ICallLog, IDirectory, IPhone, RedirectTarget
from umserver.org.refusals import OUT_OF_SERVICE, TROUBLE, Refusal
from umserver.org.resolve import Rejected, Resolution, Route, claim_of
from umserver.org.settings import Organisation
from umserver.org.tokens import sign
from umserver.roles.resolving import resolution_of

log = Logger()


@define(eq=False)
class CallRouter:
    """Answers every offered call with a redirect or a refusal; keeps nothing of it."""

    settings: Callable[[], Organisation]
    directory: IDirectory
    call_log: ICallLog
    wall: Callable[[], float]
    """Wall time, seconds since 1970."""
    key: bytes = field(repr=False)
    """Signs the results; the mailbox servers verify with the same key."""
    targets: Callable[[IPhone, Route, str], Sequence[RedirectTarget]]
    """The mailbox servers that may take this call, best first, each with the given token."""
    admission: Callable[[], Refusal | None]
    """A refusal while the role takes no calls (draining, maintenance)."""
    redirected: int = field(init=False, default=0)
    refused: int = field(init=False, default=0)

    def offered(self, phone: IPhone) -> Deferred[None]:
        """Take care of one offered call; never fails."""
        return Deferred.fromCoroutine(self._route(phone))

    async def _route(self, phone: IPhone) -> None:
        try:
            route = (await self._resolve(phone)).route
            if isinstance(route, Rejected):
                self._refuse(phone, route.refusal)
            else:
                self._redirect(phone, route)
        except Exception:
            log.failure("routing a call failed", call=phone.id)
            self._refuse(phone, TROUBLE)

    async def _resolve(self, phone: IPhone) -> Resolution:
        refusal = self.admission()
        if refusal is not None:
            return Resolution(Rejected(refusal), (refusal.reason,))
        return await resolution_of(self.settings(), self.directory, phone.facts)

    def _redirect(self, phone: IPhone, route: Route) -> None:
        token = sign(claim_of(route, phone.facts), self.key, self.wall())
        targets = self.targets(phone, route, token)
        if not targets:
            log.error("no mailbox server can take a call", call=phone.id)
            self._refuse(phone, OUT_OF_SERVICE)
            return
        self.redirected += 1
        phone.redirect(targets)
        log.info("redirected {flow}", call=phone.id, flow=route.flow)

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
