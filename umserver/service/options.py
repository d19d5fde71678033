"""The command line of `twistd umserver`, on top of the bootstrap file.

Knows: option names, where the file is. Must never know: what a setting
means (that is `umserver.org.bootstrap`).
"""

from __future__ import annotations

from pathlib import Path

from twisted.python import usage

from umserver.org.bootstrap import Bootstrap, parse_bootstrap
from umserver.org.faults import SettingsFaults

ROLES = ("cas", "mbx")
_OVERRIDES = {
    "state": "server.state",
    "store": "server.store",
    "sip": "listen.sip",
    "mbx": "listen.mbx",
    "sip-tls": "listen.sip_tls",
    "mbx-tls": "listen.mbx_tls",
    "http": "listen.http",
}
"""Options that stand for a setting of the bootstrap file."""


def _number(text: str) -> int | str:
    """A number; what is none is told with everything else that is wrong."""
    try:
        return int(text)
    except ValueError:
        return text


class Options(usage.Options):
    """Options of `twistd umserver`; `bootstrap` and `role_names` hold what they come to."""

    synopsis = "[options]"
    longdesc = "A unified messaging server: answers unanswered calls and delivers them as mail."
    optParameters = [
        [
            "roles",
            "r",
            "cas,mbx",
            "What this process does: cas (call router), mbx (answering desk)",
        ],
        ["config", "c", None, "Bootstrap file; etc/umserver.toml is the commented sample"],
        ["state", "s", None, "Folder for everything the server keeps [./state]"],
        ["store", None, None, "Where the organisation is kept [sqlite:]"],
        [
            "sip",
            None,
            None,
            "Port of the call router, UDP and TCP [as its settings say: 5060]",
            _number,
        ],
        ["mbx", None, None, "Port of the answering desk, UDP and TCP [5062]", _number],
        [
            "sip-tls",
            None,
            None,
            "Port of the call router, TLS [as its settings say: 5061]",
            _number,
        ],
        ["mbx-tls", None, None, "Port of the answering desk, TLS [5063]", _number],
        ["http", None, None, "Port of the status pages, loopback only [8060]", _number],
        ["listen", None, None, "Addresses for SIP and sound, with commas between [all]"],
    ]

    bootstrap: Bootstrap
    role_names: tuple[str, ...]

    def postOptions(self) -> None:
        """Read the file and check everything; UsageError names every fault."""
        self.role_names = self._roles()
        overrides: dict[str, object] = {
            path: self[name] for name, path in _OVERRIDES.items() if self[name] is not None
        }
        if self["listen"] is not None:
            overrides["listen.hosts"] = [host.strip() for host in self["listen"].split(",")]
        try:
            self.bootstrap = parse_bootstrap(self._text(), overrides)
        except SettingsFaults as faults:
            where = self["config"] or "the options"
            raise usage.UsageError(f"{where} cannot be used:\n{faults}") from None

    def _roles(self) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(word.strip() for word in self["roles"].split(",")))
        for name in names:
            if name not in ROLES:
                raise usage.UsageError(f"there is no role {name!r}; there are {', '.join(ROLES)}")
        return names

    def _text(self) -> str:
        if self["config"] is None:
            return ""
        try:
            return Path(self["config"]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as fault:
            raise usage.UsageError(f"{self['config']} cannot be read: {fault}") from None
