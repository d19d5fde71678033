"""The lamp on the telephone shows whether new voice messages wait (spec 4.8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from tests.kit.gateway import Gateway
from tests.kit.house import ADA, HouseCase
from tests.kit.log import said_in
from tests.kit.raw_sip import Address, Raw
from umserver.wire.sip.headers import parse_name_addr

LOOPBACK = 'address = "127.0.0.1"'
OWN = parse_name_addr("<sip:1001@pbx.example.com>")
SECOND = '\n[[gateways]]\nname = "Second"\naddress = "127.0.0.9"\nport = {port}\n'
HUNT = '\n[[hunt_groups]]\nname = "More"\ndial_plan = "Demo"\ngateway = "Second"\n'


def lit(text: str) -> str:
    """The demo organisation, whose gateways have no telephones with lamps, as if they had."""
    return text.replace("message_waiting_indicator_allowed = false\n", "")


class LampCase(HouseCase):
    """A gateway that is told of lamps."""

    def setUp(self) -> None:
        super().setUp()
        self.peer = self.gateway()

    def known(self, text: str) -> str:
        """The demo organisation with the gateway where it really is, and telephones behind it."""
        return lit(text).replace(LOOPBACK, f"{LOOPBACK}\nport = {self.peer.port}")

    def second(self, **replies: int | None) -> Gateway:
        """Another gateway of the same dial plan."""
        peer = Gateway(self.stage, "127.0.0.9", replies=dict(replies))
        self.addCleanup(peer.media.close)
        return peer

    def notices(self, extension: str = "1001", peer: Gateway | None = None) -> Sequence[Raw]:
        """What a gateway was told of this extension, each time anew."""
        every = (peer or self.peer).requests("NOTIFY")
        fresh = {one.header("Call-ID"): one for one in every}
        return [one for one in fresh.values() if one.header("To").startswith(f"<sip:{extension}@")]

    def lamps(self, extension: str = "1001", peer: Gateway | None = None) -> list[str]:
        """The same, only the counts."""
        lines = [one.body.split("\r\n") for one in self.notices(extension, peer)]
        return [f"{waiting.split()[1]} {counts.split()[1]}" for waiting, counts, _ in lines]

    def until(self, count: int, seconds: float = 30.0, peer: Gateway | None = None) -> float:
        """Wait until Ada's lamp was told of so many times; how long that took."""
        began = self.stage.seconds()
        self.stage.run_until(lambda: len(self.notices(peer=peer)) >= count, seconds)
        return self.stage.seconds() - began

    def restart(self, organisation: Callable[[str], str]) -> None:
        """The server comes back; what the gateway heard before does not count any more."""
        self.peer.got.clear()
        self.start(organisation)
        self.until(1, 5.0)

    def leave_a_message(self) -> None:
        """Somebody speaks to Ada and hangs up."""
        self.dial().until_beep().say(2.0).hang_up()

    def files(self) -> list[Path]:
        """Ada's mails."""
        box = self.state / "mail" / ADA
        return sorted([*box.glob("new/*"), *box.glob("cur/*")])

    def read_in_a_mail_program(self) -> None:
        """Every message is marked as read, as IMAP servers do it."""
        for path in self.files():
            path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,S")


