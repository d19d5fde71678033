"""A whole history of offers and answers: delayed offers, re-offers, hold and back."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.wire.media.test_answer import offer, session
from umserver.wire.media import MediaSession, NotAcceptable, OutOfTurn
from umserver.wire.sdp import SessionDescription, parse_sdp

PLAIN = ("m=audio 4000 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000")


def version(body: bytes) -> int:
    """The version in the o= line."""
    origin = parse_sdp(body).origin
    assert origin is not None
    return origin.version


class ReofferTests(SynchronousTestCase):
    """What the peer may change while the call lasts."""

    def setUp(self) -> None:
        self.ours = session()
        self.first = self.ours.answer(offer(*PLAIN))

    def answered(self, *lines: str, host: str = "192.0.2.20") -> SessionDescription:
        return parse_sdp(self.ours.answer(offer(*lines, host=host)))

    def test_the_same_again(self) -> None:
        """An offer that changes nothing gets the very same body, version included."""
        self.assertEqual(self.ours.answer(offer(*PLAIN)), self.first)

    def test_the_version_grows_by_one(self) -> None:
        """Each change of our body raises its version by one."""
        second = self.ours.answer(offer(*PLAIN, "a=sendonly"))
        third = self.ours.answer(offer(*PLAIN))
        first = version(self.first)
        self.assertEqual((version(second), version(third)), (first + 1, first + 2))

    def test_hold_and_back(self) -> None:
        """Held and resumed, by attribute or by address, the call flows as before."""
        before = self.ours.plan
        for lines, host in (((*PLAIN, "a=inactive"), "192.0.2.20"), (PLAIN, "0.0.0.0")):
            self.answered(*lines, host=host)
            assert self.ours.plan is not None
            self.assertFalse(self.ours.plan.may_send)
            self.answered(*PLAIN)
            self.assertEqual(self.ours.plan, before)

    def test_another_codec(self) -> None:
        """The new codec is sent from now on; packets of the old one may still arrive."""
        self.answered("m=audio 4000 RTP/AVP 8")
        plan = self.ours.plan
        assert plan is not None
        self.assertEqual(
            (plan.codec, plan.payload_type, plan.event_payload_type), ("PCMA", 8, None)
        )
        self.assertEqual(dict(plan.receive_codecs), {0: "PCMU", 8: "PCMA"})
        self.assertEqual(plan.receive_events, frozenset())

    def test_a_new_line_is_refused_the_old_stays(self) -> None:
        """Video offered in the middle is refused, and the stream in use keeps its place."""
        answer = self.answered("m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 31")
        self.assertEqual([m.port for m in answer.media], [30_000, 0])
        answer = self.answered("m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 0")
        self.assertEqual([m.port for m in answer.media], [30_000, 0])

    def test_the_stream_moves_to_another_line(self) -> None:
        """When the line in use is switched off and another offered, that one is taken."""
        answer = self.answered("m=audio 0 RTP/AVP 0", "m=audio 4002 RTP/AVP 8")
        self.assertEqual([m.port for m in answer.media], [0, 30_000])
        answer = self.answered("m=audio 4000 RTP/AVP 0", "m=audio 4002 RTP/AVP 8")
        self.assertEqual([m.port for m in answer.media], [0, 30_000])

    def test_the_stream_is_switched_off(self) -> None:
        """Without any stream nothing flows, and the codec is remembered for the next offer."""
        self.answered("m=audio 0 RTP/AVP 0")
        plan = self.ours.plan
        assert plan is not None
        self.assertEqual((plan.remote_port, plan.codec, plan.may_send), (0, "PCMU", False))
        mine = parse_sdp(self.ours.offer())
        self.assertEqual([(m.kind, m.port) for m in mine.media], [("audio", 30_000)])
        self.ours.accept(offer("m=audio 4000 RTP/AVP 0"))
        assert self.ours.plan is not None
        self.assertTrue(self.ours.plan.may_send)

    def test_a_refused_offer_changes_nothing(self) -> None:
        """A re-offer that we refuse leaves the call as it was, and its body too."""
        before = self.ours.plan
        for body in (offer("m=audio 4000 RTP/AVP 18"), offer(), b"rubbish"):
            with self.assertRaises(NotAcceptable):
                self.ours.answer(body)
            self.assertEqual(self.ours.plan, before)
        self.assertEqual(self.ours.answer(offer(*PLAIN)), self.first)


class OfferTests(SynchronousTestCase):
    """Delayed offers and offers of our own."""

    def test_the_first_offer(self) -> None:
        """Both laws and the keys, under the usual numbers; the same body when asked again."""
        ours = session()
        body = ours.offer()
        (mine,) = parse_sdp(body).media
        self.assertEqual((mine.port, mine.formats), (30_000, ("0", "8", "101")))
        self.assertEqual(mine.values("fmtp"), ("101 0-15",))
        self.assertEqual((mine.values("ptime"), mine.values("sendrecv")), (("20",), ("",)))
        self.assertEqual(ours.offer(), body)
        self.assertIsNone(ours.plan)

    def test_our_order(self) -> None:
        """The codecs that we were given, best first."""
        ours = MediaSession(host="192.0.2.10", port=30_000, session_id=1, codecs=("PCMA", "PCMU"))
        self.assertEqual(parse_sdp(ours.offer()).media[0].formats, ("8", "0", "101"))

    def test_the_answer(self) -> None:
        """The plan is what the answer says; everything that we offered may arrive."""
        ours = session()
        ours.offer()
        plan = ours.accept(offer("m=audio 4000 RTP/AVP 8 101", "a=ptime:30", "a=recvonly"))
        self.assertEqual((plan.codec, plan.payload_type, plan.event_payload_type), ("PCMA", 8, 101))
        self.assertEqual((plan.ptime, plan.may_send, plan.may_receive), (30, True, False))
        self.assertEqual(dict(plan.receive_codecs), {0: "PCMU", 8: "PCMA"})
        self.assertEqual(plan.receive_events, frozenset({101}))
        self.assertIs(ours.plan, plan)

    def test_a_later_answer(self) -> None:
        """An early answer may be followed by another one."""
        ours = session()
        ours.offer()
        ours.accept(offer("m=audio 4000 RTP/AVP 0"))
        plan = ours.accept(offer("m=audio 5000 RTP/AVP 8"))
        self.assertEqual((plan.remote_port, plan.codec), (5000, "PCMA"))

    def test_refused(self) -> None:
        """An answer that takes nothing, or nothing we offered, is refused; the offer stays open."""
        ours = session()
        ours.offer()
        for body in (
            offer("m=audio 0 RTP/AVP 0"),
            offer(),
            offer("m=audio 4000 RTP/AVP 18"),
            b"rubbish",
        ):
            with self.assertRaises(NotAcceptable):
                ours.accept(body)
        self.assertEqual(ours.accept(offer("m=audio 4000 RTP/AVP 0")).codec, "PCMU")

    def test_out_of_turn(self) -> None:
        """Accepting without an open offer is our own mistake, also after theirs overtook ours."""
        ours = session()
        with self.assertRaises(OutOfTurn):
            ours.accept(offer("m=audio 4000 RTP/AVP 0"))
        ours.offer()
        ours.answer(offer("m=audio 4000 RTP/AVP 0"))
        with self.assertRaises(OutOfTurn):
            ours.accept(offer("m=audio 4000 RTP/AVP 0"))

    def test_an_offer_in_the_middle(self) -> None:
        """Asked for an offer in the middle of a call we offer what is in use, as it is."""
        ours = session()
        ours.answer(
            offer(
                "m=video 4002 RTP/AVP 31",
                "m=audio 4000 RTP/AVPF 96 97",
                "a=rtpmap:96 PCMA/8000",
                "a=rtpmap:97 telephone-event/8000",
                "a=ptime:40",
            )
        )
        video, audio = parse_sdp(ours.offer()).media
        self.assertEqual((video.port, audio.port, audio.proto), (0, 30_000, "RTP/AVPF"))
        self.assertEqual((audio.formats, audio.values("ptime")), (("96", "0", "97"), ("40",)))
        plan = ours.accept(offer("m=video 0 RTP/AVP 31", "m=audio 4004 RTP/AVPF 96 97"))
        self.assertEqual((plan.codec, plan.payload_type, plan.event_payload_type), ("PCMA", 96, 97))
        self.assertEqual(plan.remote_port, 4004)

    def test_we_hold(self) -> None:
        """While we hold, our offer says so and what arrives is not listened to."""
        ours = session()
        ours.held = True
        self.assertEqual(parse_sdp(ours.offer()).media[0].values("sendonly"), ("",))
        self.assertFalse(ours.accept(offer("m=audio 4000 RTP/AVP 0")).may_receive)

    def test_numbers_that_are_taken(self) -> None:
        """A number that once meant something else is not used for another format."""
        ours = session()
        many = " ".join(str(n) for n in range(96, 128))
        maps = [f"a=rtpmap:{n} X{n}/8000" for n in range(96, 128)]
        ours.answer(offer(f"m=audio 4000 RTP/AVP 8 0 {many}", "a=rtpmap:0 G722/8000", *maps))
        (mine,) = parse_sdp(ours.offer()).media
        self.assertEqual(mine.formats, ("8",))
        ours = session()
        ours.answer(offer("m=audio 4000 RTP/AVP 0 101", "a=rtpmap:101 speex/8000"))
        self.assertEqual(parse_sdp(ours.offer()).media[0].formats, ("0", "8", "96"))

    def test_a_call_that_began_without_sound(self) -> None:
        """An offer after an offer without a stream of sound reuses a refused place."""
        for lines, ports in (
            (("m=image 0 udptl t38", "m=audio 0 RTP/AVP 0"), [0, 30_000]),
            (("m=image 0 udptl t38",), [30_000]),
            ((), [30_000]),
        ):
            ours = session()
            ours.answer(offer(*lines))
            mine = parse_sdp(ours.offer())
            self.assertEqual([m.port for m in mine.media], ports)
