"""Callers whose sound is encrypted are joined with somebody whose sound is encrypted too."""

from __future__ import annotations

from random import Random
from time import time

from tests.kit.media import MemoryTake, clip
from tests.kit.secured import GATEWAY, SecuredCase
from umserver.edges.net.media import MediaEngine
from umserver.edges.net.phone import Phone
from umserver.edges.net.sip_server import SipServer
from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.connections import Identity
from umserver.edges.net.tls.credentials import Credentials

FOREVER = 1e6


class SecretlyBridged(SecuredCase):
    """A dial plan that is Secured; the gateway takes calls by TLS at `self.desk`."""

    SECURITY = "Secured"

    def setUp(self) -> None:
        super().setUp()
        self.taken: list[Phone] = []
        engine = MediaEngine(self.stage, None, range(36_000, 36_100), Random(3), dscp=0)
        engine.start()
        self.addCleanup(engine.stop)
        identity = Identity(
            expected=lambda address: (),
            proves=lambda names, wanted: True,
            complaints=Complaints(self.stage.seconds, time),
            check=False,
        )
        identity.take(
            Credentials((self.peer.certificate,), self.peer.key, (self.authority.own.certificate,))
        )
        self.desk = SipServer(
            reactor=self.stage,
            offered=self.offered,
            random=Random(4),
            listen=("127.0.0.1",),
            engine=engine,
            seconds=self.stage.seconds,
            identity=identity,
            plain=False,
            tls_port=0,
        )
        self.desk.start()

    def offered(self, phone: Phone) -> None:
        """The desk answers at once."""
        self.taken.append(phone)
        phone.answer()

    def secured(self, toml: str) -> str:
        """The gateway's port, and bridging as its only way."""
        address = f'address = "{GATEWAY}"\n'
        port = f'port = {self.desk.bound_tls_port}\ntransfer_method = "Bridge"\n'
        return super().secured(toml).replace(address, address + port, 1)

    def end(self) -> None:
        """The desk too."""
        super().end()
        self.stage.run_until(self.desk.stop(), 5.0)

    def test_both_talk(self) -> None:
        """The second call goes out by TLS and SRTP; each side hears what the other said, bit by
        bit (features 14, 15).
        """
        self.open()
        self.phone = self.tls_phone(self.peer)
        caller = self.dial("5001", port=self.router_tls, transport="tls", offering="sdes")
        caller.wait(1.5).press("1")
        self.stage.run_until(lambda: self.taken and self.taken[0].established, 20.0)
        [desk] = self.taken
        self.assertEqual(desk.flow.transport, "tls")
        for call in (desk, caller.call):
            assert call.session is not None and call.session.plan is not None
            self.assertIsNotNone(call.session.plan.keying)
        caller.wait(0.5)
        heard = MemoryTake()
        desk.record(heard, FOREVER, FOREVER)
        self.stage.run_until(caller.call.play([clip(1.0, 1)]), 5.0)
        self.stage.run_until(desk.play([clip(1.0, 2)]), 5.0)
        caller.wait(0.2).hang_up()
        self.stage.run_until(lambda: desk.over, 5.0)
        self.assertIn(clip(1.0, 1).encoded["PCMU"], heard.sound)
        _, sound = caller.ear.encoded() or ("", b"")
        self.assertIn(clip(1.0, 2).encoded["PCMU"], sound)
