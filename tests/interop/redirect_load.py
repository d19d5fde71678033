"""Callers who follow redirects: places calls one after the other and tells how each went.

    redirect_load.py HOST PORT CALLS SECONDS_BETWEEN RAW_MULAW_FILE

Prints a line of JSON a call: when it was placed, its status, who answered, whether it was spoken to
the end. A desk that is gone costs a caller 32 seconds (RFC 3261 timer B) before the next contact is
tried.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.task import deferLater, react

from umserver.edges.net.media import MediaEngine
from umserver.edges.net.softphone import Ear, Order, OutgoingCall, Softphone
from umserver.interfaces import Clip
from umserver.wire.sip.uri import Uri

GREETING_SECONDS = 25.0
ANSWER_SECONDS = 50.0
"""After which a caller gives up: who is killed while it rings never answers. A desk that is dead is
passed over after 32."""
USERS = ("1001", "1002", "1003")


async def one(clock: Any, phone: Softphone, uri: Uri, sound: Clip, number: int) -> dict[str, Any]:
    """One caller, from dialling to hanging up."""
    placed = time.time()
    call: OutgoingCall = phone.place(
        Order(uri=uri, headers=(("P-Asserted-Identity", f"<tel:+1212555{number:04d}>"),))
    )
    story: dict[str, Any] = {"number": number, "placed": placed, "answered_by": "", "spoken": False}
    try:
        await call.answered.addTimeout(ANSWER_SECONDS, clock)
        story["answered_by"] = call.flow.remote[0]
        ear = Ear()
        heard: Deferred[None] = Deferred()

        def go_on() -> None:
            if not heard.called:
                heard.callback(None)

        ear.on_beep = go_on
        call.record(ear, 1e6, 1e6)
        call.ended.addBoth(lambda how: go_on())
        await heard.addTimeout(GREETING_SECONDS, clock)
        story["spoken"] = await call.play([sound])
    except Exception as fault:
        story["fault"] = f"{type(fault).__name__}: {fault}"
    story["status"] = call.status
    story["over"] = call.over
    await call.hang_up()
    return story


async def main(clock: Any, host: str, port: str, calls: str, every: str, file: str) -> None:
    """All callers."""
    encoded = Path(file).read_bytes()
    sound = Clip("voice", {"PCMU": encoded, "PCMA": encoded})
    random = Random(4)
    engine = MediaEngine(clock, clock, range(41_000, 43_000), random, dscp=0)
    phone = Softphone(reactor=clock, engine=engine, random=random)
    phone.start(("127.0.0.1",))
    running = []
    for number in range(int(calls)):
        uri = Uri("sip", USERS[number % 3], host, int(port))
        running.append(Deferred.fromCoroutine(one(clock, phone, uri, sound, number)))
        await deferLater(clock, float(every), lambda: None)
    for good, story in await DeferredList(running, consumeErrors=True):
        print(json.dumps(story if good else {"fault": str(story), "status": 0}))
    await phone.stop()


if __name__ == "__main__":
    react(lambda clock: Deferred.fromCoroutine(main(clock, *sys.argv[1:])))
