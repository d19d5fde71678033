"""SIP over TCP, in every way that octets can be cut."""

from __future__ import annotations

import socket

from tests.interop.picky.caller import Caller
from tests.interop.picky.standing import PickyCase, part


class StreamTests(PickyCase):
    """Framing and connections."""

    def options(self, caller: Caller, number: int, **how: object) -> str:
        """The text of one OPTIONS."""
        return caller.text("OPTIONS", number=number, dialog=False, **how)  # type: ignore[arg-type]

    def answered(self, caller: Caller, count: int) -> None:
        """Exactly these OPTIONS have been answered with 200."""
        heard = [caller.final("OPTIONS") for _ in range(count)]
        self.assertEqual([m.status for m in heard], [200] * count)
        numbers = [int(m.header("CSeq").split()[0]) for m in heard]
        self.assertEqual(numbers, list(range(1, count + 1)))

    def test_octet_by_octet(self) -> None:
        """A whole call sent one octet at a time is a call."""
        caller = self.caller(transport="tcp")
        for octet in caller.text("INVITE", number=1, body=caller.sdp()).encode():
            caller.sock.send(bytes([octet]))
        caller.cseq, caller._invite = 1, (1, "")
        caller.take(caller.final("INVITE"))
        for octet in caller.text("ACK", number=1).encode():
            caller.sock.send(bytes([octet]))
        self.assertEqual(caller.bye().status, 200)

    def test_many_messages_in_one_segment(self) -> None:
        """A hundred OPTIONS in one write: a hundred answers, in order."""
        caller = self.caller(transport="tcp")
        caller.send("".join(self.options(caller, n) for n in range(1, 101)))
        self.answered(caller, 100)

    def test_cuts_at_every_place(self) -> None:
        """Two messages cut anywhere: two answers each time."""
        for cut in range(1, 700, 37):
            caller = self.caller(transport="tcp")
            both = self.options(caller, 1) + self.options(caller, 2)
            caller.send(both[:cut])
            caller.kept = caller.listen(0.005)
            caller.send(both[cut:])
            self.answered(caller, 2)
            caller.close()

    def test_bodies_between(self) -> None:
        """Bodies with blank lines and things that look like messages do not confuse it."""
        caller = self.caller(transport="tcp")
        body = "\r\n\r\nOPTIONS sip:x SIP/2.0\r\n\r\n"
        caller.send("".join(self.options(caller, n, body=body, kind="text/x") for n in (1, 2, 3)))
        self.answered(caller, 3)

    def test_no_length(self) -> None:
        """Without Content-Length a message on a stream has no body, or is refused with 400."""
        caller = self.caller(transport="tcp")
        caller.send(self.options(caller, 1, changes={"Content-Length": None}))
        self.assertIn(caller.final("OPTIONS").status, (200, 400))

    def test_a_giant_length(self) -> None:
        """A Content-Length of 4 GB is refused at once (413, 400 or 513) and the stream closed."""
        for length in ("4294967296", "65536", "9" * 30, "-1", "x"):
            caller = self.caller(transport="tcp")
            caller.send(self.options(caller, 1, changes={"Content-Length": length}))
            self.assertIn(caller.final("OPTIONS").status, (400, 413, 513), length)
            caller.listen(1.0)
            self.assertTrue(caller.closed_by_server, length)

    def test_two_lengths(self) -> None:
        """Two lengths that differ may be a trick to smuggle a message in: 400, closed."""
        caller = self.caller(transport="tcp")
        text = self.options(caller, 1).replace("Content-Length:", "l: 700\r\nContent-Length:")
        caller.send(text + self.options(caller, 2))
        self.assertEqual(caller.final("OPTIONS").status, 400)
        caller.listen(1.0)
        self.assertTrue(caller.closed_by_server)

    def test_headers_without_end(self) -> None:
        """A megabyte of header fields: the connection is closed, nothing is kept."""
        caller = self.caller(transport="tcp")
        caller.sock.settimeout(2)
        try:
            caller.send("OPTIONS sip:x SIP/2.0\r\n")
            for _ in range(1000):
                caller.send("X-Noise: " + "n" * 1000 + "\r\n")
        except OSError:
            pass
        try:
            caller.listen(1.0)
        except OSError:
            caller.closed_by_server = True
        self.assertTrue(caller.closed_by_server)

    def test_rubbish(self) -> None:
        """Something that is not SIP closes the connection."""
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n", b"hello\r\n\r\n"):
            caller = self.caller(transport="tcp")
            caller.send(data)
            caller.listen(1.0)
            self.assertTrue(caller.closed_by_server, data)

    def test_pings(self) -> None:
        """Two empty lines are answered with one; more of them between messages do no harm."""
        caller = self.caller(transport="tcp")
        caller.send(b"\r\n\r\n")
        caller.sock.settimeout(2)
        self.assertEqual(caller.sock.recv(10), b"\r\n")
        caller.send("\r\n\r\n\r\n" + self.options(caller, 1) + "\r\n\r\n" + self.options(caller, 2))
        self.answered(caller, 2)

    def test_the_call_survives_its_connection(self) -> None:
        """The connection goes, another comes: BYE there is 200."""
        caller = self.caller(transport="tcp")
        caller.call()
        caller.sock.close()
        caller.sock = socket.create_connection(caller.target, 5, ("127.0.0.1", 0))
        self.assertEqual(caller.bye().status, 200)

    def test_half_closed(self) -> None:
        """Who closes its half after an OPTIONS still gets the answer, or a clean end."""
        caller = self.caller(transport="tcp")
        caller.send(self.options(caller, 1))
        caller.sock.shutdown(socket.SHUT_WR)
        statuses = [m.status for m in caller.listen(1.0)]
        self.assertIn(statuses, ([200], []))
        self.assertTrue(caller.closed_by_server)

    def test_a_reset_in_the_middle(self) -> None:
        """Connections torn down at any place leave none behind."""
        before = part(self.server, "mbx")["tcp_connections"]
        for cut in range(0, 800, 40):
            caller = self.caller(transport="tcp")
            text = caller.text("INVITE", number=1, body=caller.sdp())
            caller.send(text[: min(cut, len(text) - 1)])
            caller.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            caller.close()
        after = self.caller()
        after.listen(0.3)
        self.assertLessEqual(part(self.server, "mbx")["tcp_connections"], before)

    def test_a_reader_who_does_not_read(self) -> None:
        """A peer that asks and never reads is cut off before it costs memory; others are served."""
        deaf = self.caller(transport="tcp")
        deaf.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sock.settimeout(1)
        try:
            for n in range(1, 30001):
                deaf.send(self.options(deaf, n))
        except OSError:
            pass
        other = self.caller()
        other.request("OPTIONS", dialog=False)
        self.assertEqual(other.final("OPTIONS").status, 200)

    def test_one_transaction_on_two_transports(self) -> None:
        """A call over TCP and one over UDP with the same branch are two calls."""
        first, second = self.caller(transport="tcp"), self.caller()
        first.call(branch="z9hG4bKsame")
        second.call(branch="z9hG4bKsame")
