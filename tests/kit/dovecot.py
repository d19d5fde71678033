"""A Dovecot of our own on loopback: one process tree in a temporary folder, without root's help.

Knows: a configuration that needs nothing of the system's. Must never know: what is tested. Users
are Maildirs below a folder; everybody's password is the same, and a master user acts for them.
"""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from attrs import define

from tests.kit.daemon import Daemon, free_port

PASSWORD = "mail-secret"
MASTER, MASTER_PASSWORD = "umserver", "master-secret"
LMTP = Path("/usr/lib/dovecot/lmtp")
"""The program that takes mail; Debian packs it apart."""
CONFIG = """\
protocols = {protocols}
postmaster_address = postmaster@example.com
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_max_userip_connections = 50
first_valid_uid = 0
first_valid_gid = 0
{tls}
disable_plaintext_auth = no
auth_mechanisms = plain
auth_master_user_separator = *
mail_location = maildir:{mail}/%u
mail_fsync = never
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  chroot =
  user = {user}
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  master = yes
  args = password={master_password}
  override_fields = user=%u
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
"""


@define(eq=False)
class Dovecot(Daemon):
    """Started by `start`, ended by `stop`."""

    GREETING = b"* OK"
    TRIES = 60

    port: int = 0
    lmtp: int = 0
    """Takes mail here, where the program for that is installed; 0 where it is not."""
    certificate: tuple[Path, Path] | None = None
    """Files of a certificate and its key; without them it speaks no TLS."""
    imaps: int = 0
    """Speaks TLS from the first octet here, where it has a certificate."""
    more: str = ""
    """Further lines of its configuration."""

    @property
    def mail(self) -> Path:
        """Where the Maildirs are."""
        return self.folder / "mail"

    @property
    def uid(self) -> int:
        """Whose mails they are: ours, or nobody's, since Dovecot serves none as root."""
        return os.getuid() or pwd.getpwnam("nobody").pw_uid

    def own(self) -> None:
        """Let Dovecot's user own what we have put there; needed for root alone."""
        if os.getuid() == 0:
            gid = pwd.getpwuid(self.uid).pw_gid
            for path in (self.mail, *self.mail.rglob("*")):
                os.chown(path, self.uid, gid)

    def start(self) -> None:
        """Fork it and wait until it greets. Raises RuntimeError with its log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.mail.mkdir(exist_ok=True)
        self.port = self.port or free_port()
        if LMTP.exists():
            self.lmtp = self.lmtp or free_port()
        tls = "ssl = no"
        if self.certificate is not None:
            self.imaps = self.imaps or free_port()
            files = [file.resolve() for file in self.certificate]
            tls = f"ssl = yes\nssl_cert = <{files[0]}\nssl_key = <{files[1]}"
        self.folder.chmod(0o755)
        self.own()
        user = pwd.getpwuid(self.uid)
        text = CONFIG.format(
            folder=self.folder.resolve(),
            mail=self.mail.resolve(),
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            uid=user.pw_uid,
            gid=user.pw_gid,
            port=self.port,
            imaps=self.imaps,
            tls=tls,
            protocols="imap lmtp" if self.lmtp else "imap",
            lmtp=self.lmtp,
            password=PASSWORD,
            master_password=MASTER_PASSWORD,
        )
        text += self.more
        config = self.folder / "dovecot.conf"
        config.write_text(text)
        self.launch(["dovecot", "-F", "-c", str(config)], self.port)
