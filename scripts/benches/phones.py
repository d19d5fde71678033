"""Telephones by the hundred: call a number, hear its packets, hang up."""

from __future__ import annotations

import select
import socket
import struct
import time

from benches.sip import call_id, invite, later, to_line

_STAMPED = 35
"""SO_TIMESTAMPNS: the kernel says when a packet came, however late we look."""
_RTCP = range(192, 224)
"""Second octet of a report: of a call whose port of sound is one below (RFC 5761 §4)."""
HERE = "127.0.0.1"


class Call:
    """One call."""

    def __init__(self, id: str, caller: int) -> None:
        self.id, self.caller, self.to = id, caller, ""
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((HERE, 0))
        self.rtp.setblocking(False)
        self.rtp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        self.rtp.setsockopt(socket.SOL_SOCKET, _STAMPED, 1)
        self.arrivals: list[float] = []
        self.sequence: list[tuple[int, bytes]] = []
        """Sequence number and SSRC of each, in the order in which they came (RFC 3550, 5.1)."""
        self.sent = time.perf_counter()


class Phones:
    """All of them, with one SIP socket."""

    def __init__(self, port: int, number: str) -> None:
        self.sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sip.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.sip.bind((HERE, 0))
        self.sip.connect((HERE, port))
        self.sip.setblocking(False)
        self.here = self.sip.getsockname()
        self.number, self.uri = number, f"sip:{number}@{HERE}:{port}"
        self.calls: dict[str, Call] = {}
        self.answered: list[float] = []
        """Seconds from INVITE to 200."""
        self.refused: dict[str, int] = {}
        self.over: set[str] = set()
        self._poll = select.epoll()
        self._poll.register(self.sip.fileno(), select.EPOLLIN)
        self._by_file: dict[int, Call] = {}
        self._run, self._count = f"{time.time_ns():x}", 0

    def place(self) -> Call:
        """One more call."""
        self._count += 1
        call = Call(f"{self._run}p{self._count}", self._count % 10_000)
        self.calls[call.id] = call
        self._by_file[call.rtp.fileno()] = call
        self._poll.register(call.rtp.fileno(), select.EPOLLIN)
        rtp = call.rtp.getsockname()[1]
        call.sent = time.perf_counter()
        self.sip.send(invite(call.id, self.uri, self.number, call.caller, self.here, rtp=rtp))
        return call

    def open(self, count: int) -> None:
        """So many calls, answered; a hundred a second."""
        before = len(self.answered)
        for _ in range(count):
            self.place()
            self.listen(0.01)
        until = time.perf_counter() + 10
        while len(self.answered) - before < count and time.perf_counter() < until:
            self.listen(0.05)

    def listen(self, seconds: float) -> None:
        """Hear what comes for so long."""
        until = time.perf_counter() + seconds
        while True:
            left = until - time.perf_counter()
            for file, _ in self._poll.poll(max(0.0, left), 64):
                call = self._by_file.get(file)
                if call is None:
                    self._signalled()
                else:
                    _hear(call)
            if left <= 0:
                return

    def _signalled(self) -> None:
        try:
            while True:
                self._message(self.sip.recv(65536))
        except BlockingIOError:
            pass

    def _message(self, data: bytes) -> None:
        if data.startswith(b"BYE "):
            lines = data.decode().split("\r\n")
            kept = [
                line for line in lines
                if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")
            ]  # fmt: skip
            self.sip.send(
                "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0\r\n\r\n"]).encode()
            )
            return
        call = self.calls.get(call_id(data)) if data.startswith(b"SIP/2.0 ") else None
        status = data[8:11].decode()
        if call is None or status[0] == "1":
            return
        if b" BYE\r\n" in data:
            self.over.add(call.id)
            return
        if not call.to:
            call.to = to_line(data)
            if status == "200":
                self.answered.append(time.perf_counter() - call.sent)
            else:
                self.refused[status] = self.refused.get(status, 0) + 1
        self.sip.send(later("ACK", call.id, self.uri, call.to, call.caller, self.here))

    def hang_up(self, call: Call) -> None:
        """End one call."""
        self._poll.unregister(call.rtp.fileno())
        del self._by_file[call.rtp.fileno()]
        call.rtp.close()
        if call.to:
            self.sip.send(later("BYE", call.id, self.uri, call.to, call.caller, self.here, 2))

    def close(self) -> None:
        """End all."""
        for number, call in enumerate(self.calls.values()):
            if call.rtp.fileno() >= 0:
                self.hang_up(call)
            if number % 20 == 19:
                self.listen(0.02)
        self.listen(1.0)
        self._poll.close()
        self.sip.close()


def _hear(call: Call) -> None:
    try:
        while True:
            data, about, _, _ = call.rtp.recvmsg(2048, 64)
            if data[1] in _RTCP:
                continue
            seconds, nanoseconds = struct.unpack("@ll", about[0][2])
            call.arrivals.append(seconds + nanoseconds * 1e-9)
            call.sequence.append((data[2] << 8 | data[3], data[8:12]))
    except BlockingIOError:
        pass
