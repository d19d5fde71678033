"""The answering desk: serves every call with the script its route names (spec 4.1, 4.6).

Knows: the resolver, the scripts, the limits. Must never know: SIP syntax, packets, files. A fault
in a script is caught here and nowhere else: logged with its traceback, and the caller hears an
apology.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, DeferredList, succeed
from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from umserver.calls.call import Call, TimeUp
from umserver.calls.office import Flow, Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import (
    HungUp,
    ICallLog,
    IDirectory,
    IGreetingDesk,
    IMailboxes,
    IMessageStore,
    IPeople,
    IPhone,
    IPins,
    IPromptShelf,
    ISettingsDesk,
)
from umserver.org.facts import Asking, CallFacts, Party
from umserver.org.outcalls import onward_for
from umserver.org.peers import gateway_of
from umserver.org.refusals import TROUBLE, UNKNOWN_GATEWAY, Refusal
from umserver.org.routes import LeaveMessage, Rejected, Route
from umserver.org.security import needs_srtp, sound_refusal
from umserver.org.settings import Mailbox, Organisation
from umserver.org.tokens import Claim
from umserver.roles.active import Serving
from umserver.roles.health import LastHour
from umserver.roles.refusing import Refusing
from umserver.roles.resolving import resolution_for
from umserver.roles.tally import Tally

log = Logger()


@frozen
class Equipment:
    """What every call's office is furnished with; see `Office`."""

    shelf: IPromptShelf
    greetings: IGreetingDesk
    spool: IMessageStore
    mailboxes: IMailboxes
    pins: IPins
    people: IPeople
    desk: ISettingsDesk
    random: Random
    host: str
    mails_outside: bool = True
    home_of: Callable[[Mailbox], str] = lambda mailbox: ""