class LampTests(LampCase):
    """One server, its gateways, a mail program."""

    def test_a_new_message_and_its_reading(self) -> None:
        """A message lights the lamp, reading it in a mail program puts it out within a second
        (features 151, 152).
        """
        self.start(self.known)
        self.until(1)
        self.assertEqual(self.lamps(), ["no 0/0"])
        self.leave_a_message()
        self.until(2)
        self.assertEqual(self.lamps()[-1], "yes 1/0")
        last = self.notices()[-1]
        self.assertEqual(last.start, f"NOTIFY sip:1001@127.0.0.1:{self.peer.port} SIP/2.0")
        self.assertEqual(last.header("Event"), "message-summary")
        self.assertEqual(last.header("Subscription-State"), "terminated")
        self.assertEqual(last.header("Content-Type"), "application/simple-message-summary")
        self.read_in_a_mail_program()
        self.assertLess(self.until(3), 1.0)
        self.assertEqual(self.lamps()[-1], "no 0/1")
        self.stage.walk(60.0)
        self.assertEqual(len(self.notices()), 3)

    def test_reading_by_telephone(self) -> None:
        """The lamp is out within a second after the last new message was heard by telephone
        (feature 152).
        """
        self.start(self.known)
        self.leave_a_message()
        self.stage.run_until(lambda: "yes 1/0" in self.lamps(), 30.0)
        owner = self.dial("5000", from_=OWN).wait(6.0).press("246813#").wait(3.0).press("#")
        owner.wait(6.0).press("1")
        self.stage.run_until(lambda: any(":2,S" in path.name for path in self.files()), 60.0)
        read_at = self.stage.seconds()
        self.stage.run_until(lambda: self.lamps()[-1] == "no 0/1", 5.0)
        self.assertLess(self.stage.seconds() - read_at, 1.0)
        owner.hang_up()

    def test_urgent_and_deleted(self) -> None:
        """Urgent messages are counted apart, deleted ones not at all (feature 151)."""
        self.start(self.known)
        self.until(1)
        self.dial().until_beep().say(2.0).press("#").press("1").press("1#").until_over()
        self.stage.run_until(lambda: self.lamps()[-1].startswith("yes"), 30.0)
        self.assertEqual(
            [one.body for one in self.notices()][-1].split("\r\n")[1][15:], "1/0 (1/0)"
        )
        for path in self.files():
            path.rename(path.parent.parent / "cur" / f"{path.name.partition(':')[0]}:2,T")
        self.stage.run_until(lambda: self.lamps()[-1] == "no 0/0", 2.0)

    def test_a_burst_is_told_once(self) -> None:
        """Ten messages that are read at once are one NOTIFY, not ten (feature 152)."""
        self.start(self.known)
        self.until(1)
        self.leave_a_message()
        self.until(2)
        [mail] = self.files()
        for number in range(10):
            copy = mail.read_bytes().replace(b"Message-ID: <", b"Message-ID: <%d" % number)
            (mail.parent / f"{number}.M{number}.example").write_bytes(copy)
        self.until(3)
        self.read_in_a_mail_program()
        self.until(4)
        self.stage.walk(10.0)
        self.assertEqual(self.lamps()[2:], ["yes 11/0", "no 0/11"])

    def test_another_gateway(self) -> None:
        """A gateway that refuses or is silent is passed over for the next one (feature 153)."""
        for status in (480, None):
            self.peer.replies["NOTIFY"] = status
            other = self.second()
            rest = SECOND.format(port=other.port) + HUNT
            self.start(lambda text, rest=rest: self.known(text) + rest)
            self.until(1, peer=other)
            self.assertEqual(self.lamps(peer=other), ["no 0/0"])
            self.assertTrue(self.peer.requests("NOTIFY"))
            self.stop()
            self.peer.got.clear()
            (self.state / "umserver.db").unlink()

    def test_given_up_after_five_minutes(self) -> None:
        """When no gateway takes it for five minutes that is an event, and it is shown; what
        happens later is told again (feature 153).
        """
        said = said_in(self, "umserver.roles.lamps")
        self.peer.replies["NOTIFY"] = 503
        um = self.start(self.known)
        began = self.stage.seconds()
        self.stage.run_until(lambda: [one for one in said() if "event LampFailed" in one], 400.0)
        self.assertTrue(300.0 <= self.stage.seconds() - began < 320.0)
        line = next(one for one in said() if "event LampFailed" in one)
        self.assertIn("loopback answered 503", line)
        self.stage.walk(10.0)
        tried = len(self.notices())
        self.stage.walk(600.0)
        self.assertEqual(len(self.notices()), tried)
        self.assertEqual(um.status()["lamps"]["failing"], 3)  # type: ignore[index]
        self.peer.replies["NOTIFY"] = 200
        self.leave_a_message()
        self.stage.run_until(lambda: self.lamps()[-1] == "yes 1/0", 30.0)
        self.stage.walk(5.0)
        self.assertEqual(um.status()["lamps"]["failing"], 0)  # type: ignore[index]

    def test_switched_off(self) -> None:
        """Without the policy's or the gateway's permission nothing is told; with it the lamp is
        right again within seconds (feature 154).
        """
        policy = 'name = "Demo Default Policy"'
        off = f"{policy}\nallow_message_waiting_indicator = false"
        self.start(lambda text: self.known(text).replace(policy, off))
        self.leave_a_message()
        self.stage.walk(60.0)
        self.assertEqual(self.peer.requests("NOTIFY"), [])
        self.change(off, policy)
        self.until(1)
        self.assertEqual(self.lamps(), ["yes 1/0"])
        port = f"port = {self.peer.port}"
        self.change(port, f"{port}\nmessage_waiting_indicator_allowed = false")
        self.read_in_a_mail_program()
        self.stage.walk(60.0)
        self.assertEqual(self.lamps(), ["yes 1/0"])
        self.change(f"{port}\nmessage_waiting_indicator_allowed = false", port)
        self.until(2)
        self.assertEqual(self.lamps()[-1], "no 0/1")

    def test_a_refresh_without_a_change(self) -> None:
        """Every lamp is told anew from time to time though nothing happens, and only then (feature
        155).
        """
        um = self.start(self.known)
        assert um.desk is not None and um.desk.lamps is not None
        um.desk.lamps.rounds.seconds = 600.0
        self.until(1)
        self.stage.walk(5.0)
        for _ in range(3):
            count = len(self.notices())
            self.assertLessEqual(self.until(count + 1, 700.0), 601.0)
        self.assertEqual(len(self.notices()), 4)
        self.assertEqual(set(self.lamps()), {"no 0/0"})

    def test_a_restart(self) -> None:
        """What changed while the server was down is told when it is back, and a burning lamp is
        told again in any case (features 152, 155).
        """
        self.start(self.known)
        self.leave_a_message()
        self.stage.run_until(lambda: "yes 1/0" in self.lamps(), 30.0)
        self.stop()
        self.restart(self.known)
        self.assertEqual(self.lamps(), ["yes 1/0"])
        self.stop()
        self.read_in_a_mail_program()
        self.restart(self.known)
        self.assertEqual(self.lamps(), ["no 0/1"])

    def test_a_user_who_leaves(self) -> None:
        """The lamp of a user who is removed goes out."""
        self.start(self.known)
        self.leave_a_message()
        self.stage.run_until(lambda: "yes 1/0" in self.lamps(), 30.0)
        self.stop()

        def without_ada(text: str) -> str:
            return self.known(text).replace("ada@", "eve@").replace('"1001"\ndial', '"1009"\ndial')

        self.restart(without_ada)
        self.assertEqual(self.lamps(), ["no 0/0"])

    def test_a_gateway_that_is_the_server_itself(self) -> None:
        """A gateway at our own port is told nothing, and nothing is wrong then."""
        um = self.start(lit, overrides={"listen.sip": 0})
        port = self.router_port
        self.change(LOOPBACK, f"{LOOPBACK}\nport = {port}")
        self.stage.walk(400.0)
        lamps = um.status()["lamps"]
        assert isinstance(lamps, dict)
        self.assertEqual((lamps["told"], lamps["failing"], lamps["given_up"]), (0, 0, 0))


