"""A caller joined with a second call of ours: the edge's part of it (spec 4.10)."""

from __future__ import annotations

from typing import Any

from tests.kit.callee import Callee
from tests.kit.media import noise
from tests.kit.raw_sip import RawPeer, sdp
from tests.kit.two_ends import Outcome, Told, TwoEnds, watch
from umserver.edges.net.bridge import SIGN_OF_LIFE
from umserver.edges.net.phone import Phone
from umserver.interfaces import HungUp
from umserver.org.outcalls import Exit, Onward


class BridgeCase(TwoEnds):
    """`self.peer` is in a call; `self.desk` is the gateway through which somebody is called."""

    def setUp(self) -> None:
        super().setUp()
        self.desk = self.callee()
        self.peer = self.raw()
        self.sound = self.media()
        self.phone, self.told = self.raw_call(self.peer, self.sound)
        leg = self.phone.leg
        assert leg is not None
        self.sound._target = (leg.host, leg.port)

    def callee(self) -> Callee:
        """A gateway that is called."""
        callee = Callee(self.stage)
        self.addCleanup(callee.media.close)
        return callee

    def exit(self, callee: RawPeer, name: str = "pbx") -> Exit:
        """The way to a gateway."""
        return Exit(name, "127.0.0.1", callee.port, "udp")

    def bridge(self, *others: Callee, **changes: Any) -> Outcome:
        """Begin to send the caller on to 1002 through these gateways, one after the other."""
        exits = [self.exit(one, f"pbx{n}") for n, one in enumerate((self.desk, *others), 1)]
        values: dict[str, Any] = {"exits": tuple(exits), "caller": "2125550142", **changes}
        done = watch(self.phone.bridge("1002", Onward(method="Bridge", **values)))
        self.stage.settle()
        return done

    def both_speak(self, seconds: float = 1.0) -> tuple[bytes, bytes]:
        """What caller and callee hear while both speak."""
        self.sound.heard.clear()
        self.desk.media.heard.clear()
        one, other = self.sound.frames(noise(seconds, 1)), self.desk.media.frames(noise(seconds, 2))
        for act, too in zip(one, other, strict=True):
            act()
            too()
            self.stage.walk(0.02)
        self.stage.walk(0.1)
        self.sound.listen()
        self.desk.media.listen()
        return self.sound.sound(), self.desk.media.sound()


