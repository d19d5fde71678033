"""The bootstrap file: the few things a server must know before it can ask its store for the rest.

Knows: one declaration a setting, TOML, the checks that need no machine. Must never know: files,
sockets, the organisation. `etc/umserver.toml` is the commented sample; every key may be left out.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from attrs import evolve, field, fields, frozen

from umserver.org.declare import Declared, Kind, Setting, declared
from umserver.org.faults import Fault, SettingsFaults, unknown

PORTS = ("sip", "mbx", "sip_tls", "mbx_tls")
"""Settings of `[listen]` that are ports for SIP."""
USUAL_SIP_PORT = 5060
"""Of call routers (spec 1.2), as long as nobody says anything else."""
MOST_TEXT = 1_000_000
"""Characters of a bootstrap file."""
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


@frozen
class Bootstrap:
    """Everything in the bootstrap file."""

    server: Server = Server()
    listen: Listen = Listen()
    tls: Tls = Tls()
    media: Media = Media()
    mail: Mail = Mail()
    mailboxes: Mailboxes = Mailboxes()
    spool: Spool = Spool()


def parse_bootstrap(text: str, overrides: Mapping[str, object] = {}) -> Bootstrap:
    """The bootstrap file's text, with values of the command line (`{"listen.sip": 5070}`) on top.

    Raises SettingsFaults with every fault at once.
    """
    tree = _read(text)
    faults: list[Fault] = []
    sections: dict[str, Any] = {part.name: part.default for part in fields(Bootstrap)}
    for name, value in tree.items():
        if name not in sections:
            faults.append(unknown(name, name, sections, "section"))
        elif not isinstance(value, Mapping):
            faults.append(Fault(name, f"must be a section, written as [{name}]"))
        else:
            sections[name] = _section(name, sections[name], value, faults)
    for path, value in overrides.items():
        section, _, key = path.partition(".")
        sections[section] = _section(section, sections[section], {key: value}, faults)
    bootstrap = Bootstrap(**sections)
    if not faults:
        faults += _together(bootstrap)
    if faults:
        raise SettingsFaults(faults)
    return bootstrap


def _read(text: str) -> dict[str, Any]:
    if len(text) > MOST_TEXT:
        raise SettingsFaults([Fault("", f"the file has more than {MOST_TEXT} characters")])
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise SettingsFaults([Fault("", f"this is not TOML: {fault}")]) from None


def _section(name: str, section: Any, given: Mapping[str, object], faults: list[Fault]) -> Any:
    """The section with the good values of `given`; complaints go to `faults`."""
    known = {setting.name: setting for setting in declared(type(section))}
    good: dict[str, object] = {}
    for key, value in given.items():
        path = f"{name}.{key}"
        if key not in known:
            faults.append(unknown(path, key, known, "setting"))
            continue
        value = tuple(value) if isinstance(value, list) else value
        complaint = known[key].complaint(value)
        if complaint:
            faults.append(Fault(path, complaint))
        else:
            good[key] = value
    return evolve(section, **good)


def _together(bootstrap: Bootstrap) -> list[Fault]:
    """What is wrong only in company."""
    faults = []
    listen, media, mail = bootstrap.listen, bootstrap.media, bootstrap.mail
    faults += _ports(listen)
    if bool(bootstrap.tls.certificate) != bool(bootstrap.tls.key):
        faults.append(Fault("tls.certificate", "and tls.key are needed together"))
    if media.last_rtp_port <= media.first_rtp_port:
        faults.append(Fault("media.last_rtp_port", "must be above media.first_rtp_port"))
    for name in PORTS:
        port = getattr(listen, name) or 0
        if media.first_rtp_port <= port <= media.last_rtp_port:
            faults.append(Fault(f"listen.{name}", "lies in the range of ports for sound"))
    if mail.delivery == "smtp" and not mail.host:
        faults.append(Fault("mail.host", "is needed for delivery by smtp"))
    if mail.delivery == "lmtp" and bool(mail.host) == bool(mail.socket):
        faults.append(
            Fault("mail.host", "or mail.socket is needed for delivery by lmtp, one of them")
        )
    if bool(mail.user) != bool(mail.password or mail.token_file):
        faults.append(Fault("mail.user", "and mail.password or token_file are needed together"))
    if mail.password and mail.token_file:
        faults.append(Fault("mail.token_file", "and mail.password exclude each other"))
    faults += _mailboxes(bootstrap.mailboxes)
    return faults


def _ports(listen: Listen) -> list[Fault]:
    """TCP and TLS cannot share a port."""
    faults, owners = [], dict[int, str]()
    for name in PORTS:
        port = getattr(listen, name)
        if port and owners.setdefault(port, name) != name:
            what = f"must differ from listen.{owners[port]}, both are {port}"
            faults.append(Fault(f"listen.{name}", what))
    return faults


def _mailboxes(boxes: Mailboxes) -> list[Fault]:
    faults = []
    if boxes.storage == "imap":
        if not boxes.host:
            faults.append(Fault("mailboxes.host", "is needed for storage imap"))
        if not boxes.user or not (boxes.password or boxes.token_file):
            faults.append(
                Fault("mailboxes.user", "and password or token_file are needed for storage imap")
            )
    if boxes.password and boxes.token_file:
        faults.append(Fault("mailboxes.token_file", "and mailboxes.password exclude each other"))
    return faults


def sample() -> str:
    """The commented sample file, made of the declarations."""
    lines = [
        "# The bootstrap file of umserver. Every key may be left out; here stand the defaults.",
        "# The organisation (dial plans, gateways, mailboxes) is elsewhere: `umctl help import`.",
    ]
    for attribute in fields(Bootstrap):
        section = attribute.default
        lines += ["", f"[{attribute.name}]"]
        for setting in declared(type(section)):
            lines += [_described(setting), _line(setting)]
    return "\n".join(lines) + "\n"


def _described(setting: Declared) -> str:
    words = [setting.setting.help]
    if setting.kind is Kind.CHOICE:
        words.append("one of " + ", ".join(setting.choices))
    if setting.kind is Kind.NUMBER:
        unit = f" {setting.setting.unit}" if setting.setting.unit else ""
        words.append(f"{setting.setting.low} to {setting.setting.high}{unit}")
    return "# " + "; ".join(words)


def _line(setting: Declared) -> str:
    if setting.default is None:
        return f"# {setting.name} = {setting.setting.form}"
    return f"{setting.name} = {_toml(setting.default)}"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
