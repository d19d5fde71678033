"""How a caller is sent on: by the gateway itself, or by a call that we place and join (spec 4.10).

Knows: gateways, what they allow, who calls. Must never know: SIP, when it is done. A transfer by
REFER is no call of ours and always allowed; a bridged one is, so the gateway's own rules for placed
calls hold for it (spec 2.5).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

from umserver.org.facts import CallFacts
from umserver.org.forms import plain_address
from umserver.org.peers import gateway_of
from umserver.org.settings import DialPlan, IPGateway, Organisation

TransferMethod: TypeAlias = Literal["Auto", "Refer", "Bridge"]

RINGING_SECONDS = 60.0
"""How long somebody may let a bridged call ring."""


@frozen
class Exit:
    """A gateway through which a call may be placed."""

    gateway: str
    """Its name."""
    host: str
    """IP address, without brackets."""
    port: int
    transport: str
    """udp, tcp or tls."""


@frozen
class Onward:
    """What is needed to send one caller on."""

    method: TransferMethod = "Refer"
    exits: tuple[Exit, ...] = ()
    """Best first; without any nothing can be bridged."""
    caller: str = ""
    """The number that a bridged call shows; empty for an anonymous one."""
    caller_name: str = ""
    country: str = ""
    """Country code: how ringing sounds there."""
    ringing: float = RINGING_SECONDS
    """Seconds."""


def onward_for(org: Organisation, plan: DialPlan, facts: CallFacts) -> Onward:
    """How the caller of this call may be sent on.

    The gateway that brought the call comes first, then the others that lead to the dial plan.
    """
    own = gateway_of(org, facts)
    names = {group.gateway for group in org.hunt_groups if group.dial_plan == plan.name}
    others = [one for one in org.gateways if one.name in names and one is not own]
    exits = [_exit(org, one, facts) for one in ([own] if own is not None else []) + others]
    caller = facts.caller
    return Onward(
        method=own.transfer_method if own is not None else "Refer",
        exits=tuple(one for one in exits if one is not None),
        caller=caller.user if caller is not None else plan.default_outbound_calling_line_id,
        caller_name=caller.name if caller is not None else "",
        country=plan.country_or_region_code,
    )


def _exit(org: Organisation, gateway: IPGateway, facts: CallFacts) -> Exit | None:
    """The way out through a gateway; None where its settings allow none."""
    if gateway.status != "Enabled" or not gateway.outcalls_allowed or not gateway.port:
        return None
    addresses = org.host_addresses.get(gateway.address, (gateway.address,))
    if not addresses:
        return None
    host = plain_address(addresses[0])
    if host != plain_address(facts.source) and facts.source in map(plain_address, addresses):
        host = plain_address(facts.source)
    return Exit(gateway.name, host, gateway.port, facts.transport)


@frozen
class SentOn:
    """Where a caller was sent, or is being sent."""

    target: str
    method: Literal["Refer", "Bridge"]
    gateway: str = ""
    """Which one carries the second call; empty where there is none, or none yet."""
    is_joined: bool = False
    """Whether we carry the caller's conversation."""
