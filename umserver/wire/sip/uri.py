"""Addresses: sip and sips, tel, and whatever else may stand where an address stands.

Knows: their syntax. Must never know: who lives there, how to get there. Sources: RFC 3261 §19.1,
RFC 3966, RFC 5118. What was read is written again character by character.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from attrs import evolve, field, frozen

from umserver.wire.sip.grammar import (
    Params,
    SipSyntaxError,
    escaped,
    param,
    unescaped,
    with_param,
)

MAX_URI = 4096
"""Characters of the longest URI that is read."""
MAX_PORT = 65535

_MAX_HOST = 255
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_NEVER = re.compile(r"[\x00-\x20\x7f<>]")
_SIP = re.compile(
    r"(?:([^@:]*)(?::([^@]*))?@)?"
    r"(\[[^\[\]]*\]|[A-Za-z0-9_.\-]+)(?::([0-9]{1,5}))?"
    r"(;[^?]*)?(?:\?(.*))?"
)
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_PASSWORD_SAFE = "-_.!~*'()&=+$,"
_PARAM_SAFE = "-_.!~*'()[]/:&+$"
_NUMBER_SAFE = "+-.()*#"


@frozen
class Uri:
    """An address.

    `user` is unescaped; of a tel URI it is the number, of a URI of unknown scheme everything after
    the colon, as written. `host` has no brackets and is empty where the scheme has no host.
    """

    scheme: str
    """In lower case."""
    user: str = ""
    host: str = ""
    port: int | None = None
    params: Params = ()
    """Names in lower case, values unescaped."""
    headers: str = ""
    """What follows the question mark, as written."""
    password: str | None = None
    _text: str = field(init=False, default="", eq=False, repr=False)

    def __str__(self) -> str:
        return self._text or self._written()

    @property
    def is_sip(self) -> bool:
        """Whether the scheme is sip or sips."""
        return self.scheme in ("sip", "sips")

    def param(self, name: str) -> str | None:
        """The value of a parameter; empty when it has none, None when it is not there."""
        return param(self.params, name)

    def with_param(self, name: str, value: str | None) -> Uri:
        """This address with a parameter set; None makes it one without value."""
        return evolve(self, params=with_param(self.params, name, value))

    def _written(self) -> str:
        params = "".join(
            f";{escaped(name, _PARAM_SAFE)}"
            + ("" if value is None else f"={escaped(value, _PARAM_SAFE)}")
            for name, value in self.params
        )
        if self.scheme == "tel":
            return f"tel:{escaped(self.user, _NUMBER_SAFE)}{params}"
        if not self.is_sip:
            return f"{self.scheme}:{self.user}"
        user = escaped(self.user, _USER_SAFE)
        if self.password is not None:
            user += ":" + escaped(self.password, _PASSWORD_SAFE)
        headers = f"?{self.headers}" if self.headers else ""
        at = "@" if user else ""
        return f"{self.scheme}:{user}{at}{host_text(self.host, self.port)}{params}{headers}"


def parse_uri(text: str) -> Uri:
    """Read an address. Raises SipSyntaxError."""
    if len(text) > MAX_URI:
        raise SipSyntaxError("a URI is too long")
    scheme, colon, rest = text.partition(":")
    if not colon or not rest or _SCHEME.fullmatch(scheme) is None:
        raise SipSyntaxError("a URI without scheme")
    scheme = scheme.lower()
    if _NEVER.search(rest) is not None or ('"' in rest and scheme not in ("sip", "sips")):
        raise SipSyntaxError("white space, quotes or brackets within a URI")
    if scheme in ("sip", "sips"):
        uri = _parse_sip(scheme, rest)
    elif scheme == "tel":
        number, semicolon, params = rest.partition(";")
        if not number or "?" in rest:
            raise SipSyntaxError("a tel URI without number, or with headers")
        uri = Uri(scheme, unescaped(number), params=_uri_params(params) if semicolon else ())
    else:
        uri = Uri(scheme, rest)
    object.__setattr__(uri, "_text", text)
    return uri


def parse_host(text: str) -> str:
    """A host name or IPv4 address as it stands, an IPv6 reference without its brackets.

    Three colons stand for two: an old grammar had them (RFC 5118 §4.10). Raises SipSyntaxError.
    """
    if len(text) > _MAX_HOST:
        raise SipSyntaxError("a host name is too long")
    if not text.startswith("["):
        return text
    address = text[1:-1].replace(":::", "::")
    if "%" in address:
        raise SipSyntaxError("an IPv6 reference with a zone")
    try:
        IPv6Address(address)
    except ValueError:
        raise SipSyntaxError("no IPv6 address between the brackets") from None
    return address


def parse_port(text: str | None) -> int | None:
    """A port of up to five digits. Raises SipSyntaxError when there is no such port."""
    if text is None:
        return None
    port = int(text)
    if port > MAX_PORT:
        raise SipSyntaxError("a port above 65535")
    return port


def host_text(host: str, port: int | None) -> str:
    """`host[:port]`; an IPv6 address gets its brackets and loses its zone."""
    if ":" in host and not host.startswith("["):
        host = f"[{host.partition('%')[0]}]"
    return host if port is None else f"{host}:{port}"


def _parse_sip(scheme: str, rest: str) -> Uri:
    """Quotes may stand in parameters: border controllers keep notes to themselves there."""
    match = _SIP.fullmatch(rest)
    if match is None:
        raise SipSyntaxError("a SIP URI whose host or port cannot be read")
    user, password, host, port, params, headers = match.groups()
    if any('"' in part for part in (user, password, headers) if part):
        raise SipSyntaxError("white space, quotes or brackets within a URI")
    return Uri(
        scheme,
        unescaped(user) if user else "",
        parse_host(host),
        parse_port(port),
        _uri_params(params[1:]) if params is not None else (),
        headers or "",
        unescaped(password) if password is not None else None,
    )


def _uri_params(text: str) -> Params:
    found: list[tuple[str, str | None]] = []
    for piece in text.split(";"):
        name, equals, value = piece.partition("=")
        if not name:
            raise SipSyntaxError("an empty URI parameter")
        found.append((unescaped(name).lower(), unescaped(value) if equals else None))
    return tuple(found)