class JoinTests(BridgeCase):
    """Somebody answers."""

    def test_answered(self) -> None:
        """The number is called at the gateway as from the caller; when it answers both talk."""
        done = self.bridge()
        invite = self.desk.invite_got
        self.assertEqual(invite.start, f"INVITE sip:1002@127.0.0.1:{self.desk.port} SIP/2.0")
        self.assertIn("<sip:2125550142@127.0.0.1>", invite.header("From"))
        self.assertEqual(invite.header("Max-Forwards"), "60")
        self.assertEqual(invite.header("Session-Expires"), "1800")
        self.desk.ring()
        self.assertEqual(done.fired, 0)
        self.desk.take()
        self.assertEqual(done.values, ["pbx1"])
        self.assertEqual(len(self.desk.requests("ACK")), 1)
        self.assertEqual(self.both_speak(), (noise(1.0, 2), noise(1.0, 1)))
        self.assertEqual(self.server.active, 2)

    def test_anonymous(self) -> None:
        """A caller without a number stays anonymous."""
        self.bridge(caller="")
        self.assertIn("anonymous@anonymous.invalid", self.desk.invite_got.header("From"))

    def test_the_caller_hangs_up(self) -> None:
        """When the caller hangs up the other side is told, and nothing is left."""
        self.bridge()
        self.desk.take()
        self.peer.within("BYE")
        self.stage.walk(1.0)
        self.assertEqual(len(self.desk.requests("BYE")), 1)
        self.assertEqual(self.told.ends, ["peer"])
        self.assertEqual((self.server.active, self.server_engine.legs), (0, 0))

    def test_the_other_side_hangs_up(self) -> None:
        """When the other side hangs up the caller's call ends too."""
        self.bridge()
        self.desk.take()
        self.desk.ask("BYE")
        self.stage.walk(1.0)
        self.assertEqual(len(self.peer.requests("BYE")), 1)
        self.assertEqual(self.told.ends, ["callee"])
        self.assertEqual((self.server.active, self.server_engine.legs), (0, 0))

    def test_we_hang_up(self) -> None:
        """When the longest time is over both calls end."""
        self.bridge()
        self.desk.take()
        self.phone.hang_up()
        self.stage.walk(1.0)
        self.assertEqual((len(self.peer.requests("BYE")), len(self.desk.requests("BYE"))), (1, 1))
        self.assertEqual((self.told.ends, self.server.active), (["us"], 0))

    def test_keys_by_info(self) -> None:
        """Keys that a side without telephone-events presses by INFO are pressed on the other."""
        self.peer.within("BYE")
        self.stage.walk(1.0)
        self.peer = self.raw()
        plain = sdp(self.sound.plan().remote_port, formats="0")
        self.peer.invite(self.peer.remote, body=plain)
        self.stage.settle()
        self.phone, self.told = self.phones[-1], Told()
        self.phone.listen(self.told)
        self.stage.run_until(self.phone.answer(), 5.0)
        self.bridge()
        self.desk.take()
        self.peer.within("INFO", cseq=3, body="Signal=5\r\n", kind="application/dtmf-relay")
        self.stage.walk(1.0)
        self.desk.media.listen()
        events = [each for each in self.desk.media.heard if each.payload_type == 101]
        self.assertEqual({each.payload[0] for each in events}, {5})
        self.assertEqual(self.told.keys, "")

    def test_hold(self) -> None:
        """Whoever puts us on hold hears nothing until they take us back; the other call stands."""
        self.bridge()
        self.desk.take()
        port = self.desk.sound_port
        self.desk.ask("INVITE", 1, sdp(port, lines=["a=inactive"]))
        self.stage.walk(0.2)
        answer = self.desk.final()
        assert answer is not None
        self.assertEqual(answer.status, 200)
        self.assertIn("a=inactive", answer.body)
        self.assertEqual(self.both_speak(0.4), (b"", b""))
        self.server_engine.media_timeout = 0.0
        self.stage.walk(30.0)
        self.desk.ask("INVITE", 2, sdp(port))
        self.stage.walk(0.2)
        self.assertEqual(self.both_speak(0.4), (noise(0.4, 2), noise(0.4, 1)))
        self.assertEqual(self.told.ends, [])

    def test_the_session_expires(self) -> None:
        """A gateway that promised to refresh and vanished: both calls end."""
        self.bridge()
        self.desk.take(headers=[("Session-Expires", "90;refresher=uas"), ("Require", "timer")])
        for _ in range(9):
            self.both_speak(0.5)
            self.stage.walk(9.5)
        self.both_speak(0.5)
        self.stage.walk(3.0)
        self.assertEqual(self.told.ends, ["callee"])

    def test_no_sound_from_the_other_side(self) -> None:
        """A far telephone that fell silent for too long ends both calls."""
        self.bridge()
        self.desk.take()
        for _ in range(23):
            self.sound.say(noise(0.02))
            self.stage.walk(1.0)
        self.assertEqual(self.told.ends, ["callee"])


