"""The command `um-probe`: is the service alive, seen from outside.

Knows: the monitoring-plugins conventions (one line, performance data, exit codes 0 OK, 1 WARNING, 2
CRITICAL, 3 UNKNOWN). Must never know: how the server works inside. Mode `options` asks with a SIP
OPTIONS; mode `call` places a real call that must be greeted with speech and a beep.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.internet.task import react

from umserver import __version__
from umserver.edges.net.softphone.ear import Ear
from umserver.edges.net.softphone.outfit import softphone_on
from umserver.edges.net.softphone.outgoing import CallFailed, Order
from umserver.edges.net.softphone.phone import Softphone
from umserver.edges.net.softphone.script import beep
from umserver.edges.net.softphone.secure import add_arguments, security_from
from umserver.wire.sip.uri import Uri

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
WORDS = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
PORTS = range(30000, 32000)
"""RTP ports of a probe."""

LEAST_GREETING = 0.5
"""Seconds of loud sound before the beep that count as a greeting."""

PATIENCE = {"options": 9.0, "call": 25.0}
"""Seconds for everything; a greeting has to be heard to its end."""

DAYS = (30.0, 7.0)
"""Days before the end of the server's certificate at which it is WARNING, and CRITICAL."""

_FOREVER = 1e9


@frozen
class Verdict:
    """What the check found."""

    state: int
    text: str
    figures: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The plugin's output line."""
        figures = f" | {' '.join(self.figures)}" if self.figures else ""
        return f"SIP {WORDS[self.state]} - {self.text.replace('|', '/')}{figures}"


class _Parser(argparse.ArgumentParser):
    """Leaves with UNKNOWN whenever nothing was checked, as the conventions ask."""

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            print(message.rstrip())
        raise SystemExit(UNKNOWN)

    def error(self, message: str) -> NoReturn:
        self.exit(UNKNOWN, f"SIP UNKNOWN - {message} (--help tells more)")


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 3600:
        raise ValueError(text)
    return value


def _port(text: str) -> int:
    value = int(text)
    if not 0 < value < 65536:
        raise ValueError(text)
    return value


