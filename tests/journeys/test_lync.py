"""Calls from a Lync pool to a SIP dial plan, over mutual TLS (spec 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from tests.kit.certificates import SERVER, Issued, context_of
from tests.kit.house import ADA
from tests.kit.lync import BOUNDARY, FRONT_END, POOL, FrontEnd
from tests.kit.raw_sip import Raw
from tests.kit.secured import SecuredCase

UM = "um.example.com"
FORWARDED = (("Diversion", "<sip:ada@example.com>;reason=no-answer"),)
"""What Lync's router puts in place of whatever stood there."""
RETARGETED = (
    ("History-Info", "<sip:ada@example.com>;index=1;ms-retarget-reason=forwarding, "
     "<sip:um@example.com;opaque=app:voicemail>;index=1.1"),
)  # fmt: skip
VOICEMAIL = "sip:ada@example.com;opaque=app:voicemail"
ACCESS = "sip:umaccess@example.com;opaque=app:exum:subscriber-access"


class LyncCase(SecuredCase):
    """A pool whose servers call from anywhere, and a server that is called by its name."""

    def setUp(self) -> None:
        super().setUp()
        self.front_end = self.authority.issue(FRONT_END, (FRONT_END, POOL), uses=(SERVER,))

    def secured(self, toml: str) -> str:
        """A SIP dial plan, people with SIP addresses, a gateway that is the pool."""
        toml = super().secured(toml)
        toml = toml.replace('address = "localhost"', f'address = "{POOL}"\nport = 5061')
        toml = toml.replace('name = "Demo"', 'name = "Demo"\nuri_type = "SipName"', 1)
        toml = toml.replace('"5000"]\n', '"5000", "umaccess@example.com"]\n', 1)
        for name in ("ada", "ben", "chloe"):
            line = f'address = "{name}@example.com"'
            toml = toml.replace(line, f'{line}\nsip_resource_identifier = "{name}@example.com"')
        return toml

    def begin(self, own: Issued | None = None, **settings: str) -> FrontEnd:
        """Open, with a front end that shows this certificate."""
        self.open(**{"server.host_name": UM, **settings})
        return self.server(own or self.front_end)

    def server(self, own: Issued) -> FrontEnd:
        """One of the pool's."""
        folder = self.folder()
        authority = self.authority.own
        peer = FrontEnd(
            self.stage,
            self.host,
            client=context_of(folder, own, authority),
            server=context_of(folder, own, authority, server=True),
        )
        self.addCleanup(peer.media.close)
        self.addCleanup(peer.close)
        return peer

    def call(
        self,
        peer: FrontEnd,
        uri: str = VOICEMAIL,
        headers: Sequence[tuple[str, str]] = FORWARDED,
        body: str = "",
    ) -> Raw:
        """Call the router, follow the redirect as Lync does; the last answer."""
        offer = body or peer.offer(peer.sound_port, self.SECURITY == "Secured")
        peer.invite((self.host, self.router_tls), uri=uri, headers=headers, body=offer)
        self.stage.run_until(lambda: peer.final(), 10.0)
        first = peer.final()
        assert first is not None
        if first.status != 302:
            return first
        self.assertIn(f"@{UM}:{self.desk_tls};", first.contact)
        self.assertIn("transport=tls", first.contact)
        seen = len(peer.got)
        peer.invite((self.host, self.desk_tls), uri=first.contact, headers=headers, body=offer)
        self.stage.run_until(lambda: any(m.status >= 200 for m in peer.got[seen:]), 10.0)
        answer = peer.final()
        assert answer is not None
        if answer.status == 200:
            peer.listen_to(answer)
        return answer