class NobodyTests(BridgeCase):
    """Nobody takes the call; the caller stays with us."""

    def test_busy(self) -> None:
        """Who is busy is not called again elsewhere; the caller can be sent on once more."""
        second = self.callee()
        for status in (486, 404, 603, 480):
            done = self.bridge(second)
            self.desk.refuse(status)
            self.assertEqual((done.values, second.got), ([""], []))
        self.assertEqual((self.told.ends, self.server.active), ([], 1))
        self.assertEqual(self.server_engine.legs, 1)

    def test_the_next_gateway(self) -> None:
        """A gateway that is out of order, or silent, is passed over for the next."""
        second = self.callee()
        done = self.bridge(second, self.callee())
        self.desk.refuse(503)
        second.take()
        self.assertEqual(done.values, ["pbx2"])
        left = [call for call in self.stage.getDelayedCalls() if "bridge" in str(call).lower()]
        self.assertEqual(left, [])

    def test_a_silent_gateway(self) -> None:
        """A gateway that says nothing at all is passed over after a few seconds; the last one has
        half a minute.
        """
        self.quiet_media()
        second = self.callee()
        done = self.bridge(second)
        self.stage.walk(SIGN_OF_LIFE - 0.5)
        self.assertEqual(second.got, [])
        self.stage.walk(1.0)
        self.assertTrue(second.requests("INVITE"))
        self.stage.walk(30.0)
        self.assertEqual(done.fired, 0)
        self.stage.walk(3.0)
        self.assertEqual(done.values, [""])
        self.stage.walk(33.0)
        self.assertEqual((self.server.active, self.server_engine.legs), (1, 1))

    def test_a_slow_gateway(self) -> None:
        """A gateway that says 100 is at work: nobody else is asked."""
        second = self.callee()
        done = self.bridge(second)
        self.desk.ring(100)
        self.stage.walk(SIGN_OF_LIFE + 3.0)
        self.desk.take()
        self.assertEqual((done.values, second.got), (["pbx1"], []))

    def test_silent_and_then_back(self) -> None:
        """A gateway that answers after it was passed over is hung up on."""
        second = self.callee()
        done = self.bridge(second)
        self.stage.walk(SIGN_OF_LIFE + 0.5)
        self.desk.take()
        self.stage.walk(0.5)
        self.assertEqual(len(self.desk.requests("BYE")), 1)
        second.take()
        self.assertEqual(done.values, ["pbx2"])
        self.assertEqual(self.server_engine.legs, 2)

    def test_no_answer(self) -> None:
        """After a minute of ringing the other call is taken back."""
        self.quiet_media()
        done = self.bridge(ringing=20.0)
        self.desk.ring()
        self.stage.walk(19.0)
        self.assertEqual(done.fired, 0)
        self.stage.walk(2.0)
        self.assertEqual((done.values, len(self.desk.requests("CANCEL"))), ([""], 1))
        self.desk.refuse(487)
        self.stage.walk(1.0)
        self.assertEqual((self.server.active, self.server_engine.legs), (1, 1))

    def test_the_caller_gives_up(self) -> None:
        """A caller who hangs up while it rings stops the ringing."""
        done = self.bridge()
        self.desk.ring()
        self.peer.within("BYE")
        self.stage.walk(1.0)
        self.assertIsInstance(done.faults[0], HungUp)
        self.assertEqual(len(self.desk.requests("CANCEL")), 1)
        self.desk.refuse(487)
        self.stage.walk(1.0)
        self.assertEqual((done.fired, self.server.active, self.server_engine.legs), (1, 0, 0))

    def test_cancel_meets_answer(self) -> None:
        """A callee who answers in the moment the caller gives up is hung up on."""
        self.bridge()
        self.desk.ring()
        self.peer.within("BYE")
        self.desk.answer(
            self.desk.invite_got, 200, [self.desk.contact_pair], sdp(self.desk.sound_port)
        )
        self.stage.walk(1.0)
        self.assertEqual(len(self.desk.requests("BYE")), 1)
        self.assertEqual(self.server.active, 0)

    def test_an_answer_that_cannot_be_used(self) -> None:
        """An answer without a codec of ours is no answer: that call ends, the caller stays."""
        done = self.bridge()
        self.desk.take(body=sdp(9, formats="18"))
        self.stage.walk(1.0)
        self.assertEqual((done.values, self.told.ends), ([""], []))
        self.assertEqual((len(self.desk.requests("BYE")), self.server.active), (1, 1))

    def test_secret_calls_stay_secret(self) -> None:
        """A caller whose sound must be encrypted is not joined with somebody in the clear."""
        self.phone.secured = True
        done = self.bridge()
        self.desk.take()
        self.stage.walk(1.0)
        self.assertEqual((done.values, len(self.desk.requests("BYE"))), ([""], 1))

    def test_redirected_within_the_gateway(self) -> None:
        """A redirect to the same host is followed, one to anywhere else is not."""
        other = self.callee()
        done = self.bridge()
        self.desk.refuse(302, [("Contact", f"<sip:77@127.0.0.1:{other.port}>")])
        self.assertIn("sip:77@", other.invite_got.start)
        other.take()
        self.assertEqual(done.values, ["pbx1"])

    def test_redirected_elsewhere(self) -> None:
        """Nobody who is not a gateway of ours is called because a gateway says so."""
        done = self.bridge()
        self.desk.refuse(302, [("Contact", "<sip:0900555@198.51.100.9>")])
        self.assertEqual(done.values, [""])

    def test_no_ports_left(self) -> None:
        """Without a free port for sound nobody is called."""
        self.fill(self.server_engine)
        self.assertEqual(self.bridge().values, [""])
        self.assertEqual(self.desk.got, [])
        self.server_engine.stop()

    def test_nowhere_to_go(self) -> None:
        """Without a gateway, with a wrong address, or twice at once: nobody is called."""
        self.assertEqual(watch(self.phone.bridge("1002", Onward())).values, [""])
        wrong = Onward(exits=(Exit("x", "pbx.example.com", 5060, "udp"),))
        self.assertEqual(watch(self.phone.bridge("1002", wrong)).values, [""])
        self.bridge()
        self.assertEqual(self.bridge().values, [""])
        self.assertEqual(len(self.desk.requests("INVITE")), 1)

    def test_a_call_in_a_circle(self) -> None:
        """A call that came around too often is not placed once more."""
        peer = self.raw()
        text = peer.request(
            "INVITE", f"sip:1001@127.0.0.1:{self.port}", call_id="c", body=sdp(9000)
        ).replace("Max-Forwards: 70", "Max-Forwards: 10")
        peer.send(text)
        self.stage.settle()
        self.phone = self.phones[-1]
        self.stage.run_until(self.phone.answer(), 5.0)
        self.assertEqual(self.bridge().values, [""])

    def test_after_the_end(self) -> None:
        """Nobody is called for a caller who is gone."""
        self.peer.within("BYE")
        self.stage.walk(1.0)
        done = watch(self.phone.bridge("1002", Onward(exits=(self.exit(self.desk),))))
        self.assertIsInstance(done.faults[0], HungUp)

    def quiet_media(self) -> None:
        """The caller's telephone may be silent for as long as this test takes."""
        self.server_engine.media_timeout = 0.0


class StopTests(BridgeCase):
    """The server stops."""

    def test_both_end(self) -> None:
        """Both sides are told; what was waited for fires."""
        done = self.bridge()
        self.stage.run_until(self.server.stop(), 2.0)
        self.stage.walk(1.0)
        self.assertIsInstance(done.faults[0], HungUp)
        self.assertEqual((self.told.ends, self.server.active), (["us"], 0))

    def test_quiet(self) -> None:
        """The last hang-ups are waited for, within bounds."""
        phone: Phone = self.phone
        self.assertEqual(watch(self.server.quiet(2.0)).fired, 0)
        phone.hang_up()
        self.stage.settle()
        self.assertEqual(watch(self.server.quiet(2.0)).values, [None])
        peer = self.raw(BYE=None)
        phone, _ = self.raw_call(peer, self.media())
        phone.hang_up()
        quiet = watch(self.server.quiet(2.0))
        self.stage.walk(1.9)
        self.assertEqual(quiet.fired, 0)
        self.stage.walk(0.2)
        self.assertEqual(quiet.values, [None])
