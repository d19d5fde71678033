"""A call as its script sees it: answered, refused, sent elsewhere, given up."""

from __future__ import annotations

from zope.interface.verify import verifyObject

from tests.kit.media import clip, noise
from tests.kit.raw_sip import RawPeer, sdp
from tests.kit.two_ends import Told, TwoEnds, watch
from umserver.edges.net.softphone import CallFailed, Order
from umserver.interfaces import HungUp, IPhone, RedirectTarget
from umserver.org.refusals import Refusal

BUSY = Refusal(486, "Busy Here", 15500, 'the line is "busy"\r\n', retry_after=7)


class AnswerTests(TwoEnds):
    """Taking a call."""

    def test_it_is_a_phone(self) -> None:
        """Scripts get what the door promises."""
        self.dial()
        verifyObject(IPhone, self.phones[0])
        self.assertEqual(self.phones[0].facts.called.user, "1001")
        self.assertEqual(self.phones[0].facts.source, "127.0.0.1")

    def test_sound_flows_both_ways(self) -> None:
        """Once answered, each end hears exactly what the other plays."""
        call, phone, _ = self.talk()
        heard_there, heard_here = self.take_of(call), self.take_of(phone)
        hello, ours = clip(2.0, 1), clip(1.5, 2)
        played = watch(call.play([ours]))
        self.assertTrue(self.stage.run_until(phone.play([hello]), 3.0))
        self.stage.walk(1.0)
        self.assertEqual(played.values, [True])
        call.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(heard_there.sound, hello.encoded["PCMU"])
        self.assertEqual(heard_here.sound, ours.encoded["PCMU"])

    def test_ringing_first(self) -> None:
        """A call that rings before it is answered says so to the caller."""
        said: list[str] = []
        call = self.caller.place(Order(uri=self.uri()), said.append)
        self.stage.settle()
        self.phones[0].ring()
        self.stage.walk(3.0)
        self.assertIn("180", said)
        self.stage.run_until(self.phones[0].answer(), 2.0)
        self.assertTrue(call.established)

    def test_answered_once(self) -> None:
        """Answering twice is harmless; what comes after is too."""
        _, phone, told = self.talk()
        self.assertEqual(watch(phone.answer()).values, [None])
        phone.ring()
        phone.refuse(BUSY)
        phone.redirect([RedirectTarget("127.0.0.1", 5062, "udp", "t")])
        self.stage.walk(1.0)
        self.assertEqual((phone.over, told.ends), (None, []))

    def test_a_caller_without_offer(self) -> None:
        """An INVITE without a session description is answered with our offer; the ACK decides."""
        peer, media = self.raw(), self.media()
        peer.acknowledges = False
        peer.invite(peer.remote)
        self.stage.settle()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        answer = watch(phone.answer())
        self.stage.settle()
        offer = peer.got[-1]
        self.assertEqual((offer.status, answer.fired), (200, 0))
        self.assertIn("m=audio", offer.body)
        peer.acknowledge(offer, sdp(media.plan().remote_port, formats="8 101"))
        self.stage.settle()
        self.assertEqual(answer.values, [None])
        media.codec = "PCMA"
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        media.listen()
        self.assertEqual(media.sound(), clip(1.0).encoded["PCMA"])

    def test_an_unusable_answer_to_our_offer(self) -> None:
        """When the ACK holds nothing that fits, the call ends cleanly."""
        for body in ("", sdp(9, formats="18"), "rubbish"):
            peer = self.raw()
            peer.acknowledges = False
            peer.invite(peer.remote)
            self.stage.settle()
            phone, told = self.phones[-1], Told()
            phone.listen(told)
            answer = watch(phone.answer())
            self.stage.settle()
            peer.acknowledge(peer.got[-1], body)
            self.stage.walk(1.0)
            self.assertIsInstance(answer.faults[0], HungUp, body)
            self.assertEqual((told.ends, len(peer.requests("BYE"))), (["error"], 1))

    def test_what_was_pressed_early_is_told(self) -> None:
        """Keys that come before the script listens are not lost."""
        call = self.dial()
        phone = self.phones[0]
        self.stage.run_until(phone.answer(), 2.0)
        self.stage.run_until(call.send_digits("12"), 3.0)
        self.stage.walk(0.5)
        late = Told()
        phone.listen(late)
        self.assertEqual(late.keys, "12")


