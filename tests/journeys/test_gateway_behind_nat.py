"""A gateway behind an address translator: what it says of its address is true only at home."""

from __future__ import annotations

import socket

from attrs import define, field

from tests.kit.callee import Callee
from tests.kit.gateway import Gateway
from tests.kit.house import HouseCase, attachment
from tests.kit.media import HOST, Peer, noise
from tests.kit.raw_sip import Raw, sdp
from tests.kit.secret_peer import SecretPeer
from umserver.edges.net.media.dtls import Association, Identity, make_identity
from umserver.wire.media import Handshake
from umserver.wire.sdp import parse_sdp
from umserver.wire.sdp.fingerprint import fingerprints_of

LOOPBACK = 'address = "127.0.0.1"'
ON = f"{LOOPBACK}\nmedia_behind_nat = true"
AT_HOME = "10.255.0.7"


@define(eq=False, repr=False)
class HiddenGateway(Gateway):
    """Names its address at home in Contact and in its session descriptions."""

    @property
    def address(self) -> str:
        """Its own URI as it knows it."""
        return f"sip:{self.user}@{AT_HOME}:5060"


@define(eq=False, repr=False)
class SecretGateway(HiddenGateway):
    """The same with encrypted sound, whose keys it agrees on by a handshake (RFC 5763)."""

    media: Peer = field(factory=SecretPeer)
    shows: Identity = field(factory=make_identity)
    """Its certificate."""
    says: Identity | None = None
    """The one that it announces; None: its own."""

    def offer(self, *lines: str) -> str:
        """What it offers, with these lines."""
        shown = (f"a=fingerprint:{(self.says or self.shows).fingerprint}", "a=setup:actpass")
        body = sdp(4000, host=AT_HOME, lines=(*shown, *lines))
        return body.replace("RTP/AVP", "UDP/TLS/RTP/SAVP")

    def listen_to(self, message: Raw) -> None:
        """Begin the handshake with whom the answer announces."""
        super().listen_to(message)
        answer = parse_sdp(message.body.encode())
        assert isinstance(self.media, SecretPeer)
        terms = Handshake(True, fingerprints_of(answer, answer.media[0]))
        self.media.association = Association(self.shows, terms, 0.0)


class HiddenCallee(Callee):
    """The same when it is called."""

    @property
    def contact_pair(self) -> tuple[str, str]:
        """Where it believes to be reached."""
        return "Contact", f"<sip:desk@{AT_HOME}:5060>"


