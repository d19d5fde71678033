"""A certificate that nobody but its maker vouches for, for a first try with TLS (spec 9.4).

Knows: how one is made and kept. Must never know: who uses it. The key's file can be read by its
owner only, from its first octet on.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

KEY_BITS = 2048
"""RSA: gateways and Lync know nothing else for certain."""
LONGEST_COMMON_NAME = 64
CERTIFICATE, KEY = "certificate.pem", "key.pem"


def self_signed(names: Sequence[str], days: int, now: float) -> tuple[bytes, bytes]:
    """A certificate for these host names and IP addresses, and its key, both PEM.

    `now` is seconds since 1970. Takes a good part of a second.
    """
    key = rsa.generate_private_key(65537, KEY_BITS)
    begins = datetime.fromtimestamp(now, UTC) - timedelta(minutes=5)
    common = next((name for name in names if len(name) <= LONGEST_COMMON_NAME), "umserver")
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    uses = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([_other(n) for n in names]), critical=False)
        .add_extension(x509.BasicConstraints(False, None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM), secret


def _other(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def keep(folder: Path, certificate: bytes, key: bytes) -> Path:
    """Put both into this folder, in place of older ones; the certificate's file. Raises OSError.

    The key comes first: whoever looks in between finds two that do not fit, and looks again.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(folder / KEY, key, 0o600)
    _put(folder / CERTIFICATE, certificate, 0o644)
    return folder / CERTIFICATE


def _put(file: Path, text: bytes, mode: int) -> None:
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as opened:
        opened.write(text)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