class UnconfirmedTests(TwoEnds):
    """A caller whose network carries only one way."""

    media_timeout = 0.0

    def test_the_caller_never_confirms(self) -> None:
        """Without an ACK the answer is repeated for half a minute; then the call is over."""
        peer, media = self.raw(), self.media()
        peer.acknowledges = False
        peer.invite(peer.remote, body=sdp(media.plan().remote_port))
        self.stage.settle()
        told = Told()
        self.phones[0].listen(told)
        answer = watch(self.phones[0].answer())
        self.stage.walk(31.0)
        self.assertEqual(answer.fired, 0)
        self.assertGreaterEqual(peer.responses().count(200), 7)
        self.stage.walk(3.0)
        self.assertIsInstance(answer.faults[0], HungUp)
        self.assertEqual((told.ends, answer.fired), (["timeout"], 1))
        self.assertEqual(len(peer.requests("BYE")), 1)


class TurnedAwayTests(TwoEnds):
    """Calls that are not taken."""

    def test_refusal_states_why(self) -> None:
        """A refused caller gets status, reason and Retry-After; the phone is over at once."""
        peer = self.raw()
        peer.invite(peer.remote, body=sdp(9000))
        self.stage.settle()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        phone.refuse(BUSY)
        self.stage.settle()
        final = peer.final()
        assert final is not None
        self.assertEqual(final.status, 486)
        self.assertEqual(
            final.header("ms-diagnostics"),
            "15500;source=\"um.example.com\";reason=\"the line is 'busy'''\"",
        )
        self.assertEqual(final.header("Retry-After"), "7")
        self.assertEqual((phone.over, told.ends), ("us", ["us"]))
        self.assertIsInstance(watch(phone.answer()).faults[0], HungUp)
        self.stage.walk(40.0)
        self.assertEqual(self.server.active, 0)

    def test_refused_for_its_media(self) -> None:
        """Offers that we cannot serve are refused with the status that fits, and a reason."""
        for body, status in ((sdp(9000, formats="18"), 488), ("this is no session", 400)):
            peer = self.raw()
            peer.invite(peer.remote, body=body)
            self.stage.settle()
            phone, told = self.phones[-1], Told()
            phone.listen(told)
            answer = watch(phone.answer())
            self.stage.settle()
            final = peer.final()
            assert final is not None
            self.assertEqual(final.status, status)
            self.assertIsInstance(answer.faults[0], HungUp)
            self.assertEqual((answer.fired, told.ends), (1, ["us"]))
            self.assertIn('source="um.example.com"', final.header("ms-diagnostics"))

    def test_a_body_of_another_kind(self) -> None:
        """A body that nobody here reads is refused, and the refusal says what is read."""
        peer = self.raw()
        target = f"sip:1001@127.0.0.1:{self.port}"
        peer.send(peer.request("INVITE", target, call_id="c", body="x", kind="application/isup"))
        self.stage.settle()
        final = peer.final()
        assert final is not None
        self.assertEqual((final.status, self.phones), (415, []))
        self.assertIn("application/sdp", final.header("Accept"))

    def test_no_port_for_sound(self) -> None:
        """When every sound port is taken the caller is asked to come back, and the next may."""
        held = self.fill(self.server_engine)
        call = self.dial()
        answer = watch(self.phones[0].answer())
        self.stage.settle()
        self.assertIsInstance(answer.faults[0], HungUp)
        self.assertEqual(call.status, 503)
        for leg in held:
            leg.close()
        self.talk()

    def test_redirect(self) -> None:
        """A redirect names every server with its weight and carries the routing result.

        The Contact of a call that came by TLS has the TLS port (feature 2).
        """
        peer = self.raw()
        peer.invite(peer.remote, user="5000", body=sdp(9000))
        self.stage.settle()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        phone.redirect(
            [
                RedirectTarget("127.0.0.1", 5062, "udp", "abc.DEF-_=", 1.0),
                RedirectTarget("2001:db8::1", 5062, "tcp", "x", 0.25),
                RedirectTarget("um.example.com", 5063, "tls", "y", 0.125),
            ]
        )
        self.stage.settle()
        final = peer.final()
        assert final is not None
        self.assertEqual(final.status, 302)
        self.assertEqual(
            final.all("Contact"),
            [
                "<sip:5000@127.0.0.1:5062;transport=udp;um-route=abc.DEF-_%3D>;q=1",
                "<sip:5000@[2001:db8::1]:5062;transport=tcp;um-route=x>;q=0.25",
                "<sip:5000@um.example.com:5063;transport=tls;um-route=y>;q=0.125",
            ],
        )
        self.assertEqual(told.ends, ["us"])

    def test_cancelled_while_it_rings(self) -> None:
        """A caller who gives up is gone at once, and whoever answers hears so."""
        call = self.dial()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        phone.ring()
        self.stage.walk(2.0)
        gone = watch(call.hang_up())
        self.stage.walk(1.0)
        self.assertEqual((told.ends, phone.over), (["cancel"], "cancel"))
        self.assertIsInstance(watch(phone.answer()).faults[0], HungUp)
        self.assertEqual(gone.fired, 1)
        self.assertEqual(watch(phone.play([clip(1.0)])).values, [False])
        self.assertIn("487 Request Terminated [INVITE]", self.titles())

    def test_cancel_meets_answer(self) -> None:
        """Answer and cancel that cross each other leave no call behind on either side."""
        call = self.dial()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        phone.ring()
        self.stage.settle()
        gone = watch(call.hang_up())
        answer = watch(phone.answer())
        self.stage.walk(40.0)
        self.assertEqual((answer.fired, gone.fired, len(told.ends)), (1, 1, 1))
        self.assertEqual((call.over, self.server.active), ("us", 0))
        self.assertEqual((self.server_engine.legs, self.caller_engine.legs), (0, 0))

    def test_hang_up_before_the_answer(self) -> None:
        """A script that lets go of an unanswered call turns it away."""
        call = self.dial()
        phone, told = self.phones[0], Told()
        phone.listen(told)
        gone = watch(phone.hang_up())
        self.stage.walk(1.0)
        self.assertEqual((gone.fired, told.ends), (1, ["us"]))
        self.assertIsInstance(watch(call.answered).faults[0], CallFailed)

    def test_the_server_stops(self) -> None:
        """When the server stops every call ends, and everything that was waited for fires."""
        call, phone, told = self.talk()
        waiting = [
            watch(phone.play([clip(30.0)])),
            watch(phone.record(self.take_of(call), 50.0, 50.0)),
            watch(phone.transfer("1002")),
            watch(phone.hang_up()),
        ]
        self.dial()
        offered = self.phones[1]
        self.stage.run_until(self.server.stop(), 1.0)
        self.stage.walk(1.0)
        self.assertEqual([each.fired for each in waiting], [1, 1, 1, 1])
        self.assertEqual((told.ends, call.over, offered.over), (["us"], "peer", "us"))


