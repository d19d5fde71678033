"""How the sound of a stream is protected: with which keys, or by which handshake.

Knows: RFC 4568 (SDES), RFC 5763 and RFC 5764 (DTLS-SRTP), RFC 8643 (best effort in RTP/AVP), RFC
5761 (ports). Must never know: packets, certificates, how the signalling travels.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Literal

from attrs import field, frozen

from umserver.wire.media import refusal
from umserver.wire.media.parameters import foreign_parameter, replay_window
from umserver.wire.sdp.crypto import Crypto, InlineKey, parse_crypto
from umserver.wire.sdp.description import Attribute, Media, SessionDescription
from umserver.wire.sdp.fingerprint import Fingerprint, fingerprints_of, setup_of
from umserver.wire.sdp.parse import SdpSyntaxError, parse_sdp
from umserver.wire.srtp.keys import Keying, MasterKey
from umserver.wire.srtp.suites import SUITES, Suite, suite_named

PLAIN = frozenset({"RTP/AVP", "RTP/AVPF"})
"""RTP/AVPF without agreed feedback is RTP/AVP by another name (RFC 4585 §3.1), so it is taken and
its name echoed; the same holds for the others with F."""
SECURE = frozenset({"RTP/SAVP", "RTP/SAVPF"})
HANDSHAKE = frozenset({"UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF"})
PROFILES = PLAIN | SECURE | HANDSHAKE

MOST_LINES = 32
"""Crypto lines that are looked at."""

Offering = Literal["plain", "sdes", "best-effort", "dtls"]
"""What our own first offer of a call proposes."""


class Unusable(Exception):
    """This stream is not for us; `code` is the warn-code that says why (RFC 3261 §20.43).

    `text` says it where the usual words of that code say too little.
    """

    def __init__(self, why: str, code: int, *, insecure: bool = False, text: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.code = code
        self.text = text
        self.insecure = insecure
        """Whether it is refused for being unprotected."""


@frozen
class Protection:
    """What may and must protect the sound of a call."""

    sdes: bool = False
    """Whether keys may stand in descriptions: only where nobody on the way can read these."""
    fingerprint: Fingerprint | None = None
    """Of our certificate; None: no handshakes."""
    required: bool = False
    """Whether plain sound is refused."""
    offering: Offering = "plain"
    secret: Callable[[int], bytes] = field(default=secrets.token_bytes, eq=False, repr=False)
    """So many octets that nobody can guess."""


@frozen
class Handshake:
    """The DTLS association that a stream's keys come from."""

    active: bool
    """Whether we begin."""
    fingerprints: tuple[Fingerprint, ...]
    """The peer's certificate has one of these."""


@frozen
class Terms:
    """How a stream is protected, agreed or offered."""

    keying: Keying | None = None
    handshake: Handshake | None = None
    mux: bool = False
    """Whether reports use the port of the sound (RFC 5761)."""
    attributes: tuple[Attribute, ...] = ()
    """Our lines about it."""
    lines: tuple[Crypto, ...] = ()
    """Our crypto lines among them."""

    @property
    def secured(self) -> bool:
        """Whether sound is encrypted."""
        return self.keying is not None or self.handshake is not None


CLEAR = Terms()


def offers_secret_sound(offer: bytes) -> bool:
    """Whether a description offers sound by a profile that encrypts; True for what is none."""
    try:
        media = parse_sdp(offer).media
    except SdpSyntaxError:
        return True
    return any(
        each.port and each.kind.lower() == "audio" and each.proto.upper() in SECURE | HANDSHAKE
        for each in media
    )


def answer_terms(
    description: SessionDescription, media: Media, protection: Protection, before: Terms
) -> Terms:
    """How we protect this offered stream; keys that stay the same keep ours. Raises Unusable."""
    proto = media.proto.upper()
    if proto in PLAIN and protection.required:
        raise _insecure(f"profile {media.proto} where sound has to be encrypted")
    terms = None
    if proto not in HANDSHAKE:
        terms = _answer_keys(media, protection, before)
    if terms is None:
        terms = _answer_handshake(description, media, protection, before)
    if terms is not None:
        return terms
    if proto in PLAIN:
        return CLEAR
    raise _keyless(media, protection)


def _keyless(media: Media, protection: Protection) -> Unusable:
    """What is wrong with a stream that has no keys for us."""
    why, text = f"profile {media.proto} without keys we can use", ""
    if media.values("crypto") and not protection.sdes:
        why = text = "keys for encrypted sound are taken over TLS only"
    elif protection.sdes:
        lines = [line for line in _lines(media) if suite_named(line.suite) is not None]
        foreign = next(filter(None, (foreign_parameter(line.parameters) for line in lines)), None)
        if foreign is not None:
            why = text = f"no usable crypto line: {foreign} is not to be had"
    return Unusable(why, refusal.TRANSPORT_PROTOCOL, text=text)


def _insecure(why: str) -> Unusable:
    return Unusable(why, refusal.TRANSPORT_PROTOCOL, insecure=True)


# keys in the description


def _answer_keys(media: Media, protection: Protection, before: Terms) -> Terms | None:
    if not protection.sdes:
        return None
    for line in _lines(media):
        theirs = _theirs(line)
        if theirs is None:
            continue
        suite, keys, window = theirs
        ours = _kept(before, suite, keys) or MasterKey(protection.secret(suite.secret))
        answer = Crypto(line.tag, line.suite, (InlineKey(ours.secret),))
        return _with_lines((answer,), Keying(suite, ours, keys, window))
    return None


