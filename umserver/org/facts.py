"""What an offered call states about itself, before anybody has decided anything.

Knows: numbers and names exactly as the peer gave them. Must never know: SIP syntax,
settings, sockets. The edge that reads the request fills a CallFacts in; the resolver reads it (spec
4.3, RFC 5806, RFC 7044).
"""

from __future__ import annotations

from attrs import frozen


@frozen(cache_hash=True)
class Party:
    """One address as a header gave it: `sip:1001@pbx.example.com` or `tel:+12125550111`."""

    user: str
    """The user part, unescaped: digits, `+` and digits, or a name. Empty when there is none."""
    host: str = ""
    name: str = ""
    """Display name, unquoted; empty when there is none."""
    uri: str = ""
    """The whole URI as text."""


@frozen(cache_hash=True)
class Diversion:
    """One forwarding that happened on the way to us."""

    party: Party
    reason: str = ""
    """`no-answer`, `user-busy`, `unconditional` …, lower case; empty when not given."""


@frozen
class Asking:
    """A call that is to be decided at once, before anybody holds it."""

    id: str
    """The SIP Call-ID."""
    transport: str
    """`udp`, `tcp` or `tls`."""
    here: str
    """The host by which its peer reaches us."""


@frozen(cache_hash=True)
class CallFacts:
    """An offered call in the trade's words. Times are not part of it."""

    call_id: str
    """The SIP Call-ID."""
    source: str
    """IP address that sent the request, without brackets."""
    source_port: int
    transport: str
    """`udp`, `tcp` or `tls`."""
    called: Party
    """The Request-URI."""
    to: Party
    caller: Party | None = None
    """P-Asserted-Identity, else Remote-Party-ID, else From; None when anonymous or absent."""
    diversions: tuple[Diversion, ...] = ()
    """The last forwarding first, as in a Diversion header (RFC 5806 §4)."""
    history: tuple[Diversion, ...] = ()
    """From History-Info (RFC 7044): the last forwarding first, our own entry left out."""
    problems: tuple[str, ...] = ()
    """Headers that are written wrongly, in words; only what they plainly mean was taken."""
    route_token: str | None = None
    """The signed routing result that a call router put into the Request-URI, unverified."""
    peer_names: tuple[str, ...] = ()
    """Host names that the peer's certificate proves, lower case; empty without a certificate."""
