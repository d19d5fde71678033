"""The health probe: what it prints and how it exits."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from twisted.internet.defer import Deferred

from tests.kit.house import sound_of
from tests.kit.two_ends import TwoEnds
from umserver.edges.net.phone import Phone
from umserver.edges.net.softphone.probe import (
    CRITICAL,
    OK,
    UNKNOWN,
    WARNING,
    Verdict,
    arguments,
    check,
    main,
)
from umserver.edges.net.softphone.script import clip_of
from umserver.org.refusals import Refusal
from umserver.wire.audio import tones


class Probe(TwoEnds):
    """The check on a stage."""

    greeting = ("greeting", "beep")

    def setUp(self) -> None:
        super().setUp()
        self.server.offered = self.greet

    def greet(self, phone: Phone) -> None:
        """Answer after a moment and say what this story wants."""
        self.phones.append(phone)
        sounds = {"greeting": sound_of("hello"), "beep": tones.beep(), "silence": tones.silence(1)}
        clips = [clip_of(name, sounds[name]) for name in self.greeting]

        def take() -> None:
            phone.answer().addCallback(lambda _: phone.play(clips))

        self.stage.callLater(0.1, take)

    def check(self, *words: str) -> Verdict:
        """Run the check to its end."""
        options = arguments(["-p", str(self.port), *words])
        engine = self.engine(range(33_600, 33_800), 6) if options.mode == "call" else None
        began = self.stage.seconds()
        done = Deferred.fromCoroutine(check(self.softphone(engine), options))
        verdict = self.stage.run_until(done, 100.0)
        self.assertLessEqual(self.stage.seconds() - began, options.timeout + 0.1)
        return verdict

    def test_alive(self) -> None:
        """A server that answers OPTIONS is OK, with the time it took as performance data."""
        for transport in ("udp", "tcp"):
            verdict = self.check("-T", transport, "-w", "1", "-c", "2", "-t", "5")
            self.assertEqual(verdict.state, OK)
            self.assertTrue(verdict.line.startswith("SIP OK - 200 OK from 127.0.0.1 in "))
            self.assertIn("| time=0.000s;1.000;2.000;0.000;5.000", verdict.line)

    def test_out_of_service(self) -> None:
        """A server that answers 503 is CRITICAL."""
        self.server.available = False
        verdict = self.check()
        self.assertEqual(verdict.state, CRITICAL)
        self.assertIn("503", verdict.line)

    def test_dead(self) -> None:
        """A server that says nothing is CRITICAL within the time-out."""
        self.port = 9
        for mode in ("options", "call"):
            verdict = self.check(mode, "-t", "4")
            self.assertEqual(verdict.state, CRITICAL)
            self.assertIn("no answer", verdict.line)

    def test_a_call(self) -> None:
        """A call that is greeted with speech and a beep is OK, and is hung up."""
        verdict = self.check("call", "-t", "9")
        self.assertEqual(verdict.state, OK, verdict.line)
        self.assertIn("greeting and beep heard", verdict.line)
        self.assertRegex(verdict.line, r"time=0\.1\d\ds;;;0\.000;9\.000 greeting=\d\.\d\ds beeps=1")
        self.stage.walk(1.0)
        self.assertEqual(self.phones[0].over, "peer")

    def test_slow(self) -> None:
        """An answer slower than the thresholds is WARNING or CRITICAL."""
        self.assertEqual(self.check("call", "-w", "0.05").state, WARNING)
        self.assertEqual(self.check("call", "-w", "0.01", "-c", "0.05").state, CRITICAL)

    def test_no_beep(self) -> None:
        """A greeting without a beep, a beep without a greeting, and silence are CRITICAL."""
        for greeting, words in (
            (("greeting",), "no beep"),
            (("silence",), "no beep"),
            (("silence", "beep"), "no greeting"),
        ):
            self.greeting = greeting
            verdict = self.check("call", "-t", "6")
            self.assertEqual(verdict.state, CRITICAL)
            self.assertIn(words, verdict.line)

    def test_refused(self) -> None:
        """A call that is refused is CRITICAL and says with what."""
        self.server.offered = lambda phone: phone.refuse(Refusal(404, "Not Found", 15004, "no"))
        verdict = self.check("call")
        self.assertEqual(verdict.state, CRITICAL)
        self.assertIn("1001 does not answer: 404 Not Found", verdict.line)

    def test_hung_up_on(self) -> None:
        """A call that ends before the beep is CRITICAL at once."""
        self.server.offered = lambda phone: phone.answer().addCallback(
            lambda _: self.stage.callLater(1.0, phone.hang_up)
        )
        verdict = self.check("call", "-t", "30")
        self.assertEqual(verdict.state, CRITICAL)
        self.assertIn("the call ended (peer)", verdict.line)

    def test_the_line_is_one_line(self) -> None:
        """What a server says cannot break the output's form."""
        self.assertEqual(Verdict(OK, "a|b", ("x=1",)).line, "SIP OK - a/b | x=1")

    def test_wrong_usage(self) -> None:
        """Whatever was not checked is UNKNOWN: mistakes, help, version."""
        for words in (["nonsense"], ["-p", "70000"], ["-t", "0"], ["-w", "x"], ["-h"], ["-V"]):
            out = io.StringIO()
            with redirect_stdout(out):
                ended = self.assertRaises(SystemExit, main, words)
            self.assertEqual(ended.code, UNKNOWN, words)
            self.assertTrue(out.getvalue())
