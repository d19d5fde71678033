"""A gateway that sends the names of a call after its INVITE (DelayedSourcePartyInfoEnabled)."""

from __future__ import annotations

from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase
from tests.kit.raw_sip import sdp


class LateNames(HouseCase):
    """Neither caller nor forwarding stand in the INVITE."""

    def ringing(self, port: int) -> Gateway:
        """A gateway whose call of the pilot rings, and names nobody."""
        gateway = self.gateway()
        gateway.user = "anonymous"
        gateway.invite((self.host, port), "5000", body=sdp(gateway.sound_port))
        self.stage.walk(1.0)
        self.assertEqual(gateway.responses(), [100, 180])
        return gateway

    def open(self) -> None:
        """A house whose gateway names people late."""
        gateway = 'address = "127.0.0.1"'
        late = f"{gateway}\ndelayed_source_party_info_enabled = true"
        self.start(lambda text: text.replace(gateway, late))

    def test_the_desk_waits(self) -> None:
        """It rings until an UPDATE names Ada, who then gets the message (feature 40)."""
        self.open()
        gateway = self.ringing(self.desk_port)
        gateway.within(
            "UPDATE",
            headers=[
                ("P-Asserted-Identity", '"Grace" <sip:2125550142@pbx.example.com>'),
                ("Diversion", "<sip:1001@pbx.example.com>;reason=no-answer"),
            ],
        )
        self.stage.run_until(lambda: gateway.final(), 5.0)
        answer = gateway.final()
        assert answer is not None
        self.assertEqual((answer.status, gateway.responses("UPDATE")), (200, [200]))
        gateway.listen_to(answer)
        gateway.keep_silent(5.0)
        gateway.play(bytes(range(0x10, 0x30)) * 500)
        gateway.hang_up()
        [mail] = self.mails()
        self.assertEqual(mail["X-CallingTelephoneNumber"], "2125550142")
        self.assertEqual(mail["Content-Class"], "voice-ca")

    def test_the_router_waits(self) -> None:
        """The router rings as well, and redirects when it knows whose call it is (feature 40)."""
        self.open()
        gateway = self.ringing(self.router_port)
        header = ("Diversion", "<sip:1001@pbx.example.com>;reason=user-busy")
        gateway.within("UPDATE", headers=[header])
        self.stage.walk(1.0)
        answer = gateway.final()
        assert answer is not None
        self.assertEqual(answer.status, 302)
        uri = answer.contact
        gateway.got.clear()
        second = gateway.invite(
            (self.host, self.desk_port), uri=uri, body=sdp(gateway.sound_port), call_id="2@x"
        )
        self.stage.run_until(lambda: gateway.final(), 5.0)
        self.assertEqual(gateway.responses()[-1], 200)
        [row] = [row for row in self.ask("active-calls") if row["id"] == second]
        self.assertEqual(row["type"], "Call Answering Voice Message")
        gateway.hang_up()

    def test_nothing_comes(self) -> None:
        """After three seconds the call is classified by what there is (feature 40)."""
        self.open()
        gateway = self.ringing(self.desk_port)
        self.stage.walk(1.5)
        self.assertIsNone(gateway.final())
        self.stage.run_until(lambda: gateway.final(), 2.0)
        self.assertEqual(gateway.responses()[-1], 200)
        [row] = self.ask("active-calls")
        self.assertEqual((row["type"], row["calling"]), ("Subscriber Access", ""))
        gateway.hang_up()
