"""A call that stands: hold, keys, transfer, silence, and who hangs up first."""

from __future__ import annotations

from random import Random

from tests.kit.media import clip
from tests.kit.raw_sip import sdp
from tests.kit.two_ends import TwoEnds, watch
from umserver.edges.net.referral import SILENT_PATIENCE, TRANSFER_PATIENCE
from umserver.interfaces import HungUp


class HoldTests(TwoEnds):
    """Changes to a call that stands."""

    def test_hold_and_back(self) -> None:
        """On hold the caller hears nothing; taken back it hears us again, and nobody hangs up."""
        call, phone, told = self.talk()
        heard = self.take_of(call)
        long = clip(8.0)
        phone.play([long])
        self.stage.walk(2.0)
        call.hold(True)
        self.stage.walk(0.1)
        before = len(heard.sound)
        self.stage.walk(2.0)
        self.assertLess(len(heard.sound) - before, 1600)
        call.hold(False)
        self.stage.walk(2.0)
        call.hang_up()
        self.stage.walk(0.5)
        self.assertGreater(len(heard.sound), 8000 * 3)
        self.assertEqual(told.ends, ["peer"])

    def test_a_hold_that_is_refused(self) -> None:
        """A server that refuses a change leaves hold as it was: the next offer says so."""
        call, phone, _ = self.talk()
        assert call.session is not None
        session, phone.session = phone.session, None  # it answers no offer
        for change, held in ((lambda: call.hold(True), False), (call.rekey, True)):
            call.session.held = held
            change()
            self.stage.settle()
            effects = phone.line.endpoint.refuse_offer(phone.call, 488, self.stage.seconds())
            phone.line.perform(effects)
            self.stage.walk(0.1)
            self.assertEqual(call.session.held, held)
        phone.session = session

    def test_a_long_hold_is_no_dead_call(self) -> None:
        """A caller on hold sends no sound for minutes; the call stays."""
        call, phone, told = self.talk()
        call.hold(True)
        self.stage.walk(120.0)
        self.assertEqual((told.ends, phone.over, call.over), ([], None, None))

    def test_old_hold(self) -> None:
        """The zero address of old equipment holds the call as well."""
        peer, media = self.raw(), self.media()
        phone, told = self.raw_call(peer, media)
        port = media.plan().remote_port
        peer.within("INVITE", body=sdp(port).replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"))
        self.stage.settle()
        self.assertEqual(peer.final().status, 200)  # type: ignore[union-attr]
        self.stage.walk(60.0)
        self.assertEqual(told.ends, [])
        peer.within("INVITE", cseq=3, body=sdp(port))
        self.stage.settle()
        media.listen()
        media.heard.clear()
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        media.listen()
        self.assertEqual(media.sound(), clip(1.0).encoded["PCMU"])

    def test_another_codec_and_another_place(self) -> None:
        """A re-INVITE moves the sound to another port and codec; what is recorded goes on."""
        peer, media, other = self.raw(), self.media(), self.media()
        phone, _ = self.raw_call(peer, media)
        other.codec = "PCMA"
        peer.within("INVITE", body=sdp(other.plan().remote_port, formats="8 101"))
        self.stage.settle()
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        other.listen()
        media.listen()
        self.assertEqual((media.sound(), other.sound()), (b"", clip(1.0).encoded["PCMA"]))

    def test_an_offer_that_does_not_fit(self) -> None:
        """A change that we cannot follow is refused; the call goes on as it was."""
        peer, media = self.raw(), self.media()
        phone, told = self.raw_call(peer, media)
        for cseq, body in ((2, sdp(9, formats="18")), (3, "rubbish")):
            peer.within("INVITE", cseq=cseq, body=body)
            self.stage.settle()
            final = peer.final()
            assert final is not None
            self.assertIn(final.status, (400, 488))
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        media.listen()
        self.assertEqual((media.sound(), told.ends), (clip(1.0).encoded["PCMU"], []))

    def test_who_asks_for_our_offer(self) -> None:
        """A re-INVITE without a description is answered with our offer; the ACK brings theirs."""
        peer, media = self.raw(), self.media()
        phone, told = self.raw_call(peer, media)
        other = self.media()
        peer.acknowledges = False
        peer.within("INVITE")
        self.stage.settle()
        self.assertIn("m=audio", peer.got[-1].body)
        peer.acknowledge(peer.got[-1], sdp(other.plan().remote_port))
        self.stage.settle()
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        other.listen()
        self.assertEqual((other.sound(), told.ends), (clip(1.0).encoded["PCMU"], []))

    def test_on_and_off(self) -> None:
        """A caller who plays with the hold key is heard again in the end."""
        call, phone, told = self.talk()
        for on in (True, False, True, False):
            call.hold(on)
            self.stage.walk(0.5)
        heard = self.take_of(call)
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        self.stage.walk(1.0)
        call.hang_up()
        self.stage.walk(0.5)
        self.assertEqual((heard.sound, told.ends), (clip(1.0).encoded["PCMU"], ["peer"]))

    def test_taken_back_before_it_was_answered(self) -> None:
        """Hold and hang-up in one breath: the call is over and nothing is left of the change."""
        call, _, told = self.talk()
        call.hold(True)
        gone = watch(call.hang_up())
        self.stage.walk(1.0)
        self.assertEqual((told.ends, gone.fired), (["peer"], 1))


class KeyTests(TwoEnds):
    """Keys by every way."""

    def test_events(self) -> None:
        """Keys as telephone-events arrive once each and in order."""
        call, _, told = self.talk()
        self.stage.run_until(call.send_digits("0123456789*#"), 10.0)
        self.stage.walk(0.5)
        self.assertEqual(told.keys, "0123456789*#")

    def test_info(self) -> None:
        """Keys by INFO arrive too."""
        call, _, told = self.talk()
        for key in "12#":
            call.send_info(key)
            self.stage.walk(0.3)
        self.assertEqual(told.keys, "12#")

    def test_both_at_once(self) -> None:
        """A PBX that sends each key both ways presses it once."""
        call, _, told = self.talk()
        for key in "115":
            call.send_info(key)
            self.stage.run_until(call.send_digits(key), 2.0)
            self.stage.walk(0.3)
        self.assertEqual(told.keys, "115")

    def test_an_info_about_something_else(self) -> None:
        """Other INFOs are answered and press nothing."""
        peer, media = self.raw(), self.media()
        _, told = self.raw_call(peer, media)
        peer.within("INFO", body="hello", kind="text/plain")
        self.stage.settle()
        self.assertEqual((peer.final("INFO").status, told.keys), (200, ""))  # type: ignore[union-attr]

    def test_we_press(self) -> None:
        """Keys that we press reach the caller."""
        call, phone, _ = self.talk()
        keys: list[str] = []
        call.on_key = keys.append
        self.stage.run_until(phone.send_digits("42#"), 3.0)
        self.stage.walk(0.5)
        self.assertEqual("".join(keys), "42#")

    def test_after_the_end(self) -> None:
        """A key that comes when all is over is no news."""
        call, phone, told = self.talk()
        phone.hang_up()
        call.send_info("5")
        self.stage.walk(1.0)
        self.assertEqual(told.keys, "")


class DeadCallTests(TwoEnds):
    """A caller who is not there any more."""

    def test_no_sound(self) -> None:
        """A caller whose sound stops for good is hung up on after the media time-out, with a
        reason.
        """
        peer, media = self.raw(), self.media()
        phone, told = self.raw_call(peer, media)
        media.towards(phone.leg)  # type: ignore[arg-type]
        media.say(bytes(160))
        self.stage.walk(19.0)
        self.assertEqual(told.ends, [])
        self.stage.walk(3.0)
        self.assertEqual(told.ends, ["media"])
        bye = peer.requests("BYE")[0]
        self.assertIn("RTP time-out", bye.header("Reason"))

    def test_the_peer_vanished(self) -> None:
        """Hanging up on a peer that does not answer: for us the call is over at once, the hang-up
        is repeated for half a minute.
        """
        peer, media = self.raw(BYE=None), self.media()
        phone, told = self.raw_call(peer, media)
        gone = watch(phone.hang_up())
        self.assertEqual((told.ends, gone.fired, self.server_engine.legs), (["us"], 1, 0))
        self.stage.walk(30.0)
        self.assertEqual(self.server.active, 1)
        self.stage.walk(3.0)
        self.assertEqual(self.server.active, 0)
        self.assertGreaterEqual(len(peer.requests("BYE")), 8)

    def test_the_peer_forgot_the_call(self) -> None:
        """A peer that does not know the call any more when we press a key ends it."""
        peer, media = self.raw(INFO=481), self.media()
        phone, told = self.raw_call(peer, media)
        phone.send_info("5")
        self.stage.walk(1.0)
        self.assertEqual(told.ends, ["error"])


class HangUpTests(TwoEnds):
    """Who ends the call, and what becomes of everything that was waited for."""

    def test_every_moment_by_either_side(self) -> None:
        """Whoever hangs up and whenever, each end hears of it once and everything fires once."""
        chance = Random(11)
        for turn in range(60):
            call, phone, told = self.talk()
            take = self.take_of(call)
            waiting = [watch(phone.play([clip(2.0)])), watch(phone.record(take, 9.0, 9.0))]
            if turn % 4 == 0:
                waiting.append(watch(phone.transfer("1002")))
            self.stage.walk(chance.random())
            who = [phone, call]
            chance.shuffle(who)
            both = turn % 3 == 0
            for end in who if both else who[:1]:
                waiting.append(watch(end.hang_up()))
                if chance.random() < 0.5:
                    self.stage.walk(0.001)
            self.stage.walk(1.0)
            self.assertEqual([each.fired for each in waiting], [1] * len(waiting), turn)
            self.assertEqual(len(told.ends), 1)
            self.assertEqual(self.successResultOf(call.ended), call.over)
            if not both:
                assert {phone.over, call.over} == {"us", "peer"}
        self.assertEqual((self.server.active, self.server_engine.legs), (0, 0))

    def test_twice(self) -> None:
        """Hanging up twice is hanging up once; both who wait are told."""
        _, phone, told = self.talk()
        waiting = [watch(phone.hang_up()), watch(phone.hang_up())]
        self.stage.walk(1.0)
        waiting.append(watch(phone.hang_up()))
        self.assertEqual(([w.fired for w in waiting], told.ends), ([1, 1, 1], ["us"]))

    def test_a_hang_up_that_was_lost(self) -> None:
        """A BYE is repeated until it is answered."""
        peer, media = self.raw(BYE=None), self.media()
        phone, _ = self.raw_call(peer, media)
        gone = watch(phone.hang_up())
        self.stage.walk(1.0)
        peer.replies["BYE"] = 200
        self.stage.walk(2.0)
        self.assertEqual(gone.fired, 1)


class TransferTests(TwoEnds):
    """Sending the caller on."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = self.raw(REFER=202)
        self.phone, self.told = self.raw_call(self.peer, self.media())

    def notify(self, status: int, cseq: int, state: str = "active;expires=60") -> None:
        """The peer says how the new call goes."""
        self.peer.within(
            "NOTIFY",
            cseq=cseq,
            headers=[("Event", "refer"), ("Subscription-State", state)],
            body=f"SIP/2.0 {status} Whatever\r\n",
            kind="message/sipfrag;version=2.0",
        )
        self.stage.settle()

    def test_taken_over(self) -> None:
        """The number is asked for at the peer; when it answers the transfer has succeeded."""
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        refer = self.peer.requests("REFER")[0]
        self.assertEqual(refer.header("Refer-To"), f"<sip:1002@127.0.0.1:{self.peer.port}>")
        for n, status in enumerate((100, 180)):
            self.notify(status, 2 + n)
        self.assertEqual(done.fired, 0)
        self.notify(200, 4, "terminated;reason=noresource")
        self.assertEqual((done.values, self.told.ends), ([True], []))

    def test_a_whole_address(self) -> None:
        """A target that is a URI is used as it is."""
        watch(self.phone.transfer("sip:fax@partner.example.com;t38=yes"))
        self.stage.settle()
        refer = self.peer.requests("REFER")[0]
        self.assertEqual(refer.header("Refer-To"), "<sip:fax@partner.example.com;t38=yes>")

    def test_refused(self) -> None:
        """A peer that transfers nobody says so at once; the call goes on and may try again."""
        self.peer.replies["REFER"] = 603
        for _ in range(2):
            done = watch(self.phone.transfer("1002"))
            self.stage.settle()
            self.assertEqual(done.values, [False])
        self.assertEqual(self.told.ends, [])

    def test_the_new_call_fails(self) -> None:
        """When the operator is busy the caller comes back to us."""
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        self.notify(486, 2, "terminated;reason=noresource")
        self.assertEqual((done.values, self.told.ends), ([False], []))

    def test_hung_up_as_thanks(self) -> None:
        """A peer that accepts and hangs up has taken the caller over."""
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        self.peer.within("BYE", cseq=2)
        self.stage.settle()
        self.assertEqual((done.values, self.told.ends), ([True], ["peer"]))

    def test_hung_up_before_it_was_accepted(self) -> None:
        """A caller who leaves while the peer still thinks was not transferred."""
        self.peer.replies["REFER"] = None
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        self.peer.within("BYE", cseq=2)
        self.stage.settle()
        self.assertIsInstance(done.faults[0], HungUp)

    def test_no_answer_at_all(self) -> None:
        """A REFER that nobody answers has failed after half a minute."""
        self.peer.replies["REFER"] = None
        self.phone.leg.close()  # type: ignore[union-attr]
        done = watch(self.phone.transfer("1002"))
        self.stage.walk(35.0)
        self.assertEqual(done.values, [False])

    def test_accepted_and_then_silence(self) -> None:
        """A peer that says nothing more is given up after a while; then another number may be
        tried.
        """
        self.phone.leg.close()  # type: ignore[union-attr]
        done = watch(self.phone.transfer("1002"))
        self.stage.walk(SILENT_PATIENCE - 1.0)
        self.assertEqual(done.fired, 0)
        self.stage.walk(2.0)
        self.assertEqual(done.values, [False])
        again = watch(self.phone.transfer("1003"))
        self.stage.settle()
        self.notify(200, 2, "terminated;reason=noresource")
        self.assertEqual((again.values, len(self.peer.requests("REFER"))), ([True], 2))

    def test_a_long_ringing(self) -> None:
        """A peer that tells of ringing is waited for longer, from each telling anew."""
        self.phone.leg.close()  # type: ignore[union-attr]
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        for number in range(2):
            self.notify(180, 2 + number)
            self.stage.walk(TRANSFER_PATIENCE - 1.0)
            self.assertEqual(done.fired, 0)
        self.stage.walk(2.0)
        self.assertEqual(done.values, [False])

    def test_a_peer_that_tells_no_more(self) -> None:
        """A peer that accepts, says that it will tell no more, and hangs up has taken the call."""
        self.phone.leg.close()  # type: ignore[union-attr]
        for number, hangs_up in ((2, False), (3, True)):
            done = watch(self.phone.transfer("1002"))
            self.stage.settle()
            self.notify(100, number, "terminated;reason=noresource")
            if hangs_up:
                self.peer.within("BYE", cseq=4)
            self.stage.walk(SILENT_PATIENCE + 1.0)
            self.assertEqual(done.values, [hangs_up])

    def test_who_transfers_nobody(self) -> None:
        """A peer that does not know REFER, or forbids it, is told from one whose user declines."""
        for status, sends_on in ((603, True), (480, True), (405, False)):
            self.peer.replies["REFER"] = status
            done = watch(self.phone.transfer("1002"))
            self.stage.settle()
            self.assertEqual((done.values, self.phone.sends_on), ([False], sends_on))

    def test_who_lists_no_refer(self) -> None:
        """A peer whose INVITE lists its methods without REFER transfers nobody."""
        peer = self.raw()
        self.phone, _ = self.raw_call(peer, self.media(), headers=[("Allow", "INVITE, ACK, BYE")])
        self.assertFalse(self.phone.sends_on)
        self.phone.hang_up()
        self.stage.walk(1.0)
        self.assertTrue(self.phone.sends_on)

    def test_one_at_a_time(self) -> None:
        """A second transfer while the first is under way is refused, the first goes on."""
        first = watch(self.phone.transfer("1002"))
        self.assertEqual(watch(self.phone.transfer("1003")).values, [False])
        self.stage.settle()
        self.notify(200, 2, "terminated")
        self.assertEqual(first.values, [True])

    def test_we_hang_up_meanwhile(self) -> None:
        """Hanging up ends the wait for a transfer."""
        done = watch(self.phone.transfer("1002"))
        self.stage.settle()
        self.phone.hang_up()
        self.stage.walk(1.0)
        self.assertIsInstance(done.faults[0], HungUp)
        self.assertEqual((done.fired, self.told.ends), (1, ["us"]))


class TcpCallTests(TwoEnds):
    """The same over TCP."""

    def test_a_call(self) -> None:
        """A call over TCP is answered, carries sound and keys, and ends."""
        call, phone, told = self.talk("tcp")
        heard = self.take_of(call)
        self.stage.run_until(phone.play([clip(1.0)]), 2.0)
        self.stage.run_until(call.send_digits("7"), 2.0)
        self.stage.walk(0.5)
        phone.hang_up()
        self.stage.walk(1.0)
        self.assertEqual((heard.sound, told.keys), (clip(1.0).encoded["PCMU"], "7"))
        self.assertEqual(call.over, "peer")

    def test_the_connection_breaks(self) -> None:
        """A call survives the loss of its connection: the next request opens another."""
        call, phone, told = self.talk("tcp")
        for connection in list(self.server.station.tcp._open.values()):
            connection.transport.abortConnection()  # type: ignore[union-attr]
        self.stage.settle()
        self.assertEqual(len(self.server.station.tcp), 0)
        call.hang_up()
        self.stage.walk(1.0)
        self.assertEqual(told.ends, ["peer"])
        self.assertIsNotNone(phone.over)
