"""OpenSSL as we want it: TLS 1.2 and 1.3, forward secrecy, certificates checked with reasons.

Knows: OpenSSL contexts. Must never know: sockets, names that are expected. A server asks for a
certificate and takes connections without one; one that is shown must be good. Certificates made for
servers are taken from peers that call us too, since that is all that Lync's pools have (spec 4.2).
Sources: RFC 9325 §3.1, §4.2.
"""

from __future__ import annotations

from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL, crypto

from umserver.edges.net.tls.credentials import Credentials, day_of
from umserver.edges.net.tls.names import issuer_of, subject_of
from umserver.edges.net.tls.pem import CertificateFault

CIPHERS = (
    "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:"
    "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES128-SHA256:"
    "ECDHE-ECDSA-AES256-SHA384:ECDHE-ECDSA-AES128-SHA256:!aNULL:!eNULL"
)
"""For TLS 1.2; the last four are for Windows servers that know no better with RSA keys."""
DEEPEST_CHAIN = 8
_NO_RENEGOTIATION = 1 << 30
_UNSUITED = 26
"""X509_V_ERR_INVALID_PURPOSE."""
REVOKED = 23
"""X509_V_ERR_CERT_REVOKED."""
_NO_OBJECTION = {3, 4, 8, 11, 12, 33, 35, 44}
"""No revocation list, or one that is early, old, about others, of an authority that we do not know
or signed by another: not held against peers that it does not name (`revocations` says why)."""
_WORDS = {
    9: "it is not valid before {begins}",
    10: "it expired on {ends}",
    18: "it is self-signed and not among the authorities that we trust",
    19: "the authority {issuer} is not among those that we trust",
    20: "the authority {issuer} is not among those that we trust",
    21: "the authority {issuer} is not among those that we trust",
    22: "its chain is too long",
    REVOKED: "its authority {issuer} has revoked it",
    24: "{subject} is no authority, and made a certificate",
    26: "it is for another purpose",
    79: "{subject} is no authority, and made a certificate",
    66: "its key is too small",
    67: "its authority's key is too small",
    68: "its signature is too weak",
}
"""What OpenSSL's numbers mean (x509_vfy.h), for people."""


class Noting(Protocol):
    """What is told why a certificate is not believed."""

    def note(self, why: str) -> None:
        """In words."""


class Layer(Protocol):
    """The TLS layer of a connection, as Twisted makes it."""

    wrappedProtocol: Noting


def context_for(credentials: Credentials, *, check: bool = True) -> SSL.Context:
    """For connections that peers open, and for ours. Blocks as long as big revocation lists take.

    Raises CertificateFault.
    """
    context = SSL.Context(SSL.TLS_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION | SSL.OP_CIPHER_SERVER_PREFERENCE | SSL.OP_NO_TICKET)
    context.set_options(_NO_RENEGOTIATION)
    context.set_cipher_list(CIPHERS.encode())
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"umserver")
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    context.set_verify_depth(DEEPEST_CHAIN)
    context.set_verify(SSL.VERIFY_PEER if check else SSL.VERIFY_NONE, _verified)
    _furnish(context, credentials)
    return context


def _furnish(context: SSL.Context, credentials: Credentials) -> None:
    if credentials.chain:
        _show(context, credentials)
    store = context.get_cert_store()
    assert store is not None
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    if credentials.authorities is None:
        context.set_default_verify_paths()
    for authority in (*credentials.chain[:1], *(credentials.authorities or ())):
        store.add_cert(crypto.X509.from_cryptography(authority))
    if credentials.revocations.lists:
        store.set_flags(crypto.X509StoreFlags.CRL_CHECK | crypto.X509StoreFlags.CRL_CHECK_ALL)
    for revoked in credentials.revocations.lists:
        store.add_crl(revoked.crl)