class BehindNat(HouseCase):
    """The gateway calls the desk; the translator is 127.0.0.1."""

    def hidden(self, number: str = "1001") -> HiddenGateway:
        """The gateway, in a call that is answered."""
        gateway = HiddenGateway(self.stage, HOST)
        self.addCleanup(gateway.media.close)
        gateway.call((HOST, self.desk_port), number, body=sdp(4000, host=AT_HOME))
        return gateway

    def message(self) -> bytes:
        """The sound of the only message."""
        return bytes(attachment(self.mails()[0]).get_content())

    def test_a_message(self) -> None:
        """Its caller hears the greeting and leaves a message, recorded bit for bit."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway = self.hidden()
        gateway.keep_silent(12.0)
        gateway.play(noise(3.0, 2))
        gateway.hang_up()
        self.assertIn(noise(3.0, 2), self.message())
        self.assertGreater(len(gateway.media.heard), 100)

    def test_silent_for_long(self) -> None:
        """A telephone that sends nothing while it listens is found by its first words."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway = self.hidden("5008")
        self.stage.walk(45.0)
        self.assertEqual((gateway.requests("BYE"), gateway.media.heard), ([], []))
        gateway.play(noise(3.0, 2))
        gateway.hang_up()
        heard = gateway.media.sound()
        self.assertIn(noise(3.0, 2)[4_000:20_000], heard)

    def secret(self, *lines: str, **changes: Identity) -> SecretGateway:
        """A gateway with encrypted sound and these lines, in a call that is answered."""
        gateway = SecretGateway(self.stage, HOST, **changes)
        self.addCleanup(gateway.media.close)
        gateway.call((HOST, self.desk_port), body=gateway.offer(*lines))
        return gateway

    def test_encrypted_by_a_handshake(self) -> None:
        """The same with DTLS-SRTP: where its handshake comes from, its sound does (RFC 5763)."""
        self.secret_message("a=rtcp-mux")

    def test_reports_on_a_port_of_their_own(self) -> None:
        """Nor does it need rtcp-mux, or a handshake for reports."""
        self.secret_message()

    def secret_message(self, *lines: str) -> None:
        """Offered with these lines, a message is recorded bit for bit and the greeting heard."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway = self.secret(*lines)
        gateway.keep_silent(12.0)
        gateway.play(noise(3.0, 2))
        gateway.hang_up()
        self.assertIn(noise(3.0, 2), self.message())
        self.assertGreater(len(gateway.media.heard), 100)

    def test_another_certificate(self) -> None:
        """Whoever shows another certificate than was announced is neither heard nor spoken to."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway = self.secret(says=make_identity())
        gateway.keep_silent(5.0)
        self.assertEqual(gateway.media.heard, [])
        gateway.hang_up()

    def test_a_call_that_we_place(self) -> None:
        """Somebody behind it whom we call for a caller hears, is heard, and can be hung up on."""
        desk = HiddenCallee(self.stage)
        self.addCleanup(desk.media.close)
        lines = f"{ON}\nport = {desk.port}"
        self.start(lambda text: text.replace(LOOPBACK, lines, 1))
        caller = self.gateway(REFER=405)
        caller.call((HOST, self.desk_port), user="5001")
        caller.keep_silent(1.0)
        caller.press("1")
        for _ in range(500):
            caller.media.say(b"\xff" * 160)
            self.stage.walk(0.02)
            if desk.requests("INVITE"):
                break
        desk.take(sdp(4000, host=AT_HOME))
        desk.media.ssrc = 0x777
        for number, act in enumerate(desk.media.frames(noise(1.0, 2))):
            act()
            caller.media.say(noise(1.0, 3)[160 * number : 160 * number + 160])
            self.stage.walk(0.02)
        self.stage.walk(0.1)
        for end in (caller, desk):
            end.media.listen()
        self.assertIn(noise(1.0, 2)[-6400:], caller.media.sound())
        self.assertIn(noise(1.0, 3)[-6400:], desk.media.sound())
        caller.hang_up()
        self.stage.walk(1.0)
        self.assertEqual((len(desk.requests("ACK")), len(desk.requests("BYE"))), (1, 1))

    def test_a_stranger(self) -> None:
        """Whoever sends sound first, from elsewhere, is neither heard nor spoken to."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway, stranger = self.hidden(), Peer()
        self.addCleanup(stranger.close)
        stranger._rtp.close()
        stranger._rtp, stranger.ssrc = _socket("127.0.0.9"), 0x666
        stranger._target = gateway.media._target
        for _ in range(30):
            stranger.say(b"\x01" * 160)
            self.stage.walk(0.02)
        gateway.keep_silent(12.0)
        for act in gateway.media.frames(noise(3.0, 2)):
            stranger.say(b"\x01" * 160)
            act()
            self.stage.walk(0.02)
        gateway.hang_up()
        self.assertIn(noise(3.0, 2), self.message())
        stranger.listen()
        self.assertEqual(stranger.heard, [])

    def test_off(self) -> None:
        """Without the setting nothing is learned: it is neither heard nor spoken to."""
        self.start()
        gateway = self.hidden()
        gateway.keep_silent(12.0)
        gateway.play(noise(3.0, 2))
        gateway.hang_up()
        self.stage.walk(5.0)
        self.assertEqual(gateway.media.heard, [])

    def test_we_hang_up(self) -> None:
        """Our BYE goes where its call came from, not to its address at home."""
        self.start(lambda text: text.replace(LOOPBACK, ON))
        gateway = self.hidden()
        gateway.keep_silent(1.0)
        self.stop()
        self.assertEqual(len(gateway.requests("BYE")), 1)


def _socket(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((host, 0))
    sock.setblocking(False)
    return sock
