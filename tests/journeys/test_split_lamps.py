"""Subscriptions to lamps where routers and answering desks are servers of their own (spec 4.8)."""

from __future__ import annotations

from collections.abc import Callable

from tests.journeys.test_lamps import SubscriptionCase
from tests.journeys.test_split_deployment import FIRST, ROUTER, SECOND, Split
from tests.kit.raw_sip import Address
from umserver.wire.sip.headers import parse_name_addr

ADA = 'display_name = "Ada Example"'
LOCAL = {"server.mailbox_storage": "local"}


def held_by(name: str, text: str) -> str:
    """The organisation, where Ada's mailbox is kept by this server."""
    return text.replace(ADA, f'{ADA}\nserver_name = "{name}"')


class SplitLamps(Split, SubscriptionCase):
    """A gateway that knows the router alone, and subscribes there."""

    def open_for_lamps(
        self, change: Callable[[str], str] = lambda text: text, **settings: object
    ) -> None:
        """All three servers, and telephones with lamps."""
        self.open_all(lambda text: change(self.known(text)), **settings)

    def sent_on(self, call_id: str = "lamp-1") -> list[Address]:
        """Where the router sends this subscription, best first."""
        self.assertEqual(self.subscribe(call_id=call_id), 302)
        answer = next(
            one for one in self.peer.got if one.status and one.header("Call-ID") == call_id
        )
        texts = [value for name, value in answer.headers if name == "Contact"]
        uris = [parse_name_addr(text).uri for text in texts]
        for uri in uris:
            self.assertEqual((uri.user, uri.params), ("1001", (("transport", "udp"),)))
        return [(uri.host, uri.port or 0) for uri in uris]

    def desk(self, host: str) -> Address:
        """Where a desk is called."""
        return host, self.servers[host].fleet.me().ports["mbx"]

    def test_followed(self) -> None:
        """A router without a desk sends a gateway on to the desks, where calls of the same mailbox
        go, too; there it is told of a new message.
        """
        self.open_for_lamps()
        places = self.sent_on()
        self.assertEqual(places, [self.desk(host) for host in self.hosts()])
        self.assertEqual(self.subscribe(call_id="lamp-2", server=places[0]), 200)
        self.stage.run_until(lambda: self.told("lamp-2") == ["active no"], 5.0)
        self.leave_a_message()
        self.stage.run_until(lambda: self.told("lamp-2")[1:] == ["active yes"], 30.0)
        self.assertEqual(self.told("lamp-1"), [])

    def test_who_is_sent_on(self) -> None:
        """Nobody learns at the router who is a user here: refusals are the same as at a desk."""
        self.open_for_lamps()
        self.assertEqual(self.subscribe("1999", call_id="nobody"), 404)
        port = f"port = {self.peer.port}"
        self.change(port, f"{port}\nmessage_waiting_indicator_allowed = false")
        self.assertEqual(self.subscribe(call_id="gateway"), 403)

    def test_local_storage(self) -> None:
        """Where mailboxes are kept locally only their own server is named."""
        self.open_for_lamps(lambda text: held_by("um3.example.com", text), **LOCAL)
        self.assertEqual(self.sent_on(), [self.desk(SECOND)])

    def test_nowhere(self) -> None:
        """Without a living desk, and where the router is out of service, the answer is 503."""
        self.open_for_lamps()
        self.set_state("UMCallRouter", "Inactive", um=self.servers[ROUTER])
        self.assertEqual(self.subscribe(call_id="inactive"), 503)
        self.set_state("UMCallRouter", "Active", um=self.servers[ROUTER])
        self.assertEqual(len(self.sent_on("active")), 2)
        for host in (FIRST, SECOND):
            self.close(host)
        self.stage.walk(3.0)
        self.assertEqual(self.subscribe(call_id="alone"), 503)

    def test_both_roles(self) -> None:
        """A server with both roles tells of the mailboxes that it holds, and names the holders of
        the others.
        """
        self.fill(held_by("um3.example.com", self.known(self.demo())))
        self.open(SECOND, "mbx", **LOCAL)
        self.um = self.open(ROUTER, "cas,mbx", **LOCAL)
        self.stage.walk(3.0)
        self.assertEqual(self.sent_on("hers"), [self.desk(SECOND)])
        self.assertEqual(self.subscribe("1002", call_id="his"), 200)
        self.stage.run_until(lambda: self.told("his") == ["active no"], 5.0)
