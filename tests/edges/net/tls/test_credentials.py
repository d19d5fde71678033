"""Certificates, keys and authorities in files."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.certificates import Authority
from umserver.edges.net.tls.credentials import (
    MOST_OCTETS,
    CredentialFiles,
    day_of,
)
from umserver.edges.net.tls.pem import CertificateFault

AUTHORITY = Authority()


class FilesTests(SynchronousTestCase):
    """What is read, and what is wrong with it in words."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.mine = AUTHORITY.issue("um.example.com", ("um.example.com",))
        certificate, key = self.mine.write(self.folder, "um")
        self.trusted = self.folder / "ca.pem"
        self.trusted.write_bytes(AUTHORITY.own.pem)
        self.files = CredentialFiles(certificate, key, self.trusted)

    def fault(self) -> str:
        """Why they cannot be used."""
        return str(self.assertRaises(CertificateFault, self.files.read))

    def test_good(self) -> None:
        """Everything about them."""
        found = self.files.read()
        self.assertEqual(found.names, ("um.example.com",))
        assert found.authorities is not None
        self.assertEqual([c.subject for c in found.authorities], [found.chain[0].issuer])
        self.assertFalse(found.is_self_signed)
        self.assertNotIn("PrivateKey", repr(found))
        self.assertEqual(day_of(0.0), "1970-01-01 00:00 UTC")

    def test_chain(self) -> None:
        """Certificates between ours and the authority stand behind ours in the file."""
        with self.files.certificate.open("ab") as file:
            file.write(AUTHORITY.own.pem)
        self.assertEqual(len(self.files.read().chain), 2)

    def test_self_signed(self) -> None:
        """Who made it himself says so."""
        AUTHORITY.issue("um", self_signed=True).write(self.folder, "um")
        self.assertTrue(self.files.read().is_self_signed)

    def test_missing(self) -> None:
        """A missing file is named."""
        for file in (self.files.certificate, self.files.key):
            text = file.read_bytes()
            file.unlink()
            self.assertEqual(self.fault(), f"{file} cannot be read: No such file or directory")
            file.write_bytes(text)

    def test_authorities(self) -> None:
        """Without a file those of the system are believed, unless the file was asked for."""
        self.trusted.unlink()
        self.assertIsNone(self.files.read().authorities)
        self.files = CredentialFiles(self.files.certificate, self.files.key, self.trusted, True)
        self.assertIn(str(self.trusted), self.fault())

    def test_rubbish(self) -> None:
        """What is no certificate or key is said to be none."""
        self.files.certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\nxx\n")
        self.assertIn("um.pem holds no certificates in PEM form", self.fault())
        self.mine.write(self.folder, "um")
        self.files.key.write_bytes(self.mine.pem)
        self.assertIn("um.key holds no private key in PEM form", self.fault())

    def test_strange_key(self) -> None:
        """A key of another certificate is found out, also one of another kind."""
        self.files.key.write_bytes(AUTHORITY.own.key_pem)
        self.assertIn("um.key is not the key of the certificate", self.fault())
        other = ed25519.Ed25519PrivateKey.generate()
        text = other.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
        )
        self.files.key.write_bytes(text)
        self.assertIn("um.key is locked with a password", self.fault())

    def test_too_long(self) -> None:
        """A file without end is not read to its end."""
        self.files.certificate.write_bytes(b"x" * (MOST_OCTETS + 1))
        self.assertIn("too long", self.fault())

    def test_stamp(self) -> None:
        """It tells any change, and a file that comes or goes."""
        first = self.files.stamp()
        self.assertEqual(self.files.stamp(), first)
        AUTHORITY.issue("another").write(self.folder, "um")
        second = self.files.stamp()
        self.assertNotEqual(second, first)
        self.trusted.unlink()
        self.assertNotEqual(self.files.stamp(), second)
