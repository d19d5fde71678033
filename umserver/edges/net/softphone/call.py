"""The command `um-call`: a telephone for a terminal.

Knows: arguments, files, how to show a call to a person. Must never know: how SIP works.
Exit codes: 0 answered and completed, 1 refused, 2 wrong usage, 3 no answer in time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from umserver.edges.net.softphone.ear import Ear
from umserver.edges.net.softphone.outfit import softphone_on
from umserver.edges.net.softphone.outgoing import CallFailed, Order, OutgoingCall
from umserver.edges.net.softphone.phone import Softphone
from umserver.edges.net.softphone.script import (
    WAYS,
    BadKeys,
    Script,
    checked_keys,
    clip_of,
    perform,
)
from umserver.edges.net.softphone.secure import add_arguments, security_from
from umserver.edges.net.tls.pem import CertificateFault
from umserver.interfaces import Clip
from umserver.wire.audio.wav import WavError, g711_wav, pcm_wav, read_wav
from umserver.wire.sip.headers import NameAddr, parse_name_addr
from umserver.wire.sip.parse import SipSyntaxError
from umserver.wire.sip.uri import Uri, parse_uri
from umserver.wire.trace import TraceMemory, ladder, write_capture

COMPLETED, REFUSED, USAGE, NO_ANSWER = 0, 1, 2, 3
PORTS = range(20000, 30000)
"""RTP ports of a softphone."""

_STATUS_NO_ANSWER = (0, 408, 480, 487)


class UsageFault(Exception):
    """An argument cannot be used; `args[0]` says why."""


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    p = argparse.ArgumentParser(
        prog="um-call",
        description="Place a SIP call: speak, press keys, listen.",
        epilog="exit code: 0 answered and completed, 1 refused, 2 wrong usage, 3 no answer in time",
    )
    p.add_argument("uri", help="whom to call: sip:1001@127.0.0.1 (port 5060 unless given)")
    p.add_argument("--play", metavar="WAV", action="append", default=[], help="say this")
    p.add_argument("--now", action="store_true", help="speak at once, do not wait for the beep")
    p.add_argument("--digits", metavar="KEYS", default="", help="keys; a comma is a pause of 1 s")
    p.add_argument("--dtmf", choices=WAYS, default=WAYS[0], help="how keys are pressed")
    p.add_argument("--record", metavar="WAV", help="write what was heard to this file")
    p.add_argument("--seconds", type=float, help="hang up so many seconds after the answer")
    p.add_argument("--ring", type=float, default=30.0, help="seconds to wait for an answer")
    p.add_argument("--transport", choices=("udp", "tcp", "tls"),
                   help="udp unless the URI says otherwise")  # fmt: skip
    add_arguments(p)
    p.add_argument("--from", dest="sender", metavar="URI", help="who calls: a number or a URI")
    p.add_argument("--identity", metavar="URI", help="P-Asserted-Identity")
    p.add_argument("--diversion", metavar="URI;reason=…", action="append", default=[],
                   help="who forwarded the call, the last forwarding first")  # fmt: skip
    p.add_argument("--header", metavar="NAME:VALUE", action="append", default=[],
                   help="any other header of the INVITE")  # fmt: skip
    p.add_argument("--forgetful", action="store_true",
                   help="drop Diversion when following a redirect, as some PBXs do")  # fmt: skip
    p.add_argument("--codec", choices=("PCMU", "PCMA"), help="offer only this one")
    p.add_argument("--srtp", choices=("sdes", "dtls", "best-effort"), default="plain",
                   help="encrypt sound: by keys, by a handshake, or if possible")  # fmt: skip
    p.add_argument("--ladder", action="store_true", help="print the SIP ladder at the end")
    p.add_argument("--pcap", metavar="FILE", help="write the SIP messages as a capture file")
    p.add_argument("--quiet", action="store_true", help="do not tell what happens")
    return p


def order_from(options: argparse.Namespace) -> Order:
    """The call that the arguments ask for. Raises UsageFault."""
    uri = uri_from(options.uri)
    if options.transport:
        uri = uri.with_param("transport", options.transport)
    headers = [("Diversion", _bracketed(value)) for value in options.diversion]
    if options.identity:
        headers.append(("P-Asserted-Identity", f"<{_number_uri(options.identity, uri.host)}>"))
    for text in options.header:
        name, colon, value = text.partition(":")
        if not colon or not name.strip() or "\n" in text or "\r" in text:
            raise UsageFault(f"no header: {text!r} (NAME: VALUE)")
        headers.append((name.strip(), value.strip()))
    sender = None
    if options.sender:
        sender = _name_addr(_number_uri(options.sender, uri.host))
    return Order(
        uri=uri,
        from_=sender,
        headers=tuple(headers),
        forgetful=options.forgetful,
        codecs=(options.codec,) if options.codec else ("PCMU", "PCMA"),
        offering=options.srtp,
    )


def uri_from(text: str) -> Uri:
    """A SIP URI as people type it, `sip:` may be missing. Raises UsageFault."""
    whole = text if text.lower().startswith(("sip:", "sips:", "tel:")) else f"sip:{text}"
    try:
        uri = parse_uri(whole)
    except SipSyntaxError as fault:
        raise UsageFault(f"no SIP URI: {text!r} ({fault})") from None
    if uri.scheme not in ("sip", "sips") or not uri.host:
        raise UsageFault(f"{text!r}: a URI like sip:1001@127.0.0.1 is wanted")
    return uri


def script_from(options: argparse.Namespace) -> Script:
    """What is to be done in the call. Raises UsageFault."""
    try:
        keys = checked_keys(options.digits)
    except BadKeys as fault:
        raise UsageFault(str(fault)) from None
    return Script(
        clips=tuple(_clip(path) for path in options.play),
        wait_for_beep=not options.now,
        keys=keys,
        way=options.dtmf,
        seconds=options.seconds,
    )


def _clip(path: str) -> Clip:
    try:
        return clip_of(path, read_wav(Path(path).read_bytes()))
    except OSError as fault:
        raise UsageFault(f"{path}: {fault.strerror}") from None
    except WavError as fault:
        raise UsageFault(f"{path}: {fault}") from None


def _name_addr(text: str) -> NameAddr:
    try:
        return parse_name_addr(text if "<" in text else f"<{text}>")
    except SipSyntaxError as fault:
        raise UsageFault(f"no address: {text!r} ({fault})") from None


def _number_uri(text: str, host: str) -> str:
    if "<" in text or text.startswith(("sip:", "tel:")):
        return text
    return f"sip:{text}" if "@" in text else f"sip:{text}@{f'[{host}]' if ':' in host else host}"


def _bracketed(text: str) -> str:
    """`sip:1001@host;reason=no-answer` as a header value: what follows belongs to the header."""
    if "<" in text:
        return text
    uri, semicolon, params = text.partition(";")
    if not uri.startswith(("sip:", "tel:")):
        uri = f"sip:{uri}" if "@" in uri else f"tel:{uri}"
    return f"<{uri}>{semicolon}{params}"


@define(eq=False)
class Display:
    """Tells a person what happens, a line a happening."""

    quiet: bool
    seconds: Any = time.monotonic
    _start: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self._start = self.seconds()

    def say(self, text: str) -> None:
        """One line with the seconds since the start."""
        if not self.quiet:
            print(f"{self.seconds() - self._start:7.2f}  {text}", file=sys.stderr, flush=True)


async def run(phone: Softphone, options: argparse.Namespace, order: Order, script: Script) -> int:
    """The whole call with this softphone, which is stopped at the end; returns the exit code."""
    reactor = phone.reactor
    display = Display(options.quiet, phone.seconds)
    phone.start()
    ear = Ear()
    ear.on_beep = lambda: display.say("beep heard")
    call = phone.place(order, display.say)
    reactor.addSystemEventTrigger("before", "shutdown", call.hang_up)
    stop_waiting = reactor.callLater(options.ring, call.hang_up)
    try:
        code = await _through(call, script, ear, reactor, display, stop_waiting)
        was_sent = call.failure is not None and call.failure.status
        if code == NO_ANSWER and was_sent and not phone.station.driver.received_count:
            display.say("nothing came back: does a server listen there?")
    finally:
        if phone.station.driver.received_count:  # who never spoke is not waited for
            await call.hang_up()
        if stop_waiting.active():
            stop_waiting.cancel()
        await phone.stop()
    try:
        _write(options, ear, phone, display)
    except OSError as fault:
        print(f"um-call: {fault.filename}: {fault.strerror}", file=sys.stderr)
        return USAGE
    return code


async def _through(
    call: OutgoingCall, script: Script, ear: Ear, reactor: Any, display: Display, waiting: Any
) -> int:
    try:
        await call.answered
    except CallFailed as fault:
        display.say(f"no call: {fault}")
        if call.phone.trouble:
            display.say(f"TLS: {call.phone.trouble}")
        return NO_ANSWER if fault.status in _STATUS_NO_ANSWER else REFUSED
    waiting.cancel()
    display.say(f"answered after {call.answered_at - call.placed_at:.3f} s{_protection(call)}")
    await perform(script, call, ear, reactor, display.say)
    display.say(f"over ({call.over}), heard {ear.seconds:.1f} s, {ear.loud:.1f} s of it loud")
    return COMPLETED


def _protection(call: OutgoingCall) -> str:
    """In words how sound is encrypted; nothing where it is not."""
    plan = call.session.plan if call.session is not None else None
    if plan is None or not plan.secured:
        return ""
    return f", sound by {plan.keying.suite.name if plan.keying is not None else 'DTLS-SRTP'}"


def _write(options: argparse.Namespace, ear: Ear, phone: Softphone, display: Display) -> None:
    """The files and drawings that were asked for. Raises OSError."""
    if options.record:
        encoded = ear.encoded()
        data = g711_wav(*encoded) if encoded is not None else pcm_wav(ear.pcm())
        Path(options.record).write_bytes(data)
        display.say(f"wrote {options.record}")
    messages = phone.trace.everything() if phone.trace is not None else ()
    if options.pcap:
        Path(options.pcap).write_bytes(write_capture(messages, time.time() - phone.seconds()))
        display.say(f"wrote {options.pcap}")
    if options.ladder:
        print(ladder(messages), end="")


def main(argv: Sequence[str] | None = None) -> None:
    """The command; leaves by SystemExit."""
    options = parser().parse_args(argv)
    try:
        order, script = order_from(options), script_from(options)
    except UsageFault as fault:
        print(f"um-call: {fault}", file=sys.stderr)
        raise SystemExit(USAGE) from None

    def go(reactor: Any) -> Deferred[Any]:
        async def whole() -> None:
            trace = TraceMemory(most_messages=512, most_octets=65535)
            try:
                security = security_from(options, order.uri)
                phone = softphone_on(reactor, "umserver softphone", PORTS, trace, security)
                code = await run(phone, options, order, script)
            except (OSError, CertificateFault) as fault:
                print(f"um-call: {fault}", file=sys.stderr)
                code = USAGE
            raise SystemExit(code)

        return Deferred.fromCoroutine(whole())

    react(go)


if __name__ == "__main__":
    main()
