"""One port number, both transports, and what peers are told of it."""

from __future__ import annotations

import socket
from random import Random

from tests.edges.net.test_sockets import has_ipv6
from tests.kit.journey import JourneyCase
from tests.kit.raw_sip import RawPeer
from umserver.edges.net.station import Station
from umserver.wire.sip.effects import Effect, Flow, Send


class StationTests(JourneyCase):
    """A station on the stage."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[Effect] = []

    def station(self, **parts: object) -> Station:
        """A station that is stopped at the end."""
        values: dict[str, object] = {
            "reactor": self.stage,
            "product": "umserver/test",
            "random": Random(1),
            "tell": self.told.append,
            "seconds": self.stage.seconds,
            "trace": self.trace,
        }
        station = Station(**{**values, **parts})  # type: ignore[arg-type]
        self.addCleanup(lambda: self.stage.run_until(station.stop(), 10.0))
        return station

    def test_peers_behind_translators(self) -> None:
        """Sound of such a peer may come from where it calls from and from what is listed."""
        lists = {"192.0.2.7": ["198.51.100.0/24"], "fe80::7": [], "pbx": ["198.51.100.7"]}
        station = self.station(translated=lambda host, names: lists.get(host))

        def held(host: str, *others: str) -> list[bool] | None:
            origins = station.origins(Flow("udp", (host, 5060), ("192.0.2.1", 5060)))
            return None if origins is None else [origins.hold(other) for other in others]

        self.assertIsNone(held("192.0.2.8"))
        found = held("192.0.2.7", "192.0.2.7", "198.51.100.9", "192.0.2.8")
        self.assertEqual(found, [True, True, False])
        self.assertEqual(held("fe80::7%eth0", "fe80::7%eth0", "fe80::8"), [True, False])
        self.assertEqual(held("pbx", "198.51.100.7", "192.0.2.7"), [True, False])

    def test_one_number_for_everything(self) -> None:
        """UDP and TCP, IPv4 and IPv6 share one port number."""
        hosts = ["127.0.0.1", "::1"] if has_ipv6() else ["127.0.0.1"]
        station = self.station()
        port = station.listen(hosts, 0)
        self.assertEqual(station.port, port)
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family) as tcp:
                tcp.connect((host, port))
            peer = RawPeer(self.stage, host)
            peer.send(peer.request("OPTIONS", f"sip:x@{port}.example.com", call_id=host),
                      (host, port))  # fmt: skip
            self.stage.settle()
            self.assertEqual(peer.responses("OPTIONS"), [200])

    def test_half_a_port_is_none(self) -> None:
        """When one of the ports is taken, nothing stays open and the fault is told."""
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            station = self.station()
            self.assertRaises(OSError, station.listen, ["127.0.0.1"], port)
            self.stage.settle()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                probe.bind(("127.0.0.1", port))

    def test_what_peers_are_told(self) -> None:
        """Peers behind the router hear the external address, those on this machine the real one."""
        station = self.station(external_address="203.0.113.7")
        station.listen(["0.0.0.0"], 0)
        outside = Flow("udp", ("198.51.100.9", 5060), ("10.0.0.5", station.port))
        inside = Flow("tcp", ("127.0.0.1", 5060), ("127.0.0.1", station.port))
        six = Flow("udp", ("2001:db8::9", 5060), ("2001:db8::5", station.port))
        self.assertEqual(str(station.contact(outside)), f"sip:203.0.113.7:{station.port}")
        self.assertEqual(
            str(station.contact(inside)), f"sip:127.0.0.1:{station.port};transport=tcp"
        )
        self.assertEqual(station.announced_host(six), "2001:db8::5")
        self.assertEqual(station.bind_host(outside), "10.0.0.5")

    def test_options_and_availability(self) -> None:
        """A station that takes no calls says 503 to who asks whether it is alive."""
        station = self.station()
        port = station.listen(["127.0.0.1"], 0)
        peer = RawPeer(self.stage)
        for available, status in ((True, 200), (False, 503)):
            station.endpoint.available = available
            peer.got.clear()
            peer.send(
                peer.request("OPTIONS", "sip:um.example.com", call_id=f"o{status}"),
                ("127.0.0.1", port),
            )
            self.stage.settle()
            self.assertEqual(peer.responses("OPTIONS"), [status])
            self.assertEqual(peer.got[0].header("Server"), "umserver/test")

    def test_rubbish(self) -> None:
        """Rubbish of any kind harms nobody: the next question is answered."""
        station = self.station()
        port = station.listen(["127.0.0.1"], 0)
        peer = RawPeer(self.stage)
        chance = Random(5)
        text = peer.request("INVITE", "sip:1001@um.example.com", call_id="r")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as vandal:
            vandal.connect(("127.0.0.1", port))
            whole = text.replace(str(peer.port), str(vandal.getsockname()[1])).encode()
            for _ in range(400):
                data = bytearray(whole)
                for _ in range(chance.randrange(1, 40)):
                    data[chance.randrange(len(data))] = chance.randrange(256)
                vandal.send(bytes(data[: chance.randrange(1, len(data))]))
                vandal.send(bytes(data))
                vandal.send(chance.randbytes(chance.randrange(1, 400)))
                self.stage.settle()
            self.assertGreater(len(vandal.recv(65535)), 0)
        peer.send(peer.request("OPTIONS", "sip:um.example.com", call_id="ok"), ("127.0.0.1", port))
        self.stage.settle()
        self.assertEqual(peer.responses("OPTIONS"), [200])

    def test_a_stopped_station_is_silent(self) -> None:
        """After the end nothing is sent, nothing is answered, no timer is left."""
        station = self.station()
        port = station.listen(["127.0.0.1"], 0)
        peer = RawPeer(self.stage)
        peer.invite(("127.0.0.1", port))
        self.stage.settle()
        before = len(peer.got)
        self.stage.run_until(station.stop(), 1.0)
        station.perform([Send(b"x", Flow("udp", ("127.0.0.1", peer.port), ("127.0.0.1", port)))])
        peer.invite(("127.0.0.1", port))
        self.stage.walk(60.0)
        self.assertEqual(len(peer.got), before)
        self.assertEqual(self.stage.getDelayedCalls(), [])
