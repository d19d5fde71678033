#!/usr/bin/env python3
"""What 10,000 wrong PINs in a minute do to a server that carries calls meanwhile.

    scripts/bench_pins.py [--pins 10000] [--seconds 60] [--calls 50] [--callers 500] [--lines 0]

A whole server of its own with real hashes and a real store, in a temporary folder; calls come from
another process on loopback and hear an announcement without an end. PINs are tried where a call's
script tries them, from so many calling numbers, at one mailbox (every second try) and at numbers
that are nobody's; on so many `--lines` others are typed in real calls beside them. Prints how late
the reactor was, before and meanwhile, what became of the tries, and whether the mailbox is locked
as the policy says; exit code 1 when it is not, or when the reactor was later than 20 ms in more
than one of a hundred looks.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

LOOK_EVERY = 0.005
NAMES = ("p50", "p99", "p99.9", "max")
MOST_LAG = 0.020
RIGHT, WRONG, OWNERS = "246813", "975310", "135792"
ADA = "ada@example.com"


class Lateness:
    """Looks at the reactor's clock every five milliseconds."""

    def __init__(self, reactor: Any) -> None:
        self.reactor = reactor
        self.late: list[float] = []
        self.due = time.monotonic()
        self.look()

    def look(self) -> None:
        now = time.monotonic()
        self.late.append(max(now - self.due, 0.0))
        self.due = now + LOOK_EVERY
        self.reactor.callLater(LOOK_EVERY, self.look)

    def take(self) -> list[float]:
        """What was seen since the last time, the smallest first."""
        late, self.late = sorted(self.late), []
        return late


def part(late: list[float], share: float) -> float:
    """A percentile in milliseconds."""
    return 1000 * late[min(int(len(late) * share), len(late) - 1)]


def line(name: str, late: list[float]) -> str:
    """One line of figures."""
    figures = [part(late, share) for share in (0.5, 0.99, 0.999, 1.0)]
    shown = "  ".join(f"{n} {f:6.2f}" for n, f in zip(NAMES, figures, strict=True))
    return f"{name:34} {shown}  ms, {len(late)} looks"


def started(state: Path) -> Any:
    """A server on ports that the system chooses."""
    import numpy as np
    from twisted.internet import reactor
    from twisted.internet.defer import succeed
    from zope.interface import implementer

    from umserver.edges.speech.voice import IVoice
    from umserver.org.bootstrap import parse_bootstrap
    from umserver.service import UnifiedMessaging
    from umserver.service.machine import Machine

    @implementer(IVoice)
    class Noise:
        """A voice without words, so that nothing has to be rendered first."""

        engine = "noise/1"

        def manner(self, language: str) -> str:
            return "noise"

        def render(self, language: str, text: str) -> Any:
            return succeed(np.random.default_rng(1).integers(-900, 900, 8000).astype(np.int16))

        def stop(self) -> None:
            pass

    values = {
        "server.state": str(state),
        "listen.hosts": ["127.0.0.1"],
        "listen.sip": 0,
        "listen.mbx": 0,
        "listen.http": 0,
        "server.drain_seconds": 0,
        "media.timeout_seconds": 600,
        "media.first_rtp_port": 30_000,
        "media.last_rtp_port": 33_999,
    }
    machine = Machine(reactor, voice=lambda reactor: Noise(), say=lambda words: None)
    um = UnifiedMessaging(machine, parse_bootstrap("", values), ("cas", "mbx"))
    um.startService()
    return um


