"""What comes in and belongs to no call: questions, mistakes, floods."""

from __future__ import annotations

from attrs import evolve

from tests.kit.sip_peer import HERE, SDP, TCP, UDP, Peer
from tests.wire.sip.test_invite_server import PeerCase
from umserver.wire.sip.effects import Answered, Dropped, Flow, Offered, ProtocolMisuse, Send
from umserver.wire.sip.headers import parse_name_addr
from umserver.wire.sip.screening import Refusal
from umserver.wire.sip.uri import parse_uri


class OptionsTests(PeerCase):
    def test_available(self) -> None:
        """OPTIONS is answered 200 with what we take (§11.2)."""
        self.peer.ask("OPTIONS", 1)
        self.assertEqual(self.peer.names, ["200"])
        headers = self.peer.response.headers
        self.assertEqual(
            headers.get("allow"), "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY"
        )
        self.assertEqual(headers.get("supported"), "100rel, timer")
        self.assertIn("application/sdp", headers.get("accept") or "")
        self.assertEqual(headers.get("server"), "umserver/test")

    def test_not_available(self) -> None:
        """503 while we take no calls, with a time to ask again."""
        self.endpoint.available = False
        self.peer.ask("OPTIONS", 1)
        self.assertEqual(self.peer.names, ["503"])
        self.assertEqual(self.peer.response.headers.get("retry-after"), "30")

    def test_last_hop(self) -> None:
        """Max-Forwards 0 does not matter to whom the request is for (§16.3)."""
        data = self.peer.request("OPTIONS", 1).replace(b"Max-Forwards: 70", b"Max-Forwards: 0")
        self.peer.receive(data)
        self.assertEqual(self.peer.names, ["200"])

    def test_our_question(self) -> None:
        """Our own OPTIONS is answered, or is not; both are told."""
        sender = parse_name_addr("<sip:probe@192.0.2.2>")
        uri = parse_uri("sip:192.0.2.1")
        for answers in (True, False):
            token, effects = self.endpoint.request(
                "OPTIONS", uri, UDP, sender, (), b"", self.peer.now
            )
            self.peer.do(effects)
            request = self.peer.sent_request
            self.assertEqual((request.method, str(request.uri)), ("OPTIONS", "sip:192.0.2.1"))
            if answers:
                self.peer.answer(request, 100)
                self.assertEqual(self.peer.effects, [])
                self.peer.answer(request, 200)
                told = self.peer.told(Answered)
                self.assertEqual((told.token, told.response is None), (token, False))
            else:
                self.peer.wake(self.peer.now + 33)
                self.assertEqual(self.peer.told(Answered), Answered(token, None))
        self.assertRaises(
            ProtocolMisuse, self.endpoint.request, "INVITE", uri, UDP, sender, (), b"", 0.0
        )


class MethodTests(PeerCase):
    def test_methods_we_do_not_take(self) -> None:
        """405 for known methods, 501 for others, each with Allow (§8.2.1)."""
        methods = [(m, "405") for m in ("REGISTER", "SUBSCRIBE", "REFER", "MESSAGE", "PUBLISH")]
        for number, (method, status) in enumerate([*methods, ("DANCE", "501"), ("invite", "501")]):
            self.peer.call_id = f"m-{number}"
            self.peer.ask(method, 1)
            self.assertEqual(self.peer.names, [status], method)
            self.assertIn("INVITE", self.peer.response.headers.get("allow") or "")

    def test_methods_that_need_a_call(self) -> None:
        """481 outside of any call."""
        for method in ("BYE", "INFO", "UPDATE", "PRACK", "NOTIFY"):
            self.peer.ask(method, 1)
            self.assertEqual(self.peer.names, ["481"], method)

    def test_ack_for_nothing(self) -> None:
        """An ACK is never answered."""
        self.peer.ask("ACK", 1)
        self.assertEqual(self.peer.names, ["Dropped"])


