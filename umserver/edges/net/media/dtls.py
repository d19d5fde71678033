"""DTLS-SRTP: the handshake on the way of the sound that its keys come from.

Knows: OpenSSL over memory, the flights of a handshake. Must never know: sockets, calls, what is
done with the keys. Sources: RFC 5763, RFC 5764, RFC 6347 §4.2.4, RFC 8122. Time is passed in. When
a flight is due again OpenSSL is asked for it in fresh records; as long as its own clock, which
cannot be passed in, says that it is too early, the flight is sent as it was, and the other side
takes what it missed. Whatever a stranger sends ends at most one attempt, and the next one begins
afresh.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from attrs import frozen
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.logger import Logger

from umserver.wire.media import Handshake
from umserver.wire.sdp.fingerprint import Fingerprint
from umserver.wire.srtp import Keying, MasterKey, Suite, suite_of_profile
from umserver.wire.srtp.suites import PROFILES

log = Logger()

FIRST_RESEND, LAST_RESEND = 1.0, 16.0
"""Seconds until a flight is sent again for the first time; twice as long each time, up to the last
(RFC 6347 §4.2.4.1)."""

_BEHIND = 0.02
"""Seconds that we look at a flight later than OpenSSL would."""

PATIENCE = 60.0
"""Seconds after which a handshake that leads nowhere is given up."""

MOST_ATTEMPTS = 8
MOST_DATAGRAMS = 400
"""Datagrams that one association looks at: a handshake takes some ten."""

LARGEST = 1200
"""Octets of our datagrams."""

_DTLS_1_2 = 0xFEFD
_RECORD_HEADER = 13
_OF_HANDSHAKES = (20, 22)
"""Record types: change of cipher, handshake."""
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-1": hashes.SHA1(),
    "sha-224": hashes.SHA224(),
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


@frozen
class Identity:
    """Our certificate, made for this process alone: peers know it by its fingerprint."""

    context: SSL.Context
    fingerprint: Fingerprint


def make_identity() -> Identity:
    """A fresh key and a certificate signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "umserver")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(_DTLS_1_2)
    context.set_max_proto_version(_DTLS_1_2)
    context.set_options(SSL.OP_NO_QUERY_MTU | SSL.OP_NO_TICKET)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_cipher_list(b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES")
    # Whoever it is: the fingerprint decides once the handshake is done.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *seen: True)
    context.set_tlsext_use_srtp(PROFILES.encode())
    context.use_certificate(certificate)
    context.use_privatekey(key)
    return Identity(context, Fingerprint("sha-256", certificate.fingerprint(hashes.SHA256())))


class Association:
    """One handshake, until there are keys or patience ends."""

    def __init__(self, identity: Identity, terms: Handshake, now: float) -> None:
        self.keying: Keying | None = None
        self.failures = 0
        """Attempts that came to nothing."""
        self._identity = identity
        self._terms = terms
        self._give_up = now + PATIENCE
        self._resend_at: float | None = now if terms.active else None
        self._pause = FIRST_RESEND
        self._flight: list[bytes] = []
        self._datagrams = 0
        self._hello = b""
        self._connection = self._fresh()

    @property
    def over(self) -> bool:
        """Whether nothing is to be sent any more unless the peer asks."""
        return self.keying is not None or self.failures >= MOST_ATTEMPTS

    def receive(self, data: bytes, now: float) -> list[bytes]:
        """A datagram from the peer; what is to be sent."""
        self._datagrams += 1
        if self._datagrams > MOST_DATAGRAMS or self.failures >= MOST_ATTEMPTS:
            return []
        hello = _hello_in(data)
        if self.keying is None and not self._terms.active and hello != self._hello and hello:
            # Another client, or the same anew: who came first may have been a stranger.
            self._connection, self._hello = self._fresh(), hello
        self._connection.bio_write(data)
        return self._go_on(data, now)

    def wake(self, now: float) -> list[bytes]:
        """Time has passed: what is to be sent, again or for the first time."""
        if self.over or self._resend_at is None or now < self._resend_at:
            return []
        if now >= self._give_up:
            self._resend_at = None
            log.warn("no DTLS handshake with the peer came about; there is no sound")
            return []
        if not self._flight:
            return self._go_on(b"", now)
        self._wait(now)
        return self._anew() or self._flight

    def _fresh(self) -> SSL.Connection:
        connection = SSL.Connection(self._identity.context, None)
        if self._terms.active:
            connection.set_connect_state()
        else:
            connection.set_accept_state()
        connection.set_ciphertext_mtu(LARGEST)
        return connection

    def _go_on(self, data: bytes, now: float) -> list[bytes]:
        connection = self._connection
        try:
            if self.keying is None:
                connection.do_handshake()
                self._finished()
            else:
                connection.recv(1)  # a peer that lost our last flight asks for it with its own
        except SSL.WantReadError:
            pass
        except (SSL.Error, ValueError) as fault:
            return self._failed(fault, now)
        sent = list(_datagrams(_written(connection)))
        if sent:
            self._flight = sent
            if self.keying is None:
                self._pause = FIRST_RESEND
                self._wait(now)
        elif self.keying is not None and not self._terms.active and data[0] in _OF_HANDSHAKES:
            return self._flight  # the last one is the server's; a client would be answered again
        return sent

    def _wait(self, now: float) -> None:
        """Until the flight is sent again."""
        self._resend_at = now + self._pause + _BEHIND
        self._pause = min(2 * self._pause, LAST_RESEND)

    def _anew(self) -> list[bytes]:
        """The flight in fresh records; nothing where OpenSSL thinks that it is too early."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            return []
        return list(_datagrams(_written(self._connection)))

    def _failed(self, fault: Exception, now: float) -> list[bytes]:
        """This attempt came to nothing; the next may be the peer's."""
        if self.keying is not None:
            return []
        self.failures += 1
        alert = list(_datagrams(_written(self._connection)))
        if self.failures == 1:
            log.warn("a DTLS handshake failed: {why}", why=_words(fault))
        self._connection, self._hello, self._flight = self._fresh(), b"", []
        self._resend_at = now + FIRST_RESEND if self._terms.active else None
        return alert

    def _finished(self) -> None:
        """Both sides are done: is it the peer that was announced? Raises ValueError."""
        connection = self._connection
        certificate = connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not any(
            certificate.fingerprint(_HASHES[each.function]) == each.digest
            for each in self._terms.fingerprints
        ):
            raise ValueError("the certificate is not the one that was announced")
        suite = suite_of_profile(connection.get_selected_srtp_profile().decode())
        if suite is None:
            raise ValueError("no SRTP profile was agreed upon")
        self.keying = self._keys(suite)
        self._resend_at = None

    def _keys(self, suite: Suite) -> Keying:
        """RFC 5764 §4.2: both keys, then both salts, the client's first."""
        material = self._connection.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * suite.secret, None
        )
        keys, salts = material[: 2 * suite.key], material[2 * suite.key :]
        client = MasterKey(keys[: suite.key] + salts[: suite.salt])
        server = MasterKey(keys[suite.key :] + salts[suite.salt :])
        ours, theirs = (client, server) if self._terms.active else (server, client)
        return Keying(suite, ours, (theirs,))


