"""The settings of the servers, and of test numbers (spec 3.10).

Knows: each setting by itself. Must never know: other objects, sockets.
"""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import frozen

from umserver.org.declare import Setting, Unlimited
from umserver.org.forms import host_and_port, number
from umserver.org.schedule import FORM, interval, intervals, tidy_interval
from umserver.org.settings.words import (
    EXCHANGE_2010,
    HOSTING,
    NO_RIGHTS_SERVER,
    AddressFamily,
    StartupMode,
)

EVERY_NIGHT = tuple(
    f"{day}.2:00-{day}.2:30" for day in ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
)


@frozen(kw_only=True)
class TestNumber:
    """A number that a call script answers: for installers, probes and measurements."""

    number: Annotated[str, Setting("The number", "our own setting", check=number, own=True)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan it belongs to",
            "our own setting",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            own=True,
        ),
    ]
    script: Annotated[
        Literal["echo", "announcement"],
        Setting("The call script that answers", "our own setting", own=True),
    ]


@frozen(kw_only=True)
class UMService:
    """The answering desks (spec 3.10)."""

    dial_plans: Annotated[
        tuple[str, ...],
        Setting("SIP dial plans whose servers trust these", "3.10, 1.1", refers_to="dial_plans"),
    ] = ()
    max_calls_allowed: Annotated[
        int,
        Setting("Most calls at the same time", "3.10, 9.3", "calls", low=0, high=2000),
    ] = 100
    um_startup_mode: Annotated[
        StartupMode,
        Setting(
            "Ports that listen: plain, TLS or both; after a restart",
            "3.10, 1.3",
            parameter="UMStartupMode",
        ),
    ] = "TCP"
    ip_address_family: Annotated[
        AddressFamily,
        Setting("Addresses that are used", "3.10", parameter="IPAddressFamily"),
    ] = "Any"
    ip_address_family_configurable: Annotated[
        bool,
        Setting(
            "Whether IPv6Only and Any may be chosen",
            "3.10",
            parameter="IPAddressFamilyConfigurable",
        ),
    ] = True
    grammar_generation_schedule: Annotated[
        tuple[str, ...],
        Setting(
            "When the names for speech recognition are learnt, once a day",
            "3.10",
            high=7,
            check=interval,
            check_all=intervals,
            tidy=tidy_interval,
            form=FORM,
        ),
    ] = EVERY_NIGHT
    sip_access_service: Annotated[
        str,
        Setting(
            "Nearest SIP server for placed calls, host:port",
            "3.10",
            check=host_and_port,
            parameter="SIPAccessService",
        ),
    ] = ""
    irm_log_enabled: Annotated[
        bool,
        Setting("Log of rights management", "3.10", without_effect=NO_RIGHTS_SERVER),
    ] = True
    irm_log_max_age: Annotated[
        int,
        Setting(
            "How long it is kept; for ever when 0",
            "3.10",
            "days",
            low=0,
            high=24855,
            without_effect=NO_RIGHTS_SERVER,
        ),
    ] = 30
    irm_log_max_directory_size: Annotated[
        Unlimited,
        Setting(
            "Size of all its files",
            "3.10",
            "MB",
            low=1,
            high=1_048_576,
            without_effect=NO_RIGHTS_SERVER,
        ),
    ] = 250
    irm_log_max_file_size: Annotated[
        int,
        Setting(
            "Size of one file",
            "3.10",
            "MB",
            low=1,
            high=1_048_576,
            without_effect=NO_RIGHTS_SERVER,
        ),
    ] = 10
    irm_log_path: Annotated[
        str, Setting("Its folder", "3.10", high=255, without_effect=NO_RIGHTS_SERVER)
    ] = ""
    external_service_fqdn: Annotated[
        str,
        Setting("Load balancer of these servers", "3.10", high=255, without_effect=EXCHANGE_2010),
    ] = ""
    external_host_fqdn: Annotated[
        str,
        Setting("Name that peers are sent to", "3.10", high=255, without_effect=EXCHANGE_2010),
    ] = ""
    um_pod_redirect_template: Annotated[
        str,
        Setting(
            "Form of a hoster's redirections",
            "3.10",
            high=255,
            without_effect=HOSTING,
            parameter="UMPodRedirectTemplate",
        ),
    ] = ""
    um_forwarding_address_template: Annotated[
        str,
        Setting(
            "Form of a hoster's addresses",
            "3.10",
            high=255,
            without_effect=HOSTING,
            parameter="UMForwardingAddressTemplate",
        ),
    ] = ""


@frozen(kw_only=True)
class CallRouterSettings:
    """The call routers (spec 3.10)."""

    dial_plans: Annotated[
        tuple[str, ...],
        Setting("SIP dial plans whose servers trust these", "3.10, 1.1", refers_to="dial_plans"),
    ] = ()
    max_calls_allowed: Annotated[
        int, Setting("Calls being routed at the same time", "3.10, 9.3", "calls", low=0, high=2000)
    ] = 2000
    sip_tcp_listening_port: Annotated[
        int, Setting("Plain port; after a restart", "3.10, 1.2", low=0, high=65535)
    ] = 5060
    sip_tls_listening_port: Annotated[
        int, Setting("TLS port; after a restart", "3.10, 1.2", low=0, high=65535)
    ] = 5061
    um_startup_mode: Annotated[
        StartupMode,
        Setting(
            "Ports that listen: plain, TLS or both; after a restart",
            "3.10, 1.3",
            parameter="UMStartupMode",
        ),
    ] = "TCP"
    ip_address_family: Annotated[
        AddressFamily,
        Setting("Addresses that are used", "3.10", parameter="IPAddressFamily"),
    ] = "Any"
    ip_address_family_configurable: Annotated[
        bool,
        Setting(
            "Whether IPv6Only and Any may be chosen",
            "3.10",
            parameter="IPAddressFamilyConfigurable",
        ),
    ] = True
    um_pod_redirect_template: Annotated[
        str,
        Setting(
            "Form of a hoster's redirections",
            "3.10",
            high=255,
            without_effect=HOSTING,
            parameter="UMPodRedirectTemplate",
        ),
    ] = ""
    um_forwarding_address_template: Annotated[
        str,
        Setting(
            "Form of a hoster's addresses",
            "3.10",
            high=255,
            without_effect=HOSTING,
            parameter="UMForwardingAddressTemplate",
        ),
    ] = ""
