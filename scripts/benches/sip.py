"""The SIP that the load generators speak: made of templates, with as little work as possible."""

from __future__ import annotations

SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {rtp} RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n"
)
INVITE = (
    "INVITE {uri} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{id};rport\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Caller {caller}" <sip:+1212555{caller:04}@pbx.example.com>;tag=f{id}\r\n'
    "To: <sip:{to}@127.0.0.1>\r\n"
    "Call-ID: {id}@pbx.example.com\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:pbx@{host}:{port}>\r\n"
    "{more}"
    "User-Agent: PBX 1.0\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO, REFER, NOTIFY\r\n"
    "Supported: timer, replaces\r\n"
    "Content-Type: application/sdp\r\n"
    "Content-Length: {length}\r\n\r\n{sdp}"
)
LATER = (
    "{method} {uri} SIP/2.0\r\n"
    "Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{id}{suffix};rport\r\n"
    "Max-Forwards: 70\r\n"
    'From: "Caller {caller}" <sip:+1212555{caller:04}@pbx.example.com>;tag=f{id}\r\n'
    "{to}\r\n"
    "Call-ID: {id}@pbx.example.com\r\n"
    "CSeq: {cseq} {method}\r\n"
    "Content-Length: 0\r\n\r\n"
)


def invite(
    id: str, uri: str, to: str, caller: int, here: tuple[str, int], more: str = "", rtp: int = 40000
) -> bytes:
    """An INVITE of a typical gateway, about 900 octets."""
    sdp = SDP.format(rtp=rtp)
    return INVITE.format(
        uri=uri, host=here[0], port=here[1], id=id, caller=caller, to=to, more=more,
        length=len(sdp), sdp=sdp,
    ).encode()  # fmt: skip


def later(
    method: str, id: str, uri: str, to: str, caller: int, here: tuple[str, int], cseq: int = 1
) -> bytes:
    """An ACK or BYE; `to` is the whole To line of the answer. A refusal's ACK has its branch."""
    suffix = "" if method == "ACK" else method
    return LATER.format(
        method=method, uri=uri, host=here[0], port=here[1], id=id, suffix=suffix, caller=caller,
        to=to, cseq=cseq,
    ).encode()  # fmt: skip


def to_line(answer: bytes) -> str:
    """The whole To line."""
    start = answer.index(b"\r\nTo:") + 2
    return answer[start : answer.index(b"\r\n", start)].decode()


def call_id(answer: bytes) -> str:
    """What stands before the @ in Call-ID."""
    start = answer.index(b"Call-ID: ") + 9
    return answer[start : answer.index(b"@", start)].decode()
