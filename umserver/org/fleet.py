"""What servers tell each other: who they are, and what is wanted of them (spec 9.2).

Knows: plain values. Must never know: the store that keeps them, the network.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class RequestedState:
    """What one requester wants a component of a server to be (spec 9.2)."""

    server: str
    """Name of the server, compared without regard to case."""
    component: str
    """UMCallRouter, UnifiedMessaging, HubTransport, ServerWideOffline …"""
    requester: str
    """HealthAPI, Maintenance, Sidelined, Functional, Deployment."""
    state: str
    """Active, Inactive or Draining."""
    at: float
    """When it was asked for, in seconds since 1970; the newest of a requester counts."""


@frozen
class FleetServer:
    """One server of the organisation as it last described itself."""

    name: str
    """Compared without regard to case."""
    host: str
    """Where peers and other servers reach it: a host name or IP address."""
    roles: tuple[str, ...]
    """cas, mbx."""
    ports: Mapping[str, int] = field(factory=dict)
    """Port by what listens there: `sip`, `mbx`, `mbx-tls`; what is missing is closed.

    `mbx-tls-by-name` is one whose certificate is for the server's name.
    """
    capacity: int = 0
    """Most calls at the same time."""
    calls: int = 0
    """Calls when it last spoke."""
    state: str = "Active"
    """Active, Inactive or Draining."""
    age: float = 0.0
    """Seconds since it last spoke, by the store's clock; ignored when it is handed in."""
