"""A router and two desks that speak nothing but TLS, each with a certificate of its own (9.4)."""

from __future__ import annotations

from pathlib import Path

from tests.journeys.test_split_deployment import FIRST, ROUTER, SECOND, Split
from tests.kit.certificates import Issued
from tests.kit.house import BEN
from tests.kit.secured import SecuredCase
from umserver.service import UnifiedMessaging
from umserver.wire.sip.headers import parse_name_addr


class SecuredSplit(Split, SecuredCase):
    """Every server proves its own name, all by one authority."""

    MODE = "TLS"

    def begin(self, server: str, role: str, own: Issued | None = None) -> UnifiedMessaging:
        """Start one server, with a certificate for its name unless another is given."""
        number = int(server.rpartition(".")[2])
        name = f"um{number}.example.com"
        folder = self.state.with_name(f"state{number}") / "tls"
        folder.mkdir(parents=True)
        mine = own or self.authority.issue(name, (name,))
        (folder / "certificate.pem").write_bytes(mine.pem)
        (folder / "key.pem").write_bytes(mine.key_pem)
        (folder / "authorities.pem").write_bytes(self.authority.own.pem)
        return Split.open(self, server, role, **{"listen.sip_tls": 0, "listen.mbx_tls": 0})

    def begin_all(self, desks: Issued | None = None) -> None:
        """The desks, then the router, which get to know each other."""
        self.fill(self.secured(self.demo()))
        for desk in (FIRST, SECOND):
            self.begin(desk, "mbx", desks)
        self.um = self.begin(ROUTER, "cas")
        self.stage.walk(3.0)

    def contacts_by_tls(self) -> list[tuple[str, int]]:
        """Where the router sends a call that came by TLS."""
        gateway = self.tls_gateway(self.peer)
        gateway.call((ROUTER, self.router_tls), "1001")
        answer = gateway.final()
        assert answer is not None
        texts = [value for name, value in answer.headers if name.lower() == "contact"]
        uris = [parse_name_addr(text).uri for text in texts]
        return [(uri.host, uri.port or 0) for uri in uris]

    def tls_port_of(self, server: str) -> int:
        """The port of a desk."""
        desk = self.servers[server].desk
        assert desk is not None
        return desk.server.bound_tls_port

    def test_by_name(self) -> None:
        """Peers are sent to the desks' names and TLS ports; the router asks both by TLS.

        A desk that answers no more is sent nothing.
        """
        self.begin_all()
        expected = {(f"um{n}.example.com", self.tls_port_of(f"127.0.0.{n}")) for n in (2, 3)}
        self.assertEqual(set(self.contacts_by_tls()), expected)
        assert self.um is not None
        answers = {row["name"]: row["answers"] for row in self.um.fleet.shown()}
        self.assertEqual([answers[f"um{n}.example.com"] for n in (2, 3)], [True, True])
        self.vanish(FIRST)
        self.stage.walk(4.0)
        self.assertEqual([host for host, _ in self.contacts_by_tls()], ["um3.example.com"])

    def test_one_certificate_for_all(self) -> None:
        """Servers may share a certificate; who is no host of it is reached by its address."""
        shared = self.authority.issue("um.example.com", ("um.example.com", FIRST, SECOND))
        self.begin_all(shared)
        self.assertEqual({host for host, _ in self.contacts_by_tls()}, {FIRST, SECOND})
        self.phone = self.tls_phone(self.peer, check_names=False)
        caller = self.dial("1002", port=self.router_tls, transport="tls").until_beep().say(2.0)
        self.assertIn(caller.call.flow.remote[0], (FIRST, SECOND))
        self.state = Path(self.servers[caller.call.flow.remote[0]].state)
        caller.hang_up()
        self.mails(BEN)
