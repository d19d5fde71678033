"""Certificates as an authority makes them: good ones, and bad ones in every way.

Knows: X.509. Must never know: umserver. Keys are on a curve, since those are made at once.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from attrs import define, field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@frozen
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    above: bytes = b""
    """Certificates that are shown with it, as text."""

    @property
    def pem(self) -> bytes:
        """The certificate as text, and those above it."""
        return self.certificate.public_bytes(Encoding.PEM) + self.above

    @property
    def key_pem(self) -> bytes:
        """The key as text."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Into two files."""
        folder.mkdir(parents=True, exist_ok=True)
        files = folder / f"{name}.pem", folder / f"{name}.key"
        for file, text in zip(files, (self.pem, self.key_pem), strict=True):
            file.write_bytes(text)
        return files


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def _other_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        pass
    if text.startswith("sip:"):
        return x509.UniformResourceIdentifier(text)
    return x509.DNSName(text)


@define
class Authority:
    """Makes certificates; `now` is seconds since 1970, the system's when it is 0."""

    name: str = "Example Authority"
    now: float = 0.0
    above: Authority | None = None
    """Who vouches for it; None is nobody but itself."""
    own: Issued = field(init=False)

    def __attrs_post_init__(self) -> None:
        maker = self.above or self
        is_root = maker is self
        self.own = maker.issue(self.name, days=3650, is_authority=True, self_signed=is_root)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC) if self.now else datetime.now(UTC)

    def revoked(
        self,
        *issued: Issued,
        days: float = 7,
        begins: float = -1,
        unusual: x509.ExtensionType | None = None,
    ) -> bytes:
        """Its revocation list with these, as text, with a critical extension; days from now."""
        now, begins_at = self._now(), self._now() + timedelta(days=begins)
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.own.certificate.subject)
            .last_update(begins_at)
            .next_update(now + timedelta(days=days))
        )
        for one in issued:
            entry = x509.RevokedCertificateBuilder().revocation_date(begins_at)
            serial = one.certificate.serial_number
            made = made.add_revoked_certificate(entry.serial_number(serial).build())
        if unusual is not None:
            made = made.add_extension(unusual, critical=True)
        return made.sign(self.own.key, SHA256()).public_bytes(Encoding.PEM)

    def issue(
        self,
        common_name: str,
        names: Sequence[str] = (),
        *,
        days: float = 90,
        begins: float = -200,
        uses: Sequence[x509.ObjectIdentifier] = (SERVER, CLIENT),
        is_authority: bool = False,
        self_signed: bool = False,
    ) -> Issued:
        """One for this subject with these alternative names; days from now."""
        now, key = self._now(), ec.generate_private_key(ec.SECP256R1())
        subject = _named(common_name)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if self_signed else self.own.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + timedelta(days=begins))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        )
        if names:
            others = x509.SubjectAlternativeName([_other_name(name) for name in names])
            made = made.add_extension(others, critical=False)
        if uses and not is_authority:
            made = made.add_extension(x509.ExtendedKeyUsage(list(uses)), critical=False)
        return Issued(made.sign(key if self_signed else self.own.key, SHA256()), key)


def spoilt(issued: Issued, old: bytes, new: bytes) -> bytes:
    """The certificate in DER, with octets that no library puts there."""
    der = issued.certificate.public_bytes(Encoding.DER)
    assert old in der and len(old) == len(new)
    return der.replace(old, new)


def context_of(
    folder: Path,
    issued: Issued | None,
    authority: Issued | None,
    *,
    server: bool = False,
    name: str = "peer",
) -> ssl.SSLContext:
    """What a peer speaks TLS with: the standard library's, which is not the server's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
    if issued is not None:
        context.load_cert_chain(*issued.write(folder, name))
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if authority is not None:
        context.load_verify_locations(cadata=authority.pem.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    return context
