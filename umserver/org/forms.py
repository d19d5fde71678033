"""What texts in settings have to look like: each function says what is wrong with one, or None.

Knows: names, numbers, addresses, languages as texts (spec 2.2, 2.3, 3). Must never
know: which setting is checked.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address, ip_network

from umserver.org.numbers import MAX_LENGTH, is_number, key

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_NUMERIC_HOST = re.compile(r"[0-9.]+")
_MAIL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?P<host>[^@]+)")
_LANGUAGE = re.compile(r"[a-z]{2,3}-[A-Z]{2}")
_FAX = re.compile(r"sip:(?P<place>[^;@\s]+)(?:;transport=(?:udp|tcp|tls))?", re.IGNORECASE)
_WIDEST = {4: 8, 6: 16}
_FORBIDDEN = set('"/\\[]:;|=,+*?<>')


def name(text: str) -> str | None:
    """Names of objects (spec 2.2)."""
    bad = sorted(_FORBIDDEN & set(text))
    if bad:
        return f"must not contain {' '.join(bad)}"
    return "must not begin or end with a space" if text != text.strip() else None


def digits(text: str) -> str | None:
    """Digits only."""
    return None if text.isascii() and text.isdigit() else "must be digits only"


def country_code(text: str) -> str | None:
    """An E.164 country code without its +."""
    return digits(text) or ("must not begin with 0" if text[0] == "0" else None)


def number(text: str) -> str | None:
    """A telephone number or SIP address."""
    found = key(text)
    if is_number(found):
        return "has more than 32 digits" if len(found) > 32 else None
    user, _, host = found.partition("@")
    if user and not re.search(r"\s", user) and _HOST.fullmatch(host):
        return None
    return "must be a telephone number or a SIP address"


def mask(text: str) -> str | None:
    """Digits, and an x for every digit that may differ (spec 3.2 NumberingPlanFormats)."""
    if re.fullmatch(r"[0-9]*x+", text, re.IGNORECASE) and len(text) <= 32:
        return None
    return "must be digits followed by one x for every further digit, at most 32 in all"


def mail_address(text: str) -> str | None:
    """A mail address as umserver can deliver to (a sober subset of RFC 5321)."""
    found = _MAIL.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found and _HOST.fullmatch(found["host"]) and ".." not in text and text[0] != ".":
        return None
    return "must be a mail address such as ada@example.com"


def address_of_peer(text: str) -> str | None:
    """An IP address or host name."""
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        known = is_host_name(text)
        return None if known else "must be an IPv4 or IPv6 address or a host name"
    return None


def network(text: str) -> str | None:
    """An IP address or a network in CIDR form, none so wide that it says nothing."""
    try:
        found = ip_network(text)
    except ValueError:
        return "must be an address or a network such as 192.0.2.0/24 (its own bits, then zeros)"
    least = _WIDEST[found.version]
    return None if found.prefixlen >= least else f"is too wide: a network has at least /{least}"


def plain_network(text: str) -> str:
    """The one spelling of a network: an address is one of a single machine."""
    return str(ip_network(text))


def host_and_port(text: str) -> str | None:
    """A host name or address with a port, `sip.example.com:5061`."""
    host, _, port = text.rpartition(":")
    if host and address_of_peer(host) is None and digits(port) is None and int(port[:6]) <= 65535:
        return None
    return "must be a host and a port, such as sip.example.com:5061"


def fax_uri(text: str) -> str | None:
    """A fax partner (spec 3.6 FaxServerURI)."""
    found = _FAX.fullmatch(text) if len(text) <= MAX_LENGTH else None
    if found and host_and_port(found["place"]) is None:
        return None
    return "must be written as sip:fax.example.com:5060;transport=tcp (or udp, or tls)"


def file_name(text: str) -> str | None:
    """The name of an imported prompt: no folder, so that nothing leaves the place of prompts."""
    if set(text) & set('/\\:*?"<>|') or text.strip(". ") == "":
        return "must be the name of an imported prompt, without a folder"
    return None


def is_host_name(text: str) -> bool:
    """Whether this is a host name and no IP address, not even a mistyped one."""
    return _HOST.fullmatch(text) is not None and not _NUMERIC_HOST.fullmatch(text)


def language(text: str) -> str | None:
    """A language with its country, such as en-US."""
    return None if _LANGUAGE.fullmatch(text) else "must be a language such as en-US or fr-FR"


def plain_address(text: str) -> str:
    """The one spelling of an IP address: no brackets, IPv6 compressed, IPv4 in IPv6 as IPv4.

    Host names come back in small letters.
    """
    if ":" not in text:
        return text.lower()
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return text.lower()
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