def _lines(media: Media) -> list[Crypto]:
    found = map(parse_crypto, media.values("crypto")[:MOST_LINES])
    return [line for line in found if line is not None]


def _theirs(line: Crypto) -> tuple[Suite, tuple[MasterKey, ...], int] | None:
    """The suite, keys and replay window of a line; None where it is not for us."""
    suite = suite_named(line.suite)
    if suite is None or foreign_parameter(line.parameters) is not None:
        return None
    if any(len(key.secret) != suite.secret for key in line.keys):
        return None
    keys = tuple(MasterKey(key.secret, key.mki) for key in line.keys)
    return suite, keys, replay_window(line.parameters)


def _kept(before: Terms, suite: Suite, theirs: tuple[MasterKey, ...]) -> MasterKey | None:
    """Our key, as long as the peer keeps its own: then nothing changes at all."""
    keying = before.keying
    same = keying is not None and (keying.suite, keying.theirs) == (suite, theirs)
    return keying.ours if keying is not None and same else None


def _with_lines(lines: tuple[Crypto, ...], keying: Keying | None = None) -> Terms:
    attributes = tuple(Attribute("crypto", str(line)) for line in lines)
    return Terms(keying, attributes=attributes, lines=lines)


# a handshake on the way of the sound


def _answer_handshake(
    description: SessionDescription, media: Media, protection: Protection, before: Terms
) -> Terms | None:
    fingerprints = fingerprints_of(description, media)
    setup = setup_of(description, media) or "actpass"
    if protection.fingerprint is None or not fingerprints or setup == "holdconn":
        return None
    agreed = before.handshake
    if agreed is not None and setup == "actpass" and agreed.fingerprints == fingerprints:
        active = agreed.active
    else:
        active = setup == "passive"
    return _shaking(
        protection.fingerprint,
        "active" if active else "passive",
        Handshake(active, fingerprints),
        bool(media.values("rtcp-mux")),
    )


def _shaking(ours: Fingerprint, setup: str, handshake: Handshake | None, mux: bool) -> Terms:
    attributes = [Attribute("fingerprint", str(ours)), Attribute("setup", setup)]
    if mux:
        attributes.append(Attribute("rtcp-mux"))
    return Terms(None, handshake, mux, tuple(attributes))


# our own offers


def offered_terms(protection: Protection, before: Terms) -> Terms:
    """What we offer: what is agreed already, else what the call is to begin with."""
    ours = protection.fingerprint
    if before.handshake is not None and ours is not None:
        return _shaking(ours, "actpass", before.handshake, before.mux)
    if before.keying is not None:
        return before
    secretly = protection.offering in ("sdes", "best-effort") and protection.sdes
    if ours is not None and (
        protection.offering == "dtls" or (protection.required and not secretly)
    ):
        return _shaking(ours, "actpass", None, True)
    if secretly:
        return _with_lines(
            tuple(
                Crypto(tag, suite.name, (InlineKey(protection.secret(suite.secret)),))
                for tag, suite in enumerate(SUITES, 1)
            )
        )
    return CLEAR


def offered_profile(protection: Protection, terms: Terms) -> str:
    """The profile of an offer with these terms."""
    if terms.lines:
        return "RTP/AVP" if protection.offering == "best-effort" else "RTP/SAVP"
    return "UDP/TLS/RTP/SAVP" if terms.attributes else "RTP/AVP"


def accepted_terms(
    description: SessionDescription, media: Media, protection: Protection, offered: Terms
) -> Terms:
    """What an answer to `offered` agrees to. Raises Unusable."""
    proto = media.proto.upper()
    if any(attribute.name == "fingerprint" for attribute in offered.attributes):
        return _accepted_handshake(description, media, offered)
    if offered.lines:
        lines = _lines(media)
        if lines:
            return _accepted_keys(lines[0], offered)
        if proto in PLAIN and not protection.required:
            return CLEAR
        raise _insecure("an answer without keys")
    if protection.required:
        raise _insecure("an answer without protection")
    if proto not in PLAIN:
        raise Unusable(f"an answer with profile {media.proto}", refusal.TRANSPORT_PROTOCOL)
    return CLEAR


def _accepted_keys(answer: Crypto, offered: Terms) -> Terms:
    """The one line of the answer names the line it takes (RFC 4568 §5.1.3)."""
    theirs = _theirs(answer)
    ours = next((line for line in offered.lines if line.tag == answer.tag), None)
    if theirs is None or ours is None or suite_named(ours.suite) != theirs[0]:
        raise Unusable("an answer with other keys than offered", refusal.TRANSPORT_PROTOCOL)
    suite, keys, window = theirs
    return _with_lines((ours,), Keying(suite, MasterKey(ours.keys[0].secret), keys, window))


def _accepted_handshake(description: SessionDescription, media: Media, offered: Terms) -> Terms:
    fingerprints = fingerprints_of(description, media)
    setup = setup_of(description, media)
    if not fingerprints or setup not in ("active", "passive"):
        raise _insecure("an answer without a handshake")
    mux = offered.mux and bool(media.values("rtcp-mux"))
    return Terms(None, Handshake(setup == "passive", fingerprints), mux, offered.attributes)
