"""Why a server does not start."""

from __future__ import annotations

import errno
import os
import socket

from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.net.sockets import bind
from umserver.service.faults import words


class FaultTests(SynchronousTestCase):
    """One line says what is in the way, and what to do."""

    def test_a_port_of_sip_that_is_taken(self) -> None:
        """Who starts a second server learns which port is taken, and how to choose another."""
        first = bind("127.0.0.1", 0, socket.SOCK_DGRAM)
        self.addCleanup(first.close)
        port = first.getsockname()[1]
        fault = self.assertRaises(OSError, bind, "127.0.0.1", port, socket.SOCK_DGRAM)
        said = words(fault)
        self.assertIn(f"in use: UDP port {port} of 127.0.0.1 (", said)
        self.assertIn("--sip", said)

    def test_the_port_of_the_status_pages(self) -> None:
        """The port for HTTP is named in the same way."""
        taken = OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        said = words(CannotListenError("127.0.0.1", 8060, taken))
        self.assertIn("in use: TCP port 8060 of 127.0.0.1 (", said)
        self.assertIn("--http", said)

    def test_an_address_of_somebody_else(self) -> None:
        """An address that the machine does not have is named; other ports would not help."""
        fault = self.assertRaises(OSError, bind, "192.0.2.77", 5060, socket.SOCK_DGRAM)
        self.assertTrue(words(fault).endswith(": UDP port 5060 of 192.0.2.77"), words(fault))

    def test_files_and_everything_else(self) -> None:
        """A file is named; a fault without words is at least named."""
        self.assertEqual(words(PermissionError(13, "No", "/x")), "No: /x")
        self.assertEqual(words(ValueError("bad URL")), "bad URL")
        self.assertEqual(words(ValueError()), "ValueError")
