"""A router and two answering desks, each a server of its own, on one store (spec 4.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from tests.kit.house import BEN, HouseCase
from umserver.edges.store.archive import PEPPER_FILE, open_archive
from umserver.edges.store.keyfile import OCTETS
from umserver.interfaces import IFleet, RequestedState
from umserver.org.bootstrap import parse_bootstrap
from umserver.org.parse import parse_toml
from umserver.service import UnifiedMessaging
from umserver.wire.sip.headers import NameAddr, parse_name_addr

ROUTER, FIRST, SECOND = "127.0.0.1", "127.0.0.2", "127.0.0.3"


@implementer(IFleet)
class Void:
    """A store that never answers."""

    def __getattr__(self, name: str) -> Callable[..., Deferred[Any]]:
        return lambda *details: Deferred()


class Split(HouseCase):
    """`self.router` on 127.0.0.1, `self.desks` by address on 127.0.0.2 and 127.0.0.3."""

    def setUp(self) -> None:
        super().setUp()
        self.place_of_store = self.folder() / "shared.db"
        self.servers: dict[str, UnifiedMessaging] = {}
        self.addCleanup(self.stop_all)

    # servers

    def fill(self, toml: str) -> None:
        """Put an organisation into the store of all servers."""
        self.changed = toml
        archive = open_archive(self.store, self.place_of_store.parent)
        try:
            archive.import_organisation(*parse_toml(toml), replace=True)
        finally:
            archive.close()

    @property
    def store(self) -> str:
        return f"sqlite:{self.place_of_store}"

    def open(self, host: str, role: str, **settings: object) -> UnifiedMessaging:
        """Start one server with this role, or with both."""
        number = int(host.rpartition(".")[2])
        values: dict[str, object] = {
            "server.state": str(self.state.with_name(f"state{number}")),
            "server.store": self.store,
            "server.host_name": f"um{number}.example.com",
            "server.drain_seconds": 0,
            "listen.hosts": [host],
            "listen.sip": 0,
            "listen.mbx": 0,
            "listen.http": 0,
            "media.first_rtp_port": 33_000 + 400 * number,
            "media.last_rtp_port": 33_399 + 400 * number,
            "media.dscp": 0,
            **settings,
        }
        roles = role.split(",")
        um = UnifiedMessaging(self.machine(), parse_bootstrap("", values), roles)
        self.servers[host] = um
        um.startService()
        self.stage.run_until(um.ready, 30.0)
        return um

    def open_all(
        self, organisation: Callable[[str], str] = lambda text: text, **settings: object
    ) -> None:
        """Start the desks and the router, and give them time to know each other."""
        self.fill(organisation(self.demo()))
        self.open(FIRST, "mbx", **settings)
        self.open(SECOND, "mbx", **settings)
        self.um = self.open(ROUTER, "cas", **settings)
        self.stage.walk(3.0)

    def close(self, host: str) -> None:
        """Stop one server as an administrator does."""
        self.stage.run_until(self.servers.pop(host).stopService(), 60.0)

    def vanish(self, host: str) -> None:
        """Its network cable is pulled: it hears and says nothing any more."""
        um = self.servers[host]
        assert um.desk is not None
        um.desk.server.station.driver.stop()
        um.fleet.store = Void()

    def stop_all(self) -> None:
        """End what is left."""
        self.um = None
        for host in list(self.servers):
            self.servers[host].fleet.store = self.servers[ROUTER].fleet.store
        for host in (SECOND, FIRST, ROUTER):
            if host in self.servers:
                self.close(host)

    def share_the_key(self) -> None:
        """Give all servers the key of PINs, as administrators do who copy it."""
        states = [self.state.with_name(f"state{number}") for number in (1, 2, 3)]
        for folder in (self.place_of_store.parent, *states):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / PEPPER_FILE).write_bytes(bytes(OCTETS))

    # calls

    def contacts(self, user: str = "1001") -> list[tuple[str, float]]:
        """Where the router sends this call: hosts with their q-values."""
        gateway = self.gateway()
        gateway.call((ROUTER, self.router_port), user)
        answer = gateway.final()
        assert answer is not None
        if answer.status != 302:
            return []
        texts = [value for name, value in answer.headers if name.lower() == "contact"]
        found = [parse_name_addr(text) for text in texts]
        return [(one.uri.host, _weight(one)) for one in found]

    def hosts(self, user: str = "1001") -> list[str]:
        """The hosts alone."""
        return [host for host, _ in self.contacts(user)]


def _weight(address: NameAddr) -> float:
    params: Mapping[str, str | None] = dict(address.params)
    return float(params["q"] or "1")


class SplitTests(Split):
    """Which desk takes a call."""

    def test_two_contacts(self) -> None:
        """The router offers both desks, the better one with the higher q-value (feature 1)."""
        self.open_all()
        self.assertEqual(sorted(self.hosts()), [FIRST, SECOND])
        self.assertEqual([weight for _, weight in self.contacts()], [1.0, 0.5])

    def test_a_message(self) -> None:
        """A message for Ada left at one of the desks arrives, whichever it is."""
        self.open_all()
        first = self.hosts("1002")[0]
        caller = self.dial("1002").until_beep().say(2.0)
        self.assertEqual(caller.call.flow.remote[0], first)
        caller.hang_up()
        self.state = Path(self.servers[first].state)
        self.mails(BEN)

    def test_sticky(self) -> None:
        """The calls for one mailbox go to the same desk, again and again."""
        self.open_all()
        for user in ("1001", "1002", "1003"):
            self.assertEqual(len({self.hosts(user)[0] for _ in range(4)}), 1)

    def test_a_desk_that_drains(self) -> None:
        """A draining desk gets no further call, its running one goes on (features 28, 185).

        Where Exchange recycles worker processes, our desks take turns.
        """
        self.open_all()
        caller = self.dial().until_beep()
        host = caller.call.flow.remote[0]
        self.set_state("UnifiedMessaging", "Draining", um=self.servers[host])
        self.stage.walk(4.0)
        [other] = {FIRST, SECOND} - {host}
        self.assertEqual(self.hosts(), [other])
        late = self.dial()
        self.assertEqual(late.call.flow.remote[0], other)
        late.hang_up()
        caller.say(2.0)
        self.assertIsNone(caller.over)
        caller.hang_up()
        self.set_state("UnifiedMessaging", "Active", um=self.servers[host])
        self.stage.walk(4.0)
        self.assertIn(host, self.hosts())

    def test_asked_for_in_the_store(self) -> None:
        """A state that is wanted of a server from elsewhere acts there within seconds."""
        self.open_all()
        archive = open_archive(self.store, self.place_of_store.parent)
        wish = ("UnifiedMessaging", "Maintenance", "Inactive", self.stage.wall())
        archive.set_state(RequestedState("um2.example.com", *wish))
        archive.close()
        self.stage.walk(5.0)
        self.assertEqual(self.hosts(), [SECOND])
        self.assertEqual(self.servers[FIRST].states.state("UnifiedMessaging"), "Inactive")

    def test_a_desk_that_stops(self) -> None:
        """A desk that is stopped is not offered any more, at once."""
        self.open_all()
        self.close(FIRST)
        self.stage.walk(2.0)
        self.assertEqual(self.hosts(), [SECOND])
        self.dial().hang_up()

    def test_a_desk_that_dies(self) -> None:
        """A desk that falls silent is not offered after five seconds (its peers tell nobody)."""
        self.open_all()
        self.vanish(FIRST)
        self.stage.walk(5.0)
        self.assertEqual(self.hosts(), [SECOND])

    def test_the_second_contact(self) -> None:
        """A call sent to a desk that has just died is answered by the second one."""
        self.open_all()
        first, second = self.hosts()
        self.vanish(first)
        caller = self.place()
        self.stage.run_until(caller.call.answered, 40.0)
        self.assertEqual(caller.call.flow.remote[0], second)
        caller.hang_up()

    def test_a_full_desk(self) -> None:
        """A full desk is passed over; when both are full the caller hears 503 (feature 30)."""
        self.open_all(lambda text: text + "\n[service]\nmax_calls_allowed = 1\n")
        callers = [self.dial()]
        self.stage.walk(3.0)
        callers.append(self.dial())
        self.assertEqual(len({caller.call.flow.remote[0] for caller in callers}), 2)
        self.stage.walk(3.0)
        self.assertEqual(self.turned_away(), 503)
        for caller in callers:
            caller.hang_up()
        self.stage.walk(3.0)
        self.dial().hang_up()

    def test_no_desk_at_all(self) -> None:
        """Without a living desk the router says 503, and takes calls again when one comes."""
        self.open_all()
        self.close(FIRST)
        self.close(SECOND)
        self.stage.walk(3.0)
        self.assertEqual(self.turned_away(), 503)
        self.open(SECOND, "mbx")
        self.stage.walk(3.0)
        self.dial().hang_up()

    def test_signing_in_away_from_home(self) -> None:
        """Who signs in at a desk that does not hold the mailbox is sent to the one that does
        (feature 120).
        """
        ada = 'display_name = "Ada Example"'
        holder = f'{ada}\nserver_name = "um3.example.com"'
        self.share_the_key()
        self.open_all(lambda text: text.replace(ada, holder), **{"server.mailbox_storage": "local"})
        gateway = self.gateway(REFER=202)
        first, home = (self.servers[host].fleet.me() for host in (FIRST, SECOND))
        gateway.call((FIRST, first.ports["mbx"]), "5000")
        for keys in ("1001", "246813#"):
            gateway.keep_silent(6.0)
            for key in keys:
                gateway.press(key)
                gateway.keep_silent(0.2)
        for _ in range(20):
            if gateway.requests("REFER"):
                break
            gateway.keep_silent(0.5)
        refer = gateway.requests("REFER")[0]
        self.assertIn(f"sip:5000@{SECOND}:{home.ports['mbx']}", refer.header("Refer-To"))

    def test_local_storage(self) -> None:
        """Where mailboxes are kept locally their own server gets the call (features 6, 7)."""
        ada, setting = 'display_name = "Ada Example"', {"server.mailbox_storage": "local"}
        holder = f'{ada}\nserver_name = "um3.example.com"'
        self.open_all(lambda text: text.replace(ada, holder), **setting)
        self.assertEqual(self.hosts(), [SECOND])
        self.change("um3.example.com", "um2.example.com")
        self.assertEqual(self.hosts(), [FIRST])

    def test_shown(self) -> None:
        """The router shows all servers, their calls and whether they are used."""
        self.open_all()
        caller = self.dial().until_beep()
        self.stage.walk(3.0)
        rows = {row["name"]: row for row in self.ask("servers")}
        self.assertEqual(sorted(rows), ["um1.example.com", "um2.example.com", "um3.example.com"])
        self.assertEqual(sum(row["calls"] for row in rows.values()), 1)
        self.assertEqual([rows[name]["used"] for name in sorted(rows)], [False, True, True])
        caller.hang_up()
