"""Opens the mailer that the settings ask for.

Knows: which parts belong to maildir, smtp and lmtp. Must never know: how any of them works.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast

from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint

from umserver.edges.mail.login import Login
from umserver.edges.mail.mail_host import MailHost
from umserver.edges.mail.maildir.mailer import MaildirMailer
from umserver.edges.mail.smtp.mailer import ServerMailer
from umserver.edges.mail.smtp.terms import Security, Terms
from umserver.edges.threads import Threads
from umserver.interfaces import IMailer

KINDS = ("maildir", "smtp", "lmtp")
CONNECT_SECONDS = 30
"""For one address of a server."""
SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT, LMTP_PORT = 25, 587, 465, 24
"""Where nothing is said: RFC 5321, with a login 6409, with TLS 8314; LMTP has none of its own."""


def mailer_for(
    reactor: Any,
    kind: str,
    server: MailHost,
    *,
    threads: Threads,
    folder: Path | None = None,
    helo: str = "localhost",
) -> IMailer:
    """The mailer of this `kind`: maildir (needs `folder`), smtp or lmtp (need `server`).

    `helo` names us there; `threads` serves the disk. Raises ValueError in words for an operator, or
    OSError when authorities cannot be read.
    """
    if kind not in KINDS:
        raise ValueError(f"mail cannot be delivered by {kind!r}; possible are {', '.join(KINDS)}")
    if kind == "maildir":
        if folder is None:
            raise ValueError("delivery by maildir needs a folder")
        return cast(IMailer, MaildirMailer(folder, threads))
    return cast(IMailer, _server_mailer(reactor, kind, server, threads, helo))


def _server_mailer(
    reactor: Any, kind: str, server: MailHost, threads: Threads, helo: str
) -> ServerMailer:
    protection = _security(server.security)
    _check(kind, server)
    login = Login(server.user, server.password) if server.user else None
    port = server.port or _usual_port(kind, protection, login)
    place = str(server.socket) if server.socket else _place(server.host, port)
    terms = Terms(place, _helo(helo), kind == "lmtp", protection, login)
    endpoint = _endpoint(reactor, server.host, port, server.socket)
    tls = None
    if protection is not Security.NONE:
        tls = server.tls()
        if protection is Security.TLS:
            endpoint = wrapClientTLS(tls, endpoint)
    safe = server.is_near or protection is Security.TLS
    return ServerMailer(reactor, endpoint, terms, threads, tls, safe, server.token_file)


def _usual_port(kind: str, security: Security, login: Login | None) -> int:
    if kind == "lmtp":
        return LMTP_PORT
    if security is Security.TLS:
        return SUBMISSIONS_PORT
    return SUBMISSION_PORT if login else SMTP_PORT


def _endpoint(reactor: Any, host: str, port: int, socket: Path | None) -> IStreamClientEndpoint:
    if socket is None:
        return HostnameEndpoint(reactor, host, port, CONNECT_SECONDS)
    unix: Any = UNIXClientEndpoint
    there: IStreamClientEndpoint = unix(reactor, str(socket), CONNECT_SECONDS)
    return there


def _security(name: str) -> Security:
    try:
        return Security(name)
    except ValueError:
        possible = ", ".join(s.value for s in Security)
        raise ValueError(f"{name!r} is no security; possible are {possible}") from None


def _check(kind: str, server: MailHost) -> None:
    socket, user, password = server.socket, server.user, server.password
    if socket is not None and kind != "lmtp":
        raise ValueError("only lmtp is spoken over a UNIX socket")
    if socket is not None and server.security != "none":
        raise ValueError("a UNIX socket needs no TLS; set security to none")
    if socket is None and not server.host:
        raise ValueError(f"delivery by {kind} needs a host")
    if (password or server.token_file) and not user:
        raise ValueError("a password or a token needs a user")
    if user and not password and not server.token_file:
        raise ValueError(f"the user {user} needs a password or a token file")
    if password and server.token_file:
        raise ValueError("give a password or a token file, not both")
    if user:
        server.check_login()


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _helo(name: str) -> str:
    """This server's name or address literal (RFC 5321 §4.1.1.1)."""
    try:
        address = ip_address(name.strip("[]"))
    except ValueError:
        plain = name if name.isascii() else name.encode("idna").decode("ascii")
        if not plain or not all(c.isalnum() or c in ".-_" for c in plain):
            raise ValueError(f"{name[:100]!r} is no host name") from None
        return plain
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"
