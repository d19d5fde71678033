"""The call router: every call's first stop; redirects it to a mailbox server (spec 4.1).

Knows: the resolver, the servers it may redirect to, the key its results are signed with. Must never
know: SIP syntax, sound.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.interfaces import ICallLog, IDirectory, IPhone, RedirectTarget
from umserver.org.claims import claim_for
from umserver.org.facts import Asking, CallFacts, Party
from umserver.org.refusals import OUT_OF_SERVICE, TROUBLE, Refusal
from umserver.org.resolve import named
from umserver.org.routes import Rejected, Route, VoiceAccess
from umserver.org.settings import Organisation
from umserver.org.tokens import MAX_TEXT, sign
from umserver.roles.decisions import Decisions
from umserver.roles.health import LastHour
from umserver.roles.refusing import Refusing
from umserver.roles.resolving import resolution_for
from umserver.roles.sparing import Sparing

log = Logger()


class Offer(Protocol):
    """What is to be known of a call in order to choose its server."""

    @property
    def id(self) -> str:
        """The Call-ID."""

    @property
    def transport(self) -> str:
        """udp, tcp or tls."""

    @property
    def here(self) -> str:
        """The address by which its peer reaches us."""


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
    targets: Callable[[Offer, Route, str], Sequence[RedirectTarget]]
    """The mailbox servers that may take this call, best first, each with the given token."""
    admission: Callable[[int], Refusal | None]
    """A refusal for a further call (draining, full), told how many are being routed."""
    revision: Callable[[], int] = lambda: 0
    """Rises with every change of the settings or of a user."""
    redirected: int = field(init=False, default=0)
    routing: int = field(init=False, default=0)
    """Calls being routed now."""
    hour: LastHour = field(init=False)
    """Taken and rejected calls."""
    _decisions: Decisions = field(init=False)
    _redirects: Sparing = field(init=False)
    _refusing: Refusing = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.hour = LastHour(self.wall)
        self._decisions = Decisions(self.directory, self.wall, self.revision)
        self._redirects = Sparing(self.wall)
        self._refusing = Refusing("cas", self.call_log, self.wall, self.hour)

    @property
    def refused(self) -> int:
        """Calls that were refused since the start."""
        return self._refusing.count

    def decide(
        self, way: CallFacts, calling: Party | None, asking: Asking
    ) -> Sequence[RedirectTarget] | Refusal | None:
        """Where a call goes or why not, at once and without keeping anything; None: it takes time.

        `way` is what the call states apart from its Call-ID, its source port and who calls.
        """
        try:
            answer = self.admission(self.routing) or self._decided(way, calling, asking)
        except Exception:
            log.failure("routing a call failed", call=asking.id)
            answer = TROUBLE
        if isinstance(answer, Refusal):
            self._refusing.note(asking.id, way.source, answer)
        return answer

    def _decided(
        self, way: CallFacts, calling: Party | None, asking: Asking
    ) -> Sequence[RedirectTarget] | Refusal | None:
        decided = self._decisions.now(self.settings(), way, calling)
        if decided is None:
            return None
        decision, form, caller = decided
        route = decision.route
        if isinstance(route, Rejected):
            return route.refusal
        if form is None or caller is None:
            return None
        name = calling.name[:MAX_TEXT] if calling is not None else ""
        token = form.signed(caller.id.number, name, self.key, self.wall())
        if isinstance(route, VoiceAccess):
            route = named(route, caller)
        return self._sent_on(asking, route, token)

    def offered(self, phone: IPhone) -> Deferred[None]:
        """Take care of one offered call; never fails."""
        return Deferred.fromCoroutine(self._route(phone))

    async def _route(self, phone: IPhone) -> None:
        refusal = self.admission(self.routing)
        if refusal is not None:
            self._refusing.refuse(phone, refusal)
            return
        self.routing += 1
        try:
            route = (await resolution_for(self.settings(), self.directory, phone)).route
            if isinstance(route, Rejected):
                self._refusing.refuse(phone, route.refusal)
            else:
                self._redirect(phone, route)
        except Exception:
            log.failure("routing a call failed", call=phone.id)
            self._refusing.refuse(phone, TROUBLE)
        finally:
            self.routing -= 1

    def _redirect(self, phone: IPhone, route: Route) -> None:
        claim = claim_for(route, route.caller, phone.facts.called, phone.facts.caller)
        token = sign(claim, self.key, self.wall())
        answer = self._sent_on(cast(Offer, phone), route, token)
        if isinstance(answer, Refusal):
            self._refusing.refuse(phone, answer)
        else:
            phone.redirect(answer)

    def _sent_on(
        self, offer: Offer, route: Route, token: str
    ) -> Sequence[RedirectTarget] | Refusal:
        targets = self.targets(offer, route, token)
        if not targets:
            log.error("no mailbox server can take a call", call=offer.id)
            return OUT_OF_SERVICE
        self.redirected += 1
        self.hour.note(False)
        if self._redirects.may_say():
            log.info("redirected {flow}", call=offer.id, flow=route.flow)
            if more := self._redirects.left_out():
                log.info("redirected {count} calls more, not shown one by one", count=more)
        return targets