def is_handshake(first: int) -> bool:
    """Whether a datagram with this first octet is DTLS (RFC 7983 §7)."""
    return 20 <= first <= 63


def _hello_in(data: bytes) -> bytes:
    """The random number of a first ClientHello in this datagram; empty for anything else."""
    is_hello = len(data) >= 59 and data[0] == 22 and data[3:5] == b"\0\0" and data[13] == 1
    return data[27:59] if is_hello and data[19:22] == b"\0\0\0" else b""


def _written(connection: SSL.Connection) -> bytes:
    """All that OpenSSL wants to send."""
    parts = []
    try:
        while True:
            parts.append(connection.bio_read(65_536))
    except SSL.Error:
        return b"".join(parts)


def _datagrams(stream: bytes) -> Iterator[bytes]:
    """Records put together to datagrams: memory does not keep their borders."""
    start = at = 0
    while at + _RECORD_HEADER <= len(stream):
        end = at + _RECORD_HEADER + int.from_bytes(stream[at + 11 : at + 13], "big")
        if end - start > LARGEST and at > start:
            yield stream[start:at]
            start = at
        at = end
    if start < len(stream):
        yield stream[start:]


def _words(fault: Exception) -> str:
    """What OpenSSL says, the last part of its list."""
    reasons = fault.args[0] if fault.args else ""
    if isinstance(reasons, list) and reasons:
        return str(reasons[-1][-1])
    return str(fault) or type(fault).__name__
