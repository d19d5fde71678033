"""The command `call`: arguments, files, and what its exit code says."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from twisted.internet.defer import Deferred

from tests.kit.media import clip
from tests.kit.two_ends import TwoEnds
from umserver.edges.net.ladder import main as draw
from umserver.edges.net.phone import Phone
from umserver.edges.net.softphone import Order
from umserver.edges.net.softphone.call import (
    COMPLETED,
    NO_ANSWER,
    REFUSED,
    USAGE,
    UsageFault,
    main,
    order_from,
    parser,
    run,
    script_from,
)
from umserver.edges.net.softphone.script import clip_of
from umserver.edges.net.softphone.secure import Security, security_from
from umserver.org.refusals import Refusal
from umserver.wire.audio import tones
from umserver.wire.audio.wav import g711_wav, read_wav
from umserver.wire.trace import read_capture, write_capture


class CallCommand(TwoEnds):
    """The command on a stage."""

    def setUp(self) -> None:
        super().setUp()
        self.out, self.err = io.StringIO(), io.StringIO()
        self.server.offered = self.take
        self.heard = b""

    def take(self, phone: Phone) -> None:
        """Answer, beep after a second, keep what is said."""
        self.phones.append(phone)
        phone.answer().addCallback(lambda _: self.listen_to(phone))

    def listen_to(self, phone: Phone) -> None:
        """The call stands."""
        self.said = self.take_of(phone)
        self.stage.callLater(1.0, phone.play, [clip_of("beep", tones.beep())])

    def call(self, *words: str) -> int:
        """Run the command to its end; its exit code."""
        options = parser().parse_args([*words, f"sip:1001@127.0.0.1:{self.port}"])
        phone = self.softphone(self.engine(range(33_400, 33_600), 6))
        with redirect_stderr(self.err), redirect_stdout(self.out):
            work = run(phone, options, order_from(options), script_from(options))
            return self.stage.run_until(Deferred.fromCoroutine(work), 200.0)

    def wav(self, seconds: float) -> str:
        """A file with something to say."""
        path = self.folder() / "say.wav"
        path.write_bytes(g711_wav("PCMU", clip(seconds).encoded["PCMU"]))
        return str(path)

    def test_speaks_and_records(self) -> None:
        """It waits for the beep, says the file, presses keys, and writes what it heard."""
        heard, pcap = self.folder() / "heard.wav", self.folder() / "call.pcap"
        code = self.call(
            "--play", self.wav(2.0), "--digits", "1#", "--record", str(heard), "--ladder",
            "--pcap", str(pcap),
        )  # fmt: skip
        self.assertEqual(code, COMPLETED)
        self.assertGreater(len(self.said.sound), 15_000)
        self.assertGreater(len(read_wav(heard.read_bytes())), 3000)
        self.assertIn("INVITE (SDP)", self.out.getvalue())
        titles = [message.title for message in read_capture(pcap.read_bytes())]
        self.assertEqual(titles[0], "INVITE (SDP)")
        told = self.err.getvalue()
        for words in ("answered after", "beep heard", "speaking for 2.0 s", "pressing #", "over"):
            self.assertIn(words, told)

    def test_encrypted(self) -> None:
        """It can want encrypted sound, and says what came of it."""
        self.server.station.keys_over_plain_sip = True
        for way, words in (
            ("sdes", "sound by AES_CM_128_HMAC_SHA1_80"),
            ("best-effort", "sound by AES_CM_128_HMAC_SHA1_80"),
            ("dtls", "sound by DTLS-SRTP"),
        ):
            self.assertEqual(self.call("--srtp", way, "--seconds", "1"), COMPLETED)
            self.assertIn(words, self.err.getvalue())
        self.server.station.keys_over_plain_sip = False
        self.server.offered = lambda phone: phone.answer().addErrback(lambda refused: None)
        self.assertEqual(self.call("--srtp", "sdes"), REFUSED)

    def test_quiet(self) -> None:
        """With --quiet nothing is printed at all."""
        self.assertEqual(self.call("--quiet", "--seconds", "2"), COMPLETED)
        self.assertEqual((self.out.getvalue(), self.err.getvalue()), ("", ""))

    def test_refused(self) -> None:
        """A refusal is exit code 1, and is told with the reason that the server gives."""
        why = Refusal(404, "Not Found", 15004, "nobody has the number 1001")
        self.server.offered = lambda phone: phone.refuse(why)
        self.assertEqual(self.call(), REFUSED)
        told = "no call: 404 Not Found: nobody has the number 1001\n"
        self.assertTrue(self.err.getvalue().endswith(told))

    def test_no_answer(self) -> None:
        """A phone that rings for too long is exit code 3, and nothing is left ringing."""
        self.server.offered = lambda phone: self.phones.append(phone) or phone.ring()
        self.assertEqual(self.call("--ring", "10"), NO_ANSWER)
        self.assertEqual(self.phones[0].over, "cancel")

    def test_nobody_there(self) -> None:
        """A server that says nothing is exit code 3 when the time to ring is over, and told."""
        began = self.stage.seconds()
        self.port = 9
        self.assertEqual(self.call("--ring", "5"), NO_ANSWER)
        self.assertLess(self.stage.seconds() - began, 5.1)
        self.assertIn("nothing came back: does a server listen there?", self.err.getvalue())

    def test_nowhere_to_send(self) -> None:
        """Where nothing could be sent, nobody is said to be silent."""
        self.port = "9;transport=sctp"  # type: ignore[assignment]
        self.assertEqual(self.call(), NO_ANSWER)
        self.assertTrue(self.err.getvalue().endswith("no call: transport sctp is not spoken\n"))

    def test_a_file_that_cannot_be_written(self) -> None:
        """A place that cannot be written to is told in words."""
        self.assertEqual(self.call("--seconds", "1", "--record", "/nowhere/x.wav"), USAGE)
        self.assertIn("/nowhere/x.wav: No such file", self.err.getvalue())


class Arguments(TwoEnds):
    """What people type."""

    def order(self, *words: str) -> Order:
        """The order of these arguments."""
        return order_from(parser().parse_args(list(words)))

    def test_addresses(self) -> None:
        """`sip:` may be left out, and a port and a transport may be given."""
        self.assertEqual(str(self.order("1001@127.0.0.1").uri), "sip:1001@127.0.0.1")
        tcp = self.order("sip:1001@[::1]:5070", "--transport", "tcp").uri
        self.assertEqual(str(tcp), "sip:1001@[::1]:5070;transport=tcp")
        for bad in ("tel:+1", "sips:", "sip:", "sip:a b@c", "http://x"):
            self.assertRaises(UsageFault, self.order, bad)

    def test_tls(self) -> None:
        """Certificates matter where TLS is asked for, by either kind of URI, and nowhere else."""
        words = ("--certificate", "a.pem", "--tls-name", "um.example.com", "--insecure")
        for uri, asked in (
            ("sips:a@b", True),
            ("sip:a@b;transport=tls", True),
            ("sip:a@b;transport=tcp", False),
        ):
            options = parser().parse_args([uri, *words])
            security = security_from(options, order_from(options).uri)
            self.assertEqual(security is not None, asked)
        by_option = parser().parse_args(["a@b", "--transport", "tls", *words])
        self.assertEqual(
            security_from(by_option, order_from(by_option).uri),
            Security("a.pem", "", "", "um.example.com", False),
        )

    def test_who_forwarded(self) -> None:
        """What follows the address of a diversion belongs to the header."""
        order = self.order(
            "1@h", "--diversion", "sip:1001@pbx;reason=no-answer", "--diversion", "1002",
            "--identity", "2125550142", "--from", "2125550143", "--header", "X-A: b: c",
            "--codec", "PCMA", "--forgetful",
        )  # fmt: skip
        self.assertEqual(
            order.headers,
            (
                ("Diversion", "<sip:1001@pbx>;reason=no-answer"),
                ("Diversion", "<tel:1002>"),
                ("P-Asserted-Identity", "<sip:2125550142@h>"),
                ("X-A", "b: c"),
            ),
        )
        self.assertEqual(str(order.from_), "<sip:2125550143@h>")
        self.assertEqual((order.codecs, order.forgetful), (("PCMA",), True))

    def test_mistakes(self) -> None:
        """Each mistake is exit code 2 with a line that says what is wrong."""
        text = self.folder() / "no.wav"
        text.write_text("no sound")
        for words, said in (
            (["1@h", "--digits", "1x"], "'X' is no key"),
            (["1@h", "--play", "/nowhere.wav"], "/nowhere.wav: No such file"),
            (["1@h", "--play", str(text)], str(text)),
            (["1@h", "--header", "nocolon"], "nocolon"),
            (["1@h", "--from", "<<"], "no address"),
            ([""], "no SIP URI"),
        ):
            err = io.StringIO()
            with redirect_stderr(err):
                ended = self.assertRaises(SystemExit, main, words)
            self.assertEqual(ended.code, USAGE)
            self.assertIn(said, err.getvalue())
            self.assertEqual(err.getvalue().count("\n"), 1)
        with redirect_stderr(io.StringIO()):
            self.assertEqual(self.assertRaises(SystemExit, main, []).code, USAGE)

    def test_ladder_command(self) -> None:
        """`ladder` draws a capture file and says so when there is nothing to draw."""
        call, _, _ = self.talk()
        call.hang_up()
        self.stage.walk(1.0)
        file = self.folder() / "x.pcap"
        file.write_bytes(write_capture(self.trace.everything()))
        for words, code, said in (
            ([str(file)], 0, "BYE"),
            ([str(file), "--call", "other"], 1, ""),
            (["/nowhere"], 2, ""),
            ([str(Path(__file__))], 2, ""),
        ):
            out = io.StringIO()
            with redirect_stdout(out), redirect_stderr(io.StringIO()):
                ended = self.assertRaises(SystemExit, draw, words)
            self.assertEqual(ended.code, code)
            self.assertIn(said, out.getvalue())