def _days(text: str) -> tuple[float, float]:
    warning, _, critical = text.partition(",")
    return float(warning), float(critical or 0)


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    p = _Parser(prog="um-probe", description="Check a unified messaging server over SIP.")
    p.add_argument("mode", nargs="?", choices=("options", "call"), default="options")
    p.add_argument("-V", "--version", action="version", version=f"um-probe {__version__}")
    p.add_argument("-H", "--hostname", default="127.0.0.1", help="address of the server")
    p.add_argument("-p", "--port", type=_port, default=5060)
    p.add_argument("-T", "--transport", choices=("udp", "tcp", "tls"), default="udp")
    p.add_argument("-e", "--extension", default="1001", help="whom mode call calls")
    p.add_argument("-t", "--timeout", type=_seconds,
                   help="seconds for everything, then CRITICAL (options 9, call 25)")  # fmt: skip
    p.add_argument("-w", "--warning", type=_seconds, help="seconds to the answer, WARNING above")
    p.add_argument("-c", "--critical", type=_seconds, help="seconds to the answer, CRITICAL above")
    p.add_argument("-D", "--days", type=_days, default=DAYS, metavar="WARNING,CRITICAL",
                   help="days that the server's certificate must be good for (30,7)")  # fmt: skip
    add_arguments(p)
    return p


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The arguments, with the patience that the mode needs. Leaves with UNKNOWN when wrong."""
    options = parser().parse_args(argv)
    if options.timeout is None:
        options.timeout = PATIENCE[options.mode]
    return options


def graded(options: argparse.Namespace, seconds: float, text: str, *more: str) -> Verdict:
    """OK, or worse when the answer took longer than the thresholds."""
    state = OK
    if options.critical is not None and seconds > options.critical:
        state = CRITICAL
    elif options.warning is not None and seconds > options.warning:
        state = WARNING
    return Verdict(state, text, (_figure(options, seconds), *more))


def aged(options: argparse.Namespace, phone: Softphone, verdict: Verdict, now: float) -> Verdict:
    """The verdict, or a worse one when the server's certificate ends soon (feature 192).

    `now` is seconds since 1970.
    """
    tls = phone.station.tls
    ends = tls.latest_end if tls is not None else None
    if ends is None or options.transport != "tls":
        return verdict
    days, (warning, critical) = (ends - now) / 86_400, options.days
    state = CRITICAL if days < critical else WARNING if days < warning else OK
    text = f"{verdict.text}, the certificate ends in {days:.0f} days"
    figure = f"certificate={days:.1f}d;{warning:g};{critical:g}"
    return Verdict(max(verdict.state, state), text, (*verdict.figures, figure))


def _figure(options: argparse.Namespace, seconds: float) -> str:
    limits = ";".join("" if v is None else f"{v:.3f}" for v in (options.warning, options.critical))
    return f"time={seconds:.3f}s;{limits};0.000;{options.timeout:.3f}"


def target(options: argparse.Namespace, user: str = "") -> Uri:
    """The URI of the server, or of somebody there."""
    params = () if options.transport == "udp" else (("transport", options.transport),)
    host = options.hostname.strip("[]").lower()
    return Uri(scheme="sip", user=user, host=host, port=options.port, params=params)


async def ask(options: argparse.Namespace, phone: Softphone) -> Verdict:
    """Mode options."""
    start = phone.seconds()
    response = await phone.options(target(options))
    seconds = phone.seconds() - start
    if response is None:
        return Verdict(CRITICAL, f"no answer from {options.hostname}{_because(phone)}")
    text = f"{response.status} {response.reason} from {options.hostname} in {seconds * 1000:.0f} ms"
    if response.status == 503:
        text += " (out of service, or no dial plan is linked to a gateway: umctl Get-ServerHealth)"
    if response.status >= 500:
        return Verdict(CRITICAL, text, (_figure(options, seconds),))
    if response.status >= 300:
        return Verdict(WARNING, text, (_figure(options, seconds),))
    return graded(options, seconds, text)


def _because(phone: Softphone) -> str:
    return f" ({phone.trouble})" if phone.trouble else ""


async def listen(options: argparse.Namespace, phone: Softphone, reactor: Any) -> Verdict:
    """Mode call."""
    start = phone.seconds()
    ear = Ear()
    call = phone.place(Order(uri=target(options, options.extension)))
    try:
        await call.answered
    except CallFailed as fault:
        why = f"{options.extension} does not answer: {fault}{_because(phone)}"
        return Verdict(CRITICAL, why)
    seconds = phone.seconds() - start
    call.record(ear, _FOREVER, _FOREVER)
    left = options.timeout - seconds - 0.5
    heard = await beep(ear, reactor, max(0.1, left), call)
    how = call.over
    await call.hang_up()
    figures = (f"greeting={ear.loud_before_beep:.2f}s", f"beeps={ear.beeps}")
    if not heard:
        why = f"the call ended ({how})" if how else f"none within {options.timeout:g} s"
        return Verdict(CRITICAL, f"no beep: {why}", (_figure(options, seconds), *figures))
    if ear.loud_before_beep < LEAST_GREETING:
        text = "a beep but no greeting before it"
        return Verdict(CRITICAL, text, (_figure(options, seconds), *figures))
    text = f"{options.extension} answered in {seconds * 1000:.0f} ms, greeting and beep heard"
    return graded(options, seconds, text, *figures)


async def check(phone: Softphone, options: argparse.Namespace) -> Verdict:
    """The whole check with this softphone, which is stopped at its end or at the time-out."""
    reactor = phone.reactor
    phone.start()
    is_call = options.mode == "call"
    work = Deferred.fromCoroutine(
        listen(options, phone, reactor) if is_call else ask(options, phone)
    )
    verdict: Verdict = await work.addTimeout(options.timeout, reactor, _too_late(options))
    await phone.stop()
    return aged(options, phone, verdict, time.time())


def _too_late(options: argparse.Namespace) -> Any:
    def verdict(result: Any, timeout: float) -> Verdict:
        if isinstance(result, Verdict):
            return result
        return Verdict(CRITICAL, f"no answer from {options.hostname} within {timeout:g} s")

    return verdict


def main(argv: Sequence[str] | None = None) -> None:
    """The command; leaves by SystemExit."""
    options = arguments(argv)

    def go(reactor: Any) -> Deferred[Any]:
        async def whole() -> None:
            try:
                ports = PORTS if options.mode == "call" else None
                security = security_from(options, target(options))
                phone = softphone_on(reactor, "um-probe", ports, security=security)
                verdict = await check(phone, options)
            except Exception as fault:
                verdict = Verdict(CRITICAL, f"{type(fault).__name__}: {fault}")
            print(verdict.line)
            sys.stdout.flush()
            raise SystemExit(verdict.state)

        return Deferred.fromCoroutine(whole())

    react(go)


if __name__ == "__main__":
    main()
