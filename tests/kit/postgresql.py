"""A PostgreSQL server of the tests' own: real, in a temporary folder, gone with the tests.

Knows: PostgreSQL's programs. Uses no installed cluster and no fixed port, and runs as an
unprivileged user where the tests run as root, which PostgreSQL refuses to do.
"""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from attrs import define, field

ROLE = "umtest"
DATABASE = "umserver"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "40",
    "autovacuum_naptime": "10s",
}


def missing() -> str:
    """Why there can be no server here; empty when there can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed"
    if _programs() is None:
        return "PostgreSQL's server programs are not installed (Debian: postgresql)"
    return ""


@cache
def _programs() -> Path | None:
    """The folder with initdb, the newest one."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _version(program: Path) -> float:
    return float(program.parent.parent.name)


def _user() -> str | None:
    """Who the server runs as; None for ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("there is no unprivileged user")


@define(eq=False)
class PostgresqlServer:
    """One server, from `start` to `remove`."""

    folder: Path = field(init=False)
    port: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="umserver-postgresql-"))
        user = _user()
        if user is not None:
            os.chown(self.folder, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        data = str(self.folder / "data")
        self._run("initdb", "-D", data, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--no-sync")

    @property
    def url(self) -> str:
        """What the store of this server is called, over TCP."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def socket_url(self) -> str:
        """The same over its UNIX socket."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Returns when it takes connections."""
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        self._control("start", "-o", f"-k {self.folder} -p {self.port} {options}")
        with self.connect("postgres") as connection:
            there = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)
            ).fetchone()
            if there is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def stop(self) -> None:
        """As a machine that is shut down does it: connections are cut."""
        self._control("stop", "-m", "fast")

    def remove(self) -> None:
        """Stop it and leave nothing behind."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self._control("stop", "-m", "immediate")
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, database: str = DATABASE) -> Any:
        """An administrator's own connection."""
        import psycopg

        url = f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"
        return psycopg.connect(url, autocommit=True)

    def empty(self) -> None:
        """Drop everything that a store made."""
        with self.connect() as connection:
            connection.execute("DROP SCHEMA IF EXISTS umserver CASCADE")

    def cut(self) -> None:
        """End every connection, as a restart of the server or a firewall does."""
        with self.connect() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND application_name = 'umserver'"
            )

    def _control(self, act: str, *options: str) -> None:
        data, log = str(self.folder / "data"), str(self.folder / "log")
        self._run("pg_ctl", act, "-D", data, "-l", log, "-w", "-t", "60", "-s", *options)

    def _run(self, program: str, *arguments: str) -> None:
        programs = _programs()
        assert programs is not None
        user = _user()
        rights: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
        done = subprocess.run(
            [str(programs / program), *arguments],
            cwd=self.folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=90,
            **rights,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')}")


@cache
def shared_server() -> PostgresqlServer:
    """One server for all tests of a run, stopped at its end."""
    server = PostgresqlServer()
    atexit.register(server.remove)
    server.start()
    return server
