"""The memory of messages, its drawing and its capture file."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.trace import (
    CaptureError,
    TracedMessage,
    TraceMemory,
    ladder,
    read_capture,
    write_capture,
)

A, B = ("192.0.2.1", 5060), ("192.0.2.2", 5062)
INVITE = (
    b"INVITE sip:1001@192.0.2.2 SIP/2.0\r\ni: one@example\r\nCSeq: 1 INVITE\r\n\r\n"
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 0\r\n"
)
RINGING = b"SIP/2.0 180 Ringing\r\nCall-ID: one@example\r\nCSeq: 1 INVITE\r\n\r\n"


def message(time: float, data: bytes, back: bool = False, transport: str = "udp") -> TracedMessage:
    source, destination = (B, A) if back else (A, B)
    return TracedMessage(time, source, destination, transport, data)


class LadderTests(SynchronousTestCase):
    def test_drawing(self) -> None:
        """A person sees who sent what to whom and when."""
        drawn = ladder([message(10.0, INVITE), message(10.25, RINGING, back=True)])
        lines = drawn.splitlines()
        self.assertIn("192.0.2.1:5060", lines[0])
        self.assertIn("192.0.2.2:5062", lines[0])
        self.assertRegex(lines[2], r"^   0\.000 +\|-+ INVITE \(SDP\) -+>\|$")
        self.assertRegex(lines[3], r"^   0\.250 +\|<-+ 180 Ringing \[INVITE\] -+\|$")

    def test_three_parties(self) -> None:
        """A redirected call shows both servers, and no arrow is longer than its way."""
        other = TracedMessage(2.0, A, ("::1", 5062), "tcp", INVITE)
        drawn = ladder([message(1.0, INVITE), other]).splitlines()
        self.assertIn("[::1]:5062", drawn[0])
        self.assertTrue(drawn[3].endswith(">|"))
        self.assertEqual(len(drawn[3]), len(drawn[1]))

    def test_rubbish(self) -> None:
        """Whatever came over the wire can be drawn."""
        drawn = ladder([message(0.0, b"\x00\xff\x1b[31m\r\n\r\n"), message(0.0, b"")])
        self.assertNotIn("\x1b", drawn)
        self.assertEqual(ladder([]), "")


class MemoryTests(SynchronousTestCase):
    def test_bounds(self) -> None:
        """However many calls come, the memory keeps only the newest."""
        memory = TraceMemory(most_calls=2, most_messages=3, most_octets=2000)
        for n in range(5):
            for _ in range(4):
                call = RINGING.replace(b"one", b"call%d" % n)
                memory.note(message(float(n), call + b"x" * 4000))
        self.assertEqual(memory.calls(), ("call3@example", "call4@example"))
        self.assertEqual(len(memory.call("call4@example")), 3)
        self.assertEqual(len(memory.call("call4@example")[0].data), 2000)
        self.assertEqual(memory.call("call0@example"), ())
        memory.forget("call4@example")
        self.assertEqual(len(memory.everything()), 3)

    def test_keys_of_sound(self) -> None:
        """Whoever reads a trace cannot hear the call: keys are crossed out, lengths stay."""
        key = b"d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
        lines = (
            b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
            + key
            + b"|2^20|1:4;inline:"
            + key
            + b"|1:4",
            b"a=crypto:2 AES_CM_128_HMAC_SHA1_80 INLINE:" + key + b" -X=1",
            b"k=base64:" + key,
            b"k=prompt",
        )
        data = b"INVITE sip:1 SIP/2.0\r\nCall-ID: secret\r\n\r\n" + b"\r\n".join(lines)
        memory = TraceMemory()
        memory.note(TracedMessage(0.0, A, B, "udp", data))
        [kept] = memory.call("secret")
        self.assertNotIn(key, kept.data)
        self.assertEqual(len(kept.data), len(data))
        self.assertEqual(kept.data.count(b"x" * len(key)), 4)
        for stays in (b"|2^20|1:4;inline:", b"|1:4\r\n", b" -X=1", b"k=prompt", b"HMAC_SHA1_80 "):
            self.assertIn(stays, kept.data)

    def test_compact_call_id(self) -> None:
        """Both spellings of Call-ID belong to one call."""
        memory = TraceMemory()
        memory.note(message(0.0, INVITE))
        memory.note(message(1.0, RINGING, back=True))
        self.assertEqual(len(memory.call("one@example")), 2)


class CaptureTests(SynchronousTestCase):
    def test_round_trip(self) -> None:
        """What was written to a capture file comes back with times, addresses and bytes."""
        messages = [
            message(1.5, INVITE),
            message(1.75, RINGING, back=True),
            message(2.0, INVITE, transport="tcp"),
            message(2.5, INVITE, transport="tcp"),
            TracedMessage(3.0, ("::1", 1), ("2001:db8::1", 65535), "udp", INVITE),
        ]
        self.assertEqual(read_capture(write_capture(messages)), messages)

    def test_checksums(self) -> None:
        """An analyser finds no wrong checksum: IP and UDP sums over the packet come to zero."""
        data = write_capture([message(0.0, INVITE)])[24 + 16 :]
        pseudo = data[12:20] + b"\0\x11" + (len(data) - 20).to_bytes(2, "big")
        for part in (data[:20], pseudo + data[20:]):
            padded = part + b"\0" * (len(part) % 2)
            total = sum(int.from_bytes(padded[n : n + 2], "big") for n in range(0, len(padded), 2))
            while total >> 16:
                total = (total & 0xFFFF) + (total >> 16)
            self.assertEqual(total, 0xFFFF)

    def test_broken_files(self) -> None:
        """A file that is no capture, or is cut anywhere, is told of or read as far as it goes."""
        self.assertRaises(CaptureError, read_capture, b"")
        self.assertRaises(CaptureError, read_capture, b"x" * 100)
        whole = write_capture([message(0.0, INVITE), message(1.0, b"not sip at all")])
        for size in range(24, len(whole)):
            read_capture(whole[:size])
        self.assertEqual(len(read_capture(whole)), 1)
        self.assertRaises(CaptureError, read_capture, whole[:20] + b"\x09\0\0\0" + whole[24:])