class SubscriptionCase(LampCase):
    """A gateway that asks instead of being told."""

    def subscribe(
        self,
        user: str = "1001",
        expires: int = 600,
        call_id: str = "lamp-1",
        server: Address | None = None,
    ) -> int:
        """SUBSCRIBE to somebody's lamp, at the router or elsewhere; the status of the answer."""
        peer, server = self.peer, server or (self.host, self.router_port)
        headers = [("Event", "message-summary"), ("Expires", str(expires))]
        uri = f"sip:{user}@{self.host}"
        peer.send(peer.request("SUBSCRIBE", uri, call_id=call_id, headers=headers), server)
        self.stage.run_until(lambda: self.answers(call_id), 10.0)
        return self.answers(call_id)[-1]

    def answers(self, call_id: str = "lamp-1") -> list[int]:
        """To the SUBSCRIBEs with this Call-ID."""
        return [
            one.status
            for one in self.peer.got
            if one.status and one.method == "SUBSCRIBE" and one.header("Call-ID") == call_id
        ]

    def told(self, call_id: str = "lamp-1") -> list[str]:
        """State and lamp of every NOTIFY of a subscription."""
        return [
            f"{one.header('Subscription-State').partition(';')[0]} {one.body[18:].split()[0]}"
            for one in self.peer.requests("NOTIFY")
            if one.header("Call-ID") == call_id
        ]


class SubscriptionTests(SubscriptionCase):
    """At a server that has both roles."""

    def test_a_subscription(self) -> None:
        """A gateway that subscribes is told at once and after every change until it ends."""
        um = self.start(self.known)
        self.assertEqual(self.subscribe(), 200)
        self.stage.run_until(lambda: self.told() == ["active no"], 5.0)
        self.leave_a_message()
        self.stage.run_until(lambda: self.told()[1:] == ["active yes"], 30.0)
        self.assertEqual(um.status()["lamps"]["subscriptions"], 1)  # type: ignore[index]
        self.read_in_a_mail_program()
        self.stage.run_until(lambda: self.told()[2:] == ["active no"], 2.0)
        self.stage.run_until(lambda: self.told()[3:] == ["terminated no"], 700.0)
        self.assertEqual(um.status()["lamps"]["subscriptions"], 0)  # type: ignore[index]

    def test_who_may_subscribe(self) -> None:
        """Strangers, unknown extensions and users without a lamp are refused; a gateway that may
        not know any more is told so (feature 154).
        """
        policy = 'name = "Demo Default Policy"'
        self.start(self.known)
        self.assertEqual(self.subscribe("1999", call_id="nobody"), 404)
        self.assertEqual(self.subscribe(), 200)
        self.stage.run_until(lambda: self.told() == ["active no"], 5.0)
        port = f"port = {self.peer.port}"
        self.change(port, f"{port}\nmessage_waiting_indicator_allowed = false")
        self.stage.run_until(lambda: self.told()[1:] == ["terminated no"], 10.0)
        self.assertEqual(self.subscribe(call_id="gateway"), 403)
        self.change(f"{port}\nmessage_waiting_indicator_allowed = false", port)
        self.change(policy, f"{policy}\nallow_message_waiting_indicator = false")
        self.assertEqual(self.subscribe(call_id="policy"), 403)
        self.change(f"{LOOPBACK}\n{port}", 'address = "127.0.0.8"')
        self.assertEqual(self.subscribe(call_id="stranger"), 403)