class RefusalTests(PeerCase):
    def test_extensions(self) -> None:
        """420 lists what we do not understand, and only that (§8.2.2.3)."""
        required = [
            ("Require", "100rel, replaces, foo"),
            ("Require", "foo"),
            ("Proxy-Require", "x"),
        ]
        self.peer.ask("INVITE", 1, body=SDP, headers=required)
        self.assertEqual(self.peer.names, ["420"])
        self.assertEqual(self.peer.response.headers.get("unsupported"), "replaces, foo")
        self.peer.call_id = "known"
        known = [("Require", "100rel, timer"), ("Proxy-Require", "x")]
        self.peer.ask("INVITE", 1, body=SDP, headers=known)
        self.assertEqual(self.peer.names, ["100", "Offered"])

    def test_required_of_a_cancel(self) -> None:
        """Require in CANCEL does not count (§8.2.2.3)."""
        self.peer.offered(branch="z9hG4bK-q")
        self.peer.ask("CANCEL", 1, branch="z9hG4bK-q", headers=[("Require", "foo")])
        self.assertEqual(self.peer.names, ["200", "487", "Ended"])

    def test_schemes(self) -> None:
        """sip, sips and tel are understood, others are told 416."""
        for number, (uri, names) in enumerate(
            (
                ("tel:+12125550142", ["100", "Offered"]),
                ("sips:1001@192.0.2.2", ["100", "Offered"]),
                ("http://example.com", ["416"]),
                ("soap.beep://192.0.2.103:3002", ["416"]),
            )
        ):
            self.peer.call_id = f"scheme-{number}"
            self.peer.ask("INVITE", 1, body=SDP, uri=uri)
            self.assertEqual(self.peer.names, names, uri)

    def test_bodies(self) -> None:
        """415 for what we cannot read, with what we can; unless it is optional (§8.2.3)."""
        self.peer.ask("INVITE", 1, body=b"x", kind="application/unknown")
        self.assertEqual(self.peer.names, ["415"])
        self.assertIn("application/sdp", self.peer.response.headers.get("accept") or "")
        self.peer.call_id = "encoded"
        self.peer.ask("INVITE", 1, body=SDP, headers=[("Content-Encoding", "gzip")])
        self.assertEqual(self.peer.names, ["415"])
        self.assertEqual(self.peer.response.headers.get("accept-encoding"), "identity")
        self.peer.call_id = "optional"
        optional = [("Content-Disposition", "icon; handling=optional")]
        self.peer.ask("INVITE", 1, body=b"x", kind="image/png", headers=optional)
        self.assertEqual(self.peer.names, ["100", "Offered"])

    def test_broken_multiparts(self) -> None:
        """A multipart that nobody can take apart is 400, and the phrase says why (§21.4.1)."""
        self.peer.ask("INVITE", 1, body=SDP, kind="multipart/mixed")
        self.assertEqual(self.peer.names, ["400"])
        self.assertEqual(self.peer.response.reason, "Multipart without a boundary")

    def test_offers_in_multiparts(self) -> None:
        """An offer beside signalling is told with the call, whatever the line ends are."""
        body = b"--b\nContent-Type: application/isup\n\n\1\n--b\nContent-Type: application/sdp\n\n"
        self.peer.ask("INVITE", 1, body=body + SDP, kind="multipart/mixed;boundary=b")
        offered = self.peer.effects[-1]
        assert isinstance(offered, Offered)
        self.assertEqual(offered.sdp, SDP)

    def test_answers_that_we_cannot_give(self) -> None:
        """406 for a caller that takes no session description."""
        self.peer.ask("INVITE", 1, body=SDP, headers=[("Accept", "text/plain")])
        self.assertEqual(self.peer.names, ["406"])

    def test_version(self) -> None:
        """Another version of SIP: 505."""
        self.peer.receive(
            self.peer.request("OPTIONS", 1).replace(b" SIP/2.0\r\nVia", b" SIP/7.0\r\nVia")
        )
        self.assertEqual(self.peer.names, ["505"])

    def test_bad_requests(self) -> None:
        """400 for what cannot be read, with a tag, and nothing is remembered of it."""
        data = self.peer.request("INVITE", 1, body=SDP).replace(b"wards: 70", b"wards: 300")
        for _ in range(2):
            self.peer.receive(data)
            self.assertEqual(self.peer.names, ["400"])
        self.assertEqual(len(self.endpoint.post.ledger), 0)

    def test_bad_messages_without_answer(self) -> None:
        """Broken responses, broken ACKs and noise are dropped."""
        ack = self.peer.request("ACK", 1).replace(b"CSeq: 1", b"CSeq: one")
        for data in (ack, b"SIP/2.0 abc\r\n\r\n", b"\x00\xff" * 50, b"", b"GET / HTTP/1.1\r\n\r\n"):
            self.peer.receive(data)
            self.assertEqual(self.peer.names, ["Dropped"], data[:20])

    def test_stray_response(self) -> None:
        """A response to nothing is dropped."""
        call = self.peer.call()
        invite = self.peer.sent_request
        stranger = Peer()
        stranger.answer(invite, 200, body=SDP)
        self.assertEqual(stranger.names, ["Dropped"])
        self.assertEqual(stranger.told(Dropped).source, UDP.remote)
        self.assertEqual(call, "1")


