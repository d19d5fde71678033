"""baresip as a gateway over TLS: with the certificate that `umctl` makes, with its own or none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from twisted.trial.unittest import TestCase

from tests.interop.peers import Server, free_port, missing, wait_until
from tests.interop.test_baresip import baresip, spoken
from tests.kit.certificates import Authority
from umserver.discover import shipped

MODES = "\n".join(f'[{part}]\num_startup_mode = "TLS"' for part in ("service", "call_router"))


class TlsTests(TestCase):
    """A dial plan that is SIPSecured, and no plain port at all."""

    skip = missing("baresip", "espeak-ng", "openssl")
    timeout = 120.0

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.tls = free_port()
        self.server = Server(
            self.folder / "state",
            options=(f"--sip-tls={self.tls}", f"--mbx-tls={free_port()}"),
        )
        demo = shipped("demo.toml").read_text("utf-8")
        demo = demo.replace('name = "Demo"', 'name = "Demo"\nvoip_security = "SIPSecured"', 1)
        demo = demo.replace('address = "127.0.0.1"', 'address = "localhost"')
        (self.folder / "demo.toml").write_text(
            f"{demo.replace('::1', 'gateway6.invalid')}\n{MODES}\n"
        )
        self.server.umctl("import", str(self.folder / "demo.toml"))
        self.server.umctl("New-UMCertificate", "um.example.com,127.0.0.1")
        made = self.server.state / "tls"
        authority = Authority()
        mine = authority.issue("gateway", ("localhost",))
        (made / "authorities.pem").write_bytes(authority.own.pem)
        (self.folder / "peer.pem").write_bytes(mine.pem + mine.key_pem)
        shutil.copy(made / "certificate.pem", self.folder / "ca.pem")
        self.server.start()
        self.addCleanup(self.server.stop)

    def call(self, seconds: int, config: str) -> str:
        """One call; what baresip printed."""
        speech = spoken(self.folder, "Hello Ada. This is a long message. " * 16)
        uri = f"sip:1001@127.0.0.1:{self.tls};transport=tls"
        return baresip(self.folder, speech, uri, seconds, config=config)

    def test_leave_a_message(self) -> None:
        """Both sides believe each other, and the mail arrives (features 2, 16)."""
        files = "sip_certificate peer.pem\nsip_cafile ca.pem\nsip_verify_server yes\n"
        out = self.call(16, files)
        arrived = wait_until(lambda: self.server.count() == 1, 30)
        self.assertTrue(arrived, out + self.server.tail())
        mail = next(self.server.mails())
        self.assertEqual(mail["Content-Class"], "voice-ca")
        self.assertGreaterEqual(int(mail["X-VoiceMessageDuration"]), 3)
        shown = self.server.umctl("Get-UMCertificate")
        self.assertIn("um.example.com, 127.0.0.1", shown)
        self.renew()

    def renew(self) -> None:
        """Another certificate is shown at once, without a restart."""
        before = self.shown()
        self.server.umctl("New-UMCertificate", "um.example.com,127.0.0.1", "-Force")
        self.assertNotEqual(self.shown(), before)

    def shown(self) -> str:
        """The certificate that OpenSSL's own client sees."""
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.tls}", "-showcerts"]
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        )
        _, begin, rest = done.stdout.partition("-----BEGIN CERTIFICATE-----")
        self.assertTrue(begin, done.stderr)
        return rest.partition("-----END")[0]

    def test_without_a_certificate(self) -> None:
        """A client that shows none is turned away with 403 (feature 17)."""
        out = self.call(4, "sip_cafile ca.pem\nsip_verify_server yes\n")
        self.assertIn("403", out)
        self.assertEqual(self.server.count(), 0)
