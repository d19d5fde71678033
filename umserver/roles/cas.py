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
from umserver.org.refusals import OUT_OF_SERVICE, TROUBLE, UNKNOWN_GATEWAY, Refusal
from umserver.org.resolve import Rejected, Route, claim_of
from umserver.org.settings import Organisation
from umserver.org.tokens import sign
from umserver.roles.health import LastHour
from umserver.roles.resolving import resolution_for

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
    admission: Callable[[int], Refusal | None]
    """A refusal for a further call (draining, full), told how many are being routed."""
    redirected: int = field(init=False, default=0)
    refused: int = field(init=False, default=0)
    routing: int = field(init=False, default=0)
    """Calls being routed now."""
    hour: LastHour = field(init=False)
    """Taken and rejected calls."""

    def __attrs_post_init__(self) -> None:
        self.hour = LastHour(self.wall)

    def offered(self, phone: IPhone) -> Deferred[None]:
        """Take care of one offered call; never fails."""
        return Deferred.fromCoroutine(self._route(phone))

    async def _route(self, phone: IPhone) -> None:
        refusal = self.admission(self.routing)
        if refusal is not None:
            self._refuse(phone, refusal)
            return
        self.routing += 1
        try:
            route = (await resolution_for(self.settings(), self.directory, phone)).route
            if isinstance(route, Rejected):
                self._refuse(phone, route.refusal)
            else:
                self._redirect(phone, route)
        except Exception:
            log.failure("routing a call failed", call=phone.id)
            self._refuse(phone, TROUBLE)
        finally:
            self.routing -= 1

    def _redirect(self, phone: IPhone, route: Route) -> None:
        token = sign(claim_of(route, phone.facts), self.key, self.wall())
        targets = self.targets(phone, route, token)
        if not targets:
            log.error("no mailbox server can take a call", call=phone.id)
            self._refuse(phone, OUT_OF_SERVICE)
            return
        self.redirected += 1
        self.hour.note(False)
        phone.redirect(targets)
        log.info("redirected {flow}", call=phone.id, flow=route.flow)

    def _refuse(self, phone: IPhone, refusal: Refusal) -> None:
        self.refused += 1
        if refusal is not UNKNOWN_GATEWAY:
            self.hour.note(True)
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
