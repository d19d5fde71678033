"""The bootstrap file: the few things a server must know before it can ask its store for the rest.

Knows: TOML, and the checks that need no machine. Must never know: files, sockets,
the organisation. `etc/umserver.toml` is the commented sample; every key may be left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, fields, frozen

from umserver.org.bootstrap_sections import Listen, Mail, Mailboxes, Media, Server, Spool, Tls
from umserver.org.declare import Declared, Kind, declared
from umserver.org.faults import Fault, SettingsFaults, unknown

PORTS = ("sip", "mbx", "sip_tls", "mbx_tls")
"""Settings of `[listen]` that are ports for SIP."""
USUAL_SIP_PORT = 5060
"""Of call routers (spec 1.2), as long as nobody says anything else."""
MOST_TEXT = 1_000_000
"""Characters of a bootstrap file."""


@frozen
class Bootstrap:
    """Everything in the bootstrap file."""

    server: Server = field(factory=Server)
    listen: Listen = field(factory=Listen)
    tls: Tls = field(factory=Tls)
    media: Media = field(factory=Media)
    mail: Mail = field(factory=Mail)
    mailboxes: Mailboxes = field(factory=Mailboxes)
    spool: Spool = field(factory=Spool)


def parse_bootstrap(text: str, overrides: Mapping[str, object] = {}) -> Bootstrap:
    """The bootstrap file's text, with values of the command line (`{"listen.sip": 5070}`) on top.

    Raises SettingsFaults with every fault at once.
    """
    tree = _read(text)
    faults: list[Fault] = []
    sections: dict[str, Any] = _defaults()
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


def _defaults() -> dict[str, Any]:
    """Each section as it is where nobody says anything."""
    default = Bootstrap()
    return {part.name: getattr(default, part.name) for part in fields(Bootstrap)}


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
    """TCP, TLS and HTTP cannot share a port."""
    faults, owners = [], dict[int, str]()
    for name in (*PORTS, "http"):
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
    for name, section in _defaults().items():
        lines += ["", f"[{name}]"]
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