def callers(um: Any, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """The other calls."""
    return subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "scripts" / "bench_calls.py"), "--to", "5009"),
            *("--port", str(um.desk.server.bound_port), "--calls", str(options.calls)),
            *("--rate", "25", "--hold", str(options.seconds + 20)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def guessers(um: Any, options: argparse.Namespace) -> subprocess.Popen[bytes]:
    """Those who guess by telephone."""
    return subprocess.Popen(
        [
            *(sys.executable, str(ROOT / "scripts" / "guess_pins.py"), "--extension", "1003"),
            *("--port", str(um.desk.server.bound_port), "--callers", str(options.lines)),
            *("--seconds", str(options.seconds)),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


async def tried(um: Any, number: int, options: argparse.Namespace, became: Counter[str]) -> None:
    """One wrong PIN."""
    from umserver.interfaces import Unavailable

    settings, mailbox = um.poller.settings, None
    if number % 2:
        mailbox = (await um.desk.store.find("Demo", ["1001"]))["1001"]
    caller = f"212555{number % options.callers:04d}"
    policy = settings.mailbox_policies[0]
    began = time.monotonic()
    try:
        answer = await um.desk.pins.sign_in(mailbox, policy, WRONG, caller)
    except Unavailable:
        became["sent away, to try later"] += 1
        return
    became["WELCOME" if answer.welcome else "wrong"] += 1
    became["slowest answer, ms"] = max(
        became["slowest answer, ms"], round(1000 * (time.monotonic() - began))
    )


async def owners(um: Any, became: Counter[str]) -> None:
    """Somebody else signs in meanwhile, from an own telephone."""
    from umserver.interfaces import Unavailable

    mailbox = (await um.desk.store.find("Demo", ["1002"]))["1002"]
    policy = um.poller.settings.mailbox_policies[0]
    began = time.monotonic()
    try:
        answer = await um.desk.pins.sign_in(mailbox, policy, OWNERS, "1002")
    except Unavailable:
        became["owner sent away"] += 1
        return
    became["owner signed in" if answer.welcome else "OWNER REFUSED"] += 1
    became["owner's longest wait, ms"] = max(
        became["owner's longest wait, ms"], round(1000 * (time.monotonic() - began))
    )


async def measure(options: argparse.Namespace, state: Path) -> bool:
    """The whole story; whether all is as it should be."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    from twisted.internet.task import LoopingCall, deferLater

    um = started(state)
    await um.ready
    others = callers(um, options)
    await deferLater(reactor, options.calls / 25 + 3, lambda: None)
    print(
        f"{um.desk.role.active} calls, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    )
    lateness = Lateness(reactor)
    await deferLater(reactor, 10.0, lambda: None)
    print(line("reactor lag, calls alone", lateness.take()))
    became: Counter[str] = Counter()
    count = 0

    def more(times: int) -> None:
        nonlocal count
        due = min(options.pins, round((time.monotonic() - began) * options.pins / options.seconds))
        for number in range(count, due):
            Deferred.fromCoroutine(tried(um, number, options, became))
        count = due
        if count >= options.pins:
            loop.stop()

    began = time.monotonic()
    guessing = guessers(um, options) if options.lines else None
    owner = LoopingCall(lambda: Deferred.fromCoroutine(owners(um, became)))
    owner.start(1.0)
    loop = LoopingCall.withCount(more)
    await loop.start(0.01)
    owner.stop()
    late = lateness.take()
    print(line("reactor lag, wrong PINs meanwhile", late))
    await deferLater(reactor, 3.0, lambda: None)
    await um.desk.pins.quiet()
    print(
        f"{count} PINs in {time.monotonic() - began - 3.0:.1f} s, {um.desk.role.active} calls left"
    )
    for name, value in sorted(became.items()):
        print(f"  {value:6} {name}")
    record = await um.desk.store.pin_record(ADA)
    right = await tried_right(um)
    print(f"locked: {record.locked}, after {record.failures} tries; the right PIN opens: {right}")
    mails = um.desk.spool.waiting() + um.desk.delivery.delivered
    print(f"mails with a new PIN before it was locked: {mails}")
    others.terminate()
    if guessing is not None:
        told, _ = guessing.communicate()
        print(told.decode(), end="")
    await um.stopService()
    return bool(record.locked and not right and part(late, 0.99) <= 1000 * MOST_LAG)


async def tried_right(um: Any) -> bool:
    """Whether Ada's own PIN still opens her mailbox, from her own telephone."""
    mailbox = (await um.desk.store.find("Demo", ["1001"]))["1001"]
    policy = um.poller.settings.mailbox_policies[0]
    answer = await um.desk.pins.sign_in(mailbox, policy, RIGHT, "1001")
    return bool(answer.welcome)


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pins", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--callers", type=int, default=500, help="calling numbers that guess")
    parser.add_argument("--lines", type=int, default=0, help="lines on which PINs are typed")
    options = parser.parse_args()
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred

    outcome = [False]

    async def whole() -> None:
        with tempfile.TemporaryDirectory(prefix="bench-pins-") as folder:
            outcome[0] = await measure(options, Path(folder) / "state")

    def begin() -> None:
        done = Deferred.fromCoroutine(whole())
        done.addErrback(lambda fault: fault.printTraceback())
        done.addBoth(lambda _: reactor.stop())  # type: ignore[attr-defined]

    reactor.callWhenRunning(begin)  # type: ignore[attr-defined]
    reactor.run()  # type: ignore[attr-defined]
    return 0 if outcome[0] else 1


if __name__ == "__main__":
    sys.exit(main())
