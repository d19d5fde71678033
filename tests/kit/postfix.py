"""A Postfix of our own on loopback: a mail server that wants a login, in a temporary folder.

Knows: a configuration that needs nothing of the system's. Must never know: what is tested. Who logs
in is asked of a Dovecot, which gets the mail by LMTP, too. Sources: postconf(5), master(5).
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from attrs import define

from tests.kit.daemon import Daemon, free_port

PROGRAMS = Path("/usr/lib/postfix/sbin")
NAME = "mx.example.com"
MOST_OCTETS = 100_000
"""Of a mail."""
MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {programs}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}
mydestination =
mynetworks =
alias_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_maps = inline:{{ {boxes} }}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
message_size_limit = {most}
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {login}
smtpd_recipient_restrictions = {restrictions}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
"""
SERVICES = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000 0 flush
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
_QUEUES = (
    *("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private"),
    *("saved", "trace", "maildrop", "public"),
)


def unfit() -> str | None:
    """Why there can be none here; None where there can."""
    if not (PROGRAMS / "master").exists():
        return "not installed: postfix"
    return None if os.geteuid() == 0 else "Postfix runs as root alone"


@define(eq=False)
class Postfix(Daemon):
    """Started by `start`, ended by `stop`, and started again at the same port."""

    GREETING = b"220 "
    TRIES = 200

    certificate: tuple[Path, Path]
    """Files of its certificate and the key."""
    lmtp: int
    """Where mail goes."""
    login: Path
    """The socket where Dovecot says who may log in."""
    boxes: Sequence[str]
    """Addresses that it knows."""
    restrictions: str = "permit"
    """What a recipient has to pass (smtpd_recipient_restrictions)."""
    port: int = 0

    def start(self) -> None:
        """Fork it and wait until it greets. Raises RuntimeError with its log."""
        self.port = self.port or free_port()
        self._furnish()
        certificate, key = (file.resolve() for file in self.certificate)
        text = MAIN.format(
            folder=self.folder.resolve(),
            programs=PROGRAMS,
            name=NAME,
            boxes=", ".join(f"{{{box} = here}}" for box in self.boxes),
            lmtp=self.lmtp,
            most=MOST_OCTETS,
            certificate=certificate,
            key=key,
            login=self.login,
            restrictions=self.restrictions,
        )
        (self.folder / "main.cf").write_text(text)
        (self.folder / "master.cf").write_text(SERVICES.format(port=self.port))
        command = [str(PROGRAMS / "master"), "-d", "-c", str(self.folder.resolve())]
        self.launch(command, self.port, own_group=True)

    def _furnish(self) -> None:
        queue, data = self.folder / "queue", self.folder / "data"
        for path in (self.folder, queue, queue / "pid", data):
            path.mkdir(parents=True, exist_ok=True)
        owner = pwd.getpwnam("postfix").pw_uid
        os.chown(data, owner, -1)
        for name in _QUEUES:
            path = queue / name
            path.mkdir(exist_ok=True)
            path.chmod(0o700)
            os.chown(path, owner, -1)
        for name, mode in (("maildrop", 0o1730), ("public", 0o710)):
            shutil.chown(queue / name, group="postdrop")
            (queue / name).chmod(mode)
