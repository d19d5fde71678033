"""Reads who forwarded a call to us, and why.

Knows: Diversion, History-Info and the voice mail address, and what equipment makes of them. Must
never know: settings, mailboxes. Sources: RFC 5806, RFC 7044, RFC 4458, RFC 3326. Nothing here
raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from umserver.edges.net import stated
from umserver.edges.net.stated import party_of
from umserver.org.facts import Diversion, Party
from umserver.wire.sip.headers import NameAddr
from umserver.wire.sip.message import Request
from umserver.wire.sip.parse import SipSyntaxError
from umserver.wire.sip.uri import Uri, parse_uri

MOST_FORWARDINGS = stated.MOST_ADDRESSES

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
        "send-all-calls": "unconditional",
        "cover-busy": "user-busy",
        "cover-no-reply": "no-answer",
        "cover-dont-answer": "no-answer",
    },
}
_SAYS_WHY = ("cause", "avaya-cm-reason")


def diversions_of(request: Request, problems: list[str]) -> tuple[Diversion, ...]:
    """The Diversion header fields, the last forwarding first as they stand there.

    Early equipment, and proxies that imitate it, write CC-Diversion.
    """
    entries = stated.forwardings(request, "Diversion", problems)
    entries = entries or stated.forwardings(request, "CC-Diversion", problems)
    return tuple(
        Diversion(
            party=party_of(entry.uri, entry.name),
            reason=(entry.param("reason") or "").strip('" ').lower(),
        )
        for entry in entries[:MOST_FORWARDINGS]
    )


def history_of(request: Request, called: Party, problems: list[str]) -> tuple[Diversion, ...]:
    """The chain of RFC 7044 §5, last forwarding first, our own entry and repeated users left out.

    Why an entry was left stands in the Reason inside its own URI, else in the `cause` of the
    URI that follows it. Without a chain, the mailbox may stand in the called address.
    """
    entries = _by_index(stated.forwardings(request, "History-Info", problems)[:MOST_FORWARDINGS])
    if not entries:
        return _voicemail_target(request.uri)
    uris = [entry.uri for entry in entries]
    own = uris.pop() if _is_ours(entries, called) else request.uri
    following = [*uris, own][1:]
    chain: list[Diversion] = []
    for entry, uri, after in zip(entries, uris, following, strict=False):
        why = _reason_of(entry) or _CAUSE_WORDS.get(after.param("cause") or "", "")
        forwarding = Diversion(party=party_of(uri, entry.name), reason=why)
        if chain and chain[-1].party.user == forwarding.party.user:
            before = chain.pop()
            party = forwarding.party if forwarding.party.name else before.party
            forwarding = Diversion(party=party, reason=why or before.reason)
        chain.append(forwarding)
    return tuple(
        entry for entry in reversed(chain) if entry.party.user and entry.party.user != called.user
    )


def _voicemail_target(uri: Uri) -> tuple[Diversion, ...]:
    """Whom the called address names as the owner of the mailbox (RFC 4458 §3 and §4)."""
    target = uri.param("target") or ""
    has_scheme = ":" in target.partition("@")[0]
    try:
        party = party_of(parse_uri(target if has_scheme else f"sip:{target}"))
    except SipSyntaxError:
        return ()
    if not party.user or party.user == party_of(uri).user:
        return ()
    return (Diversion(party, _CAUSE_WORDS.get(uri.param("cause") or "", "")),)


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


def _reason_of(entry: NameAddr) -> str:
    """The word for the Reasons (RFC 3326) that stand at this entry; empty when none fits.

    The first one that tells more than that the call was sent on.
    """
    words = [word for reason in _reasons(entry) for word in _words_of(reason)]
    return next((word for word in words if word != "unconditional"), words[0] if words else "")


def _words_of(reason: str) -> Iterator[str]:
    protocol, *params = (part.strip() for part in reason.split(";"))
    meanings = _REASON_WORDS.get(protocol.lower(), {})
    for param in params:
        key, _, value = param.partition("=")
        word = meanings.get(value.strip().strip('"').lower())
        if word and key.strip().lower() in _SAYS_WHY:
            yield word


def _reasons(entry: NameAddr) -> Iterator[str]:
    """Header fields within the URI, as is right, or its parameters, or those of the entry.

    A backslash is what remains of a line that was broken in an RFC's example (RFC 4244 §4.5).
    """
    uri = entry.uri
    for header in uri.headers.split("&"):
        name, _, value = header.partition("=")
        if name.strip().lower() == "reason":
            yield from unquote(value).replace("\\", "").split(",")
    yield f"{uri.param('reason')};cause={uri.param('cause')}"
    yield f"{entry.param('reason')};cause={entry.param('cause')}"
