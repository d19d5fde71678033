"""What a certificate proves, and how it is described to people.

Knows: X.509 names. Must never know: connections, gateways. A star counts in the subject alternative
name only; a common name counts when it is a plain host name (spec 4.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from umserver.edges.net.sockets import is_address

MOST_NAMES = 200
"""So many names of a certificate are looked at."""
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")


def names_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Host names and IP addresses, small letters, the subject's first; never raises."""
    found = dict.fromkeys(_common_names(certificate))
    with suppress(ValueError):  # an extension that cannot be read proves nothing
        found.update(dict.fromkeys(_alternative_names(certificate)))
    return tuple(found)[:MOST_NAMES]


def _common_names(certificate: x509.Certificate) -> Iterator[str]:
    for attribute in _attributes(subject_name(certificate), NameOID.COMMON_NAME):
        if (name := _clean(attribute)) and not name.startswith("*") and "." in name:
            yield name


def _alternative_names(certificate: x509.Certificate) -> Iterator[str]:
    """DNS names, IP addresses, and the domains of SIP URIs (RFC 5922 §7.1)."""
    kind = x509.SubjectAlternativeName
    try:
        names = certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return
    for text in names.get_values_for_type(x509.DNSName):
        if name := _clean(text):
            yield name
    for address in names.get_values_for_type(x509.IPAddress):
        yield str(address)
    for uri in names.get_values_for_type(x509.UniformResourceIdentifier):
        scheme, _, domain = uri.partition(":")
        if scheme.lower() == "sip" and (name := _clean(domain)) and not name.startswith("*"):
            yield name


def _clean(text: str) -> str:
    name = text.strip().rstrip(".").lower()
    return name if _HOST.fullmatch(name) and not is_address(name) else ""


def subject_of(certificate: x509.Certificate) -> str:
    """Its owner in a word or two; never raises."""
    return described(subject_name(certificate))


def issuer_of(certificate: x509.Certificate) -> str:
    """Who made it, in a word or two; never raises."""
    return described(issuer_name(certificate))


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256, in pairs of big hexadecimal digits."""
    return certificate.fingerprint(SHA256()).hex(":").upper()


def subject_name(certificate: x509.Certificate) -> x509.Name:
    """Its owner; never raises."""
    return _read(lambda: certificate.subject)


def issuer_name(certificate: x509.Certificate) -> x509.Name:
    """Who made it; never raises."""
    return _read(lambda: certificate.issuer)


def _read(name: Callable[[], x509.Name]) -> x509.Name:
    """A name, empty where its text is none: the library looks only when it is asked."""
    try:
        return name()
    except (ValueError, TypeError):
        return x509.Name([])


def described(name: x509.Name) -> str:
    """In a word or two: the common name, else whatever there is; printable, bounded."""
    text = next(iter(_attributes(name, NameOID.COMMON_NAME)), "") or name.rfc4514_string()
    return "".join(c if c.isprintable() else "?" for c in text)[:100] or "nobody"


def _attributes(name: x509.Name, kind: x509.ObjectIdentifier) -> list[str]:
    found = [attribute.value for attribute in name.get_attributes_for_oid(kind)]
    return [
        value if isinstance(value, str) else value.decode("utf-8", "replace") for value in found
    ]
