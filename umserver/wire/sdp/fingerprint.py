"""`a=fingerprint` and `a=setup`: which certificate a DTLS handshake has to show, and who begins.

Knows: RFC 8122 §5, RFC 4145 §4. Must never know: certificates.
"""

from __future__ import annotations

import re

from attrs import frozen

from umserver.wire.sdp.description import Media, SessionDescription

MOST_FINGERPRINTS = 8
"""Lines that are looked at."""

LENGTHS = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
"""Octets of the digests we have, weakest first (md5 and md2 must not be used, RFC 8122 §5)."""

ROLES = frozenset({"active", "passive", "actpass", "holdconn"})

_LINE = re.compile(r"([A-Za-z0-9-]+)\s+((?:[0-9A-Fa-f]{2}:)*[0-9A-Fa-f]{2})")


@frozen
class Fingerprint:
    """The digest of a certificate in DER."""

    function: str
    """sha-256 and the like, lower case."""
    digest: bytes

    def __str__(self) -> str:
        return f"{self.function} {self.digest.hex(':').upper()}"


def fingerprints_of(description: SessionDescription, media: Media) -> tuple[Fingerprint, ...]:
    """Those of the strongest hash function that we have; of the section before the session's."""
    lines = media.values("fingerprint") or description.values("fingerprint")
    found = [each for each in map(parse_fingerprint, lines[:MOST_FINGERPRINTS]) if each]
    strength = list(LENGTHS)
    best = max((strength.index(each.function) for each in found), default=-1)
    return tuple(each for each in found if strength.index(each.function) == best)


def parse_fingerprint(value: str) -> Fingerprint | None:
    """What stands behind `a=fingerprint:`; None for rubbish and hash functions we do not take."""
    match = _LINE.fullmatch(value.strip())
    if match is None:
        return None
    function, digest = match[1].lower(), bytes.fromhex(match[2].replace(":", ""))
    return Fingerprint(function, digest) if LENGTHS.get(function) == len(digest) else None


def setup_of(description: SessionDescription, media: Media) -> str | None:
    """The role that the describing side takes; None where it says none that there is."""
    lines = media.values("setup") or description.values("setup")
    role = lines[0].strip().lower() if lines else ""
    return role if role in ROLES else None
