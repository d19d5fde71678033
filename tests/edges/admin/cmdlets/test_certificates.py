"""The cmdlets about the server's certificate."""

from __future__ import annotations

import json
import stat
from io import StringIO
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.edges.admin.desk import Typed
from umserver.command import DONE, FAILED, WRONG_USE
from umserver.edges.admin.control import open_control

ROW = {
    "file": "/etc/ssl/um.pem", "key_file": "/etc/ssl/um.key", "authorities_file": "",
    "status": "Healthy", "why": "the certificate um.example.com ends in 90 days",
    "trouble_with_peers": 3, "latest_trouble": [{"at": 1.79e9, "peer": "192.0.2.9", "why": "no"}],
    "subject": "um.example.com", "names": ["um.example.com", "192.0.2.5"],
    "issuer": "Example Authority", "self_signed": False, "begins": 1.78e9, "ends": 1.8e9,
    "thumbprint": "AA:BB", "authorities": 1, "crl_file": "/etc/ssl/crl.pem",
    "crl": [
        {"authority": "Example Authority", "revoked": 3, "issued": 1.78e9, "due": 1.79e9},
        {"authority": "Other", "revoked": 1, "issued": 1.78e9, "due": None},
    ],
}  # fmt: skip


class Making(SynchronousTestCase):
    """New-UMCertificate, with no server running."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp()).resolve()

    def type(self, *words: str) -> Typed:
        """Run one command."""
        return Typed(self.state, words, StringIO())

    def made(self) -> x509.Certificate:
        """What stands in the file."""
        text = (self.state / "tls" / "certificate.pem").read_bytes()
        return x509.load_pem_x509_certificate(text)

    def names(self) -> list[str]:
        """What it is for."""
        kind = x509.SubjectAlternativeName
        found = self.made().extensions.get_extension_for_class(kind).value
        names: list[str] = found.get_values_for_type(x509.DNSName)
        return [*names, *map(str, found.get_values_for_type(x509.IPAddress))]

    def test_new(self) -> None:
        """It is for the names that were said, and its key is nobody else's."""
        typed = self.type("New-UMCertificate", "um.example.com,192.0.2.5", "-ValidityDays", "90")
        self.assertEqual((typed.code, typed.err), (DONE, ""))
        self.assertIn("tls/certificate.pem", typed.out)
        self.assertEqual(self.names(), ["um.example.com", "192.0.2.5"])
        good = self.made().not_valid_after_utc - self.made().not_valid_before_utc
        self.assertEqual(good.days, 90)
        file = self.state / "tls" / "key.pem"
        self.assertEqual(stat.S_IMODE(file.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(file.parent.stat().st_mode), 0o700)
        key: Any = load_pem_private_key(file.read_bytes(), None)
        mine: Any = self.made().public_key()
        self.assertEqual(key.public_key().public_numbers(), mine.public_numbers())

    def test_names_of_this_machine(self) -> None:
        """Without names it is for this machine, seen from it and from elsewhere."""
        self.type("certificate", "new")
        self.assertLessEqual({"localhost", "127.0.0.1", "::1"}, set(self.names()))

    def test_another(self) -> None:
        """An older one is only replaced by force."""
        self.type("New-UMCertificate", "a.example.com")
        typed = self.type("New-UMCertificate", "b.example.com")
        self.assertEqual(typed.code, WRONG_USE)
        self.assertIn("-Force", typed.err)
        self.assertEqual(self.names(), ["a.example.com"])
        self.assertEqual(self.type("New-UMCertificate", "b.example.com", "-Force").code, DONE)
        self.assertEqual(self.names(), ["b.example.com"])
        self.assertEqual(
            sorted(file.name for file in (self.state / "tls").iterdir()),
            ["certificate.pem", "key.pem"],
        )

    def test_only_said(self) -> None:
        """-WhatIf makes nothing."""
        typed = self.type("New-UMCertificate", "a.example.com", "-WhatIf")
        self.assertTrue(typed.out.startswith("What if: a certificate for a.example.com"))
        self.assertFalse(self.state.joinpath("tls").exists())

    def test_mistakes(self) -> None:
        """What cannot be is said before anything is made."""
        for words in (("a b",), ("-ValidityDays", "0"), ("-ValidityDays", "9999"), ("x/y",)):
            self.assertEqual(self.type("New-UMCertificate", *words).code, WRONG_USE, words)
        self.assertFalse(self.state.joinpath("tls").exists())


class Asking(TestCase):
    """Cmdlets that a running server answers."""

    def setUp(self) -> None:
        self.state = Path(self.mktemp()).resolve()
        self.state.mkdir(parents=True)
        self.row: dict[str, Any] = dict(ROW)
        self.asked: list[dict[str, Any]] = []
        control = open_control(reactor, self.state, {"certificate": self.answer})
        self.addCleanup(control.close)

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """What the server says."""
        self.asked.append(question)
        return self.row

    async def type(self, *words: str) -> Typed:
        """Run one command beside the server."""
        typed: Typed = await deferToThread(Typed, self.state, words, StringIO())
        return typed

    async def test_get(self) -> None:
        """Everything about it, also for programs."""
        typed = await self.type("Get-UMCertificate")
        self.assertEqual(typed.code, DONE)
        for words in (
            "um.example.com, 192.0.2.5",
            "Example Authority",
            "192.0.2.9: no",
            "2027-",
            "crl.pem",
        ):
            self.assertIn(words, typed.out)
        revoked = "Example Authority: 3 revoked, of 2026-05-28 20:26:40Z"
        self.assertIn(f"{revoked}, the next one by 2026-09-21 14:13:20Z", typed.out)
        self.assertIn("Other: 1 revoked, of 2026-05-28 20:26:40Z", typed.out)
        typed = await self.type("--json", "Get-UMCertificate")
        [row] = json.loads(typed.out)
        self.assertEqual((row["thumbprint"], row["trouble_with_peers"]), ("AA:BB", 3))

    async def test_ill(self) -> None:
        """One that is no good makes the exit code 1."""
        self.row |= {"status": "Unhealthy", "why": "it has expired"}
        self.assertEqual((await self.type("Get-UMCertificate")).code, FAILED)

    async def test_update(self) -> None:
        """The server is told to read it again, unless it is only said."""
        await self.type("Update-UMCertificate", "-WhatIf")
        self.assertEqual(self.asked, [])
        await self.type("Update-UMCertificate")
        self.assertEqual([question.get("again") for question in self.asked], [True])

    async def test_update_in_vain(self) -> None:
        """Files that cannot be used are told with the reason and exit code 1, though the server
        goes on with those that it has.
        """
        why = "authorities.pem holds no certificates"
        self.row |= {"status": "Degraded", "why": why, "unusable_files": why}
        typed = await self.type("Update-UMCertificate")
        self.assertEqual(typed.code, FAILED)
        self.assertIn(f"StatusReason            : {why}", typed.out)

    async def test_new_beside_a_server(self) -> None:
        """The server takes it; where it uses another file, that is said."""
        typed = await self.type("New-UMCertificate", "a.example.com")
        self.assertIn("uses another one: /etc/ssl/um.pem", typed.err + typed.out)
        self.row["file"] = str(self.state / "tls" / "certificate.pem")
        typed = await self.type("New-UMCertificate", "a.example.com", "-Force")
        self.assertEqual((typed.code, typed.err), (DONE, ""))
        self.row |= {"status": "Degraded", "why": "it ends in 9 days"}
        typed = await self.type("New-UMCertificate", "a.example.com", "-Force")
        self.assertEqual((typed.code, typed.err), (DONE, ""))
        self.row |= {"status": "Unhealthy", "why": "it is bad", "unusable_files": "it is bad"}
        typed = await self.type("New-UMCertificate", "a.example.com", "-Force")
        self.assertIn("does not use it: it is bad", typed.err + typed.out)
