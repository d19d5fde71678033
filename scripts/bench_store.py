#!/usr/bin/env python3
"""Measures the store: very many mailboxes, look-ups, polls, the server on top of it, and changes.

    scripts/bench_store.py [scale] [--mailboxes 1000000] [--store sqlite: | postgresql: | URL]
    scripts/bench_store.py changes --state DIR [--changes 10000] [--rate 200] [--store URL]

`scale` fills a store, measures, and prints a table with the limits; SQLite in a folder of its own,
which it removes, and `postgresql:` in a server of its own (needs PostgreSQL's programs). A URL must
name an EMPTY database. `changes` changes a running server's settings, announces each as umctl
does, and checks at the end that none was lost: the last revision is in force, every change is in
the log. Exit code 1 when a limit is exceeded.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from attrs import define, evolve, field  # noqa: E402

from umserver.discover import shipped  # noqa: E402
from umserver.edges.store.archive import Archive, open_archive  # noqa: E402
from umserver.edges.store.ledger import Search  # noqa: E402
from umserver.edges.store.notes import Cause  # noqa: E402
from umserver.org.parse import parse_toml  # noqa: E402
from umserver.org.settings import DialPlan, Mailbox, MailboxPolicy, Organisation  # noqa: E402

PLAN = DialPlan(name="Large", number_of_digits_in_extension=8, country_or_region_code="1")
POLICY = MailboxPolicy(name="Large Policy", dial_plan="Large")
FIRST = 20_000_000
"""The first extension."""
LOOK_UPS = 20_000
SERVER_SECONDS = 120.0
"""How long a server may take to come up before it is given up."""


@define
class Table:
    """What was measured."""

    ok: bool = field(default=True)

    def row(self, what: str, value: float, unit: str, limit: float | None = None) -> None:
        """Print one line; a value above its limit fails."""
        good = limit is None or value <= limit
        self.ok = self.ok and good
        bound = "" if limit is None else f"<= {limit:g} {unit}"
        print(f"{what:<52} {value:>12,.2f} {unit:<6} {bound:<14} {'' if good else 'TOO MUCH'}")
        sys.stdout.flush()


def mailboxes(count: int) -> Iterator[Mailbox]:
    """So many users, each with an extension and an E.164 number."""
    for number in range(FIRST, FIRST + count):
        yield Mailbox(
            address=f"user{number}@example.com",
            display_name=f"User {number}",
            extension=str(number),
            dial_plan=PLAN.name,
            policy=POLICY.name,
            secondary_numbers=(f"+1555{number}",),
        )


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def rss(pid: int | str = "self") -> float:
    """Resident memory in MB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def timed(work: Iterable[Any]) -> list[float]:
    """Seconds that each step took."""
    times, last = [], time.perf_counter()
    for _ in work:
        now = time.perf_counter()
        times.append(now - last)
        last = now
    return times


# many mailboxes


def fill(archive: Archive, count: int, table: Table) -> None:
    """The demo organisation and so many users more."""
    archive.import_organisation(*parse_toml(shipped("demo.toml").read_text("utf-8")))
    more = Organisation(dial_plans=(PLAN,), mailbox_policies=(POLICY,))
    archive.import_organisation(more, (), replace=False)
    begun = time.perf_counter()

    def show(loaded: int) -> None:
        if sys.stderr.isatty():
            rate = loaded / (time.perf_counter() - begun)
            print(f"\r{loaded:,} of {count:,} mailboxes, {rate:,.0f}/s ", end="", file=sys.stderr)

    archive.load_mailboxes(mailboxes(count), show)
    if sys.stderr.isatty():
        print("\r" + " " * 60 + "\r", end="", file=sys.stderr)
    table.row(f"load {count:,} mailboxes", time.perf_counter() - begun, "s")


