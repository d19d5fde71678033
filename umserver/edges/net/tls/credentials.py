"""Our certificate, its key, the authorities we trust and what they revoked, read from files.

Knows: PEM files. Must never know: connections, when files are read again. Reading blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from umserver.edges.net.tls.names import fingerprint_of, issuer_of, names_of, subject_of
from umserver.edges.net.tls.pem import CertificateFault, Stamp, stamp_of, text_of
from umserver.edges.net.tls.revocations import Revocations, revocations_in

MOST_OCTETS = 4 << 20
"""Of one file: a system's bundle of authorities has a quarter of a million."""


@frozen
class Credentials:
    """Everything that TLS needs of us."""

    chain: Sequence[x509.Certificate]
    """Our own certificate first; none for a client that shows nothing."""
    key: Any = field(repr=False)
    """Its private key, of the cryptography library."""
    authorities: Sequence[x509.Certificate] | None
    """Whose certificates are believed, None for the system's; a peer's own may stand there."""
    file: str = ""
    names: tuple[str, ...] = ()
    subject: str = ""
    issuer: str = ""
    fingerprint: str = ""
    begins: float = 0.0
    """Seconds since 1970."""
    ends: float = 0.0
    revocations: Revocations = field(factory=Revocations)
    """What the authorities have taken back."""

    @property
    def is_revoked(self) -> bool:
        """Whether our own certificate was taken back."""
        return bool(self.chain) and self.revocations.revokes(self.chain[0])

    @property
    def is_self_signed(self) -> bool:
        """Whether only whoever has it in hand can believe it."""
        return self.chain[0].subject == self.chain[0].issuer


@frozen
class CredentialFiles:
    """Where credentials are kept."""

    certificate: Path
    """PEM, with the certificates between ours and the authority behind it."""
    key: Path
    """PEM, without a password."""
    authorities: Path | None
    """PEM; the system's authorities where there is none."""
    authorities_needed: bool = False
    """Whether it is a fault that the file of the authorities is missing."""
    crl: Path | None = None
    """PEM; nothing is revoked where there is none."""
    crl_needed: bool = False
    """Whether it is a fault that the file of the revocation lists is missing."""

    def stamp(self) -> Stamp:
        """Tells whether anything was changed since."""
        return stamp_of(self.certificate, self.key, self.authorities, self.crl)

    def read(self) -> Credentials:
        """What stands in the files now. Raises CertificateFault."""
        chain = certificates_in(self.certificate)
        key = _key(self.key)
        if _public(key.public_key()) != _public(chain[0].public_key()):
            raise CertificateFault(
                f"{self.key} is not the key of the certificate {self.certificate}"
            )
        own, trusted = chain[0], self._trusted()
        return Credentials(
            chain=chain,
            key=key,
            authorities=trusted,
            file=str(self.certificate),
            names=names_of(own),
            subject=subject_of(own),
            issuer=issuer_of(own),
            fingerprint=fingerprint_of(own),
            begins=own.not_valid_before_utc.timestamp(),
            ends=own.not_valid_after_utc.timestamp(),
            revocations=self._revocations((*chain, *(trusted or ()))),
        )

    def _trusted(self) -> Sequence[x509.Certificate] | None:
        if self.authorities is None or not (self.authorities_needed or self.authorities.exists()):
            return None
        return certificates_in(self.authorities)

    def _revocations(self, known: Sequence[x509.Certificate]) -> Revocations:
        if self.crl is None or not (self.crl_needed or self.crl.exists()):
            return Revocations()
        return revocations_in(self.crl, known)


def certificates_in(file: Path) -> Sequence[x509.Certificate]:
    """At least one. Raises CertificateFault."""
    try:
        return x509.load_pem_x509_certificates(text_of(file, MOST_OCTETS))
    except ValueError:
        raise CertificateFault(
            f"{file} holds no certificates in PEM form, or a broken one"
        ) from None


def day_of(seconds: float) -> str:
    """A moment as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _key(file: Path) -> Any:
    try:
        return load_pem_private_key(text_of(file, MOST_OCTETS), None)
    except TypeError:
        raise CertificateFault(f"{file} is locked with a password, which nobody can type") from None
    except Exception as fault:
        if isinstance(fault, CertificateFault):
            raise
        raise CertificateFault(f"{file} holds no private key in PEM form") from None


def _public(key: Any) -> Any:
    return key.public_numbers() if hasattr(key, "public_numbers") else key.public_bytes_raw()