class RecordingTests(TwoEnds):
    """Recording through a phone."""

    def test_hang_up_keeps_everything(self) -> None:
        """What the caller said up to the moment of hanging up is in the recording."""
        call, phone, told = self.talk()
        take = self.take_of(phone)
        sound = clip(3.0, 5)
        call.play([sound])
        self.stage.walk(2.0)
        call.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(told.ends, ["peer"])
        self.assertGreaterEqual(len(take.sound), 15_840)
        self.assertEqual(take.sound, sound.encoded["PCMU"][: len(take.sound)])

    def test_after_the_end_verbs_are_harmless(self) -> None:
        """Everything asked of a phone that is over answers at once."""
        call, phone, told = self.talk()
        call.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(watch(phone.play([clip(1.0)])).values, [False])
        recorded = watch(phone.record(self.take_of(call), 1.0, 1.0)).values[0]
        self.assertEqual((recorded.seconds, recorded.ended_by), (0.0, "hangup"))
        self.assertIsInstance(watch(phone.transfer("1")).faults[0], HungUp)
        self.assertEqual(watch(phone.send_digits("1")).values, [None])
        self.assertEqual(watch(phone.hang_up()).values, [None])
        phone.echo(True)
        phone.stop_playing()
        phone.stop_recording()
        self.assertEqual(told.ends, ["peer"])

    def test_echo(self) -> None:
        """With echo on the caller hears what it says."""
        call, phone, _ = self.talk()
        heard = self.take_of(call)
        phone.echo(True)
        self.stage.run_until(call.play([clip(1.0, 3)]), 2.0)
        self.stage.walk(1.0)
        call.hang_up()
        self.stage.walk(0.5)
        self.assertEqual(heard.sound.strip(b"\xff"), noise(1.0, 3).strip(b"\xff"))


