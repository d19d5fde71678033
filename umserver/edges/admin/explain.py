"""What a call would be, and why: the resolver asked with numbers from a command line.

Knows: facts of a call as people write them. Must never know: SIP, the store it looks users up in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from umserver.edges.admin.line import Line, Mistyped, Option, choose
from umserver.org.facts import CallFacts, Diversion, Party
from umserver.org.resolve import Resolution, numbers_to_look_up, resolve
from umserver.org.routes import Attendant, LeaveMessage, Rejected
from umserver.org.settings import Mailbox, Organisation

OPTIONS = ("to", "from", "diversion", "source", "transport", "certificate")


class Directory(Protocol):
    """Where users are looked up."""

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, Mailbox]:
        """Mailboxes of that plan by number."""


def facts_of(line: Line) -> CallFacts:
    """The facts of the call that was described. Raises Mistyped.

    --to NUMBER --from NUMBER --diversion NUMBER[;reason=WORD] (several: the last one first)
    --source IP --transport udp|tcp|tls --certificate NAME (what the peer proves; several)
    """
    given: dict[str, list[str]] = {}
    for option in line.options:
        name = choose(option.typed, OPTIONS, "option of explain-route")
        given.setdefault(name, []).extend(_values(option))
    line.options.clear()
    if line.words:
        raise Mistyped(f"{line.words[0]} means nothing here; write --to {line.words[0]}")
    if not given.get("to"):
        raise Mistyped("say which number is called: explain-route --to 5000")
    called = party(given["to"][-1])
    proved = tuple(name.lower() for name in given.get("certificate", ()))
    return CallFacts(
        call_id="explained",
        source=given.get("source", ["127.0.0.1"])[-1],
        source_port=5060,
        transport=given.get("transport", ["tls" if proved else "udp"])[-1],
        called=called,
        to=called,
        caller=party(given["from"][-1]) if given.get("from") else None,
        diversions=tuple(_diversion(text) for text in given.get("diversion", ())),
        peer_names=proved,
    )


def _values(option: Option) -> tuple[str, ...]:
    if not option.values:
        raise Mistyped(f"{option.typed} needs a value")
    return option.values


def _diversion(text: str) -> Diversion:
    number, _, rest = text.partition(";")
    return Diversion(party(number), rest.removeprefix("reason=").strip().lower())


def party(text: str) -> Party:
    """`1001`, `+12125550111`, `sip:ada@example.com` or `"Ada" <sip:1001@pbx>`."""
    name, angle, rest = text.partition("<")
    address = rest.rstrip("> ") if angle else text.strip()
    scheme, colon, body = address.partition(":")
    if not colon or scheme.lower() not in ("sip", "sips", "tel"):
        body = address
    user, _, host = body.partition(";")[0].partition("@")
    return Party(user, host, name.strip(' "') if angle else "", address)


def explain(organisation: Organisation, directory: Directory, facts: CallFacts) -> Resolution:
    """What this call would be."""
    found: dict[tuple[str, str], Mailbox] = {}
    for plan, numbers in numbers_to_look_up(organisation, facts):
        mailboxes = directory.find(plan, numbers)
        found.update({(plan, number): mailbox for number, mailbox in mailboxes.items()})
    return resolve(organisation, facts, found)


def decision(resolution: Resolution) -> dict[str, Any]:
    """The decision as JSON values."""
    route = resolution.route
    if isinstance(route, Rejected):
        refusal = route.refusal
        told: dict[str, Any] = {
            "decision": "refused",
            "status": refusal.status,
            "phrase": refusal.phrase,
            "diagnostics": refusal.diagnostics,
            "reason": refusal.reason,
        }
    else:
        told = {"decision": route.flow, "dial_plan": route.dial_plan.name}
        told["caller"] = route.caller.name or route.caller.number or "anonymous"
        if isinstance(route, LeaveMessage):
            told |= {"mailbox": route.mailbox.address, "reason": route.reason}
        if isinstance(route, Attendant):
            told["attendant"] = route.attendant.name
    return {**told, "because": list(resolution.reasons)}


def decision_text(told: Mapping[str, Any]) -> str:
    """The decision and its reasons for people."""
    if told["decision"] == "refused":
        first = (
            f"Refused: {told['status']} {told['phrase']} ({told['diagnostics']}, {told['reason']})"
        )
    else:
        about = [f"{k} {told[k]}" for k in ("mailbox", "attendant", "reason") if k in told]
        first = f"{told['decision']}: {', '.join([*about, 'caller ' + told['caller']])}"
    return "\n".join([first, *(f"  - {reason}" for reason in told["because"])])
