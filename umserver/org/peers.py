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
    at_address = org.gateway_at.get(plain_address(facts.source))
    if not facts.peer_names:
        return at_address
    if at_address is not None and proves(facts.peer_names, at_address.address):
        return at_address
    for host, gateway in org.gateway_called.items():
        if proves(facts.peer_names, host):
            return gateway
    return at_address


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
