"""Messages out of a stream, however it is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.parse import MAX_MESSAGE, BadMessage, parse
from umserver.wire.sip.stream import MOST_EMPTY_LINES, StreamBroken, StreamFramer

DETERMINISTIC = settings(derandomize=True, database=None, deadline=None, max_examples=200)
HEAD = (
    b"OPTIONS sip:ada@example.com SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\n"
    b"From: <sip:b@example.com>;tag=1\r\nTo: <sip:a@example.com>\r\n"
    b"Call-ID: x\r\nCSeq: 1 OPTIONS\r\n"
)


def message(length: str | None, body: bytes = b"") -> bytes:
    line = b"" if length is None else f"Content-Length: {length}\r\n".encode()
    return HEAD + line + b"\r\n" + body


BYE = b"BYE sip:a@example.com SIP/2.0\r\nl : 3\r\n\r\nabc"
RINGING = b"SIP/2.0 180 Ringing\r\ncontent-LENGTH:\r\n 0000\r\n\r\n"
BARE = b"BYE sip:a@example.com SIP/2.0\nContent-Length: 2\n\n\r\n"


def outcome(chunks: list[bytes]) -> tuple[list[bytes], int, bool]:
    framer = StreamFramer()
    messages: list[bytes] = []
    for chunk in chunks:
        try:
            messages += framer.feed(chunk)
        except StreamBroken:
            break
    return messages, framer.pongs, framer.is_broken


class FramingTests(SynchronousTestCase):
    def test_many_in_one_reading(self) -> None:
        """Messages that arrive together are told apart, whatever is in their bodies."""
        binary = message("13", b"\0\r\n\r\nSIP/2.0 ")
        framer = StreamFramer()
        self.assertEqual(framer.feed(BYE + RINGING + BARE + binary), [BYE, RINGING, BARE, binary])
        self.assertEqual(framer.feed(b""), [])
        self.assertEqual(framer.feed(BYE), [BYE])
        self.assertFalse(framer.is_broken)

    def test_one_in_many_readings(self) -> None:
        """A message that arrives octet by octet comes out once, when it is whole."""
        framer = StreamFramer()
        for octet in BYE[:-1]:
            self.assertEqual(framer.feed(bytes([octet])), [])
        self.assertEqual(framer.feed(BYE[-1:]), [BYE])

    def test_pings(self) -> None:
        """Two empty lines between messages want one back, a single one is the answer to ours."""
        framer = StreamFramer()
        framer.feed(b"\r\n")
        self.assertEqual(framer.pongs, 0)
        framer.feed(b"\r")
        framer.feed(b"\n")
        self.assertEqual(framer.pongs, 1)
        framer.feed(b"\r\n\r\n" + BYE + b"\r\n")
        self.assertEqual(framer.pongs, 2)
        framer.feed(BYE + b"\r\n\r\n\n\n")
        self.assertEqual(framer.pongs, 4)

    def test_pings_without_end(self) -> None:
        """A call of two hours is kept alive every five seconds; a flood ends the stream."""
        framer = StreamFramer()
        for _ in range(7200 // 5):
            framer.feed(b"\r\n\r\n")
        self.assertEqual(framer.feed(BYE), [BYE])
        self.assertEqual(framer.feed(b"\r\n" * MOST_EMPTY_LINES + BYE), [BYE])
        self.assertRaises(StreamBroken, framer.feed, b"\r\n" * (MOST_EMPTY_LINES + 1) + BYE)
        self.assertEqual(framer.pongs, 7200 // 5 + MOST_EMPTY_LINES)

    def test_body_that_is_still_missing(self) -> None:
        """A message waits for its whole body (RFC 4475 §3.1.2.2)."""
        framer = StreamFramer()
        self.assertEqual(framer.feed(message("9999", b"v=0\r\n")), [])
        self.assertEqual(len(framer.feed(b"x" * 9994)[0]), len(message("9999")) + 9999)


class BrokenTests(SynchronousTestCase):
    def assertBroken(self, data: bytes, *messages: bytes) -> None:
        framer = StreamFramer()
        if messages:
            self.assertEqual(framer.feed(data), list(messages))
        else:
            self.assertRaises(StreamBroken, framer.feed, data)
        self.assertTrue(framer.is_broken)
        self.assertRaises(StreamBroken, framer.feed, BYE)

    def test_no_sip(self) -> None:
        """Another protocol is noticed in its first line."""
        self.assertBroken(b"GET / HTTP/1.1\r\n")
        self.assertBroken(b"\r\n\r\n\0\0\r\n")
        self.assertBroken(BYE + b"garbage\r\n", BYE)

    def test_length_that_cannot_be_read(self) -> None:
        """Where a message's end cannot be told, it is refused, and the stream is over."""
        for lengths in ("-999", "x", "", "1\r\nContent-Length: 2", "5 5", "9" * 33):
            data = message(lengths, b"body")
            self.assertBroken(BYE + data, BYE, data[:-4])
            self.assertEqual(self.assertRaises(BadMessage, parse, data[:-4]).status, 400, lengths)

    def test_length_beyond_bounds(self) -> None:
        """A message longer than any is refused before it is kept."""
        data = message("65536")
        self.assertBroken(data, data)
        self.assertEqual(self.assertRaises(BadMessage, parse, data).status, 513)
        fits = MAX_MESSAGE - len(message("65000"))
        self.assertEqual(len(StreamFramer().feed(message(str(fits), b"x" * fits))[0]), MAX_MESSAGE)
        self.assertBroken(message(str(fits + 1)), message(str(fits + 1)))

    def test_no_length(self) -> None:
        """Without Content-Length there is no body; if one follows, the stream is over."""
        data = message(None)
        self.assertBroken(data + b"v=0\r\n", data)
        self.assertEqual(outcome([data, data]), ([data, data], 0, False))

    def test_head_without_end(self) -> None:
        """A head that never ends is not kept for ever."""
        framer = StreamFramer()
        framer.feed(HEAD)
        with self.assertRaises(StreamBroken):
            for _ in range(MAX_MESSAGE):
                framer.feed(b"X: " + b"y" * 997)

    def test_line_without_end(self) -> None:
        """A first line that never ends is not kept for ever."""
        self.assertEqual(StreamFramer().feed(b"x" * MAX_MESSAGE), [])
        self.assertBroken(b"x" * (MAX_MESSAGE + 4))


class ChunkTests(SynchronousTestCase):
    @DETERMINISTIC
    @given(
        st.lists(
            st.sampled_from(
                [
                    *(BYE, RINGING, BARE, message("0"), message(None)),
                    *(b"\r\n", b"\r\n\r\n", b"\n", b"\r"),
                    *(message("-1"), message("70000"), b"x\r\n"),
                ]
            ),
            max_size=6,
        ).map(b"".join),
        st.lists(st.integers(0, 400), max_size=8),
    )
    def test_cuts_do_not_matter(self, stream: bytes, cuts: list[int]) -> None:
        """However the network cuts a stream, the same messages come out of it."""
        places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
        chunks = [stream[a:b] for a, b in pairwise(places)]
        self.assertEqual(outcome(chunks), outcome([stream]))

    @DETERMINISTIC
    @given(st.lists(st.binary(max_size=60), max_size=6))
    def test_noise(self, chunks: list[bytes]) -> None:
        """No stream can do more harm than to be closed."""
        self.assertEqual(outcome(chunks)[0], outcome([b"".join(chunks)])[0])
