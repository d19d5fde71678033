"""The process in which speech is made: `python -m umserver.edges.speech.worker`.

Knows: the engine, and a pipe. Requests come on standard input, answers go to standard output; both
are a 4-octet big-endian length and JSON; an answer's JSON says how many octets of PCM (16 bit
little endian, 8000 Hz) follow it. Ends when its input ends. Must never know: the reactor, the
cache.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
from typing import BinaryIO

from umserver.edges.speech.engine import Engine, EngineError
from umserver.edges.speech.finish import finish
from umserver.wire.audio.pcm import to_octets

MOST_REQUEST = 1 << 20
"""Octets; a longer request is a broken pipe protocol."""


def read_request(source: BinaryIO) -> dict[str, object] | None:
    """The next request, or None when the input is over or broken."""
    head = source.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    body = source.read(length) if length <= MOST_REQUEST else b""
    if len(body) < length or not body:
        return None
    request = json.loads(body)
    return request if isinstance(request, dict) else None


def write_answer(sink: BinaryIO, answer: dict[str, object], sound: bytes = b"") -> None:
    """Send one answer with its sound."""
    body = json.dumps({**answer, "octets": len(sound)}).encode()
    sink.write(struct.pack(">I", len(body)) + body + sound)
    sink.flush()


def serve(engine: Engine, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer requests until there are no more."""
    while (request := read_request(source)) is not None:
        answer = {"id": request.get("id")}
        try:
            samples = engine.say(
                str(request["text"]),
                str(request["voice"]),
                int(str(request["speed"])),
                int(str(request["pitch"])),
            )
            write_answer(sink, answer, to_octets(finish(samples, engine.rate)))
        except (EngineError, KeyError, ValueError) as fault:
            write_answer(sink, {**answer, "error": str(fault)})


def main() -> None:
    """Run on standard input and output; whatever the library prints goes to standard error."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        from umserver.edges.speech.espeak import Espeak

        engine = Espeak()
    except (EngineError, ImportError, OSError) as fault:
        sys.exit(f"no speech: {fault}")
    serve(engine, sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
