#!/usr/bin/env python3
"""What TLS costs: handshakes a second, and redirects a second over one connection.

Starts a server of its own in a temporary folder, pinned to one core; the load runs on another. The
certificate is that of `umctl New-UMCertificate` (RSA 2048), the gateway's is on a curve; both sides
check each other, every handshake is a full one. Prints a line a figure: how many went through, and
what each cost the server in time of its core, which other work on the machine does not change much.

    scripts/bench_tls.py [--seconds 5]
"""

from __future__ import annotations

import argparse
import os
import socket
import ssl
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.interop.peers import Server, free_port
from tests.kit.certificates import Authority
from umserver.discover import shipped

HOST = "127.0.0.1"
WINDOW = 32
"""Calls that wait for their answer at the same time."""
MODES = "\n".join(f'[{part}]\num_startup_mode = "Dual"' for part in ("service", "call_router"))


def prepared(folder: Path) -> tuple[Server, int, ssl.SSLContext]:
    """A server that is running, its TLS port, and what a gateway speaks TLS with."""
    port = free_port()
    server = Server(folder / "state", options=(f"--sip-tls={port}", f"--mbx-tls={free_port()}"))
    demo = shipped("demo.toml").read_text("utf-8")
    demo = demo.replace('name = "Demo"', 'name = "Demo"\nvoip_security = "SIPSecured"', 1)
    demo = demo.replace('address = "127.0.0.1"', 'address = "localhost"')
    (folder / "demo.toml").write_text(f"{demo.replace('::1', 'gateway6.invalid')}\n{MODES}\n")
    server.umctl("import", str(folder / "demo.toml"))
    server.umctl("New-UMCertificate", f"um.example.com,{HOST}")
    authority = Authority()
    mine = authority.issue("gateway", ("localhost",)).write(folder, "peer")
    (server.state / "tls" / "authorities.pem").write_bytes(authority.own.pem)
    context = ssl.create_default_context(cafile=str(server.state / "tls" / "certificate.pem"))
    context.load_cert_chain(*mine)
    server.start()
    return server, port, context


def handshakes(port: int, context: ssl.SSLContext, seconds: float) -> float:
    """One after the other, each with a message and its answer."""
    count, begin = 0, time.perf_counter()
    while (spent := time.perf_counter() - begin) < seconds:
        with connected(port, context) as line:
            line.sendall(message("OPTIONS", f"o{count}", line.getsockname()[1]))
            assert line.recv(4096).startswith(b"SIP/2.0 200")
        count += 1
    return count / spent


def redirects(port: int, context: ssl.SSLContext, seconds: float) -> float:
    """Over one connection, a window of calls at a time, acknowledged."""
    with connected(port, context) as line:
        here, count, done, buffer = line.getsockname()[1], 0, 0, b""
        begin = time.perf_counter()
        while (spent := time.perf_counter() - begin) < seconds:
            batch = []
            while count - done < WINDOW:
                batch.append(message("INVITE", f"{begin}-{count}", here))
                count += 1
            line.sendall(b"".join(batch))
            buffer += line.recv(1 << 16)
            *whole, buffer = buffer.split(b"Content-Length: 0\r\n\r\n")
            acks = [acknowledged(one, here) for one in whole if one.startswith(b"SIP/2.0 302")]
            done += len(acks)
            line.sendall(b"".join(acks))
    return done / spent


def connected(port: int, context: ssl.SSLContext) -> ssl.SSLSocket:
    """A connection with its handshake done."""
    line = socket.create_connection((HOST, port), 5)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return context.wrap_socket(line, server_hostname=HOST)


def message(method: str, call: str, here: int, to_tag: str = "") -> bytes:
    """A request of a gateway."""
    ack = method == "ACK"
    lines = [
        f"{method} sip:1001@{HOST} SIP/2.0",
        f"Via: SIP/2.0/TLS {HOST}:{here};branch=z9hG4bK{call}",
        "Max-Forwards: 70",
        f"From: <sip:2125550142@{HOST}>;tag={call}",
        f"To: <sip:1001@{HOST}>{to_tag}",
        f"Call-ID: {call}",
        f"CSeq: 1 {method}",
        *([] if ack else [f"Contact: <sip:2125550142@{HOST}:{here};transport=tls>"]),
        *(["Diversion: <sip:1001@pbx.example.com>;reason=no-answer"] if not ack else []),
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def acknowledged(answer: bytes, here: int) -> bytes:
    """The ACK for a redirect."""
    call = answer.partition(b"Call-ID: ")[2].partition(b"\r\n")[0].decode()
    tag = answer.partition(b"\r\nTo: ")[2].partition(b"\r\n")[0].partition(b";tag=")[2].decode()
    return message("ACK", call, here, f";tag={tag}")


def spent_by(process: int) -> float:
    """Seconds of a core that a process has used."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What TLS costs.")
    parser.add_argument("--seconds", type=float, default=5.0)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="umserver-bench-") as folder:
        server, port, context = prepared(Path(folder))
        try:
            cores = sorted(os.sched_getaffinity(0))
            assert server.process is not None
            os.sched_setaffinity(server.process.pid, cores[:1])
            os.sched_setaffinity(0, cores[-1:])
            for name, work in (("handshake with OPTIONS", handshakes), ("redirect", redirects)):
                before = spent_by(server.process.pid)
                rate = work(port, context, seconds)
                cost = (spent_by(server.process.pid) - before) / (rate * seconds)
                print(f"{name:24}{rate:7.0f} /s{cost * 1e6:9.0f} µs of the core each")
        finally:
            server.stop()


if __name__ == "__main__":
    main()
