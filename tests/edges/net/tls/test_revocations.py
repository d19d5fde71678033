"""Revocation lists in files."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.certificates import Authority
from umserver.edges.net.tls.pem import CertificateFault
from umserver.edges.net.tls.revocations import MOST_OCTETS, Revocations, revocations_in

NOW = 1_790_000_000.0
DAY = 86_400.0
AUTHORITY = Authority(now=NOW)
OTHER = Authority("Other", now=NOW)
GOOD, BAD = (AUTHORITY.issue(f"{name}.example.com") for name in ("good", "bad"))


class ReadingTests(SynchronousTestCase):
    """What is read, and what is wrong with it in words."""

    def setUp(self) -> None:
        self.file = Path(self.mktemp()).resolve()

    def read(self, *texts: bytes) -> Revocations:
        """A file with this, where the first authority is trusted."""
        self.file.write_bytes(b"".join(texts))
        return revocations_in(self.file, [AUTHORITY.own.certificate])

    def fault(self, *texts: bytes) -> str:
        """Why such a file cannot be used."""
        return str(self.assertRaises(CertificateFault, self.read, *texts))

    def test_one(self) -> None:
        """Who stands in the list of its own authority is revoked, and nobody else."""
        found = self.read(AUTHORITY.revoked(BAD))
        self.assertTrue(found.revokes(BAD.certificate))
        self.assertFalse(found.revokes(GOOD.certificate))
        [one] = found.lists
        self.assertEqual((one.authority, len(one.serials)), ("Example Authority", 1))
        self.assertEqual((one.issued, one.due), (NOW - DAY, NOW + 7 * DAY))
        self.assertFalse(self.read(OTHER.revoked(BAD)).revokes(BAD.certificate))

    def test_several(self) -> None:
        """A file holds the lists of many authorities, with words between them."""
        theirs = OTHER.issue("bad.example.net")
        found = self.read(b"ours\n", AUTHORITY.revoked(BAD), b"theirs\n", OTHER.revoked(theirs))
        for issued in (BAD, theirs):
            self.assertTrue(found.revokes(issued.certificate))
        self.assertFalse(found.revokes(GOOD.certificate))

    def test_overdue(self) -> None:
        """Lists whose successors should have come are known."""
        found = self.read(AUTHORITY.revoked(days=2), OTHER.revoked(days=9))
        self.assertEqual(list(found.overdue(NOW + DAY)), [])
        expected = [("Example Authority", NOW + 2 * DAY)]
        self.assertEqual(list(found.overdue(NOW + 3 * DAY)), expected)

    def test_missing(self) -> None:
        """A missing file is named."""
        fault = self.assertRaises(CertificateFault, revocations_in, self.file, ())
        self.assertEqual(str(fault), f"{self.file} cannot be read: No such file or directory")

    def test_rubbish(self) -> None:
        """What is no list, or half of one, is said to be none; so is a certificate."""
        for text in (b"", b"rubbish", AUTHORITY.own.pem, AUTHORITY.revoked(BAD)[:150]):
            self.assertIn("holds no revocation lists in PEM form", self.fault(text))
        good = AUTHORITY.revoked(BAD)
        for text in (good[:90] + b"\n" + good[200:], good.replace(b"M", b"N")):
            self.assertIn("holds a revocation list that is broken", self.fault(good, text))

    def test_too_long(self) -> None:
        """A file without end is not read to its end."""
        self.assertIn("at most 8 MiB", self.fault(b"x" * (MOST_OCTETS + 1)))

    def test_forged(self) -> None:
        """A list that its authority has not signed is refused, where we know the authority."""
        forged = Authority(now=NOW).revoked(BAD)
        expected = f"{self.file}: the revocation list of Example Authority is not signed by the"
        self.assertIn(expected, self.fault(AUTHORITY.revoked(BAD), forged))

    def test_incomplete(self) -> None:
        """A list that needs others, or says what we do not understand, is refused in words."""
        point = x509.IssuingDistributionPoint(None, None, False, False, None, True, False)
        oid = x509.ObjectIdentifier("1.2.3.4")
        for unusual, words in (
            (x509.DeltaCRLIndicator(4), "tells changes only (delta)"),
            (point, "speaks for other authorities (indirect)"),
            (x509.UnrecognizedExtension(oid, b"\x05\x00"), "critical extension 1.2.3.4"),
        ):
            self.assertIn(words, self.fault(AUTHORITY.revoked(BAD, unusual=unusual)))