class SipSecured(LyncCase):
    """Signalling by TLS, sound in the clear."""

    def test_a_message(self) -> None:
        """Somebody who is not there is spoken to; the mail names the caller."""
        peer = self.begin()
        answer = self.call(peer)
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.contact, f"sip:{UM}:{self.desk_tls};transport=tls")
        self.assertIn("RTP/AVP 0 101", answer.body)
        peer.keep_silent(6.0)
        peer.play(b"\x20\xa0" * 12_000)
        self.within(peer, "BYE")
        [mail] = self.mails(ADA)
        self.assertIn("Bob Caller", f"{mail['From']} {mail['Subject']}")

    def test_history_alone(self) -> None:
        """Without Diversion the retargeting in History-Info says whom it was for."""
        peer = self.begin()
        self.assertEqual(self.call(peer, headers=RETARGETED).status, 200)

    def test_the_called_address_alone(self) -> None:
        """Neither of them: the user in the request's own address is meant."""
        peer = self.begin()
        self.assertEqual(self.call(peer, headers=()).status, 200)

    def test_subscriber_access(self) -> None:
        """The contact object of the access number leads to voice access."""
        peer = self.begin()
        answer = self.call(peer, uri=ACCESS, headers=())
        self.assertEqual(answer.status, 200, answer)
        [call] = self.ask("active-calls")
        self.assertEqual(call["type"], "Subscriber Access")

    def test_two_parts(self) -> None:
        """Of a body in two parts the one that counts is answered."""
        peer = self.begin()
        offer = peer.two_parts(peer.offer(peer.sound_port, False))
        peer.body_kind = f'multipart/alternative;boundary="{BOUNDARY}"'
        self.assertEqual(self.call(peer, body=offer).status, 200)

    def test_its_path_is_kept(self) -> None:
        """When we hang up, the BYE takes the path that the front end asked for."""
        peer = self.begin()
        answer = self.call(peer)
        self.assertIn(f"<{peer.record}>", answer.header("Record-Route"))
        assert self.um is not None and self.um.desk is not None
        self.um.desk.role.hang_up_all()
        self.stage.run_until(lambda: peer.requests("BYE"), 10.0)
        [bye] = peer.requests("BYE")
        self.assertIn(f"<{peer.record}>", bye.header("Route"))
        self.assertTrue(bye.start.startswith("BYE sip:bob@example.org;opaque=user:epid"))
        self.assertEqual(bye.source[1], self.desk_tls)

    def test_unknown_user(self) -> None:
        """A user without a mailbox here is refused with a reason that Lync can show."""
        peer = self.begin()
        nobody = (("Diversion", "<sip:nobody@example.com>;reason=no-answer"),)
        answer = self.call(peer, "sip:nobody@example.com;opaque=app:voicemail", nobody)
        self.assertEqual(answer.status, 404)
        diagnostics = answer.header("ms-diagnostics")
        self.assertRegex(diagnostics, rf'^150\d\d;\s*source="{UM}";\s*reason="[^"]+"$')

    def test_a_server_that_is_not_of_the_pool(self) -> None:
        """A certificate of the same authority for another pool opens nothing."""
        other = self.authority.issue("fe9.example.net", ("fe9.example.net", "pool.example.net"))
        self.assertEqual(self.call(self.begin(other)).status, 403)

    def test_one_server_after_the_other(self) -> None:
        """Two front ends of one pool are one gateway."""
        first = self.begin()
        second = self.server(self.authority.issue("fe2.example.com", ("fe2.example.com", POOL)))
        for peer in (first, second):
            self.assertEqual(self.call(peer).status, 200)
        calls = self.ask("active-calls")
        self.assertEqual([call["gateway"] for call in calls], ["loopback", "loopback"])

    def within(self, peer: FrontEnd, method: str) -> None:
        """A request of the front end in the call."""
        peer.route = False
        peer.within(method)
        self.stage.settle()


class Secured(LyncCase):
    """Signalling by TLS, sound with keys in the offer."""

    SECURITY = "Secured"

    def test_keys_are_answered(self) -> None:
        """An offer of SAVP with a key is answered with one of our own (feature 15)."""
        answer = self.call(self.begin())
        self.assertEqual(answer.status, 200, answer)
        self.assertIn(" RTP/SAVP 0 101", answer.body)
        self.assertRegex(answer.body, r"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:\S{40}")

    def test_sound_in_the_clear(self) -> None:
        """An offer without keys is refused, and Lync hears why (feature 15)."""
        peer = self.begin()
        answer = self.call(peer, body=peer.offer(peer.sound_port, False))
        self.assertEqual(answer.status, 488)
        self.assertIn("needs SRTP", answer.header("ms-diagnostics"))
