"""A server under test: a process of its own on one core, with the demo organisation, load users."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER_CORE = max(os.sched_getaffinity(0))
LOAD_CORE = min(os.sched_getaffinity(0))
FIRST_USER, USERS = 2000, 1000
START_PATIENCE = 90.0
"""Seconds: the first start renders every prompt."""

_USER = """
[[mailboxes]]
address = "load{n}@example.com"
display_name = "Load {n}"
extension = "{n}"
dial_plan = "Demo"
policy = "Demo Default Policy"
"""


def pin(core: int) -> None:
    """This process runs on this core from now on."""
    os.sched_setaffinity(0, {core})


class Server:
    """One running server; a context manager. Ports are `sip`, `mbx`, `http`."""

    def __init__(self, first_port: int, *, roles: str = "cas,mbx", calls: int = 2000) -> None:
        self.sip, self.mbx, self.http = first_port, first_port + 2, first_port + 4
        self._roles, self._calls = roles, calls
        self._folder = tempfile.TemporaryDirectory(prefix="um-bench-")
        self.state = Path(self._folder.name) / "state"

    def __enter__(self) -> Server:
        config = self._write_config()
        command = [str(ROOT / ".venv/bin/twistd"), "--nodaemon", "--pidfile="]
        command += ["--logger=umserver.logs.console", "umserver", f"--config={config}"]
        self.log = open(self.state.parent / "log", "wb")
        self.process = subprocess.Popen(
            command, cwd=ROOT, stderr=self.log, stdout=self.log, env=_environment(),
            preexec_fn=lambda: pin(SERVER_CORE),
        )  # fmt: skip
        try:
            self._wait()
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *about: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.log.close()
        self._folder.cleanup()

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Resident kB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1])
        return 0

    def files(self) -> int:
        """Open files."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def umctl(self, *words: str) -> str:
        """What `umctl` says to these words."""
        command = [str(ROOT / ".venv/bin/umctl"), "--state", str(self.state), *words]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, env=_environment(), timeout=120
        )
        if done.returncode:
            raise SystemExit(f"umctl {' '.join(words)}: {done.stderr or done.stdout}")
        return done.stdout

    def _write_config(self) -> Path:
        self.state.mkdir()
        config = self.state.parent / "umserver.toml"
        config.write_text(
            f'[server]\nstate = "{self.state}"\ndrain_seconds = 0\n'
            f"[listen]\nsip = {self.sip}\nmbx = {self.mbx}\nhttp = {self.http}\n"
            f'sip_tls = {self.http + 1}\nmbx_tls = {self.http + 2}\nhosts = ["0.0.0.0"]\n'
            "[media]\nfirst_rtp_port = 20000\nlast_rtp_port = 39999\n"
        )
        return config

    def _wait(self) -> None:
        until = time.monotonic() + START_PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/readyz", timeout=2) as r:
                    if r.status == 200:
                        return
            except OSError:
                pass
            time.sleep(0.2)
        raise SystemExit((self.state.parent / "log").read_text())

    def _fill(self) -> None:
        """A thousand users, and room for the calls."""
        toml = self.state.parent / "organisation.toml"
        users = "".join(_USER.format(n=FIRST_USER + n) for n in range(USERS))
        toml.write_text((ROOT / "etc/demo.toml").read_text() + users)
        self.umctl("import", str(toml))
        calls = str(self._calls)
        self.umctl("Set-UMService", "-MaxCallsAllowed", calls)
        self.umctl("Set-UMCallRouterSettings", "-MaxCallsAllowed", calls)
        for _ in range(40):
            time.sleep(0.5)
            self.umctl("poll")
            if f"capacity {calls}" in self.umctl("status"):
                return
        raise SystemExit("the server does not follow its settings")


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def machine() -> dict[str, object]:
    """What the figures were taken on."""
    model = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "kernel": os.uname().release,
        "load": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%d %H:%M:%S"),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values; 0 without any."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0
