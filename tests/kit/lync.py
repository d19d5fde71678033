"""A Lync front-end server as a peer: mutual TLS, its headers, its bodies, its addresses (spec 4.2).

Knows: what such servers send, from published specifications (MS-SIPRE, MS-CONFPRO, MS-SDPEXT,
MS-OCER, MS-EUMR) and integrators' notes. Must never know: the server's parts. It puts what ours
does not understand where a real one does: into Via, Record-Route, Contact, From, into headers of
its own, and into a body of two parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define

from tests.kit.raw_sip import sdp
from tests.kit.tls_gateway import TlsGateway

POOL = "pool.example.com"
FRONT_END = "fe1.example.com"
CRLF = "\r\n"
BOUNDARY = "----=_NextPart_000_0009_01D0"
CANDIDATES = (
    "a=ice-ufrag:rV6r",
    "a=ice-pwd:hzhWnYC0fVcm9zXIfRjH9v5w",
    "a=candidate:1 1 UDP 2130706431 192.0.2.41 50012 typ host",
    "a=candidate:1 2 UDP 2130705918 192.0.2.41 50013 typ host",
    "a=rtcp:50013",
    "a=x-mediasettings:applicationsharing-video=required",
    "a=label:main-audio",
)
OTHER_CODECS = (
    "a=rtpmap:114 x-msrta/16000",
    "a=fmtp:114 bitrate=29000",
    "a=rtpmap:9 G722/8000",
    "a=rtpmap:112 G7221/16000",
    "a=fmtp:112 bitrate=24000",
    "a=rtpmap:13 CN/8000",
)
KEY = "a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:VmxNZDCOAsUuO4KnBCuoAsUuO4KnVmxNZDCOAsUu|2^31"


@define(eq=False, kw_only=True)
class FrontEnd(TlsGateway):
    """Calls for people of its pool."""

    user: str = "bob@example.org"
    call_name: str = "Bob Caller"
    calls_name: str = "um.example.com"
    body_kind: str = ""
    """The type of its bodies, where it is not plain SDP."""
    route: bool = True
    """Whether it stays in the call's path."""

    def request(
        self,
        method: str,
        uri: str,
        *,
        call_id: str,
        cseq: int = 1,
        to_tag: str = "",
        headers: Sequence[tuple[str, str]] = (),
        body: str = "",
        branch: str | None = None,
        kind: str = "application/sdp",
    ) -> str:
        """As a front end writes it."""
        tag = f";tag={to_tag}" if to_tag else ""
        target = uri.partition(";")[0]
        lines = [
            f"{method} {uri} SIP/2.0",
            *([f"Record-Route: <{self.record}>;tag=5B3E"] if self.route and not to_tag else []),
            f"Via: SIP/2.0/TLS {self.host}:{self.port};branch={branch or self.branch()}.0D1C;"
            'branched=FALSE;ms-internal-info="ddQmVn0Kg4_Lx";ms-received-cid=1F00',
            "Max-Forwards: 67",
            f'From: "{self.call_name}"<sip:{self.user}>;tag=raw-{self.port};epid=0af1d2',
            f"To: <{target}>{tag};epid=9c01" if not to_tag else f"To: <{target}>{tag}",
            f"Call-ID: {call_id}",
            f"CSeq: {cseq} {method}",
            f"Contact: <sip:{self.user};opaque=user:epid:c2VydmVy;gruu>",
            "User-Agent: UCCAPI/15.0.4420.1017 OC/15.0.4420.1017 (Microsoft Lync)",
            "Supported: ms-dialog-route-set-update, timer, histinfo, ms-safe-transfer, ms-sender, "
            "ms-early-media, 100rel, replaces, ms-fe",
            "Ms-Conversation-ID: 8d2f2b20b7ce4bd9",
            "ms-keep-alias: ignored",
            "ms-endpoint-location-data: NetworkScope;ms-media-location-type=Intranet",
            'P-Asserted-Identity: "Bob Caller"<sip:bob@example.org>,<tel:+12125550142>',
            f"Ms-Mras-Address: <sip:av.example.com@example.com;gruu;opaque=srvr:MRAS:{self.port}>",
            *(f"{name}: {value}" for name, value in headers),
            *([f"Content-Type: {self.body_kind or kind}"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return CRLF.join(lines) + CRLF + CRLF + body

    @property
    def record(self) -> str:
        """Where it wants the requests of the call to come by."""
        return (
            f"sip:{FRONT_END}:{self.port};transport=tls;opaque=state:T;lr;"
            "ms-key-info=AAEAAVHi;ms-identity=z1Y2mA"
        )

    def offer(self, port: int, secure: bool) -> str:
        """Its session: codecs that we have not, candidates, keys."""
        lines = [*OTHER_CODECS, *CANDIDATES, "a=encryption:optional"]
        if secure:
            lines.append(KEY)
        text = sdp(port, formats="114 9 112 0 8 13 101", lines=lines)
        return text.replace("RTP/AVP", "RTP/SAVP") if secure else text

    def two_parts(self, offer: str) -> str:
        """The older form first, for Office Communicator of 2007, and the one that counts."""
        old = (
            "Content-Type: application/sdp\r\nContent-Transfer-Encoding: 7bit\r\n"
            "Content-Disposition: session; handling=optional; ms-proxy-2007fallback\r\n\r\n"
        )
        new = (
            "Content-Type: application/sdp\r\nContent-Transfer-Encoding: 7bit\r\n"
            "Content-Disposition: session; handling=optional\r\n\r\n"
        )
        parts = f"--{BOUNDARY}\r\n{old}{offer}\r\n--{BOUNDARY}\r\n{new}{offer}\r\n"
        return f"{parts}--{BOUNDARY}--\r\n"