def look_ups(archive: Archive, count: int, table: Table) -> None:
    """By extension and by E.164 number, at random; of no one; one change; polls."""
    chance = random.Random(1)
    wanted = [str(FIRST + chance.randrange(count)) for _ in range(LOOK_UPS)]

    def find(numbers: Iterable[str]) -> Iterator[None]:
        for number in numbers:
            found = archive.find(PLAN.name, [number])
            assert found[number].extension == number[-8:]
            yield

    list(find(wanted[:100]))
    for what, numbers in (
        ("look-up by extension", wanted),
        ("look-up by E.164 number", [f"+1555{number}" for number in wanted]),
    ):
        times = timed(find(numbers))
        table.row(f"{what}, median", percentile(times, 0.5) * 1000, "ms")
        table.row(f"{what}, 99 of 100", percentile(times, 0.99) * 1000, "ms", 2.0)
    times = timed(archive.find(PLAN.name, ["4711"]) == {} for _ in range(1000))
    table.row("look-up of nobody, 99 of 100", percentile(times, 0.99) * 1000, "ms", 2.0)
    times = timed(archive.revision() for _ in range(1000))
    table.row("poll without a change, 99 of 100", percentile(times, 0.99) * 1000, "ms", 5.0)
    times = timed(archive.load() for _ in range(20))
    table.row("read the settings after a change, median", percentile(times, 0.5) * 1000, "ms")

    def change() -> Iterator[None]:
        for number in wanted[:100]:
            user = archive.get("mailboxes", f"user{number}@example.com")
            archive.put("mailboxes", evolve(user.thing, language="fr-FR"), user.version)
            yield

    times = timed(change())
    table.row("change one user, median", percentile(times, 0.5) * 1000, "ms")
    begun = time.perf_counter()
    assert archive.search(Search(name=f"user{wanted[0]}@example.com"))
    table.row("search the change log for one user", (time.perf_counter() - begun) * 1000, "ms")


def server_memory(state: Path, store: str) -> tuple[float, float]:
    """Start the whole server: seconds until it is ready, and its memory in MB then."""
    command = [
        str(Path(sys.executable).with_name("twistd")),
        *("--nodaemon", "--pidfile=", "--logger=umserver.logs.console", "umserver"),
        *("--state", str(state), "--store", store, "--listen", "127.0.0.1"),
        *("--sip", "0", "--mbx", "0", "--http", "0"),
    ]
    server = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    begun, lines = time.perf_counter(), []
    assert server.stdout is not None
    killer = _Alarm(server, SERVER_SECONDS)
    try:
        for line in server.stdout:
            lines.append(line)
            if "umserver is ready" in line:
                seconds = time.perf_counter() - begun
                time.sleep(1.0)
                return seconds, rss(server.pid)
        raise SystemExit("the server did not start:\n" + "".join(lines[-20:]))
    finally:
        killer.cancel()
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=60)


