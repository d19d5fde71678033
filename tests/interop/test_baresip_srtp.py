"""baresip as a caller with encrypted sound: keys in the description, keys by a handshake."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from twisted.trial.unittest import TestCase

from tests.interop.peers import Server, free_port, missing, wait_until
from tests.interop.test_baresip import baresip, spoken
from tests.kit.certificates import Authority
from tests.kit.ear import beeps, loud_seconds
from umserver.discover import shipped
from umserver.wire.audio.wav import read_wav

SECONDS = 16


class SecretCase(TestCase):
    """Two callers at once leave a message each, one with keys, one with a handshake."""

    skip = missing("baresip", "espeak-ng")
    timeout = 150.0
    bootstrap = ""
    transport = "udp"
    config = ""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.state = self.folder / "state"

    def leave_messages(self) -> None:
        """Call, and see that sound went both ways."""
        settings = self.folder / "umserver.toml"
        settings.write_text(self.bootstrap)
        tls = free_port()
        server = Server(
            self.state,
            options=(f"--config={settings}", f"--sip-tls={tls}", f"--mbx-tls={free_port()}"),
        )
        self.prepare(server)
        server.start()
        self.addCleanup(server.stop)
        port = tls if self.transport == "tls" else server.sip
        with ThreadPoolExecutor(2) as both:
            callers = [
                both.submit(
                    self.call, f"sip:1001@127.0.0.1:{port};transport={self.transport}", *way
                )
                for way in (("srtp", "srtp-mand"), ("dtls_srtp", "dtls_srtp"))
            ]
            printed = [caller.result() for caller in callers]
        arrived = wait_until(lambda: server.count() == 2, 30)
        self.assertTrue(arrived, "".join(printed) + server.tail())
        for mail in server.mails():
            self.assertEqual(mail["Content-Class"], "voice-ca", printed)
            self.assertGreaterEqual(int(mail["X-VoiceMessageDuration"]), 3)
        self.assertIn("AES_CM_128_HMAC_SHA1_80", printed[0])
        for way in ("srtp", "dtls_srtp"):
            self.check(self.folder / way)

    def call(self, uri: str, module: str, encryption: str) -> str:
        """One call; what baresip printed."""
        folder = self.folder / module
        folder.mkdir()
        for file in self.folder.glob("*.pem"):
            shutil.copy(file, folder)
        return baresip(
            folder,
            spoken(folder, "Hello Ada. This is a long message. " * 16),
            uri,
            SECONDS,
            config=f"module {module}.so\n{self.config}",
            account=f";mediaenc={encryption}",
        )

    def prepare(self, server: Server) -> None:
        """Before it starts."""

    def check(self, folder: Path) -> None:
        """What was played was heard."""
        dumps = sorted(folder.glob("dump-*-dec.wav"))
        self.assertTrue(dumps, folder.name)
        heard: np.ndarray = read_wav(dumps[-1].read_bytes())
        self.assertGreater(loud_seconds(heard), 3.0, "the greeting was not heard")
        self.assertEqual(len(beeps(heard)), 1, "one tone before the recording")


class PlainSip(SecretCase):
    """Signalling that everybody can read."""

    bootstrap = "[media]\nkeys_over_plain_sip = true\n"

    def test_messages(self) -> None:
        """RTP/SAVP with keys, as the setting allows it, and UDP/TLS/RTP/SAVP."""
        self.leave_messages()


class Secured(SecretCase):
    """Mutual TLS and a dial plan that is Secured."""

    transport = "tls"
    config = "sip_certificate peer.pem\nsip_cafile ca.pem\nsip_verify_server yes\n"
    """Short names, since baresip cuts long ones off."""

    def prepare(self, server: Server) -> None:
        """Certificates for both, a gateway with a name."""
        authority = Authority()
        authority.issue("um.example.com", ("127.0.0.1",)).write(self.state / "tls", "made")
        for made, name in (("made.pem", "certificate.pem"), ("made.key", "key.pem")):
            (self.state / "tls" / made).rename(self.state / "tls" / name)
        (self.state / "tls" / "authorities.pem").write_bytes(authority.own.pem)
        mine = authority.issue("gateway", ("localhost",))
        (self.folder / "peer.pem").write_bytes(mine.pem + mine.key_pem)
        (self.folder / "ca.pem").write_bytes(authority.own.pem)
        demo = shipped("demo.toml").read_text("utf-8")
        (self.folder / "demo.toml").write_text(
            demo.replace('address = "127.0.0.1"', 'address = "localhost"')
            .replace('name = "Demo"', 'name = "Demo"\nvoip_security = "Secured"', 1)
            .replace("::1", "gateway6.invalid")
            + '\n[service]\num_startup_mode = "Dual"\n\n[call_router]\num_startup_mode = "Dual"\n'
        )
        server.umctl("import", str(self.folder / "demo.toml"))

    def test_messages(self) -> None:
        """Both are taken where sound has to be encrypted (feature 15)."""
        self.leave_messages()
