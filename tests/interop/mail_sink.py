"""A mail server in a thread of its own that can be absent first and there later."""

from __future__ import annotations

import socket
import threading

from attrs import define, field

from tests.interop.peers import free_port


@define(eq=False)
class MailSink:
    """Accepts every mail by SMTP (RFC 5321) and keeps it."""

    port: int = field(factory=free_port)
    received: list[bytes] = field(factory=list)
    _listener: socket.socket | None = None

    def start(self) -> None:
        """Begin to listen."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.close()

    def _accept(self) -> None:
        assert self._listener is not None
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as lines:

            def say(text: str) -> None:
                lines.write(text.encode() + b"\r\n")
                lines.flush()

            say("220 sink.example.com ESMTP")
            for line in lines:
                verb = line[:4].upper()
                if verb in (b"EHLO", b"LHLO"):
                    say("250 sink.example.com")
                elif verb == b"DATA":
                    say("354 go on")
                    mail = b"".join(iter(lines.readline, b".\r\n"))
                    self.received.append(mail)
                    say("250 kept")
                elif verb == b"QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 ok")