def _show(context: SSL.Context, credentials: Credentials) -> None:
    own, *between = credentials.chain
    try:
        context.use_certificate(own)
        for certificate in between:
            context.add_extra_chain_cert(certificate)
        context.use_privatekey(credentials.key)
        context.check_privatekey()
    except SSL.Error as fault:
        raise CertificateFault(f"{credentials.file} is refused: {words_of(fault)}") from None


def connection_in(context: SSL.Context, layer: Layer) -> SSL.Connection:
    """A connection in memory; what stands on the layer is told why a peer is not believed."""
    connection = SSL.Connection(context, None)
    connection.set_app_data(layer)  # as Twisted itself does
    return connection


def _verified(
    connection: SSL.Connection, shown: crypto.X509, error: int, depth: int, good: int
) -> bool:
    """OpenSSL's verdict on each certificate of a chain; ours where we know better."""
    if (good and depth) or error in _NO_OBJECTION:
        return True
    try:
        why = _fault(shown.to_cryptography(), 0 if good else error, depth)
    except Exception:  # OpenSSL reads what the other library does not, and that names no class
        why = "its certificate cannot be read"
    if why:
        layer: Layer = connection.get_app_data()
        layer.wrappedProtocol.note(why)
    return not why


def _fault(certificate: x509.Certificate, error: int, depth: int) -> str:
    """Why it is not believed, empty when it is."""
    if not error or (error == _UNSUITED and depth == 0 and _is_for_tls(certificate)):
        return ""
    return refused(certificate, error, depth)


def _is_for_tls(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return ExtendedKeyUsageOID.SERVER_AUTH in uses or ExtendedKeyUsageOID.CLIENT_AUTH in uses


def refused(certificate: x509.Certificate, error: int, depth: int) -> str:
    """Why a certificate, so far above the peer's own, is not believed; `error` is OpenSSL's."""
    subject = subject_of(certificate)
    why = _WORDS.get(error, f"OpenSSL refuses it with the number {error}").format(
        subject=subject,
        issuer=issuer_of(certificate),
        begins=day_of(certificate.not_valid_before_utc.timestamp()),
        ends=day_of(certificate.not_valid_after_utc.timestamp()),
    )
    whose = f"its certificate {subject}" if depth == 0 else f"{subject} above its certificate"
    return f"{whose} is refused: {why}"


_ALERTS = (
    ("unknown ca", "the peer does not trust the authority of our certificate"),
    ("certificate unknown", "the peer refused our certificate"),
    ("bad certificate", "the peer refused our certificate"),
    ("certificate required", "the peer wants a certificate, and we have none for it"),
    ("certificate revoked", "the peer says that our certificate was revoked"),
    ("certificate expired", "the peer says that our certificate has expired"),
    ("handshake failure", "the peer and we have no cipher in common, or it wants a certificate"),
    ("no shared cipher", "the peer and we have no cipher in common"),
    ("unsupported protocol", "the peer speaks only TLS older than 1.2"),
    ("wrong version number", "the peer speaks no TLS"),
    ("http request", "the peer speaks no TLS"),
    ("protocol version", "the peer speaks no TLS of 1.2 or 1.3"),
    ("packet length too long", "the peer speaks no TLS"),
    ("certificate verify failed", "the peer's certificate is not good"),
)


def is_alert(fault: BaseException | None) -> bool:
    """Whether this is what the peer told us, before it hung up."""
    return isinstance(fault, SSL.Error) and " alert " in _text_of(fault)


def words_of(fault: BaseException) -> str:
    """Why a handshake failed, for people."""
    text = _text_of(fault) or str(fault) or "the connection broke off"
    return next((words for key, words in _ALERTS if key in text.lower()), text[:200])


def _text_of(fault: BaseException) -> str:
    """What OpenSSL calls it, empty when it says nothing."""
    parts = fault.args[0] if fault.args and isinstance(fault.args[0], list) else []
    return "; ".join(str(part[-1]) for part in parts)
