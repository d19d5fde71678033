"""Finding the description in a SIP body."""

from __future__ import annotations

import base64

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.multipart import (
    MAX_DEPTH,
    MAX_FIELDS_OCTETS,
    MAX_PARTS,
    UnreadableBody,
    find_sdp,
)

SDP = b"v=0\r\ns=-\r\n"
MIXED = "multipart/mixed;boundary=b"


def parts(*each: tuple[str, bytes], boundary: str = "b") -> bytes:
    """A multipart body of (fields, content)."""
    made = [f"--{boundary}\r\n{fields}\r\n\r\n".encode() + content for fields, content in each]
    return b"\r\n".join([*made, f"--{boundary}--\r\n".encode()])


class FindingTests(SynchronousTestCase):
    """Where it may be."""

    def test_plain(self) -> None:
        """A body that is one, by any spelling of its type, or without a type at all."""
        for kind in (
            "application/sdp",
            "Application/SDP; charset=utf-8",
            "application / sdp",
            None,
        ):
            self.assertEqual(find_sdp(kind, None, SDP), SDP)
        self.assertEqual(find_sdp("application/sdp", "session", SDP), SDP)

    def test_nothing(self) -> None:
        """No body, and a body that may be passed over, are no description and no fault."""
        self.assertIsNone(find_sdp("application/sdp", None, b" \r\n"))
        self.assertIsNone(find_sdp("text/plain", "render;handling=optional", b"hello"))

    def test_beside_signalling(self) -> None:
        """ISUP beside it, as gateways send it, is passed over, before or behind."""
        isup = (
            "Content-Type: application/isup;version=x\r\nContent-Disposition: signal",
            b"\1\2\r\n--x",
        )
        sdp = ("Content-Type: application/sdp", SDP)
        for body in (parts(isup, sdp), parts(sdp, isup), b"preamble\r\n" + parts(isup, sdp, sdp)):
            self.assertEqual(find_sdp(MIXED, None, body), SDP)
        self.assertIsNone(find_sdp(MIXED, None, parts(isup)))
        self.assertIsNone(
            find_sdp(MIXED, None, parts(("Content-Type: text/plain", b"x"), ("X", b"y")))
        )

    def test_boundaries(self) -> None:
        """Quoted boundaries, bare line feeds, blanks behind a delimiter, a missing end."""
        body = parts(("Content-Type: application/sdp", SDP), boundary="a b:=?")
        self.assertEqual(find_sdp('multipart/mixed; boundary="a b:=?"', None, body), SDP)
        body = b"--b \t\nContent-Type: application/sdp\n\nv=0\n"
        self.assertEqual(find_sdp(MIXED, None, body), b"v=0\n")
        self.assertIsNone(find_sdp(MIXED, None, b"--b\r\n--b--"))

    def test_encodings(self) -> None:
        """Base64 and quoted-printable parts are decoded; folded fields are read."""
        for encoding, content in (
            ("base64", base64.encodebytes(SDP)),
            ("Quoted-Printable", b"v=3D0\r\ns=\r\n=3D-\r\n"),
            ("BINARY", SDP),
        ):
            fields = f"Content-Type:\r\n application/sdp\r\nContent-Transfer-Encoding: {encoding}"
            self.assertEqual(find_sdp(MIXED, None, parts((fields, content))), SDP, encoding)

    def test_nested(self) -> None:
        """Multipart in multipart is searched, as deep as anybody would go."""
        body, kind = parts(("Content-Type: application/sdp", SDP)), "multipart/mixed;boundary=b"
        for depth in range(MAX_DEPTH + 2):
            if depth < MAX_DEPTH:
                self.assertEqual(find_sdp(kind, None, body), SDP, depth)
            else:
                with self.assertRaisesRegex(UnreadableBody, "too deep"):
                    find_sdp(kind, None, body)
            body = parts((f"Content-Type: {kind}", body), boundary=f"c{depth}")
            kind = f"multipart/mixed;boundary=c{depth}"

    def test_alternative(self) -> None:
        """Of alternatives the last that is understood counts; the others are not missed."""
        kind = "multipart/alternative;boundary=b"
        sdp = ("Content-Type: application/sdp", SDP)
        odd = ("Content-Type: text/x\r\nContent-Disposition: y;handling=required", b"x")
        plain = ("Content-Type: text/plain", b"x")
        self.assertEqual(find_sdp(kind, None, parts(sdp, plain, odd)), SDP)
        with self.assertRaisesRegex(UnreadableBody, "no alternative"):
            find_sdp(kind, None, parts(odd, plain))


class RefusalTests(SynchronousTestCase):
    """What must be refused, and how."""

    def refused(self, kind: str | None, disposition: str | None, body: bytes) -> int:
        with self.assertRaises(UnreadableBody) as caught:
            find_sdp(kind, disposition, body)
        self.assertTrue(caught.exception.why)
        return caught.exception.status

    def test_another_type(self) -> None:
        """A body of another type, and a part that must be understood, are 415."""
        self.assertEqual(self.refused("text/plain", None, b"hello"), 415)
        self.assertEqual(self.refused(None, None, b"hello"), 415)
        self.assertEqual(self.refused("application/sdp", "weird", SDP), 415)
        self.assertEqual(self.refused("application/sdp", "x;handling=REQUIRED", SDP), 415)
        odd = ("Content-Type: application/x\r\nContent-Disposition: signal;handling=required", b"x")
        self.assertEqual(
            self.refused(MIXED, None, parts(odd, ("Content-Type: application/sdp", SDP))), 415
        )
        for encoding in ("Content-Encoding: gzip", "Content-Transfer-Encoding: x"):
            fields = f"Content-Type: application/sdp\r\n{encoding}\r\nContent-Disposition: session"
            self.assertEqual(self.refused(MIXED, None, parts((fields, SDP))), 415)

    def test_broken_base64(self) -> None:
        """A part that cannot be decoded is not understood."""
        fields = "Content-Type: application/sdp\r\nContent-Transfer-Encoding: base64"
        self.assertIsNone(find_sdp(MIXED, None, parts((fields, b"A"))))

    def test_broken_multipart(self) -> None:
        """No boundary, no parts, too many, endless fields: 400."""
        sdp = ("Content-Type: application/sdp", SDP)
        for kind, body in (
            ("multipart/mixed", parts(sdp)),
            ('multipart/mixed;boundary=""', parts(sdp)),
            ("multipart/mixed;boundary=" + "x" * 71, parts(sdp)),
            (MIXED, b"nothing"),
            (MIXED, b"--b--"),
            (MIXED, parts(("X: " + "y" * MAX_FIELDS_OCTETS, b""))),
        ):
            self.assertEqual(self.refused(kind, None, body), 400, kind)
        self.assertEqual(self.refused(MIXED, None, parts(*[sdp] * (MAX_PARTS + 1))), 415)

    @given(
        some.sampled_from(["application/sdp", MIXED, "multipart/alternative; boundary=b"])
        | some.text(max_size=40),
        some.none() | some.text(max_size=30),
        some.lists(
            some.sampled_from(
                [b"--b", b"--b--", b"\r\n", b"\n", b"Content-Type: application/sdp", SDP, b"\xff"]
            ),
            max_size=14,
        ).map(b"".join),
    )
    def test_only_its_own_error(self, kind: str, disposition: str | None, body: bytes) -> None:
        """Whatever comes, there is a description, none, or the one error."""
        try:
            found = find_sdp(kind, disposition, body)
        except UnreadableBody:
            return
        self.assertTrue(found is None or found in body)
