"""Streams on libsrtp: one key, one direction.

Knows: libsrtp through its cffi binding, where an MKI stands in a packet. Must never know: who
agreed on the key. libsrtp 2 as pylibsrtp binds it has neither AES_256_CM nor MKI in its interface:
the one is asked for by writing the policy as libsrtp lays it out (srtp.h: six ints), the other is
cut out of the packet here, which is the same since an MKI is not authenticated (RFC 3711 §3.1).
Buffers are the module's own, so everything here belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import Any

from pylibsrtp import Policy, Session
from pylibsrtp._binding import ffi, lib

from umserver.wire.srtp.keys import USUAL_WINDOW, MasterKey
from umserver.wire.srtp.suites import Suite

OK, NOT_GENUINE, REPLAYED, TOO_OLD = 0, 7, 9, 10
"""libsrtp's words for a packet (srtp_err_status_t)."""

MOST_SOURCES = 64
"""SSRCs that one key is used with at most: each costs memory for good."""

_STRIDE, _MARGIN = 0x4000, 200
_HEADER = Struct("!BBHII")
_AES_256_CM = 5
_POLICY = Struct("=6i")
_ROOM = 4096
_TRAILER = 160
_PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AES_256_CM_HMAC_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_256_CM_HMAC_SHA1_32": Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
    "AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
}

_scratch = bytearray(_ROOM)
_view = memoryview(_scratch)
_octets = ffi.from_buffer(_scratch)
_length = ffi.new("int *")


def lend(buffer: bytearray) -> Any:
    """The buffer as `Receiver.open` wants it; it must keep its size from now on."""
    return ffi.from_buffer(buffer)


def octets_of(packet: Any, length: int) -> Any:
    """The first lent octets, to be read or overwritten in place."""
    return ffi.buffer(packet, length)


def _session(suite: Suite, secret: bytes, direction: int, window: int) -> Session:
    """Raises ValueError where the secret has not the suite's length."""
    if len(secret) != suite.secret:
        raise ValueError(f"{suite.name} has keys of {suite.secret} octets")
    policy = Policy(secret, direction, 0, _PROFILES[suite.name])
    policy.window_size = window
    if suite.key == 32 and not suite.gcm:
        for part in (policy._policy.rtp, policy._policy.rtcp):
            raw = ffi.buffer(ffi.addressof(part))
            _, _, *rest = _POLICY.unpack(bytes(raw))
            raw[:] = _POLICY.pack(_AES_256_CM, suite.secret, *rest)
    return Session(policy)


class Sender:
    """Seals what we send. The sources of one key must be few and their numbers never repeat."""

    def __init__(self, suite: Suite, key: MasterKey) -> None:
        self._session = _session(suite, key.secret, Policy.SSRC_ANY_OUTBOUND, USUAL_WINDOW)
        self._srtp = self._session._srtp[0]

    def seal(self, data: bytes) -> memoryview | None:
        """The RTP packet as SRTP, valid until the next call here; None if it cannot be."""
        size = len(data)
        if size > _ROOM - _TRAILER:
            return None
        _view[:size] = data
        _length[0] = size
        if lib.srtp_protect(self._srtp, _octets, _length) != OK:
            return None
        return _view[: _length[0]]

    def seal_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet as SRTCP; None if it cannot be."""
        size = len(data)
        if size > _ROOM - _TRAILER:
            return None
        _view[:size] = data
        _length[0] = size
        if lib.srtp_protect_rtcp(self._srtp, _octets, _length) != OK:
            return None
        return bytes(_view[: _length[0]])


class Receiver:
    """Opens what the peer sends with this key, or these keys told apart by MKI."""

    def __init__(self, suite: Suite, keys: Sequence[MasterKey], window: int = USUAL_WINDOW) -> None:
        sessions = [_session(suite, key.secret, Policy.SSRC_ANY_INBOUND, window) for key in keys]
        self._sessions = {key.mki: session for key, session in zip(keys, sessions, strict=True)}
        self._mki = len(keys[0].mki)
        self._behind = 0 if suite.gcm else suite.tag
        self._behind_rtcp = 0 if suite.gcm else suite.rtcp_tag
        self._only = sessions[0]._srtp[0]
        self._sources: set[int] = set()
        self.ssrc = -1
        """Who was heard last; -1 for nobody."""
        self.index = 0
        """The highest packet number of that source, roll-overs included (RFC 3711 §3.3.1)."""

    def open(self, packet: Any, length: int, ssrc: int, sequence: int) -> int:
        """Make the SRTP packet in these lent octets RTP; its new length, or minus libsrtp's word.

        What is not genuine has left no trace, but the octets may be spoilt.
        """
        if ssrc != self.ssrc and not self._may_be_new(ssrc):
            return -NOT_GENUINE
        srtp = self._only
        if self._mki:
            srtp, length = self._without_mki(packet, length, self._behind)
            if srtp is None:
                return -NOT_GENUINE
        _length[0] = length
        status: int = lib.srtp_unprotect(srtp, packet, _length)
        if status != OK:
            return -status
        ahead = (sequence - self.index) & 0xFFFF
        if ssrc != self.ssrc:
            self._sources.add(ssrc)
            self.ssrc, self.index = ssrc, sequence
        elif ahead < 0x8000:
            self.index += ahead
        opened: int = _length[0]
        return opened

    def _may_be_new(self, ssrc: int) -> bool:
        return ssrc in self._sources or len(self._sources) < MOST_SOURCES

    def wind_on(self, suite: Suite, keys: Sequence[MasterKey], ssrc: int, index: int) -> None:
        """Take it that this source has come to this packet number with other keys before.

        The roll-over counter of a stream cannot be set through pylibsrtp: it is wound on by packets
        of our own, which end some way before the number.
        """
        last = index - _MARGIN
        for key in keys:
            sender, srtp = Sender(suite, key), self._sessions[key.mki]._srtp[0]
            for number in range(last % _STRIDE, last + 1, _STRIDE):
                data = sender.seal(_HEADER.pack(0x80, 0, number & 0xFFFF, 0, ssrc))
                assert data is not None
                _length[0] = len(data)
                lib.srtp_unprotect(srtp, _octets, _length)
        self._sources.add(ssrc)
        self.ssrc, self.index = ssrc, index

    def open_rtcp(self, data: bytes) -> bytes | None:
        """The RTCP packet in this SRTCP packet; None when it is not genuine or was here before."""
        size = len(data)
        if not 8 <= size <= _ROOM:
            return None
        _view[:size] = data
        srtp = self._only
        if self._mki:
            srtp, size = self._without_mki(_octets, size, self._behind_rtcp)
            if srtp is None:
                return None
        _length[0] = size
        if lib.srtp_unprotect_rtcp(srtp, _octets, _length) != OK:
            return None
        return bytes(_view[: _length[0]])

    def _without_mki(self, packet: Any, length: int, behind: int) -> tuple[Any, int]:
        """Cut the MKI out: the stream it names, None for none, and what is left in octets."""
        at = length - behind - self._mki
        if at < 12:
            return None, 0
        session = self._sessions.get(bytes(ffi.buffer(packet + at, self._mki)))
        if session is None:
            return None, 0
        ffi.memmove(packet + at, packet + at + self._mki, behind)
        return session._srtp[0], length - self._mki
