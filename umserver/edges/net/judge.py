"""Has calls decided at once, before anybody holds them: what a request states, and the verdict.

Knows: facts, final answers. Must never know: what a decision rests on. There are two ways in, for a
request that was taken apart and for one that was glanced at; both end in the same question to the
same role, and what header fields state is read by the same code (`facts_from`), once for all calls
that state the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

from attrs import define, evolve, field
from twisted.logger import Logger

from umserver.edges.net.facts import facts_from
from umserver.edges.net.finals import contact_of, refusal_headers
from umserver.interfaces import RedirectTarget
from umserver.org.facts import Asking, CallFacts, Party
from umserver.org.refusals import Refusal
from umserver.wire.sip import screening
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.glance import Glance
from umserver.wire.sip.message import Headers, Pairs, Request
from umserver.wire.sip.uri import parse_uri

log = Logger()

Address = tuple[str, int]
Decide = Callable[[CallFacts, Party | None, Asking], "Sequence[RedirectTarget] | Refusal | None"]
"""Where a call goes or why not; None: that takes time. See `umserver.roles.cas.CallRouter`."""

T = TypeVar("T")

MOST = 20_000
"""Statements remembered of each kind; a full memory begins anew."""
LONGEST = 1500
"""Characters of header fields that are remembered; calls with more are taken apart."""
_NOBODY = ("From", "<sip:anonymous@anonymous.invalid>")


@define(eq=False)
class Judge:
    """In front of one role."""

    decide: Decide
    facts: Callable[[Request, Flow], CallFacts]
    """What a request states, with what its connection proves."""
    here: Callable[[Flow], str]
    """The host by which the peer of a flow reaches us."""
    host: str
    """Our name in ms-diagnostics."""
    passes: Callable[[str], bool] = lambda source: False
    """Sources (IP addresses) about whose calls nothing is to be decided here."""
    judged: int = field(init=False, default=0)
    _ways: dict[object, tuple[CallFacts, str] | None] = field(init=False, factory=dict)
    _callers: dict[object, tuple[Party | None] | None] = field(init=False, factory=dict)
    _places: dict[object, str] = field(init=False, factory=dict)

    def request(self, request: Request, flow: Flow) -> screening.Refusal | None:
        """The verdict on an INVITE that begins a call; None leaves it open."""
        if self.passes(flow.remote[0]):
            return None
        facts = self.facts(request, flow)
        asking = Asking(facts.call_id, flow.transport, self.here(flow))
        verdict = self._verdict(_way_of(facts), facts.caller, asking, request.uri.user)
        for problem in facts.problems if verdict is not None else ():  # else who decides tells
            log.warn(
                "event 1021: a header is written wrongly: {why}", call=facts.call_id, why=problem
            )
        return verdict

    def glance(self, seen: Glance, remote: Address, local: Address) -> screening.Refusal | None:
        """The same, for a datagram that was glanced at."""
        if self.passes(remote[0]):
            return None
        way = self._way(seen, remote)
        calling = self._calling(seen) if way is not None else None
        if way is None or calling is None:
            return None
        asking = Asking(seen.call_id, "udp", self._here(remote, local))
        return self._verdict(way[0], calling[0], asking, way[1])

    def _verdict(
        self, way: CallFacts, calling: Party | None, asking: Asking, user: str
    ) -> screening.Refusal | None:
        answer = self.decide(way, calling, asking)
        if answer is None:
            return None
        self.judged += 1
        if isinstance(answer, Refusal):
            return _refused(answer, self.host)
        contacts = tuple([("Contact", contact_of(user, target)) for target in answer])
        return screening.Refusal(302, contacts)

    # what is stated, from memory

    def _way(self, seen: Glance, remote: Address) -> tuple[CallFacts, str] | None:
        key = (seen.uri, seen.to, seen.way, remote[0])
        if (known := self._ways.get(key)) is not None or key in self._ways:
            return known
        if _length(seen.way, seen.uri, seen.to) > LONGEST:
            return None
        facts, request = self._read(seen, (_NOBODY, *seen.way), remote)
        way = None if facts.problems else (_way_of(facts), request.uri.user)
        return _kept(self._ways, key, way)

    def _calling(self, seen: Glance) -> tuple[Party | None] | None:
        """Who calls, in a tuple; None where a header cannot be read."""
        key = (seen.sender, seen.who)
        if (known := self._callers.get(key)) is not None or key in self._callers:
            return known
        if _length(seen.who, seen.sender) > LONGEST:
            return None
        facts, _ = self._read(seen, (("From", seen.sender), *seen.who), ("", 0))
        return _kept(self._callers, key, None if facts.problems else (facts.caller,))

    def _read(self, seen: Glance, pairs: Pairs, remote: Address) -> tuple[CallFacts, Request]:
        headers = Headers([("To", seen.to), ("Call-ID", seen.call_id), *pairs])
        request = Request(seen.method, parse_uri(seen.uri), headers)
        return facts_from(request, Flow("udp", remote, ("", 0))), request

    def _here(self, remote: Address, local: Address) -> str:
        key = (remote[0], local[1])
        if key not in self._places:
            _kept(self._places, key, self.here(Flow("udp", remote, local)))
        return self._places[key]


def _way_of(facts: CallFacts) -> CallFacts:
    """What a call states apart from itself and who calls."""
    return evolve(facts, caller=None, call_id="", source_port=0, problems=())


def _length(pairs: Pairs, *texts: str) -> int:
    return sum(map(len, texts)) + sum(len(value) for _, value in pairs)


def _kept(memory: dict[object, T], key: object, value: T) -> T:
    if len(memory) >= MOST:
        memory.clear()
    memory[key] = value
    return value


@lru_cache(maxsize=256)
def _refused(refusal: Refusal, host: str) -> screening.Refusal:
    return screening.Refusal(refusal.status, refusal_headers(refusal, host), reason=refusal.phrase)
