"""Revocation lists: which certificates their authorities have taken back (RFC 5280 §5).

Knows: lists in PEM files, what is wrong with one, who signed it. Must never know: connections, when
files are read again. Reading blocks.

OpenSSL looks each peer's chain up while the handshake goes on (`contexts`); `revokes` is for what
stands already. Four decisions. An authority without a list has revoked nothing: lists are wanted
for some authorities, not for all. A list past its next update goes on counting, for what it
revoked stays revoked, and telephones must not fall silent since a file was not fetched; health
and log say so every day until a newer one comes. What only completes other lists (delta, indirect)
is refused with the file, instead of being passed over in silence. Signatures are checked when the
file is read, with the authorities that we have; of one that only peers bring along, or that signs
with another key now, the list is the administrator's word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from attrs import field, frozen
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from umserver.edges.net.tls.names import described, issuer_name, subject_name
from umserver.edges.net.tls.pem import CertificateFault, text_of

MOST_OCTETS = 8 << 20
"""Of the file: about 150,000 revoked certificates, which take 75 MB of memory, twice that while
they are read anew, and a thread for a third of a second."""
_END = b"-----END X509 CRL-----"


@frozen
class RevocationList:
    """What one authority has taken back."""

    crl: x509.CertificateRevocationList = field(repr=False)
    authority: str
    """In a word or two."""
    serials: frozenset[int] = field(repr=False)
    issued: float
    """Seconds since 1970."""
    due: float | None
    """When the next one was to come; None when the list does not say."""

    def revokes(self, certificate: x509.Certificate) -> bool:
        """Whether this certificate stands in it."""
        is_listed = certificate.serial_number in self.serials
        return is_listed and issuer_name(certificate) == self.crl.issuer


@frozen
class Revocations:
    """All lists together."""

    lists: Sequence[RevocationList] = ()

    def revokes(self, certificate: x509.Certificate) -> bool:
        """Whether its authority has taken it back."""
        return any(one.revokes(certificate) for one in self.lists)

    def overdue(self, now: float) -> Iterator[tuple[str, float]]:
        """Authorities whose next list should have come, and when; times since 1970."""
        return ((o.authority, o.due) for o in self.lists if o.due is not None and o.due < now)


def revocations_in(file: Path, authorities: Iterable[x509.Certificate]) -> Revocations:
    """At least one list; those of these authorities must be signed by them.

    Raises CertificateFault.
    """
    *texts, _ = text_of(file, MOST_OCTETS).split(_END)
    known = tuple(authorities)
    lists = [_list(file, text + _END, known) for text in texts]
    if not lists:
        raise CertificateFault(f"{file} holds no revocation lists in PEM form")
    return Revocations(lists)


def _list(file: Path, text: bytes, authorities: Sequence[x509.Certificate]) -> RevocationList:
    try:
        crl = x509.load_pem_x509_crl(text)
        authority, why = described(crl.issuer), _unusable(crl)
        serials = frozenset(entry.serial_number for entry in crl)
    except (ValueError, TypeError) as fault:
        raise CertificateFault(f"{file} holds a revocation list that is broken: {fault}") from None
    if why or (why := _unsigned(crl, authorities)):
        raise CertificateFault(f"{file}: the revocation list of {authority} {why}")
    issued, due = crl.last_update_utc.timestamp(), crl.next_update_utc
    return RevocationList(crl, authority, serials, issued, due.timestamp() if due else None)


def _unusable(crl: x509.CertificateRevocationList) -> str:
    """Why it cannot stand alone (RFC 5280 §5.2); empty when it can."""
    for extension in crl.extensions:
        if isinstance(extension.value, x509.DeltaCRLIndicator):
            return "tells changes only (delta), and a whole one is needed"
        if isinstance(extension.value, x509.IssuingDistributionPoint):
            if extension.value.indirect_crl:
                return "speaks for other authorities (indirect), which is not supported"
        elif extension.critical:
            return f"has the critical extension {extension.oid.dotted_string}, which is not known"
    return ""


def _unsigned(crl: x509.CertificateRevocationList, authorities: Sequence[x509.Certificate]) -> str:
    """Why none of the authorities of its name has made it; empty when one has, or none is known."""
    namesakes = [one for one in authorities if subject_name(one) == crl.issuer]
    if not namesakes or any(_has_signed(one, crl) for one in namesakes):
        return ""
    return "is not signed by the authority of this name that we trust"


def _has_signed(authority: x509.Certificate, crl: x509.CertificateRevocationList) -> bool:
    try:
        return crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
    except (InvalidSignature, UnsupportedAlgorithm, TypeError, ValueError):
        return False
