"""Reads what an offer states about itself: who calls, whom, and who forwarded it to us.

Knows: the headers that say so and how equipment gets them wrong. Must never know: settings,
mailboxes. Sources: RFC 3261 §8.1.1, RFC 3325, RFC 3323, RFC 3966, RFC 5806, RFC 7044, RFC 4458, RFC
3326. A header that cannot be read is passed over and named among the problems; nothing here raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from attrs import evolve

from umserver.org.facts import CallFacts, Diversion, Party
from umserver.wire.sip.effects import Flow
from umserver.wire.sip.headers import NameAddr, parse_name_addr, parse_name_addrs
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import SipSyntaxError
from umserver.wire.sip.uri import Uri

ROUTE_PARAMETER = "um-route"
"""The Request-URI parameter in which a call router hands over its decision."""

MOST_FORWARDINGS = 32
"""More entries than this are no chain of forwardings but an attempt to keep us busy."""

_SEPARATORS = str.maketrans("", "", "-.() ")
_DIALLED = re.compile(r"\+?[0-9*#A-Da-d().\- ]+")
_DIGIT = re.compile(r"[0-9*#]")
_NOBODY = ("", "anonymous", "unknown", "unavailable", "restricted", "private", "withheld")
_PRIVATE = frozenset({"id", "user", "full"})
_CAUSE_WORDS = {
    "302": "unconditional",
    "408": "no-answer",
    "480": "deflection",
    "486": "user-busy",
    "487": "deflection",
    "503": "unavailable",
    "404": "unavailable",
}
"""RFC 4458 §3: the cause parameter of the URI that a call was sent on to."""
_REASON_WORDS = {
    "sip": {
        "181": "unconditional",
        "300": "unconditional",
        "301": "unconditional",
        "302": "unconditional",
        "404": "unavailable",
        "408": "no-answer",
        "480": "no-answer",
        "486": "user-busy",
        "487": "no-answer",
        "503": "unavailable",
        "600": "user-busy",
        "603": "deflection",
    },
    "q.850": {"17": "user-busy", "18": "no-answer", "19": "no-answer", "20": "unavailable"},
    "redirection": {
        "cfi": "unconditional",
        "cfu": "unconditional",
        "cfb": "user-busy",
        "cfnr": "no-answer",
        "cfna": "no-answer",
        "cfd": "deflection",
        "cd": "deflection",
    },
}


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
        diversions=_diversions(request, problems),
        history=_history(request, called, problems),
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
        diversions=facts.diversions or _diversions(request, problems),
        history=facts.history or _history(request, facts.called, problems),
        problems=tuple(problems),
    )


def party_of(uri: Uri, name: str = "") -> Party:
    """A URI as a party; parameters inside the user part and visual separators go (RFC 3966 §5)."""
    user = uri.user.partition(";")[0]
    if _DIALLED.fullmatch(user) and _DIGIT.search(user):
        user = user.translate(_SEPARATORS)
    return Party(user=user, host=uri.host, name=name.strip(), uri=str(uri))


# the caller


def _caller(request: Request, problems: list[str]) -> Party | None:
    if _PRIVATE & _tokens(request.headers.all("privacy")):
        return None
    asserted = _read(request, "P-Asserted-Identity", problems)
    if asserted:
        return _identity(asserted)
    remote = [
        entry
        for entry in _read(request, "Remote-Party-ID", problems)
        if (entry.param("party") or "calling").lower() == "calling"
    ]
    if remote:
        if (remote[0].param("privacy") or "off").strip('"').lower() in ("full", "uri"):
            return None
        return _identity(remote)
    return _identity([request.from_])


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


# who forwarded


def _diversions(request: Request, problems: list[str]) -> tuple[Diversion, ...]:
    return tuple(
        Diversion(
            party=party_of(entry.uri, entry.name),
            reason=(entry.param("reason") or "").strip('" ').lower(),
        )
        for entry in _read(request, "Diversion", problems)[:MOST_FORWARDINGS]
    )


def _history(request: Request, called: Party, problems: list[str]) -> tuple[Diversion, ...]:
    """The chain of RFC 7044 §5, last forwarding first, our own entry and repeated users left out.

    Why an entry was left stands in the Reason inside its own URI, else in the `cause` of the
    URI that follows it.
    """
    entries = _by_index(_read(request, "History-Info", problems)[:MOST_FORWARDINGS])
    uris = [entry.uri for entry in entries]
    own = uris.pop() if entries and _is_ours(entries, called) else request.uri
    following = [*uris, own][1:]
    chain: list[Diversion] = []
    for n, (uri, after) in enumerate(zip(uris, following, strict=True)):
        why = _reason_inside(uri) or _CAUSE_WORDS.get(after.param("cause") or "", "")
        forwarding = Diversion(party=party_of(uri, entries[n].name), reason=why)
        if chain and chain[-1].party.user == forwarding.party.user:
            before = chain.pop()
            party = forwarding.party if forwarding.party.name else before.party
            forwarding = Diversion(party=party, reason=why or before.reason)
        chain.append(forwarding)
    return tuple(
        entry for entry in reversed(chain) if entry.party.user and entry.party.user != called.user
    )


def _is_ours(entries: Sequence[NameAddr], called: Party) -> bool:
    """Whether the last entry is the number that was called (spec 4.3: of two or more, it is)."""
    last = party_of(entries[-1].uri).user
    return len(entries) > 1 or _same_number(last, called.user)


def _same_number(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted((one.lstrip("+"), other.lstrip("+")), key=len)
    return len(short) >= 3 and short.isdigit() and long.endswith(short)


def _by_index(entries: list[NameAddr]) -> list[NameAddr]:
    """In the order of their index parameters, or as they came when those say nothing clear."""
    keys: list[tuple[int, ...]] = []
    for entry in entries:
        parts = (entry.param("index") or "").split(".")
        if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
            return entries
        keys.append(tuple(int(part) for part in parts))
    if len(set(keys)) != len(keys):
        return entries
    return [entry for _, entry in sorted(zip(keys, entries, strict=True), key=lambda p: p[0])]


def _reason_inside(uri: Uri) -> str:
    """The word for the Reason headers (RFC 3326) escaped into this URI; empty when none fits."""
    for header in uri.headers.split("&"):
        name, _, value = header.partition("=")
        if name.strip().lower() != "reason":
            continue
        protocol, *params = (part.strip() for part in unquote(value).split(";"))
        words = _REASON_WORDS.get(protocol.lower(), {})
        for param in params:
            key, _, cause = param.partition("=")
            word = words.get(cause.strip().strip('"').lower())
            if key.strip().lower() == "cause" and word:
                return word
    return ""


# reading


def _read(request: Request, header: str, problems: list[str]) -> list[NameAddr]:
    """The readable addresses of this header; the others are named among the problems.

    Reads no more lines than there may be forwardings, and of a broken one no more pieces.
    """
    found: list[NameAddr] = []
    for value in request.headers.all(header.lower())[:MOST_FORWARDINGS]:
        if len(found) >= MOST_FORWARDINGS:
            break
        try:
            found += parse_name_addrs(value)
        except (SipSyntaxError, ValueError) as fault:
            problems.append(f"{header}: {fault}")
            found += _pieces(value)
    return [entry for entry in found if entry.uri.user or entry.uri.host]


def _pieces(value: str) -> list[NameAddr]:
    """What can be read of a list that is broken somewhere, piece by piece."""
    found = []
    for piece in value.split(",", MOST_FORWARDINGS)[:MOST_FORWARDINGS]:
        try:
            found.append(parse_name_addr(piece.strip()))
        except (SipSyntaxError, ValueError):
            continue
    return found
