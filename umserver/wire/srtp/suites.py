"""The protection suites we have: names in SDP and in DTLS, lengths.

Knows: RFC 4568 §6.2, RFC 6188, RFC 7714 §12 and §14, RFC 5764 §4.1.2. Must never know: keys.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Suite:
    """How packets are encrypted and authenticated. Lengths in octets."""

    name: str
    """As in `a=crypto`."""
    key: int
    salt: int
    tag: int
    """Of SRTP; SRTCP has 10 with HMAC-SHA1 and 16 with GCM."""
    gcm: bool = False
    profile: str = ""
    """As OpenSSL names it for use_srtp; empty where DTLS has none."""

    @property
    def secret(self) -> int:
        """Octets of a master key and its salt together."""
        return self.key + self.salt

    @property
    def rtcp_tag(self) -> int:
        """Octets of the tag of SRTCP: never shortened (RFC 4568 §6.2.2)."""
        return self.tag if self.gcm else 10


SUITES = (
    Suite("AES_CM_128_HMAC_SHA1_80", 16, 14, 10, profile="SRTP_AES128_CM_SHA1_80"),
    Suite("AEAD_AES_128_GCM", 16, 12, 16, True, "SRTP_AEAD_AES_128_GCM"),
    Suite("AEAD_AES_256_GCM", 32, 12, 16, True, "SRTP_AEAD_AES_256_GCM"),
    Suite("AES_256_CM_HMAC_SHA1_80", 32, 14, 10),
    Suite("AES_CM_128_HMAC_SHA1_32", 16, 14, 4, profile="SRTP_AES128_CM_SHA1_32"),
    Suite("AES_256_CM_HMAC_SHA1_32", 32, 14, 4),
)
"""In the order in which we offer them: what everybody has comes first, short tags last."""

PROFILES = ":".join(
    (
        "SRTP_AEAD_AES_128_GCM",
        "SRTP_AEAD_AES_256_GCM",
        "SRTP_AES128_CM_SHA1_80",
        "SRTP_AES128_CM_SHA1_32",
    )
)
"""What a DTLS handshake may agree upon, best first."""

_ALIASES = {
    "AES_CM_256_HMAC_SHA1_80": "AES_256_CM_HMAC_SHA1_80",
    "AES_CM_256_HMAC_SHA1_32": "AES_256_CM_HMAC_SHA1_32",
}
"""Names of drafts that are still offered."""

_BY_NAME = {suite.name: suite for suite in SUITES}
_BY_PROFILE = {suite.profile: suite for suite in SUITES if suite.profile}


def suite_named(name: str) -> Suite | None:
    """The suite with this name of `a=crypto`, in any case; None for one we do not have."""
    upper = name.upper()
    return _BY_NAME.get(_ALIASES.get(upper, upper))


def suite_of_profile(profile: str) -> Suite | None:
    """The suite that a DTLS handshake agreed upon."""
    return _BY_PROFILE.get(profile)
