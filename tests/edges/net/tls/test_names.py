"""What a certificate proves (spec 4.2)."""

from __future__ import annotations

from cryptography import x509
from twisted.trial.unittest import SynchronousTestCase

from tests.kit.certificates import Authority, spoilt
from umserver.edges.net.tls.names import (
    MOST_NAMES,
    fingerprint_of,
    issuer_of,
    names_of,
    subject_of,
)

AUTHORITY = Authority()


def names(common: str, *others: str) -> tuple[str, ...]:
    """Of a certificate for these."""
    return names_of(AUTHORITY.issue(common, others).certificate)


class NamesTests(SynchronousTestCase):
    """Subjects and subject alternative names."""

    def test_both_places(self) -> None:
        """The subject's name and the others count, small letters, once each."""
        found = names("POOL.example.com", "pool.example.com", "fe1.example.com", "192.0.2.5")
        self.assertEqual(found, ("pool.example.com", "fe1.example.com", "192.0.2.5"))

    def test_stars(self) -> None:
        """A star counts in the alternative name, never in the subject."""
        self.assertEqual(names("*.example.com", "*.example.net"), ("*.example.net",))
        self.assertEqual(names("", "*", "a.*.example.com", "*b.example.com"), ())

    def test_subjects_that_are_no_hosts(self) -> None:
        """A person's or a product's name proves nothing."""
        for common in ("Ada Example", "gateway", "192.0.2.5", "a..example.com", "-a.example.com/x"):
            self.assertEqual(names(common), (), common)

    def test_sip_domains(self) -> None:
        """A SIP URI without a user names a domain (RFC 5922 §7.1)."""
        found = names("", "sip:example.com", "sip:ada@example.org", "https://example.net")
        self.assertEqual(found, ("example.com",))

    def test_bounded(self) -> None:
        """A certificate with a thousand names is looked at so far and no further."""
        self.assertEqual(len(names("", *(f"h{n}.example.com" for n in range(1000)))), MOST_NAMES)

    def test_described(self) -> None:
        """People read who it is for and who made it, on one line."""
        made = AUTHORITY.issue("um.example.com").certificate
        self.assertEqual(
            (subject_of(made), issuer_of(made)), ("um.example.com", "Example Authority")
        )
        odd = AUTHORITY.issue("a\nb\x1b[31m" + "x" * 40).certificate
        self.assertTrue(subject_of(odd).isprintable())
        self.assertEqual(len(fingerprint_of(made).split(":")), 32)
        self.assertEqual(subject_of(AUTHORITY.issue("").certificate), "nobody")

    def test_names_that_are_no_text(self) -> None:
        """A certificate whose names cannot be read proves nothing, and breaks nothing."""
        made = AUTHORITY.issue("QQQQ", self_signed=True)
        for text in (b"\x16\x04\xff\xff\xff\xff", b"\x03\x04\x00QQQ"):
            odd = x509.load_der_x509_certificate(spoilt(made, b"\x0c\x04QQQQ", text))
            self.assertEqual(names_of(odd), ())
            self.assertEqual((subject_of(odd), issuer_of(odd)), ("nobody", "nobody"))