@define(eq=False)
class AnsweringDesk:
    """Runs one script a call; counts them and lets them finish."""

    clock: IReactorTime
    wall: Callable[[], float]
    settings: Callable[[], Organisation]
    directory: IDirectory
    call_log: ICallLog
    equipment: Equipment
    flows: Mapping[str, Flow]
    routed: Callable[[CallFacts], Claim | None]
    """What a call router signed, when the call carries a token that holds; else None."""
    admission: Callable[[int], Refusal | None]
    """A refusal for a further call, told how many are running."""
    answered: int = field(init=False, default=0)
    hour: LastHour = field(init=False)
    """Taken and rejected calls."""
    tally: Tally = field(init=False, factory=Tally)
    """What happened in calls."""
    on_count: Callable[[], object] = field(init=False, default=lambda: None)
    """Told after the number of running calls has changed."""
    _running: dict[IPhone, Serving] = field(init=False, factory=dict)
    _refusing: Refusing = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.hour = LastHour(self.wall)
        self._refusing = Refusing("mbx", self.call_log, self.wall, self.hour)

    @property
    def refused(self) -> int:
        """Calls that were refused since the start."""
        return self._refusing.count

    @property
    def active(self) -> int:
        """Calls being served now, those among them that we placed for callers."""
        return len(self._running) + sum(s.is_bridging for s in self._running.values())

    @property
    def oldest(self) -> float:
        """Seconds that the oldest of them runs; 0 without any."""
        since = [serving.since for serving in self._running.values()]
        return max(self.wall() - min(since), 0.0) if since else 0.0

    def calls(self) -> Sequence[Mapping[str, object]]:
        """The calls being served now, oldest first, as administrators see them."""
        now = self.wall()
        return [row for serving in self._running.values() for row in serving.rows(now)]

    def offered(self, phone: IPhone) -> Deferred[None]:
        """Serve one offered call to its end; never fails."""
        refusal = self.admission(self.active)
        if refusal is not None:
            self._refusing.refuse(phone, refusal)
            return succeed(None)
        serving = self._running[phone] = Serving(phone, self.wall(), self.settings())
        self.on_count()
        Deferred.fromCoroutine(self._serve(serving)).addBoth(self._finished, phone)
        return serving.over

    def decide(self, way: CallFacts, calling: Party | None, asking: Asking) -> Refusal | None:
        """Why an offer is refused before anybody holds it; None lets it in (see `CallRouter`)."""
        refusal = self.admission(self.active)
        if refusal is None and gateway_of(self.settings(), way) is None:
            refusal = UNKNOWN_GATEWAY
        if refusal is not None:
            self._refusing.note(asking.id, way.source, refusal)
        return refusal

    def hang_up_all(self) -> Deferred[None]:
        """End every call; fires when their scripts are done and what they recorded is safe."""
        for phone in list(self._running):
            phone.hang_up()
        return self.idle()

    def hang_up_gateway(self, name: str) -> int:
        """End the calls that this gateway carries (spec 2.5, -Immediate); says how many."""
        wanted = name.casefold()
        theirs = [s.phone for s in self._running.values() if wanted in s.gateways]
        for phone in theirs:
            phone.hang_up()
        return len(theirs)

    def idle(self) -> Deferred[None]:
        """Fires when every script that runs now is done."""
        watched = [_watch(serving.over) for serving in self._running.values()]
        waiting = DeferredList(watched, consumeErrors=True)  # who waits may give up
        return waiting.addCallback(lambda _: None)

    def _finished(self, result: object, phone: IPhone) -> None:
        if isinstance(result, Failure):
            log.failure("ending a call failed", failure=result, call=phone.id)
        self._running.pop(phone).over.callback(None)
        self.on_count()

    async def _serve(self, serving: Serving) -> None:
        phone, org = serving.phone, serving.org
        route = await self._resolve(phone, org)
        if isinstance(route, Rejected):
            self._refusing.refuse(phone, route.refusal)
            return
        self.hour.note(False)
        self.tally.call(route.flow)
        onward = onward_for(org, route.dial_plan, phone.facts)
        most = org.service.max_calls_allowed
        call = Call(phone, self.clock, onward, lambda: self.active < most)
        office = self._office(org)
        serving.route, serving.call = route, call
        outcome = await self._run(call, office, route)
        await call.hang_up()
        await call.gone()
        self._record(call, office, route, serving.since, outcome)

    async def _resolve(self, phone: IPhone, org: Organisation) -> Route | Rejected:
        try:
            claim = self.routed(phone.facts)
            route = (await resolution_for(org, self.directory, phone, claim)).route
        except Exception:
            log.failure("resolving a call failed", call=phone.id)
            return Rejected(TROUBLE)
        if isinstance(route, Rejected) or not needs_srtp(route.dial_plan):
            return route
        refusal = sound_refusal(route.dial_plan, phone.secure())
        return route if refusal is None else Rejected(refusal)

    def _office(self, org: Organisation) -> Office:
        e = self.equipment
        return Office(
            settings=org,
            shelf=e.shelf,
            greetings=e.greetings,
            spool=e.spool,
            mailboxes=e.mailboxes,
            pins=e.pins,
            directory=self.directory,
            people=e.people,
            desk=e.desk,
            flows=self.flows,
            count=self.tally.count,
            wall=self.wall,
            random=e.random,
            host=e.host,
            mails_outside=e.mails_outside,
            home_of=e.home_of,
        )

    async def _run(self, call: Call, office: Office, route: Route) -> str:
        """The script from beginning to end; says the outcome, whatever happened."""
        flow = self.flows.get(route.flow, self.flows["not-available"])
        call.allow(route.dial_plan.max_call_duration * 60.0)
        speaker = office.speaker(route.dial_plan.default_language)
        try:
            return await flow.run(call, office, route)
        except HungUp as end:
            end.__traceback__ = None  # it leads through Deferreds that hold it: a circle
            return str(office.facts.get("left", "hung-up"))
        except TimeUp:
            self.tally.count("general", "call_duration_exceeded")
            await _last_words(call, speaker, "call-time-exceeded")
            return str(office.facts.get("left", "time-up"))
        except Exception:
            log.failure("the script {flow} failed", call=call.id, flow=flow.name)
            if not call.answered and call.ended is None:
                call.phone.refuse(TROUBLE)
            else:
                await _last_words(call, speaker, "trouble")
            return "failed"

    def _record(
        self, call: Call, office: Office, route: Route, started: float, outcome: str
    ) -> None:
        self.answered += call.answered
        log.info("call over: {outcome}", call=call.id, outcome=outcome)
        self.call_log.record(
            {
                "at": started,
                "call": call.id,
                "role": "mbx",
                "flow": route.flow,
                "reason": route.reason if isinstance(route, LeaveMessage) else "Direct",
                "outcome": outcome,
                "seconds": round(self.wall() - started, 3),
                "ended": call.ended,
                **_sent_on(call),
                **office.facts,
            }
        )


def _sent_on(call: Call) -> Mapping[str, object]:
    """Where the caller went, for the call record."""
    sent = call.sent_on
    return {} if sent is None else {"sent_to": sent.target, "sent_by": sent.method}


async def _last_words(call: Call, speaker: Speaker, name: str) -> None:
    """Say why the call ends now; never fails."""
    try:
        await call.say_last(await speaker.clips(name, "goodbye"))
    except Exception:
        log.failure("the last words {name} could not be said", call=call.id, name=name)


def _watch(over: Deferred[None]) -> Deferred[None]:
    """A Deferred that fires with `over` and leaves its result alone."""
    watcher: Deferred[None] = Deferred()

    def pass_on(result: None) -> None:
        watcher.callback(None)
        return result

    over.addCallback(pass_on)
    return watcher
