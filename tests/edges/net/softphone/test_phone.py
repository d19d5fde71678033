"""The telephone that people, tests and probes call with."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from twisted.internet.defer import Deferred

from tests.kit.house import sound_of
from tests.kit.media import clip
from tests.kit.raw_sip import Raw, RawPeer, sdp
from tests.kit.two_ends import TwoEnds, watch
from umserver.edges.net.phone import Phone
from umserver.edges.net.softphone import BeepSpotter, CallFailed, Ear, Order
from umserver.edges.net.softphone.script import (
    BadKeys,
    Script,
    beep,
    checked_keys,
    clip_of,
    perform,
)
from umserver.interfaces import Clip, RedirectTarget
from umserver.org.refusals import Refusal
from umserver.wire.audio import g711, tones
from umserver.wire.audio.pcm import Pcm
from umserver.wire.sip.uri import Uri


class CallTests(TwoEnds):
    """Placing calls."""

    def decide(self, verdict: Callable[[Phone], object]) -> None:
        """Do this with every call that is offered."""
        self.offered = verdict  # type: ignore[method-assign]
        self.server.offered = verdict

    def test_refused(self) -> None:
        """A refused call fails with status and reason, for everyone who asks, also later."""
        self.decide(lambda phone: phone.refuse(Refusal(486, "Busy Here", 15000, "busy")))
        call = self.dial()
        for _ in range(2):
            fault = watch(call.answered).faults[0]
            assert isinstance(fault, CallFailed)
            self.assertEqual((fault.status, fault.reason), (486, "Busy Here"))
        self.assertEqual(self.successResultOf(call.ended), "refused")

    def test_redirects_are_followed(self) -> None:
        """A redirect is followed with all headers; the best server comes first."""

        def verdict(phone: Phone) -> None:
            self.phones.append(phone)
            if phone.facts.route_token is None:
                good = RedirectTarget(self.host, self.port, "udp", "good", 0.9)
                worse = RedirectTarget(self.host, 9, "udp", "worse", 0.1)
                phone.redirect([worse, good])
            else:
                phone.answer()

        self.decide(verdict)
        call = self.dial("5000", headers=(("Diversion", "<sip:1001@example.com>"),))
        self.stage.run_until(call.answered, 5.0)
        facts = self.phones[1].facts
        self.assertEqual((facts.route_token, facts.called.user), ("good", "5000"))
        self.assertEqual(facts.diversions[0].party.user, "1001")
        self.assertEqual(call.status, 200)

    def test_forgetful(self) -> None:
        """A forgetful phone drops who forwarded when it follows, and nothing else."""

        def verdict(phone: Phone) -> None:
            self.phones.append(phone)
            if len(self.phones) == 1:
                phone.redirect([RedirectTarget(self.host, self.port, "udp", "t")])
            else:
                phone.answer()

        self.decide(verdict)
        headers = (("Diversion", "<sip:1001@a>"), ("X-Own", "kept"))
        call = self.dial(headers=headers, forgetful=True)
        self.stage.run_until(call.answered, 5.0)
        second = self.phones[1].request
        self.assertEqual((second.headers.get("diversion"), second.headers.get("x-own")),
                         (None, "kept"))  # fmt: skip

    def test_redirected_for_ever(self) -> None:
        """Servers that send a call round in circles are given up on."""
        self.decide(
            lambda phone: phone.redirect([RedirectTarget(self.host, self.port, "udp", "t")])
        )
        call = self.dial()
        self.stage.walk(2.0)
        fault = watch(call.answered).faults[0]
        self.assertIn("too many redirects", str(fault))

    def test_the_next_server(self) -> None:
        """When the best server is down the next one is asked."""

        def verdict(phone: Phone) -> None:
            token = phone.facts.route_token
            if token is None:
                targets = [("dead", 1.0), ("full", 0.7), ("good", 0.4)]
                phone.redirect(
                    [
                        RedirectTarget(
                            self.host, 9 if name == "dead" else self.port, "udp", name, q
                        )
                        for name, q in targets
                    ]
                )
            elif token == "full":
                phone.refuse(Refusal(503, "Service Unavailable", 15010, "full", 30))
            else:
                phone.answer()

        self.decide(verdict)
        call = self.dial()
        self.stage.run_until(call.answered, 60.0)

    def test_nobody_there(self) -> None:
        """A server that says nothing at all is 408 after half a minute."""
        call = self.caller.place(Order(uri=self.uri(port=9)))
        outcome = watch(call.answered)
        self.stage.walk(31.0)
        self.assertEqual(outcome.fired, 0)
        self.stage.walk(3.0)
        self.assertEqual(str(outcome.faults[0]), "408 Request Timeout: nothing came back")

    def test_no_connection(self) -> None:
        """Over TCP a closed port is said at once."""
        call = self.caller.place(Order(uri=self.uri(transport="tcp", port=9)))
        self.stage.walk(1.0)
        fault = watch(call.answered).faults[0]
        self.assertEqual(str(fault), "503 Service Unavailable: there is no connection")

    def test_what_cannot_be_called(self) -> None:
        """Unknown transports, names without address and missing hosts fail at once, in words."""
        for uri, words in (
            (self.uri().with_param("transport", "sctp"), "sctp"),
            (Uri("sip", "x", "no-such-host.invalid"), ""),
            (Uri("sip", "x", "::1"), "no way"),
        ):
            call = self.caller.place(Order(uri=uri))
            self.stage.settle()
            fault = watch(call.answered).faults[0]
            assert isinstance(fault, CallFailed)
            self.assertEqual(fault.status, 0)
            self.assertIn(words, str(fault))
            self.assertEqual(self.successResultOf(call.ended), "error")
            self.assertEqual(watch(call.hang_up()).fired, 1)

    def test_no_port_for_sound(self) -> None:
        """Without a free sound port the call fails, and nothing is sent."""
        held = self.fill(self.caller_engine)
        call = self.dial()
        self.assertIsInstance(watch(call.answered).faults[0], CallFailed)
        self.assertEqual((self.phones, self.titles()), ([], []))
        for leg in held:
            leg.close()

    def test_a_name(self) -> None:
        """A host name is looked up in a thread."""
        call = self.caller.place(Order(uri=Uri("sip", "1001", "localhost", self.port)))
        self.stage.settle()
        self.assertEqual((len(self.phones), call.over), (1, None))

    def test_hang_up_at_every_step(self) -> None:
        """A caller may give up before, while and after anything is sent; it always ends."""
        for transport in ("udp", "tcp"):
            call = self.caller.place(Order(uri=self.uri(transport=transport)))
            gone, ended = watch(call.hang_up()), watch(call.ended)
            self.stage.walk(2.0)
            self.assertEqual((gone.fired, ended.values), (1, ["us"]))
            self.assertIsInstance(watch(call.answered).faults[0], CallFailed)
        slow = self.caller.place(Order(uri=Uri("sip", "1001", "localhost", self.port)))
        gone = watch(slow.hang_up())
        self.assertEqual(gone.fired, 1)
        self.stage.walk(1.0)
        self.assertEqual(self.caller._calls, {})
        talking, _, _ = self.talk()
        gone = watch(talking.hang_up())
        self.stage.walk(1.0)
        self.assertEqual(gone.fired, 1)

    def test_the_softphone_stops(self) -> None:
        """Stopping hangs up, and everything that was waited for fires."""
        call, phone, _ = self.talk()
        asked = watch(self.caller.options(self.uri(port=9)))
        gone = watch(call.hang_up())
        ringing = self.caller.place(Order(uri=self.uri()))
        self.stage.settle()
        self.stage.run_until(self.caller.stop(), 1.0)
        self.stage.walk(1.0)
        self.assertEqual((asked.values, gone.fired), ([None], 1))
        self.assertEqual((phone.over, ringing.over), ("peer", "us"))

    def test_options(self) -> None:
        """The question whether a server is alive gets its answer, or none."""
        alive = self.stage.run_until(self.caller.options(self.uri()), 2.0)
        assert alive is not None
        self.assertEqual(alive.status, 200)
        self.assertIsNone(self.stage.run_until(self.caller.options(self.uri(port=9)), 40.0))


class OddServers(TwoEnds):
    """Servers that answer strangely."""

    def odd(self, status: int, body: str, contact: bool = True) -> RawPeer:
        """A peer that answers every INVITE like this."""
        peer = RawPeer(self.stage, self.host, replies={"INVITE": None})

        def answer(message: Raw) -> None:
            headers = [("Contact", f"<sip:{self.host}:{peer.port}>")] if contact else []
            text = message.header("To")
            tagged = tuple(
                (n, f"{text};tag=odd" if n.lower() == "to" else v) for n, v in message.headers
            )
            peer.answer(Raw(message.start, tagged, "", message.source), status, headers, body)

        self.answer = answer
        return peer

    def test_an_unusable_answer(self) -> None:
        """An answer that does not fit our offer ends the call; nobody waits for ever."""
        for body in (sdp(9, formats="18"), "rubbish"):
            peer = self.odd(200, body)
            call = self.caller.place(Order(uri=self.uri(port=peer.port)))
            self.stage.settle()
            self.answer(peer.requests("INVITE")[0])
            self.stage.walk(1.0)
            self.assertIsInstance(watch(call.answered).faults[0], CallFailed)
            self.assertEqual(len(peer.requests("ACK")), 1)
            self.assertEqual(len(peer.requests("BYE")), 1)

    def test_a_redirect_to_nowhere(self) -> None:
        """A redirect without a usable Contact fails with its status."""
        peer = self.odd(302, "", contact=False)
        call = self.caller.place(Order(uri=self.uri(port=peer.port)))
        self.stage.settle()
        self.answer(peer.requests("INVITE")[0])
        self.stage.walk(1.0)
        self.assertEqual(watch(call.answered).faults[0].status, 302)  # type: ignore[attr-defined]


class ScriptTests(TwoEnds):
    """What a softphone does by itself."""

    def act(self, script: Script, seconds: float = 60.0) -> tuple[list[str], Ear]:
        """Act this out against a phone that beeps after a second."""
        call, phone, _ = self.talk()
        said: list[str] = []
        ear = Ear()
        self.stage.callLater(1.0, phone.play, [_clip(tones.beep())])
        self.heard = self.take_of(phone)
        done = Deferred.fromCoroutine(perform(script, call, ear, self.stage, said.append))
        self.stage.run_until(done, seconds)
        return said, ear

    def test_speaks_after_the_beep(self) -> None:
        """It waits for the beep, speaks, lingers, and hangs up."""
        said, ear = self.act(Script(clips=(clip(1.0),)))
        self.assertEqual((ear.beeps, said), (1, ["speaking for 1.0 s", "hanging up"]))
        self.assertEqual(self.heard.sound, clip(1.0).encoded["PCMU"])

    def test_no_beep(self) -> None:
        """Without a beep it speaks all the same, and says so."""
        said, _ = self.act(Script(clips=(clip(1.0),), beep_patience=0.5))
        self.assertEqual(said[0], "no beep heard")

    def test_keys(self) -> None:
        """Keys are pressed in order, whichever way."""
        for way in ("rfc4733", "info", "inband"):
            said, _ = self.act(Script(keys="1,#", way=way))
            self.assertEqual(said[:2], ["pressing 1", "pressing #"])

    def test_so_many_seconds(self) -> None:
        """It hangs up after so many seconds whatever it does."""
        began = self.stage.seconds()
        self.act(Script(clips=(clip(30.0),), seconds=4.0))
        self.assertApproximates(self.stage.seconds() - began, 4.0, 0.2)

    def test_the_other_side_hangs_up(self) -> None:
        """When the call ends, so does the script, wherever it is."""
        call, phone, _ = self.talk()
        ear = Ear()
        script = Script(clips=(clip(30.0),), keys="123")
        done = Deferred.fromCoroutine(perform(script, call, ear, self.stage, lambda text: None))
        self.stage.walk(2.0)
        phone.hang_up()
        self.stage.run_until(done, 1.0)

    def test_nothing_to_do(self) -> None:
        """Without anything to do it listens until the other side hangs up."""
        call, phone, _ = self.talk()
        done = watch(
            Deferred.fromCoroutine(perform(Script(), call, Ear(), self.stage, lambda text: None))
        )
        self.stage.callLater(8.0, phone.hang_up)
        self.stage.walk(7.0)
        self.assertEqual(done.fired, 0)
        self.stage.walk(2.0)
        self.assertEqual(done.fired, 1)

    def test_a_beep_that_was_heard_before(self) -> None:
        """Who asks for a beep after it sounded is not kept waiting."""
        call, _, _ = self.talk()
        ear = Ear()
        ear.append("PCMU", g711.encode("PCMU", tones.beep()))
        waiting = watch(Deferred.fromCoroutine(beep(ear, self.stage, 30.0, call)))
        self.assertEqual(waiting.values, [True])

    def test_what_is_a_key(self) -> None:
        """Only keys and pauses make a key script."""
        self.assertEqual(checked_keys(" 1 #,a"), "1#,A")
        self.assertRaises(BadKeys, checked_keys, "1x")


class EarTests(TwoEnds):
    """What the softphone's ear makes of sound."""

    def test_beeps_and_loudness(self) -> None:
        """It counts beeps, notes where the first ended, and how much was loud before it."""
        ear = Ear()
        for part in (tones.silence(1.0), _words(), tones.beep(), tones.silence(1.0), tones.beep()):
            ear.append("PCMU", g711.encode("PCMU", part))
        self.assertEqual(ear.beeps, 2)
        self.assertApproximates(ear.beep_at or 0.0, 3.0 + len(tones.beep()) / 8000, 0.06)
        self.assertApproximates(ear.loud_before_beep, 2.0, 0.3)

    def test_words_are_no_beep(self) -> None:
        """Speech and keys are not taken for a beep."""
        spotter = BeepSpotter()
        self.assertFalse(spotter.feed(_words()))
        self.assertFalse(spotter.feed(tones.dtmf("5", 0.5)))

    def test_mixed_laws(self) -> None:
        """Sound in both laws can be heard, but not written as it came."""
        ear = Ear()
        self.assertIsNone(ear.encoded())
        self.assertEqual(len(ear.pcm()), 0)
        ear.append("PCMU", bytes(160))
        self.assertEqual(ear.encoded(), ("PCMU", bytes(160)))
        ear.append("PCMA", bytes(160))
        self.assertIsNone(ear.encoded())
        self.assertEqual((len(ear.pcm()), ear.seconds), (320, 0.04))


def _words() -> Pcm:
    return np.concatenate([sound_of("a"), sound_of("b")])[:16_000]


def _clip(pcm: Pcm) -> Clip:
    return clip_of("x", pcm)
