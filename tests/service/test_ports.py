"""Ports that are taken are noticed before the work of a start."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.sockets import bind
from umserver.service.doors import Door
from umserver.service.faults import words
from umserver.service.ports import look_for

HOST = "127.0.0.1"


class PortTests(SynchronousTestCase):
    """Asked for and given back."""

    def taken(self, kind: socket.SocketKind) -> int:
        """A port that somebody else has."""
        other = bind(HOST, 0, kind)
        self.addCleanup(other.close)
        port: int = other.getsockname()[1]
        return port

    def test_a_port_that_is_taken(self) -> None:
        """Who starts a second server reads so at once, whether it is UDP, TCP or TLS."""
        port = self.taken(socket.SOCK_DGRAM)
        said = words(self.assertRaises(OSError, look_for, [Door("cas", "TCP", port)], [HOST]))
        self.assertIn(f"in use: UDP port {port} of {HOST} (", said)
        port = self.taken(socket.SOCK_STREAM)
        door = Door("mbx", "TLS", 0, port)
        said = words(self.assertRaises(OSError, look_for, [door], [HOST]))
        self.assertIn(f"in use: TCP port {port} of {HOST} (", said)

    def test_ports_that_will_not_be_opened(self) -> None:
        """A port that the startup mode does not want may be anybody's."""
        port = self.taken(socket.SOCK_STREAM)
        look_for([Door("cas", "TCP", 0, port), Door("mbx", "TLS", port, 0)], [HOST])

    def test_a_port_that_is_wanted_twice(self) -> None:
        """Settings that give one port to two of our own doors are told as that."""
        for doors, said in (
            ([Door("cas", "Dual", 5070, 5070)], "the call router, plain, and by the call router"),
            ([Door("cas", "TCP", 5070), Door("mbx", "TLS", 0, 5070)], "and by the answering desk"),
        ):
            fault = self.assertRaises(ValueError, look_for, doors, [HOST])
            self.assertIn("port 5070 is wanted twice: by the call router, plain", words(fault))
            self.assertIn(said, words(fault))

    def test_they_are_given_back(self) -> None:
        """What was looked at can be opened afterwards; an address of others is no port's fault."""
        first = bind(HOST, 0, socket.SOCK_DGRAM)
        port = first.getsockname()[1]
        first.close()
        look_for([Door("cas", "TCP", 0)], [HOST])
        look_for([Door("cas", "TLS", 0, port)], ["192.0.2.77"])
