"""Which part answers, and from where sound comes (spec 1.1, 4.1).

Where Exchange redirects a second time, to a worker process, our desk answers by itself.
"""

from __future__ import annotations

from tests.journeys.test_split_deployment import FIRST, ROUTER, Split
from tests.kit.gateway import Gateway
from tests.kit.raw_sip import Raw, sdp
from umserver.wire.sip.headers import parse_name_addr


class WhoCarriesSound(Split):
    """A router on one address, a desk on another, a gateway that follows the redirect."""

    def open_both(self) -> Gateway:
        """The router and one desk; a gateway that will call them."""
        self.fill(self.demo())
        self.open(FIRST, "mbx")
        self.um = self.open(ROUTER, "cas")
        self.stage.walk(3.0)
        return self.gateway()

    def redirected(self, gateway: Gateway) -> Raw:
        """Call the router; its answer."""
        gateway.call((ROUTER, self.router_port))
        answer = gateway.final()
        assert answer is not None
        self.assertEqual(answer.status, 302)
        return answer

    def answered(self, gateway: Gateway, redirect: Raw) -> Raw:
        """Follow the redirect; the desk's answer."""
        uri = parse_name_addr(redirect.header("Contact")).uri
        gateway.got.clear()
        gateway.invite((uri.host, uri.port or 0), uri=str(uri), body=sdp(gateway.sound_port))
        self.stage.run_until(lambda: gateway.final(), 5.0)
        answer = gateway.final()
        assert answer is not None
        return answer

    def test_the_desk_answers_itself(self) -> None:
        """The desk answers the redirected INVITE with 200, and needs no third one (features 3, 4).

        Its session description names the desk's address, and the sound comes from there.
        """
        gateway = self.open_both()
        answer = self.answered(gateway, self.redirected(gateway))
        self.assertEqual((answer.status, answer.source[0]), (200, FIRST))
        self.assertNotIn(302, gateway.responses())
        self.assertIn(f"c=IN IP4 {FIRST}", answer.body)
        [line] = [one for one in answer.body.split("\r\n") if one.startswith("m=audio ")]
        gateway.listen_to(answer)
        gateway.media.came_from.clear()
        gateway.keep_silent(2.0)
        self.assertEqual(gateway.media.came_from, {(FIRST, int(line.split()[1]))})
        gateway.hang_up()

    def test_the_router_is_silent(self) -> None:
        """A router opens no port for sound and sends none during a whole call (feature 5).

        UDP it does open, for SIP: where Exchange takes calls by TCP alone, we take both.
        """
        gateway = self.open_both()
        redirect = self.redirected(gateway)
        router = self.servers[ROUTER]
        assert router.router is not None
        self.assertIsNone(router.desk)
        self.assertIsNone(router.router.server.engine)
        sent = router.router.server.counters["messages_sent"]
        answer = self.answered(gateway, redirect)
        gateway.listen_to(answer)
        gateway.keep_silent(2.0)
        gateway.hang_up()
        self.assertNotIn(ROUTER, {host for host, _ in gateway.media.came_from})
        self.assertEqual(router.router.server.active, 0)
        self.assertLessEqual(router.router.server.counters["messages_sent"] - sent, 20)
