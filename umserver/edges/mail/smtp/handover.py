"""Handing one mail to a server by SMTP or LMTP: what is said, and what the answers mean.

No I/O, no clock.

Knows: RFC 5321 (SMTP), 2033 (LMTP), 1870 (SIZE), 3207 (STARTTLS), 4954 (AUTH), 6152 (8BITMIME),
6531 (SMTPUTF8). Must never know: sockets, TLS libraries, logs. Times are seconds on any steady
scale.

Whose fault a refusal is decides what becomes of the message. A 5xx to MAIL, RCPT, DATA or the text
is meant for this mail and is permanent. A 5xx before that, or one that complains of our login or
our commands, is for the operator to mend: the message waits.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from attrs import define, field

from umserver.edges.mail.login import Script
from umserver.edges.mail.smtp.effects import (
    BodySent,
    Close,
    Delivered,
    Effect,
    Failed,
    Send,
    SendBody,
    StartTls,
)
from umserver.edges.mail.smtp.paths import BadPath, path
from umserver.edges.mail.smtp.replies import NotMail, Replies, Reply
from umserver.edges.mail.smtp.stuffing import Stuffing
from umserver.edges.mail.smtp.terms import Security, Terms
from umserver.org.messages import OutgoingMail

GREETING_SECONDS = 60.0
"""Also for a TLS handshake."""
COMMAND_SECONDS = 120.0
BODY_SECONDS = 180.0
"""For each piece of the text to leave (RFC 5321 §4.5.3.2.5)."""
VERDICT_SECONDS = 600.0
"""After the text: whoever gives up earlier risks a second copy (RFC 5321 §4.5.3.2.6)."""
QUIT_SECONDS = 5.0

REFUSES_US = frozenset({500, 502, 503, 521, 530, 534, 535, 538})
"""Codes that speak of our commands, our login or the host, wherever they come."""


class Step(Enum):
    """What is awaited."""

    GREETING = "greeting"
    HELLO = "hello"
    OLD_HELLO = "old hello"
    STARTTLS = "starttls"
    HANDSHAKE = "handshake"
    AUTH = "auth"
    MAIL = "mail"
    RECIPIENT = "recipient"
    DATA = "data"
    BODY = "body"
    VERDICT = "verdict"
    QUIT = "quit"
    OVER = "over"


@define(eq=False)
class Handover:
    """One connection for one mail."""

    terms: Terms
    mail: OutgoingMail
    safe: bool
    """Whether nobody can listen: TLS from the start, a UNIX socket, loopback."""
    step: Step = field(init=False, default=Step.GREETING)
    deadline: float | None = field(init=False, default=None)
    """When `wake` has to be called."""
    _replies: Replies = field(init=False, factory=Replies)
    _offers: dict[str, str] = field(init=False, factory=dict)
    _secured: bool = field(init=False, default=False)
    _answers: list[bytes] = field(init=False, factory=list)
    _recipient: str = field(init=False, default="")
    _body: Stuffing = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._body = Stuffing(self.mail.data)

    # what happens to it

    def connected(self, now: float) -> list[Effect]:
        """The connection stands; the server speaks first."""
        return self._await(Step.GREETING, now, GREETING_SECONDS)

    def receive(self, data: bytes, now: float) -> list[Effect]:
        """Octets from the server."""
        effects: list[Effect] = []
        try:
            self._replies.feed(data)
            while self.step is not Step.OVER and (reply := self._replies.next()) is not None:
                effects += self._turn(reply, now)
        except NotMail as fault:
            effects += self._give_up(f"does not speak mail: {fault}")
        return effects

    def secured(self, now: float) -> list[Effect]:
        """TLS stands; everything is asked anew (RFC 3207 §4.2)."""
        if self.step is not Step.HANDSHAKE:
            return []
        self.safe = self._secured = True
        return self._hello(now)

    def more(self, now: float) -> list[Effect]:
        """There is room for a piece of the text."""
        if self.step is not Step.BODY:
            return []
        if piece := self._body.next():
            self.deadline = now + BODY_SECONDS
            return [Send(piece)]
        return [Send(b".\r\n"), BodySent(), *self._await(Step.VERDICT, now, VERDICT_SECONDS)]

    def wake(self, now: float) -> list[Effect]:
        """The deadline may have come."""
        if self.deadline is None or now < self.deadline:
            return []
        return self._give_up(f"did not answer in time ({self.step.value})")

    def lost(self, why: str) -> list[Effect]:
        """The connection is gone."""
        return self._give_up(why)

    # the talk

    def _turn(self, reply: Reply, now: float) -> list[Effect]:
        turns: dict[Step, Callable[[Reply, float], list[Effect]]] = {
            Step.GREETING: self._greeted,
            Step.HELLO: self._introduced,
            Step.OLD_HELLO: self._introduced_the_old_way,
            Step.STARTTLS: self._may_secure,
            Step.AUTH: self._questioned,
            Step.MAIL: self._sender_taken,
            Step.RECIPIENT: self._recipient_taken,
            Step.DATA: self._may_send,
            Step.BODY: self._interrupted,
            Step.VERDICT: self._judged,
            Step.QUIT: lambda reply, now: self._close(),
        }
        turn = turns.get(self.step)
        return turn(reply, now) if turn else self._give_up("speaks out of turn")

    def _greeted(self, reply: Reply, now: float) -> list[Effect]:
        if reply.code != 220:
            return self._refused("takes no mail from here", reply, now, ours=True)
        return self._hello(now)

    def _hello(self, now: float) -> list[Effect]:
        verb = "LHLO" if self.terms.lmtp else "EHLO"
        return self._say(f"{verb} {self.terms.helo}", Step.HELLO, now)

    def _introduced(self, reply: Reply, now: float) -> list[Effect]:
        if reply.code in (500, 501, 502, 504, 550) and self._plain_will_do():
            return self._say(f"HELO {self.terms.helo}", Step.OLD_HELLO, now)
        if not reply.accepts:
            return self._refused("refuses our name", reply, now, ours=True)
        offers = [line.upper().replace("AUTH=", "AUTH ").partition(" ") for line in reply.lines[1:]]
        self._offers = {word: rest for word, _, rest in offers}
        if self.terms.security is Security.STARTTLS and not self._secured:
            if "STARTTLS" not in self._offers:
                return self._stop("offers no STARTTLS, which the settings ask for", now)
            return self._say("STARTTLS", Step.STARTTLS, now)
        return self._log_in(now) if self.terms.login else self._name_sender(now)

    def _plain_will_do(self) -> bool:
        """A server from before 1995 may be spoken to without extensions (RFC 5321 §3.2)."""
        wants_more = self.terms.login or self.terms.security is Security.STARTTLS
        return not (self.terms.lmtp or wants_more)

    def _introduced_the_old_way(self, reply: Reply, now: float) -> list[Effect]:
        if not reply.accepts:
            return self._refused("refuses our name", reply, now, ours=True)
        return self._name_sender(now)

    def _may_secure(self, reply: Reply, now: float) -> list[Effect]:
        if reply.code != 220:
            return self._refused("refuses STARTTLS", reply, now, ours=True)
        if self._replies.pending:
            return self._give_up("sent something between STARTTLS and TLS; that may be an attack")
        return [StartTls(), *self._await(Step.HANDSHAKE, now, GREETING_SECONDS)]

    def _log_in(self, now: float) -> list[Effect]:
        assert self.terms.login is not None
        if not self.safe:
            return self._stop("gets no login over a connection without TLS", now)
        script = self.terms.login.script(self._offers.get("AUTH", "").split())
        if script is None:
            return self._stop("offers no way to log in that fits the settings", now)
        return self._begin(script, now)

    def _begin(self, script: Script, now: float) -> list[Effect]:
        self._answers = list(script.answers)
        first = b" " + script.first if script.first else b""
        line = b"AUTH " + script.mechanism.encode() + first + b"\r\n"
        return [Send(line), *self._await(Step.AUTH, now, COMMAND_SECONDS)]

    def _questioned(self, reply: Reply, now: float) -> list[Effect]:
        """Only the number of a refusal is told on: its text may repeat what was sent."""
        if reply.code == 334 and self._answers:
            return [
                Send(self._answers.pop(0) + b"\r\n"),
                *self._await(Step.AUTH, now, COMMAND_SECONDS),
            ]
        if not reply.accepts:
            user = self.terms.login.user if self.terms.login else ""
            return self._stop(f"refuses the login of {user} ({reply.number})", now)
        return self._name_sender(now)

    def _name_sender(self, now: float) -> list[Effect]:
        try:
            sender, odd = path(self.mail.sender) if self.mail.sender else ("", False)
            self._recipient, odder = path(self.mail.recipient)
        except BadPath as fault:
            return self._stop(f"was not asked: {fault}", now, permanent=True)
        most = self._offers.get("SIZE", "").strip()
        if most.isdecimal() and 0 < int(most[:18]) < self._body.size:
            words = f"takes no mail of more than {most} octets; this one has {self._body.size}"
            return self._stop(words, now, permanent=True)
        if (odd or odder) and "SMTPUTF8" not in self._offers:
            return self._stop("takes no addresses with other than ASCII letters", now)
        size = f" SIZE={self._body.size}" if "SIZE" in self._offers else ""
        utf8 = " SMTPUTF8" if odd or odder else ""
        eight = " BODY=8BITMIME" if "8BITMIME" in self._offers and not self._body.is_ascii else ""
        return self._say(f"MAIL FROM:<{sender}>{size}{utf8}{eight}", Step.MAIL, now)

    def _sender_taken(self, reply: Reply, now: float) -> list[Effect]:
        if not reply.accepts:
            return self._refused("refuses the sender", reply, now)
        return self._say(f"RCPT TO:<{self._recipient}>", Step.RECIPIENT, now)

    def _recipient_taken(self, reply: Reply, now: float) -> list[Effect]:
        if not reply.accepts:
            return self._refused("refuses the recipient", reply, now)
        return self._say("DATA", Step.DATA, now)

    def _may_send(self, reply: Reply, now: float) -> list[Effect]:
        if reply.code != 354:
            return self._refused("refuses the message", reply, now)
        self._await(Step.BODY, now, BODY_SECONDS)
        return [SendBody()]

    def _interrupted(self, reply: Reply, now: float) -> list[Effect]:
        """An answer before the end of the text; the rest of it cannot be taken back."""
        if reply.code >= 400:
            return [self._failure("refuses the message", reply), *self._close()]
        return self._give_up("accepts a message that was not whole yet")

    def _judged(self, reply: Reply, now: float) -> list[Effect]:
        """One recipient, so LMTP too gives one answer (RFC 2033 §4.2)."""
        if not reply.accepts:
            return self._refused("refuses the message", reply, now)
        return [Delivered(), *self._quit(now)]

    # ends

    def _say(self, line: str, step: Step, now: float) -> list[Effect]:
        return [Send(line.encode() + b"\r\n"), *self._await(step, now, COMMAND_SECONDS)]

    def _await(self, step: Step, now: float, seconds: float) -> list[Effect]:
        self.step, self.deadline = step, now + seconds
        return []

    def _failure(self, doing: str, reply: Reply, *, ours: bool = False) -> Failed:
        permanent = reply.code >= 500 and not ours and reply.code not in REFUSES_US
        return Failed(permanent, f"{self.terms.server} {doing}: {reply.words}")

    def _refused(self, doing: str, reply: Reply, now: float, *, ours: bool = False) -> list[Effect]:
        return [self._failure(doing, reply, ours=ours), *self._quit(now)]

    def _stop(self, why: str, now: float, *, permanent: bool = False) -> list[Effect]:
        return [Failed(permanent, f"{self.terms.server} {why}"), *self._quit(now)]

    def _quit(self, now: float) -> list[Effect]:
        return [Send(b"QUIT\r\n"), *self._await(Step.QUIT, now, QUIT_SECONDS)]

    def _close(self) -> list[Effect]:
        self.step, self.deadline = Step.OVER, None
        return [Close()]

    def _give_up(self, why: str) -> list[Effect]:
        """Nothing more can be said on this connection."""
        decided = self.step in (Step.QUIT, Step.OVER)
        failed = [] if decided else [Failed(False, f"{self.terms.server} {why}")]
        return [*failed, *self._close()] if self.step is not Step.OVER else []