class _Alarm:
    """Ends a process that takes too long."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        from threading import Timer

        self._timer = Timer(seconds, process.kill)
        self._timer.start()

    def cancel(self) -> None:
        """It was in time."""
        self._timer.cancel()


def remembered(state: Path, store: str, count: int) -> float:
    """Memory in MB that a server's look-ups of 20,000 users take, measured in a fresh process."""
    command = [sys.executable, __file__, "remembered", "--state", str(state), "--store", store]
    done = subprocess.run(
        [*command, "--mailboxes", str(count)], capture_output=True, text=True, timeout=300
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return float(done.stdout)


def look_ups_of_a_server(options: argparse.Namespace) -> int:
    """The other side of `remembered`."""
    from twisted.internet import reactor
    from twisted.internet.defer import Deferred
    from twisted.internet.task import react

    from umserver.edges.store.settings import open_store

    async def work(_: Any) -> None:
        store = open_store(reactor, options.store, options.state)
        await store.load()
        await store.find(PLAN.name, [str(FIRST)])
        before = rss()
        chance = random.Random(2)
        for _ in range(LOOK_UPS):
            number = str(FIRST + chance.randrange(options.mailboxes))
            await store.find(PLAN.name, [number])
        print(f"{rss() - before:.2f}")
        await store.close()

    react(lambda clock: Deferred.fromCoroutine(work(clock)))
    return 0


def scale(options: argparse.Namespace) -> int:
    """Everything about many mailboxes."""
    table = Table()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="umserver-bench-", dir=options.folder))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        store, few = options.store, "sqlite:"
        if store == "postgresql:":
            from tests.kit.postgresql import PostgresqlServer, missing

            if missing():
                raise SystemExit(missing())
            server = PostgresqlServer()
            stack.callback(server.remove)
            server.start()
            store = server.url
        state = folder / "state"
        state.mkdir(mode=0o700)
        print(f"{store}, {options.mailboxes:,} mailboxes with two numbers each")
        if not options.no_server:
            if store.startswith("postgresql:"):
                few = store
            server_memory(state, few)
            _, small = server_memory(state, few)
        archive = open_archive(store, state)
        stack.callback(archive.close)
        fill(archive, options.mailboxes, table)
        if store == "sqlite:":
            size = sum(path.stat().st_size for path in state.glob("umserver.db*"))
            table.row("size of the database", size / 1e6, "MB")
        look_ups(archive, options.mailboxes, table)
        if not options.no_server:
            seconds, large = server_memory(state, store)
            table.row("start of the server", seconds, "s", 5.0)
            table.row("memory of the server with the demo organisation", small, "MB")
            table.row("memory of the server with all mailboxes", large, "MB")
            cache = remembered(state, store, options.mailboxes)
            table.row("memory that 20,000 look-ups take", cache, "MB")
            table.row("growth of the server's memory", large - small + cache, "MB", 50.0)
        if store == "sqlite:":
            begun = time.perf_counter()
            archive.back_up(folder / "backup.db")
            table.row("backup", time.perf_counter() - begun, "s")
    return 0 if table.ok else 1


# changes while a server runs


def changes(options: argparse.Namespace) -> int:
    """Change a gateway, a plan and users again and again; then look for every change."""
    from umserver.edges.admin.ask import ask

    table = Table()
    archive = open_archive(options.store, options.state)
    archive.cause = Cause("bench", {"Run": f"{os.getpid()}-{time.time_ns()}"})
    gateway = archive.get("gateways", "loopback6").thing
    first = archive.revision()
    begun = time.perf_counter()
    times: list[float] = []
    for number in range(options.changes):
        wait = begun + number / options.rate - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        started = time.perf_counter()
        archive.put("gateways", evolve(gateway, port=10_000 + number % 20_000))
        if not options.silent:
            ask(options.state, "poll")
        times.append(time.perf_counter() - started)
    seconds = time.perf_counter() - begun
    answer = ask(options.state, "poll")
    last = archive.put("gateways", gateway)
    ask(options.state, "poll")
    noted = [
        change
        for change in archive.search(Search(cmdlets=("bench",), most=options.changes + 10))
        if change.parameters == archive.cause.parameters
    ]
    archive.close()
    table.row("changes", options.changes, "")
    table.row("changes a second", options.changes / seconds, "/s")
    table.row("a change and its taking effect, median", percentile(times, 0.5) * 1000, "ms")
    table.row(
        "a change and its taking effect, 99 of 100", percentile(times, 0.99) * 1000, "ms", 1000
    )
    table.row("changes that were lost", options.changes - (last - first - 1), "", 0)
    table.row("changes that are not in the log", options.changes + 1 - len(noted), "", 0)
    table.row("revisions that the server is behind", last - 1 - int(answer["revision"]), "", 0)
    return 0 if table.ok else 1


def main() -> int:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what", nargs="?", default="scale", choices=["scale", "changes", "remembered"]
    )
    parser.add_argument("--mailboxes", type=int, default=1_000_000)
    parser.add_argument("--store", default="sqlite:", help="sqlite:, postgresql: or a URL")
    parser.add_argument("--state", type=Path, default=Path("state"))
    parser.add_argument("--folder", help="where the temporary files go")
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=200.0, help="changes a second at most")
    parser.add_argument("--silent", action="store_true", help="announce nothing but the end")
    parser.add_argument("--no-server", action="store_true", help="the store alone")
    options = parser.parse_args()
    does = {"scale": scale, "changes": changes, "remembered": look_ups_of_a_server}
    return does[options.what](options)


if __name__ == "__main__":
    sys.exit(main())
