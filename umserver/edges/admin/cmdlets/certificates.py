"""The certificate with which a server speaks TLS (spec 9.4).

Knows: where the server looks for it, what the running one says of it. Must never know: TLS.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from umserver.edges.admin.ask import NotRunning
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter
from umserver.org.forms import is_host_name

FOLDER = "tls"
DAYS, MOST_DAYS = 365, 3650
SHOWN = {
    "subject": "Subject",
    "names": "CertificateDomains",
    "issuer": "Issuer",
    "self_signed": "IsSelfSigned",
    "begins": "NotBefore",
    "ends": "NotAfter",
    "thumbprint": "Thumbprint",
    "status": "Status",
    "why": "StatusReason",
    "file": "FileName",
    "key_file": "KeyFileName",
    "authorities_file": "AuthoritiesFileName",
    "authorities": "TrustedAuthorities",
    "crl_file": "RevocationListsFileName",
    "crl": "RevocationLists",
    "trouble_with_peers": "FailedHandshakes",
    "latest_trouble": "LatestTrouble",
}
COLUMNS = ("Subject", "CertificateDomains", "NotAfter", "Status")


def get(given: Given, desk: Desk) -> Outcome:
    """What the running server speaks TLS with."""
    row: Mapping[str, Any] = desk.ask("certificate")
    ill = row.get("status") == "Unhealthy"
    return Outcome((_record(row),), COLUMNS, in_full=True, failed=ill)


def _record(row: Mapping[str, Any]) -> Record:
    return tuple(
        Property(name, _shown(key, row[key]), key) for key, name in SHOWN.items() if key in row
    )


def _shown(key: str, value: Any) -> Any:
    if key in ("begins", "ends"):
        return _moment(value)
    if key == "latest_trouble":
        return tuple(f"{_moment(one['at'])} {one['peer']}: {one['why']}" for one in value)
    if key == "crl":
        return tuple(_revocation_list(one) for one in value)
    return tuple(value) if isinstance(value, list) else value


def _revocation_list(row: Mapping[str, Any]) -> str:
    next_one = f", the next one by {_moment(row['due'])}" if row["due"] else ""
    return f"{row['authority']}: {row['revoked']} revoked, of {_moment(row['issued'])}{next_one}"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def new(given: Given, desk: Desk) -> Outcome:
    """Make one, and let the running server take it."""
    names = given.texts("DomainName") or _own_names()
    for name in names:
        if not _is_name(name):
            raise Mistyped(f"-DomainName: {name!r} is neither a host name nor an IP address")
    days = given.number("ValidityDays", DAYS)
    if not 1 <= days <= MOST_DAYS:
        raise Mistyped(f"-ValidityDays must be 1 to {MOST_DAYS}")
    folder = desk.state / FOLDER
    if (folder / "key.pem").exists() and not given.flag("Force"):
        raise Mistyped(f"{folder} has a certificate already; -Force makes another in its place")
    listed = ", ".join(names)
    if given.what_if:
        return Outcome(done=f"a certificate for {listed} is made in {folder}")
    # only here: making keys needs a library that no other command has to wait for
    from umserver.edges.admin.self_signed import keep, self_signed

    file = keep(folder.absolute(), *self_signed(names, days, desk.now()))
    done = f"a certificate for {listed} was made: {file}"
    return Outcome(done=done, warnings=_taken(desk, str(file)))


def _taken(desk: Desk, file: str) -> tuple[str, ...]:
    """What the running server does with it, where that is not what one expects."""
    try:
        row: Mapping[str, Any] = desk.ask("certificate", again=True)
    except NotRunning:
        return ()
    if row.get("file") != file:
        return (f"the running server uses another one: {row.get('file')} ([tls] in its file)",)
    if why := row.get("unusable_files"):
        return (f"the running server does not use it: {why}",)
    return ()


def read_again(given: Given, desk: Desk) -> Outcome:
    """The files were changed: the running server takes them now."""
    if given.what_if:
        return Outcome(done="the server reads its certificate again")
    row: Mapping[str, Any] = desk.ask("certificate", again=True)
    ill = row.get("status") == "Unhealthy" or bool(row.get("unusable_files"))
    return Outcome((_record(row),), COLUMNS, in_full=True, failed=ill)


def _own_names() -> tuple[str, ...]:
    """Of this machine, for calls from it and from elsewhere."""
    found = [socket.getfqdn(), socket.gethostname(), _address(), "localhost", "127.0.0.1", "::1"]
    return tuple(dict.fromkeys(name.lower() for name in found if _is_name(name)))


def _address() -> str:
    """By which this machine is reached from outside, as its routes say; sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _is_name(text: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
            return True
        except (OSError, ValueError):
            continue
    return is_host_name(text.removeprefix("*."))


CMDLETS = (
    Cmdlet(
        "New",
        "UMCertificate",
        "Makes a self-signed certificate, for a first try with TLS",
        new,
        (
            Parameter(
                "DomainName",
                "Host names and IP addresses that it is for; those of this machine without it",
                form="list",
                several=True,
            ),
            Parameter(
                "ValidityDays",
                "How long it is good",
                form="number",
                default=str(DAYS),
                range=f"1 to {MOST_DAYS} days",
            ),
            Parameter("Force", "Replace the one that is there", switch=True),
        ),
        unix="certificate new",
        first="DomainName",
        examples=(
            "New-UMCertificate -DomainName um.example.com,192.0.2.5",
            "New-UMCertificate -DomainName um.example.com -ValidityDays 90 -Force",
        ),
        ours=True,
    ),
    Cmdlet(
        "Get",
        "UMCertificate",
        "Shows the certificate that the server speaks TLS with; exit code 1 when it is no good",
        get,
        unix="certificate get",
        first="",
        examples=("Get-UMCertificate", "Get-UMCertificate --json"),
        ours=True,
    ),
    Cmdlet(
        "Update",
        "UMCertificate",
        "Has the server read its certificate, key, authorities and revocation lists again",
        read_again,
        unix="certificate update",
        first="",
        examples=("Update-UMCertificate", "Update-UMCertificate -Confirm:$false"),
        ours=True,
    ),
)
