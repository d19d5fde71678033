"""What is said to a mail server, without a server: the talk as a list of effects."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.edges.mail.letters import outgoing
from umserver.edges.mail.login import Login
from umserver.edges.mail.smtp.effects import (
    Close,
    Delivered,
    Effect,
    Failed,
    Send,
    SendBody,
    StartTls,
)
from umserver.edges.mail.smtp.handover import Handover, Step
from umserver.edges.mail.smtp.paths import BadPath, path
from umserver.edges.mail.smtp.stuffing import Stuffing
from umserver.edges.mail.smtp.terms import Security, Terms

TERMS = Terms("mail.example.com:25", "um.example.com")
REPLIES = [b"220 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n"]


def sent(effects: list[Effect]) -> bytes:
    """The octets among them."""
    return b"".join(effect.data for effect in effects if isinstance(effect, Send))


def outcomes(effects: list[Effect]) -> list[Effect]:
    """The decisions among them."""
    return [effect for effect in effects if isinstance(effect, Delivered | Failed)]


class HandoverTests(SynchronousTestCase):
    """One mail."""

    def talk(self, terms: Terms = TERMS, *, safe: bool = False, steps: int = 99) -> Handover:
        """A talk after so many answers; 99 is up to the end of the text."""
        core = Handover(terms, outgoing(), safe)
        core.connected(0.0)
        for reply in REPLIES[:steps]:
            core.receive(reply, 0.0)
        while steps == 99 and core.step is Step.BODY:
            core.more(0.0)
        return core

    def test_whole_talk(self) -> None:
        """A mail that is taken is delivered once, and the talk ends politely."""
        core = self.talk()
        effects = core.receive(b"250 kept\r\n", 1.0)
        self.assertEqual(effects, [Delivered(), Send(b"QUIT\r\n")])
        self.assertEqual(core.receive(b"221 bye\r\n", 2.0), [Close()])
        self.assertIsNone(core.deadline)

    def test_text_waits_for_its_turn(self) -> None:
        """Nothing of the text leaves before the server asked for it."""
        core = self.talk(steps=4)
        self.assertEqual(core.more(0.0), [])
        self.assertEqual(core.receive(REPLIES[4], 0.0), [SendBody()])
        self.assertIn(b"lunch", sent(core.more(0.0)))

    def test_answers_cut_anywhere(self) -> None:
        """How the answers are cut into packets does not matter."""
        core = Handover(TERMS, outgoing(), False)
        core.connected(0.0)
        said = b""
        for octet in b"220-a\r\n220 b\r\n250-x\r\n250 SIZE 99999\r\n":
            said += sent(core.receive(bytes([octet]), 0.0))
        self.assertTrue(said.startswith(b"EHLO um.example.com\r\nMAIL FROM:"))

    def test_lost_at_every_step(self) -> None:
        """A connection that breaks anywhere before the verdict means later, said once."""
        for steps in (0, 1, 2, 3, 4, 5, 99):
            core = self.talk(steps=steps)
            effects = core.lost("hung up")
            self.assertEqual(
                outcomes(effects), [Failed(False, "mail.example.com:25 hung up")], steps
            )
            self.assertEqual(core.lost("again"), [])

    def test_lost_after_the_verdict(self) -> None:
        """Once the mail is theirs, a broken farewell changes nothing."""
        core = self.talk()
        core.receive(b"250 kept\r\n", 1.0)
        self.assertEqual(outcomes(core.lost("hung up")), [])

    def test_silent_farewell(self) -> None:
        """Nobody waits long for a farewell."""
        core = self.talk()
        core.receive(b"250 kept\r\n", 100.0)
        self.assertEqual(core.deadline, 105.0)
        self.assertEqual(core.wake(105.0), [Close()])

    def test_patience_is_for_the_whole_answer(self) -> None:
        """A server that drips an answer line by line gets no more time."""
        core = self.talk(steps=1)
        before = core.deadline
        for number in range(50):
            core.receive(b"250-x\r\n", float(number))
        self.assertEqual(core.deadline, before)
        self.assertEqual(core.wake(119.0), [])
        self.assertEqual(len(outcomes(core.wake(120.0))), 1)

    def test_slow_line(self) -> None:
        """A long text on a slow line has time, as long as it moves."""
        core = self.talk(steps=5)
        core.more(170.0)
        self.assertEqual(core.wake(200.0), [])
        self.assertEqual(core.deadline, 350.0)

    def test_no_login_where_others_listen(self) -> None:
        """Without TLS no password leaves for another machine, whatever the server offers."""
        terms = evolve(TERMS, login=Login("um", "correct horse"))
        core = self.talk(terms, steps=1)
        effects = core.receive(b"250-x\r\n250 AUTH PLAIN\r\n", 0.0)
        self.assertEqual(sent(effects), b"QUIT\r\n")
        self.assertIn("without TLS", str(outcomes(effects)))

    def test_offers_before_tls_are_forgotten(self) -> None:
        """What was offered before TLS does not count after it."""
        terms = evolve(TERMS, security=Security.STARTTLS)
        core = self.talk(terms, steps=1)
        core.receive(b"250-x\r\n250-SIZE 99999\r\n250 STARTTLS\r\n", 0.0)
        self.assertEqual(core.receive(b"220 go\r\n", 0.0), [StartTls()])
        self.assertEqual(sent(core.secured(0.0)), b"EHLO um.example.com\r\n")
        self.assertNotIn(b"SIZE", sent(core.receive(b"250 x\r\n", 0.0)))

    def test_words_before_the_handshake_ends(self) -> None:
        """A server that speaks between STARTTLS and TLS is not believed."""
        terms = evolve(TERMS, security=Security.STARTTLS)
        core = self.talk(terms, steps=1)
        core.receive(b"250-x\r\n250 STARTTLS\r\n", 0.0)
        core.receive(b"220 go\r\n", 0.0)
        self.assertIn("out of turn", str(outcomes(core.receive(b"250 x\r\n", 0.0))))

    @settings(max_examples=150, deadline=None)
    @given(
        st.lists(
            st.sampled_from([*REPLIES, b"451 x\r\n", b"550 x\r\n", b"334 x\r\n"]) | st.binary()
        )
    )
    def test_any_server(self, answers: list[bytes]) -> None:
        """Whatever a server says, nothing breaks and there is at most one decision."""
        core = Handover(evolve(TERMS, login=Login("um", "secret")), outgoing(), True)
        effects = core.connected(0.0)
        for answer in answers:
            effects += core.receive(answer, 0.0)
            effects += core.more(0.0)
        effects += core.lost("gone")
        self.assertEqual(len(outcomes(effects)), 1)
        self.assertEqual(effects.count(Close()), 1)


class PathTests(SynchronousTestCase):
    """Addresses on the wire."""

    def test_good(self) -> None:
        """Usual, quoted and international ones, and address literals."""
        for address, written in {
            "ada@example.com": ("ada@example.com", False),
            "o'neil+um@example.com": ("o'neil+um@example.com", False),
            '"a b"@example.com': ('"a b"@example.com', False),
            "a@[192.0.2.1]": ("a@[192.0.2.1]", False),
            "a@münchen.example": ("a@xn--mnchen-3ya.example", False),
            "chloé@example.com": ("chloé@example.com", True),
        }.items():
            self.assertEqual(path(address), written)

    def test_bad(self) -> None:
        """Nothing that could end the brackets or the line."""
        for address in (
            "",
            "a",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a>@b",
            "a@b>",
            "a\r\n@b",
            '"a\r\n"@b',
            "a@b\n",
            "a@-b",
            "a@" + "b" * 300,
            "a@\u200b",
        ):
            self.assertRaises(BadPath, path, address)


class StuffingTests(SynchronousTestCase):
    """The text on the wire."""

    @settings(max_examples=150, deadline=None)
    @given(st.lists(st.sampled_from([b"a", b".", b"\r", b"\n", b"\r\n", b"x" * 40_000])))
    def test_any_text(self, parts: list[bytes]) -> None:
        """Every line end is CRLF, no line is a lone dot, and undoing it gives the lines back."""
        text = b"".join(parts)
        stuffing, pieces = Stuffing(text), []
        while piece := stuffing.next():
            pieces.append(piece)
        wire = b"".join(pieces)
        lines = wire.split(b"\r\n")
        self.assertNotIn(b".", lines)
        self.assertFalse(any(b"\r" in line or b"\n" in line for line in lines))
        undone = [line.removeprefix(b".") for line in lines]
        plain = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self.assertEqual(undone[: len(plain)], plain)
        self.assertEqual(lines[-1], b"")
