"""A mail server on loopback that can be told what to answer: SMTP or LMTP, TLS, logins."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, cast

from attrs import define, field
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.ssl import CertificateOptions, PrivateCertificate
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure


def certificate(*names: str) -> tuple[CertificateOptions, bytes]:
    """A server's certificate for these names or addresses, signed by itself, and its PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    kinds = [
        x509.IPAddress(ip_address(n)) if n.replace(".", "").isdigit() else x509.DNSName(n)
        for n in names
    ]
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(kinds), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    pem = made.public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return PrivateCertificate.loadPEM(secret + pem).options(), pem


@define(eq=False, repr=False)
class MailServer(Factory):
    """Keeps what it was given; `answers` replaces the answer to a verb or a state."""

    lmtp: bool = False
    offers: tuple[str, ...] = ("SIZE 50000000", "8BITMIME", "SMTPUTF8")
    offers_secured: tuple[str, ...] = ("SIZE 50000000",)
    """After STARTTLS."""
    answers: dict[str, str | None] = field(factory=dict)
    """By verb, also `greeting`, `text`, `quiet` …; None says nothing at all."""
    tls: CertificateOptions | None = None
    logins: dict[str, str] = field(factory=dict)
    mails: list[tuple[str, str, bytes]] = field(factory=list)
    """Sender, recipient and text, dots undone."""
    said: list[str] = field(factory=list)
    """Every command line."""
    raw: list[bytes] = field(factory=list)
    """Every octet of texts as it came."""
    before_verdict: Callable[[], None] = lambda: None
    dead_after_text: bool = False
    """Takes the mail and dies before it says so."""
    silent: set[str] = field(factory=set)
    """Where it said nothing."""
    open: list[Deferred[None]] = field(factory=list)

    def buildProtocol(self, addr: object) -> Session:
        """One connection."""
        return Session(self)

    def all_closed(self) -> Deferred[Any]:
        """Fires when no connection is left."""
        return gatherResults(self.open)

    @property
    def verbs(self) -> list[str]:
        """The first words of all commands."""
        return [line.partition(" ")[0].upper() for line in self.said]


class Session(LineReceiver):
    """One connection to a MailServer."""

    MAX_LENGTH = 100_000

    def __init__(self, server: MailServer) -> None:
        self.server = server
        self.closed: Deferred[None] = Deferred()
        self.reading = False
        self.secured = False
        self.asking: list[str] = []
        self.text: list[bytes] = []
        self.sender = self.recipient = ""

    def connectionMade(self) -> None:
        """Greet."""
        self.server.open.append(self.closed)
        self.say("greeting", "220 mail.example.com ready")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Say so to those who wait."""
        self.closed.callback(None)

    def say(self, key: str, usual: str) -> None:
        """Answer as told, or as usual."""
        words = self.server.answers.get(key, usual)
        if words is None:
            self.server.silent.add(key)
        else:
            self.transport.write("".join(f"{w}\r\n" for w in words.split("\n")).encode())

    def lineReceived(self, line: bytes) -> None:
        """A command, an answer to a question, or a line of text."""
        if self.reading:
            self.read(line)
        elif self.asking:
            self.ask(line.decode())
        else:
            self.server.said.append(line.decode())
            verb, _, rest = line.decode().partition(" ")
            getattr(self, f"do_{verb.upper()}", self.unknown)(rest)

    def unknown(self, rest: str) -> None:
        """No such command."""
        self.say("unknown", "500 what?")

    def do_EHLO(self, name: str) -> None:
        """Introduce."""
        offers = self.server.offers_secured if self.secured else self.server.offers
        lines = ["mail.example.com", *offers]
        text = "\n".join(f"250-{line}" for line in lines[:-1]) + f"\n250 {lines[-1]}"
        self.say("EHLO", text.removeprefix("\n"))

    def do_LHLO(self, name: str) -> None:
        """Introduce, for LMTP."""
        if self.server.lmtp:
            self.do_EHLO(name)
        else:
            self.unknown(name)

    def do_HELO(self, name: str) -> None:
        """Introduce the old way."""
        self.say("HELO", "250 mail.example.com")

    def do_STARTTLS(self, rest: str) -> None:
        """Begin TLS."""
        self.say("STARTTLS", "220 go ahead")
        if (self.server.answers.get("STARTTLS") or "220").startswith("220"):
            self.secured = True
            cast(Any, self.transport).startTLS(self.server.tls)

    def do_AUTH(self, rest: str) -> None:
        """Log in."""
        mechanism, _, first = rest.partition(" ")
        if mechanism == "LOGIN":
            self.asking = ["LOGIN"]
            self.say("334", "334 VXNlcm5hbWU6")
            return
        words = b64decode(first).decode()
        if mechanism == "PLAIN":
            _, user, secret = words.split("\0")
        else:
            user = words.split("\x01")[0].removeprefix("user=")
            secret = words.split("\x01")[1].removeprefix("auth=Bearer ")
            if self.server.logins.get(user) != secret:
                self.asking = ["XOAUTH2"]
                self.say("334", "334 eyJzdGF0dXMiOiI0MDEifQ==")
                return
        self.judge(user, secret, first)

    def ask(self, line: str) -> None:
        """The client's answer to a 334."""
        self.asking.append(line)
        if self.asking[0] == "XOAUTH2":
            self.asking = []
            self.judge("", "no", line)
        elif len(self.asking) == 3:
            user, secret = (b64decode(part).decode() for part in self.asking[1:])
            self.asking = []
            self.judge(user, secret, line)
        else:
            self.say("334", "334 UGFzc3dvcmQ6")

    def judge(self, user: str, secret: str, sent: str) -> None:
        """Whether the login is right; a refusal rudely repeats what was sent."""
        if self.server.logins.get(user) == secret:
            self.say("AUTH", "235 welcome")
        else:
            self.say("AUTH", f"535 5.7.8 bad login {sent} {secret}")

    def do_MAIL(self, rest: str) -> None:
        """Sender."""
        self.sender = rest[rest.index("<") + 1 : rest.index(">")]
        self.say("MAIL", "250 ok")

    def do_RCPT(self, rest: str) -> None:
        """Recipient."""
        self.recipient = rest[rest.index("<") + 1 : rest.index(">")]
        self.say("RCPT", "250 ok")

    def do_DATA(self, rest: str) -> None:
        """The text follows."""
        self.say("DATA", "354 go on")
        self.reading = self.server.answers.get("DATA", "354") == "354"
        if self.server.answers.get("early"):
            self.say("early", "")

    def do_QUIT(self, rest: str) -> None:
        """The end."""
        self.say("QUIT", "221 bye")
        self.transport.loseConnection()

    def read(self, line: bytes) -> None:
        """A line of text."""
        self.server.raw.append(line)
        if line != b".":
            self.text.append(line.removeprefix(b"."))
            return
        self.reading = False
        text = b"".join(t + b"\r\n" for t in self.text)
        self.text = []
        if (self.server.answers.get("text") or "250").startswith("250"):
            self.server.mails.append((self.sender, self.recipient, text))
        self.server.before_verdict()
        if self.server.dead_after_text:
            cast(Any, self.transport).abortConnection()
        else:
            self.say("text", "250 kept")
