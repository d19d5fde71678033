"""Which gateway a peer is: by names its certificate proves, else by its address (spec 4.2, 2.4).

Knows: host names with one star, addresses of gateways. Must never know: certificates, sockets. A
peer that proves a gateway's name is that gateway wherever it calls from, as a pool of servers does;
an address alone says who it is only where nothing has to be proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from umserver.org.facts import CallFacts
from umserver.org.forms import plain_address
from umserver.org.settings import IPGateway, Organisation


def gateway_of(org: Organisation, facts: CallFacts) -> IPGateway | None:
    """The gateway that offers this call; None when it is none of ours."""
    return gateway_at(org, facts.source, facts.peer_names)


def gateway_at(org: Organisation, source: str, names: Sequence[str] = ()) -> IPGateway | None:
    """The gateway that speaks from this IP address, or whose name is among those it proves."""
    at_address = org.gateway_at.get(plain_address(source))
    if not names:
        return at_address
    if at_address is not None and proves(names, at_address.address):
        return at_address
    for host, gateway in org.gateway_called.items():
        if proves(names, host):
            return gateway
    return at_address


def translated_networks(
    org: Organisation, source: str, names: Sequence[str] = ()
) -> tuple[str, ...] | None:
    """Where the sound of a gateway behind an address translator may come from besides its address.

    None where there is no such gateway at this IP address (see `gateway_at`).
    """
    gateway = gateway_at(org, source, names)
    return gateway.media_networks if gateway is not None and gateway.media_behind_nat else None


def hosts_at(org: Organisation, address: str) -> Sequence[str]:
    """Host names of the gateways that have this IP address."""
    wanted = plain_address(address)
    return [
        host
        for host in org.gateway_called
        if wanted in map(plain_address, org.host_addresses.get(host, ()))
    ]


def proves(names: Sequence[str], host: str) -> bool:
    """Whether a certificate with these names is one for this host (RFC 6125 §6.4).

    A star stands for the whole first label of a host name and nothing else; IP addresses are
    compared as such.
    """
    wanted = plain_address(host).rstrip(".").lower()
    _, dot, parent = ("", "", "") if _is_address(wanted) else wanted.partition(".")
    return any(
        name == wanted or (bool(dot) and name == f"*.{parent}")
        for name in (plain_address(name).rstrip(".").lower() for name in names)
    )


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
