"""Reads what an offer states about itself: who calls, whom, and who forwarded it to us.

Knows: the headers that say so. Must never know: settings, mailboxes. Sources: RFC 3261 §8.1.1, RFC
3325, RFC 3323. A header that cannot be read is passed over and named among the problems; nothing
here raises.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import evolve

from umserver.edges.net.forwardings import diversions_of, history_of
from umserver.edges.net.stated import identities, party_of
from umserver.org.facts import CallFacts, Party
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.message import Request

ROUTE_PARAMETER = "um-route"
"""The Request-URI parameter in which a call router hands over its decision."""

_NOBODY = ("", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld")
_PRIVATE = frozenset({"id", "user", "full"})


def facts_from(request: Request, flow: Flow) -> CallFacts:
    """The facts of this INVITE, which came by this flow."""
    problems: list[str] = []
    called = party_of(request.uri)
    return CallFacts(
        call_id=request.call_id,
        source=flow.remote[0],
        source_port=flow.remote[1],
        transport=flow.transport,
        called=called,
        to=party_of(request.to.uri, request.to.name),
        caller=_caller(request, problems),
        diversions=diversions_of(request, problems),
        history=history_of(request, called, problems),
        problems=tuple(problems),
        route_token=request.uri.param(ROUTE_PARAMETER) or None,
    )


def with_late(facts: CallFacts, first: Request, request: Request) -> CallFacts:
    """The facts and what a later request of the same call names beyond them (spec 4.3 order 5).

    What the first INVITE named stays as it was; a caller who asked in it not to be named is not.
    The problems are those of the later request.
    """
    problems: list[str] = []
    is_private = bool(_PRIVATE & _tokens(first.headers.all("privacy")))
    return evolve(
        facts,
        caller=facts.caller if is_private else facts.caller or _caller(request, problems),
        diversions=facts.diversions or diversions_of(request, problems),
        history=facts.history or history_of(request, facts.called, problems),
        problems=tuple(problems),
    )


def _caller(request: Request, problems: list[str]) -> Party | None:
    if _PRIVATE & _tokens(request.headers.all("privacy")):
        return None
    asserted = identities(request, "P-Asserted-Identity", problems)
    if asserted:
        return _identity(asserted)
    remote = [
        entry
        for entry in identities(request, "Remote-Party-ID", problems)
        if (entry.param("party") or "calling").lower() == "calling"
    ]
    if remote:
        return _remote(remote)
    return _identity([request.from_])


def _remote(entries: Sequence[NameAddr]) -> Party | None:
    """A Remote-Party-ID, as far as its privacy lets it be told (draft-ietf-sip-privacy §6.1)."""
    hidden = {word.partition("-")[0] for word in _tokens([entries[0].param("privacy") or ""])}
    if hidden & {"full", "uri"}:
        return None
    return _identity([evolve(entry, name="") for entry in entries] if "name" in hidden else entries)


def _identity(entries: Sequence[NameAddr]) -> Party | None:
    """The first entry with a user; its name may stand at another one of the same caller."""
    parties = [party_of(entry.uri, entry.name) for entry in entries]
    for party in parties:
        if party.user.lower() not in _NOBODY and not party.host.endswith(".invalid"):
            name = party.name or next((other.name for other in parties if other.name), "")
            return evolve(party, name=name)
    return None


def _tokens(values: Iterable[str]) -> set[str]:
    return {
        token.strip().strip('"').lower()
        for value in values
        for token in value.replace(",", ";").split(";")
    }
