"""A very small IMAP server on a stage: it logs in, selects, idles, and says what a test wants.

Knows: lines of RFC 3501, RFC 2177. Must never know: mailboxes, umserver.
"""

from __future__ import annotations

from base64 import b64decode

from attrs import define, field
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

from tests.kit.stage import Stage


class Talk(LineReceiver):
    """One connection."""

    def __init__(self, server: TinyImap) -> None:
        self.server = server
        self.idling = b""
        self.logging_in = b""
        self.user = ""

    def connectionMade(self) -> None:
        self.server.talks.append(self)
        if self.server.greets:
            self.sendLine(b"* OK ready")
        elif self.transport is not None:
            self.transport.loseConnection()

    def connectionLost(self, reason: object = None) -> None:
        self.server.talks.remove(self)

    def lineReceived(self, line: bytes) -> None:
        if self.logging_in:
            self._answer(line)
            return
        if line == b"DONE":
            tag, self.idling = self.idling, b""
            self.server.done += 1
            self.sendLine(tag + b" OK done")
            return
        tag, _, rest = line.partition(b" ")
        word = rest.split(b" ")[0].upper()
        self.server.heard.append(rest)
        if word == b"CAPABILITY":
            self.sendLine(b"* CAPABILITY IMAP4rev1 " + self.server.abilities)
            self.sendLine(tag + b" OK done")
        elif word == b"AUTHENTICATE":
            self.logging_in = tag
            self.sendLine(b"+ ")
        elif word == b"IDLE":
            self.idling = tag
            self.sendLine(b"+ idling")
        elif word == b"STARTTLS":
            self.sendLine(tag + b" OK begin" + self.server.after_starttls)
        else:
            self.sendLine(tag + b" OK done")

    def _answer(self, line: bytes) -> None:
        tag, said = self.logging_in, b64decode(line)
        self.server.logins.append(said)
        if self.server.refusal and line:
            self.sendLine(b"+ " + self.server.refusal)
            return
        self.logging_in = b""
        self.user = said.decode().partition("\0")[0]
        self.sendLine(tag + (b" NO wrong" if self.server.refusal else b" OK in"))


@define(eq=False)
class TinyImap:
    """The server."""

    stage: Stage
    abilities: bytes = b"AUTH=PLAIN IDLE"
    greets: bool = True
    after_starttls: bytes = b""
    """What somebody else says behind the answer to STARTTLS."""
    refusal: bytes = b""
    """What is said to a login that is refused, as a question (base64)."""
    talks: list[Talk] = field(init=False, factory=list)
    heard: list[bytes] = field(init=False, factory=list)
    logins: list[bytes] = field(init=False, factory=list)
    done: int = field(init=False, default=0)
    """How often an idling connection was ended properly."""
    port: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        factory = Factory.forProtocol(lambda: Talk(self))
        listening = self.stage.listenTCP(0, factory, interface="127.0.0.1")
        self.port = listening.getHost().port

    def idlers(self) -> list[str]:
        """Whose mailboxes have a connection that idles."""
        return sorted(talk.user for talk in self.talks if talk.idling)

    def tell(self, user: str, line: bytes) -> None:
        """Something happens in this mailbox."""
        for talk in self.talks:
            if talk.idling and talk.user == user:
                talk.sendLine(line)

    def hang_up(self) -> None:
        """Every connection breaks."""
        for talk in list(self.talks):
            assert talk.transport is not None
            talk.transport.abortConnection()  # type: ignore[attr-defined]
