"""The sections of the bootstrap file, one declaration a setting.

Knows: types, ranges, defaults, help; checks that need one value. Must never know: TOML, what
settings of several sections have to do with each other (`bootstrap`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from attrs import field, frozen

from umserver.org.declare import Setting

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def _address(text: str) -> str | None:
    try:
        ip_address(text.partition("%")[0])
    except ValueError:
        return "is no IP address"
    return None


def _host(text: str) -> str | None:
    if not text or HOST.fullmatch(text) or _address(text) is None:
        return None
    return "is neither a host name nor an IP address"


def _store(text: str) -> str | None:
    if re.fullmatch(r"[a-z][a-z0-9+]*:.*", text):
        return None
    return "is no URL: sqlite: or sqlite:/path/to/file.db or postgresql://user@host/database"


@frozen
class Server:
    """`[server]`: the machine as a whole."""

    state: Annotated[str, Setting("Folder for everything the server keeps", low=1)] = "state"
    store: Annotated[
        str,
        Setting(
            "Where the organisation is kept; sqlite: is umserver.db in the state folder, "
            "postgresql://user@host/database a server for several machines",
            check=_store,
        ),
    ] = "sqlite:"
    host_name: Annotated[
        str,
        Setting(
            "Name of this machine in Message-IDs; empty asks the system", high=253, check=_host
        ),
    ] = ""
    external_address: Annotated[
        str,
        Setting(
            "Address that peers behind another network see; empty when there is no NAT", check=_host
        ),
    ] = ""
    poll_seconds: Annotated[
        int,
        Setting(
            "How often settings are read again", "spec 9.1", unit="seconds", low=1, high=86_400
        ),
    ] = 600
    drain_seconds: Annotated[
        int,
        Setting(
            "How long a stop waits for running calls to end by themselves",
            unit="seconds",
            low=0,
            high=3600,
        ),
    ] = 10
    change_log_days: Annotated[
        int,
        Setting(
            "How long it is remembered who changed what in the organisation",
            unit="days",
            low=1,
            high=3650,
        ),
    ] = 90
    mailbox_storage: Annotated[
        Literal["shared", "local"],
        Setting(
            "Whether every answering desk can serve every mailbox, or only the one that holds it",
            "spec 4.1",
        ),
    ] = "shared"


@frozen
class Listen:
    """`[listen]`: where peers and people come in."""

    hosts: Annotated[
        tuple[str, ...],
        Setting(
            "Addresses for SIP and sound; empty means all of IPv4 and IPv6", high=64, check=_address
        ),
    ] = ()
    sip: Annotated[
        int | None,
        Setting(
            "Port of the call router (cas), UDP and TCP; 0 takes a free one; without it "
            "SipTcpListeningPort of Set-UMCallRouterSettings decides",
            "spec 1.2",
            low=0,
            high=65_535,
            form="5060",
        ),
    ] = None
    mbx: Annotated[
        int,
        Setting("Port of the answering desk (mbx), UDP and TCP", "spec 1.2", low=0, high=65_535),
    ] = 5062
    sip_tls: Annotated[
        int | None,
        Setting(
            "Port of the call router for TLS; 0 takes a free one; without it "
            "SipTlsListeningPort of Set-UMCallRouterSettings decides",
            "spec 1.2",
            low=0,
            high=65_535,
            form="5061",
        ),
    ] = None
    mbx_tls: Annotated[
        int, Setting("Port of the answering desk for TLS", "spec 1.2", low=0, high=65_535)
    ] = 5063
    http_host: Annotated[str, Setting("Address of the status pages", low=1, check=_address)] = (
        "127.0.0.1"
    )
    http: Annotated[int, Setting("Port of the status pages", low=0, high=65_535)] = 8060


@frozen
class Tls:
    """`[tls]`: who we are to peers that speak TLS, and whom we believe."""

    certificate: Annotated[
        str,
        Setting(
            "PEM file of our certificate and those between it and its authority; "
            "empty is tls/certificate.pem in the state folder",
            "spec 9.4",
        ),
    ] = ""
    key: Annotated[
        str, Setting("PEM file of its key; empty is tls/key.pem in the state folder", "spec 9.4")
    ] = ""
    authorities: Annotated[
        str,
        Setting(
            "PEM file of the authorities, and single certificates, that peers are believed by; "
            "empty is tls/authorities.pem in the state folder, or the system's without that",
            "spec 9.4",
        ),
    ] = ""
    crl: Annotated[
        str,
        Setting(
            "PEM file of the authorities' revocation lists, one or several; "
            "empty is tls/crl.pem in the state folder, or none without that",
            "RFC 5280",
        ),
    ] = ""


@frozen
class Media:
    """`[media]`: sound on the network."""

    first_rtp_port: Annotated[
        int, Setting("First port of the range for sound", low=1024, high=65_534)
    ] = 20_000
    last_rtp_port: Annotated[
        int, Setting("Last port of the range for sound", low=1025, high=65_535)
    ] = 29_999
    timeout_seconds: Annotated[
        int,
        Setting(
            "A call whose peer sends neither sound nor reports for so long is over; 0 is never",
            unit="seconds",
            low=0,
            high=3600,
        ),
    ] = 60
    dscp: Annotated[
        int,
        Setting("Mark of sound packets for routers; 46 is expedited forwarding", low=0, high=63),
    ] = 46
    keys_over_plain_sip: Annotated[
        bool,
        Setting(
            "Whether keys of encrypted sound (SDES) are told over UDP and TCP too, where everybody "
            "on the way can read them; over TLS they always are",
            "RFC 4568",
        ),
    ] = False


@frozen
class Mail:
    """`[mail]`: where finished messages go."""

    delivery: Annotated[
        Literal["maildir", "smtp", "lmtp"],
        Setting("Maildir folders below the state folder, or a mail server", "spec 8.8"),
    ] = "maildir"
    host: Annotated[str, Setting("The mail server", high=253, check=_host)] = ""
    port: Annotated[
        int,
        Setting(
            "Its port; 0 is the usual one (25, 587 with a user, 465 with tls, 24 for lmtp)",
            low=0,
            high=65_535,
        ),
    ] = 0
    socket: Annotated[str, Setting("UNIX socket of an LMTP server, instead of host and port")] = ""
    security: Annotated[
        Literal["none", "starttls", "tls"], Setting("How the connection is protected")
    ] = "none"
    check_certificate: Annotated[bool, Setting("Whether the server's certificate must be good")] = (
        True
    )
    user: Annotated[str, Setting("Name to log in with; empty does not log in")] = ""
    password: Annotated[str, Setting("Password to log in with", secret=True)] = field(
        default="", repr=False
    )
    token_file: Annotated[
        str, Setting("File with an access token to log in with (XOAUTH2), instead of a password")
    ] = ""
    authorities: Annotated[
        str, Setting("PEM file of authorities to trust instead of the system's")
    ] = ""
    helo: Annotated[
        str, Setting("Name to greet the mail server with; empty is the host name", check=_host)
    ] = ""


@frozen
class Mailboxes:
    """`[mailboxes]`: where owners hear their messages by telephone."""

    storage: Annotated[
        Literal["maildir", "imap"],
        Setting("The Maildir folders below the state folder, or an IMAP server", "spec 5"),
    ] = "maildir"
    host: Annotated[str, Setting("The IMAP server", high=253, check=_host)] = ""
    port: Annotated[
        int, Setting("Its port; 0 is the usual one (143, 993 with tls)", low=0, high=65_535)
    ] = 0
    security: Annotated[
        Literal["none", "starttls", "tls"], Setting("How the connection is protected")
    ] = "tls"
    check_certificate: Annotated[bool, Setting("Whether the server's certificate must be good")] = (
        True
    )
    authorities: Annotated[
        str, Setting("PEM file of authorities to trust instead of the system's")
    ] = ""
    user: Annotated[str, Setting("Account that may open everybody's mailbox")] = ""
    password: Annotated[str, Setting("Its password", secret=True)] = field(default="", repr=False)
    token_file: Annotated[
        str, Setting("File with an access token to log in with (XOAUTH2), instead of a password")
    ] = ""
    trash: Annotated[str, Setting("Folder for deleted messages", low=1, high=200)] = "Trash"
    check_quota: Annotated[
        bool,
        Setting("Whether an IMAP server with quotas is asked for room before a message is taken"),
    ] = True


@frozen
class Spool:
    """`[spool]`: messages on their way."""

    max_waiting: Annotated[
        int,
        Setting(
            "Messages that may wait; more calls are turned away", "spec 8.8", low=1, high=1_000_000
        ),
    ] = 10_000
    min_free_megabytes: Annotated[
        int,
        Setting(
            "No recording begins with less room on the disk", unit="MiB", low=1, high=1_000_000
        ),
    ] = 2
