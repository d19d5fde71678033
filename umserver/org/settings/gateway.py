"""The settings of a SIP peer and of the hunt groups that lead its calls on (spec 3.3, 3.4).

Knows: each setting by itself. Must never know: other objects, SIP.
"""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import frozen

from umserver.org.declare import Setting
from umserver.org.forms import address_of_peer, name, network, number, plain_network
from umserver.org.settings.words import HOSTING, AddressFamily, RoutingScheme, later


@frozen(kw_only=True)
class IPGateway:
    """A SIP peer that may bring calls (spec 3.3)."""

    name: Annotated[str, Setting("Name of the gateway", "3.3", high=64, check=name)]
    address: Annotated[
        str, Setting("IPv4 or IPv6 address or host name of the peer", "3.3", check=address_of_peer)
    ]
    ip_address_family: Annotated[
        AddressFamily,
        Setting(
            "Addresses of a host name that count; of Any those of IPv6 are tried first",
            "3.3",
            parameter="IPAddressFamily",
        ),
    ] = "IPv4Only"
    global_call_routing_scheme: Annotated[
        RoutingScheme,
        Setting("How a hoster routed calls", "3.3", fixed=True, without_effect=HOSTING),
    ] = "None"
    port: Annotated[
        int, later("Port of the peer; its calls may come from any", "3.3", low=0, high=65535)
    ] = 5060
    status: Annotated[
        Literal["Enabled", "Disabled", "NoNewCalls"],
        later(
            "Whether it may bring calls",
            "2.5",
            spellings={"0": "Enabled", "1": "Disabled", "2": "NoNewCalls"},
        ),
    ] = "Enabled"
    outcalls_allowed: Annotated[
        bool,
        later(
            "Whether calls are placed through it; transfers that it does itself always may",
            "3.3, 2.5",
        ),
    ] = True
    message_waiting_indicator_allowed: Annotated[
        bool, later("Whether it is told which lamps to light", "3.3, 4.8")
    ] = True
    delayed_source_party_info_enabled: Annotated[
        bool, later("Whether a call that names nobody waits for its names", "3.3, 4.3")
    ] = False
    simulator: Annotated[bool, later("A test client, shown only when asked for", "3.3")] = False
    transfer_method: Annotated[
        Literal["Auto", "Refer", "Bridge"],
        Setting(
            "How callers are sent on: the gateway does it (Refer), we place the call and join both "
            "(Bridge; needs OutcallsAllowed), or Refer first and Bridge where the gateway cannot",
            "4.10, our own setting",
            own=True,
        ),
    ] = "Auto"
    diversion_preference: Annotated[
        Literal["LastForwarding", "FirstCalled", "AutoAttendant"],
        Setting(
            "Who counts when a call was forwarded more than once: the one who forwarded it last, "
            "the one who was called first, or an auto attendant wherever it stands",
            "4.3, our own setting",
            own=True,
        ),
    ] = "LastForwarding"
    media_behind_nat: Annotated[
        bool,
        Setting(
            "Whether an address translator stands before it: its sound may come from another "
            "address than it says, is learned once a call from the first packets, and answered "
            "there",
            "our own setting",
            own=True,
        ),
    ] = False
    media_networks: Annotated[
        tuple[str, ...],
        Setting(
            "With MediaBehindNat: networks that its sound may come from besides the address that "
            "it calls from and the one that it says",
            "our own setting",
            high=16,
            own=True,
            check=network,
            tidy=plain_network,
            form="addresses or networks, such as 192.0.2.0/24",
        ),
    ] = ()


@frozen(kw_only=True)
class HuntGroup:
    """Leads calls of one gateway to one dial plan (spec 3.4)."""

    name: Annotated[str, Setting("Name, unique on its gateway", "3.4", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting("The dial plan it leads to", "3.4", refers_to="dial_plans", parameter="UMDialPlan"),
    ]
    gateway: Annotated[
        str,
        Setting("The gateway it belongs to", "3.4", refers_to="gateways", parameter="UMIPGateway"),
    ]
    pilot_identifier: Annotated[
        tuple[str, ...],
        Setting("Called numbers it takes; without any it takes all others", "3.4", check=number),
    ] = ()
