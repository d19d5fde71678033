"""What a message's header fields say about its body."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.kit.sip_peer import Peer
from umserver.wire.sip.body import read_sdp, sdp_of, wants_other_than_sdp
from umserver.wire.sip.message import Request
from umserver.wire.sip.multipart import UnreadableBody
from umserver.wire.sip.parse import parse


class BodyTests(SynchronousTestCase):
    def request(self, body: bytes, kind: str = "", *headers: tuple[str, str]) -> Request:
        data = Peer().request("INVITE", 1, body=body, kind=kind or "?", headers=headers)
        read = parse(data if kind else data.replace(b"Content-Type: ?\r\n", b""))
        assert isinstance(read, Request)
        return read

    def test_plain(self) -> None:
        """A body is SDP by its type, or when nothing is said."""
        self.assertEqual(sdp_of(self.request(b"v=0", "application/sdp")), b"v=0")
        self.assertEqual(sdp_of(self.request(b"v=0")), b"v=0")
        self.assertIsNone(sdp_of(self.request(b"x", "text/plain")))
        self.assertIsNone(sdp_of(self.request(b"\r\n", "application/sdp")))

    def test_multipart(self) -> None:
        """The first SDP part of a multipart counts; without one, end or boundary there is none."""
        kind = 'multipart/mixed; charset=x; boundary="b"'
        isup = b"--b\r\nContent-Type: application/ISUP\r\n\r\n\x00\x01\r\n"
        sdp = b"--b\r\nContent-Length: 3\r\nc: application/sdp;x=y\r\n\r\nv=0\r\n"
        self.assertEqual(sdp_of(self.request(isup + sdp + b"--b--\r\n", kind)), b"v=0")
        self.assertIsNone(sdp_of(self.request(isup + b"--b--\r\n" + sdp, kind)))
        self.assertIsNone(sdp_of(self.request(isup, kind)))
        self.assertIsNone(sdp_of(self.request(isup + sdp, "multipart/mixed")))
        self.assertIsNone(read_sdp(self.request(isup, kind)))

    def test_encoded(self) -> None:
        """A packed body is refused with what would be read, unless it may be passed over."""
        packed = ("Content-Encoding", "gzip")
        request = self.request(b"v=0", "application/sdp", packed)
        self.assertIsNone(sdp_of(request))
        with self.assertRaises(UnreadableBody) as caught:
            read_sdp(request)
        self.assertEqual(caught.exception.headers, (("Accept-Encoding", "identity"),))
        optional = ("Content-Disposition", "session; Handling = optional")
        self.assertIsNone(read_sdp(self.request(b"v=0", "application/sdp", packed, optional)))

    def test_what_is_wanted(self) -> None:
        """An Accept that allows session descriptions in any way is fine."""
        for accept, other in (
            ("application/sdp", False),
            ("text/plain, application/*;q=0.1", False),
            ("*/*", False),
            ("text/plain", True),
            ("", True),
        ):
            request = self.request(b"v=0", "application/sdp", ("Accept", accept))
            self.assertEqual(wants_other_than_sdp(request), other, accept)
        self.assertFalse(wants_other_than_sdp(self.request(b"v=0")))