class LoopTests(PeerCase):
    def test_merged_request(self) -> None:
        """The same call on two ways: the second is told 482 (§8.2.2.2)."""
        self.peer.ask("INVITE", 1, branch="z9hG4bK-way-1")
        self.peer.ask("INVITE", 1, branch="z9hG4bK-way-2")
        self.assertEqual(self.peer.names, ["482"])

    def test_what_is_not_remembered(self) -> None:
        """Answers that need no memory leave none: every copy is answered alike (§8.2.7)."""
        refused = Refusal(404, reason="Nobody")
        self.endpoint.reception.judge = lambda request, flow: refused
        for method in ("OPTIONS", "REGISTER", "BYE", "INVITE"):
            data = self.peer.request(method, 1, tagged=False)
            copies = [self.peer.receive(data) for _ in range(3)]
            self.assertEqual(copies[0], copies[2])
            self.assertEqual(len(copies[0]), 1)
        self.assertEqual((self.peer.names, len(self.endpoint.post.ledger)), (["404"], 0))
        self.assertIsNone(self.endpoint.deadline)

    def test_our_own_request(self) -> None:
        """A request of ours that comes back to us is told 482."""
        self.peer.call()
        sent = self.peer.effects[0]
        assert isinstance(sent, Send)
        self.peer.receive(sent.data)
        self.assertEqual(self.peer.names, ["482"])


class SourceTests(PeerCase):
    def options(self, via: str, flow: Flow) -> tuple[Send, str]:
        """Where the answer to an OPTIONS goes, and its Via."""
        self.peer.call_id += "."
        data = self.peer.request("OPTIONS", 1)
        start, end = data.index(b"Via: "), data.index(b"\r\nMax-")
        effects = self.peer.receive(data[:start] + b"Via: " + via.encode() + data[end:], flow)
        assert isinstance(effects[0], Send)
        return effects[0], self.peer.response.headers.all("via")[0]

    def test_plain(self) -> None:
        """The answer goes to the source address and the port of the Via (§18.2.2)."""
        flow = Flow("udp", ("192.0.2.1", 40000), HERE)
        via = "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK-a"
        self.assertEqual(self.options(via, flow)[0].flow.remote, ("192.0.2.1", 5070))
        self.assertEqual(self.peer.response.headers.get("via"), via)
        via = "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-b"
        self.assertEqual(self.options(via, flow)[0].flow.remote, ("192.0.2.1", 5060))

    def test_other_source(self) -> None:
        """`received` says where the request came from; maddr and names are never believed."""
        flow = Flow("udp", ("192.0.2.1", 40000), HERE)
        for host in ("pbx.example.com", "203.0.113.9", "203.0.113.9:5070;maddr=203.0.113.8"):
            sent, via = self.options(f"SIP/2.0/UDP {host};branch=z9hG4bK-{len(host)}", flow)
            self.assertEqual(sent.flow.remote[0], "192.0.2.1")
            self.assertIn(";received=192.0.2.1", via)

    def test_rport(self) -> None:
        """Whoever asks for it is answered at the source port and told which it was (RFC 3581)."""
        flow = Flow("udp", ("192.0.2.1", 40000), HERE)
        sent, via = self.options("SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK-r", flow)
        self.assertEqual(sent.flow.remote, ("192.0.2.1", 40000))
        self.assertIn(";rport=40000", via)
        self.assertIn(";received=192.0.2.1", via)

    def test_stream(self) -> None:
        """Over a stream the answer takes the connection."""
        sent, _ = self.options("SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK-t", TCP)
        self.assertEqual(sent.flow, TCP)

    def test_ipv6(self) -> None:
        """IPv6 likewise."""
        flow = Flow("udp", ("2001:db8::9", 40000), ("2001:db8::2", 5060))
        sent, via = self.options("SIP/2.0/UDP [2001:db8::1]:5070;branch=z9hG4bK-6", flow)
        self.assertEqual(sent.flow.remote, ("2001:db8::9", 5070))
        self.assertIn(";received=2001:db8::9", via)

    def test_nowhere(self) -> None:
        """Nothing is sent to groups, broadcast or port 0."""
        for host, port in (("239.1.1.1", 5060), ("255.255.255.255", 5060), ("192.0.2.1", 0)):
            flow = evolve(UDP, remote=(host, port))
            self.peer.receive(self.peer.request("OPTIONS", 1), flow)
            self.assertEqual(self.peer.names, ["Dropped"])
            self.peer.receive(b"OPTIONS sip:a SIP/2.0\r\nVia: x\r\n\r\n", flow)
            self.assertEqual(self.peer.names, ["Dropped"])


class BoundTests(PeerCase):
    def test_flood_of_strangers(self) -> None:
        """Requests from nowhere to nowhere leave no more than the cap."""
        self.endpoint.post.ledger.most = 100
        for number in range(500):
            self.peer.call_id = f"flood-{number}"
            for method in ("OPTIONS", "INVITE", "BYE", "CANCEL", "REGISTER"):
                self.peer.to_tag = "bogus" if number % 2 else ""
                self.peer.ask(method, 1, body=b"")
                self.assertIn(len(self.peer.effects), (1, 2))
        self.assertLessEqual(len(self.endpoint.post.ledger), 100)
        for effect in list(self.peer.every):
            if isinstance(effect, Offered):
                self.do("refuse", effect.call, 486, "", self.peer.now)
        self.assert_nothing_left()
