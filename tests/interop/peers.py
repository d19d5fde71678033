"""Real programs as peers: the server as a process of its own, SIPp, baresip, and mail that arrives.

Everything stays on loopback, every wait is bounded, and only processes started here are ended.
"""

from __future__ import annotations

import email.policy
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from random import Random

from attrs import define, field

CHECKOUT = Path(__file__).resolve().parent.parent.parent
TWISTD = Path(sys.executable).with_name("twistd")
SOFTPHONE = Path(sys.executable).with_name("um-call")
UMCTL = Path(sys.executable).with_name("umctl")
SCENARIOS = Path(__file__).with_name("scenarios")
READY_SECONDS = 60.0
PORTS = range(10_000, 20_000, 4)
"""Some peers take the next port as well, for TLS or RTCP."""
PORTS_IN_A_ROW = 100
"""How far apart two processes begin that are started one after the other."""
SPOKEN = os.environ.get("UMSERVER_SPOKEN")
"""A folder where servers leave what they have spoken for those that start later; None: each speaks
for itself, which takes seconds."""


def missing(*programs: str) -> str | None:
    """A reason to skip: peers were not asked for, or a program is not installed; else None."""
    if not os.environ.get("UMSERVER_INTEROP"):
        return "run by scripts/test --interop"
    absent = [p for p in programs if shutil.which(p) is None]
    return f"not installed: {', '.join(absent)}" if absent else None


def _environment() -> dict[str, str]:
    """This checkout is what is tested, whichever is installed."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def _ports() -> Iterator[int]:
    """Each once, in an order of this process's own: below those that the system gives to whoever
    asks for any, and below those of the server's sound. So nobody takes one between choice and use.
    """
    first = (os.getpid() * PORTS_IN_A_ROW) % len(PORTS)
    yield from PORTS[first:]
    yield from PORTS[:first]


_PORTS = _ports()


def free_port() -> int:
    """A port that is free on loopback for UDP and TCP."""
    for port in _PORTS:
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port
    raise RuntimeError("the tests of this process have used up their ports")


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    """Ask every 50 ms until it is true or the time is over; for other processes' doings only."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not true():
        if time.monotonic() > end:
            return False
        pause.wait(0.05)
    return True


def share_files(source: Path, target: Path) -> None:
    """Link the sounds of one folder into another where that is asked for and can be done."""
    if SPOKEN is None or not source.is_dir():
        return
    target.mkdir(parents=True, exist_ok=True)
    for path in source.glob("*.wav"):
        with suppress(OSError):  # another file system, or it is there already
            os.link(path, target / path.name)


@define(eq=False)
class Server:
    """One umserver process with a state folder of its own."""

    state: Path
    sip: int = field(factory=free_port)
    mbx: int = field(factory=free_port)
    http: int = field(factory=free_port)
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.state.mkdir(parents=True, exist_ok=True)
        self.log = self.state.parent / f"{self.state.name}.log"

    def start(self) -> None:
        """Start and wait until it is ready. Raises AssertionError with its log when it is not."""
        share_files(Path(SPOKEN or ""), self.state / "prompts")
        command = [str(TWISTD), "--nodaemon", "--pidfile=", "--logger=umserver.logs.console"]
        command += ["umserver", f"--state={self.state}"]
        command += [f"--sip={self.sip}", f"--mbx={self.mbx}", f"--http={self.http}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options], cwd=CHECKOUT, stdout=log, stderr=log, env=_environment()
            )
        if not wait_until(self._settled, READY_SECONDS) or not self.ready():
            self.kill()
            raise AssertionError("the server did not start:\n" + self.tail())
        share_files(self.state / "prompts", Path(SPOKEN or ""))

    def _settled(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None or self.ready()

    def ready(self) -> bool:
        """Whether it says that it can take calls."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=2) as page:
                return bool(page.status == 200)
        except OSError:
            return False

    def status(self) -> dict[str, object]:
        """The /status page."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/status", timeout=5) as page:
            return dict(json.load(page))

    def umctl(self, *words: str) -> str:
        """Run umctl on this state folder; its output. Raises CalledProcessError."""
        command = [str(UMCTL), "--state", str(self.state), *words]
        return subprocess.run(
            command,
            cwd=CHECKOUT,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
            env=_environment(),
        ).stdout

    def stop(self) -> None:
        """End it as an administrator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def mails(self) -> Iterator[EmailMessage]:
        """Every mail that was delivered, parsed."""
        for path in sorted(self.state.glob("mail/*/new/*")):
            with path.open("rb") as file:
                message = BytesParser(policy=email.policy.default).parse(file)
                assert isinstance(message, EmailMessage)
                yield message

    def count(self) -> int:
        """How many mails were delivered."""
        return sum(1 for _ in self.state.glob("mail/*/new/*"))


@contextmanager
def running(state: Path, *options: str) -> Iterator[Server]:
    """A started server that is stopped at the end."""
    server = Server(state, options=options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def wav_payload(data: bytes) -> bytes:
    """The octets of a WAV's data chunk."""
    at = data.index(b"data")
    return data[at + 8 : at + 8 + int.from_bytes(data[at + 4 : at + 8], "little")]


