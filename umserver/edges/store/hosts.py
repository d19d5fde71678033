"""What the host names of gateways stand for (spec 2.5: looked up when settings are taken over).

Knows: the system's resolver, which blocks. Must never know: when it is asked.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence

from attrs import evolve

from umserver.org.forms import is_host_name
from umserver.org.settings import Organisation

AddressesOf = Callable[[str], Sequence[str]]
"""The IP addresses of a host name; blocks; OSError when there are none."""


def addresses_of(host: str) -> Sequence[str]:
    """What the system's resolver says. Raises OSError."""
    try:
        found = socket.getaddrinfo(host, None)
    except UnicodeError:
        raise OSError(socket.EAI_NONAME, "this can be no host name") from None
    return sorted({str(entry[4][0]) for entry in found})


def known_addresses(host: str) -> Sequence[str]:
    """The same, with none for a name that stands for nothing."""
    try:
        return addresses_of(host)
    except OSError:
        return ()


def with_addresses(
    organisation: Organisation, look_up: AddressesOf = known_addresses
) -> Organisation:
    """The organisation with the addresses of the gateways that are in use."""
    used = {g.address for g in organisation.gateways if g.status != "Disabled"}
    known = {host: tuple(look_up(host)) for host in sorted(filter(is_host_name, used))}
    return evolve(organisation, host_addresses=known)
