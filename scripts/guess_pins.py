#!/usr/bin/env python3
"""Callers who guess PINs by telephone: real calls, one after the other, from many numbers.

    scripts/guess_pins.py --port 5062 --callers 20 --seconds 60 [--extension 1001]

Each caller calls the number of voice access, types extension and wrong PIN as fast as a machine
does until the call is ended, and calls again from another number. Prints how many calls and PINs
there were, and how calls ended.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

WRONG = "975310#"
PORTS = range(40_000, 44_000)


async def guess(phone: Any, options: argparse.Namespace, count: Counter[str], me: int) -> None:
    """One caller, until the time is over."""
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    from umserver.edges.net.softphone import CallFailed, Order
    from umserver.wire.sip.headers import parse_name_addr
    from umserver.wire.sip.uri import Uri

    end = time.monotonic() + options.seconds
    uri = Uri("sip", options.to, "127.0.0.1", options.port)
    while time.monotonic() < end:
        number = f"212556{(me * 97 + count['calls']) % 10_000:04d}"
        call = phone.place(Order(uri, parse_name_addr(f"<sip:{number}@127.0.0.1>")))
        count["calls"] += 1
        try:
            await call.answered
        except CallFailed as fault:
            count[f"refused: {fault}"] += 1
            await deferLater(reactor, 1.0, lambda: None)
            continue
        while call.over is None and time.monotonic() < end:
            await call.send_digits(options.extension + WRONG)
            count["PINs"] += call.over is None
            await deferLater(reactor, 0.5, lambda: None)
        count["ended by the server" if call.over is not None else "hung up"] += 1
        await call.hang_up()


async def run(options: argparse.Namespace) -> None:
    """All callers at once."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, gatherResults

    from umserver.edges.net.media import MediaEngine
    from umserver.edges.net.softphone.phone import Softphone

    random = Random(time.time_ns())
    engine = MediaEngine(reactor, None, PORTS, random, dscp=0)
    engine.start()
    phone = Softphone(reactor=reactor, engine=engine, random=random)
    phone.start(("127.0.0.1",))
    count: Counter[str] = Counter()
    began = time.monotonic()
    each = range(options.callers)
    await gatherResults([Deferred.fromCoroutine(guess(phone, options, count, me)) for me in each])
    print(f"{options.callers} callers guessed for {time.monotonic() - began:.0f} s:")
    for name, times in sorted(count.items()):
        print(f"  {times:6} {name}")
    await phone.stop()
    engine.stop()


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=5062, help="the answering desk's SIP port")
    parser.add_argument("--to", default="5000", help="the number of voice access")
    parser.add_argument("--extension", default="1001")
    parser.add_argument("--callers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    from twisted.internet.defer import Deferred
    from twisted.internet.task import react

    react(lambda reactor: Deferred.fromCoroutine(run(options)))


if __name__ == "__main__":
    main()