def voice(path: Path, seconds: float, seed: int) -> bytes:
    """Write a raw mu-law file that sounds like a noisy voice and is different for every seed."""
    chance = Random(seed)
    loud = [0x10, 0x1A, 0x22, 0x2C, 0x90, 0x9A, 0xA2, 0xAC]
    data = bytes(chance.choice(loud) ^ chance.getrandbits(2) for _ in range(int(seconds * 8000)))
    path.write_bytes(data)
    return data


def speaking(scenario: str, voices: Sequence[Path]) -> str:
    """The scenario with [field2] choosing among these raw mu-law files.

    This SIPp reads the sound files when it reads the scenario, so a file's name cannot be a field.
    """
    choose = ['<nop><action><assignstr assign_to="who" value="[field2]"/>']
    for n in range(len(voices)):
        choose += [
            f'<strcmp assign_to="differs{n}" variable="who" value="{n}"/>',
            f'<test assign_to="is{n}" variable="differs{n}" compare="equal" value="0"/>',
        ]
    choose.append("</action></nop>")
    choose += [f'<nop next="voice{n}" test="is{n}"/>' for n in range(len(voices))]
    for n, path in enumerate(voices):
        stream = f'<action><exec rtp_stream="{path},1,0"/></action>'
        choose.append(f'<label id="voice{n}"/><nop next="spoken">{stream}</nop>')
    choose.append('<label id="spoken"/>')
    return scenario.replace("<!-- speak -->", "\n".join(choose))


def sipp_command(
    folder: Path,
    scenario: str,
    target: str,
    fields: list[str],
    *,
    voices: Sequence[Path] = (),
    rate: int = 10,
    at_once: int = 20,
    transport: str = "u1",
) -> list[str]:
    """The command that plays a scenario once for every line of `fields` (a;b;c)."""
    folder = folder.resolve()
    table = folder / "fields.csv"
    table.write_text("SEQUENTIAL\n" + "\n".join(fields) + "\n")
    played = folder / f"{scenario}.xml"
    played.write_text(speaking((SCENARIOS / f"{scenario}.xml").read_text(), voices))
    command = ["sipp", target, "-sf", str(played), "-inf", str(table), "-m", str(len(fields))]
    command += ["-i", "127.0.0.1", "-p", str(free_port()), "-mi", "127.0.0.1", "-nostdin"]
    command += ["-r", str(rate), "-l", str(at_once), "-t", transport]
    return [*command, "-trace_err", "-timeout", "300", "-timeout_error"]


def sipp(
    folder: Path,
    scenario: str,
    target: str,
    fields: list[str],
    *,
    voices: Sequence[Path] = (),
    rate: int = 10,
    at_once: int = 20,
    transport: str = "u1",
) -> str:
    """Run SIPp to its end; what it printed. Raises AssertionError when a call failed."""
    command = sipp_command(
        folder,
        scenario,
        target,
        fields,
        voices=voices,
        rate=rate,
        at_once=at_once,
        transport=transport,
    )
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400)
    errors = "".join(p.read_text(errors="replace") for p in folder.glob("*_errors.log"))
    assert done.returncode == 0, f"SIPp ended with {done.returncode}\n{errors[-3000:]}"
    return done.stdout