class LateFactsTests(TwoEnds):
    """Waiting for names that the offer lacks (spec 4.3 order 5)."""

    def anonymous(self) -> RawPeer:
        """A peer whose INVITE names nobody, and which rings."""
        peer = self.raw()
        peer.user = "anonymous"
        peer.invite(peer.remote, "5000", body=sdp(9))
        self.stage.settle()
        self.phones[-1].ring()
        self.stage.settle()
        return peer

    def test_they_come(self) -> None:
        """The first request that names somebody ends the waiting (feature 40)."""
        for method, header in (
            ("UPDATE", ("P-Asserted-Identity", "<sip:2125550142@pbx.example.com>")),
            ("INFO", ("Diversion", "<sip:1001@pbx.example.com>;reason=no-answer")),
            ("INVITE", ("History-Info", "<sip:1001@pbx.example.com>;index=1")),
        ):
            peer = self.anonymous()
            phone = self.phones[-1]
            came = watch(phone.late_facts(3.0))
            peer.within("UPDATE")
            self.stage.walk(1.0)
            self.assertEqual(came.fired, 0)
            peer.within(method, cseq=3, headers=[header], body=sdp(9) if method == "INVITE" else "")
            self.stage.walk(0.5)
            self.assertEqual(came.values, [True])
            facts = phone.facts
            self.assertTrue(facts.caller or facts.diversions or facts.history)
            self.stage.run_until(phone.hang_up(), 40.0)

    def test_they_do_not_come(self) -> None:
        """Nobody waits longer than was said, and the call can still be taken."""
        self.anonymous()
        phone = self.phones[-1]
        came = watch(phone.late_facts(3.0))
        self.stage.walk(2.9)
        self.assertEqual(came.fired, 0)
        self.stage.walk(0.2)
        self.assertEqual(came.values, [False])
        self.stage.run_until(phone.answer(), 2.0)
        self.assertEqual(watch(phone.late_facts(3.0)).values, [False])
        self.stage.run_until(phone.hang_up(), 40.0)

    def test_given_up_meanwhile(self) -> None:
        """A caller who gives up while we wait ends the waiting at once."""
        call = self.dial("5000")
        phone = self.phones[-1]
        came = watch(phone.late_facts(3.0))
        call.hang_up()
        self.stage.walk(0.5)
        self.assertEqual((came.values, phone.over), ([False], "cancel"))
