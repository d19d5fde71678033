"""Our certificate while the server runs, and whom we believe: read, watched, told about (spec 9.4,
feature 192).

Knows: where the files are, when to look again. Must never know: what is done with connections. The
files are looked at every half minute, on SIGHUP and when an administrator says so; a certificate
that cannot be used never replaces one that can, nor does a broken revocation list; one that is
overdue counts on, and is told every day (why so: `umserver.edges.net.tls.revocations`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from umserver.edges.net.tls.complaints import Complaints
from umserver.edges.net.tls.connections import Identity, Ready
from umserver.edges.net.tls.credentials import CredentialFiles, Credentials, day_of
from umserver.edges.net.tls.pem import CertificateFault, Stamp
from umserver.edges.net.tls.revocations import Revocations
from umserver.org.bootstrap import Bootstrap
from umserver.org.peers import proves
from umserver.roles.health import Alert, expiry, together
from umserver.service.machine import Machine

log = Logger()

LOOK_SECONDS = 30.0
REMIND_SECONDS = 86_400.0
"""Between two warnings about the same certificate."""
FOLDER = "tls"
"""In the state folder."""


def files_of(bootstrap: Bootstrap, state: Path) -> CredentialFiles:
    """Where this server's credentials are."""
    tls, folder = bootstrap.tls, state / FOLDER
    return CredentialFiles(
        Path(tls.certificate) if tls.certificate else folder / "certificate.pem",
        Path(tls.key) if tls.key else folder / "key.pem",
        Path(tls.authorities) if tls.authorities else folder / "authorities.pem",
        authorities_needed=bool(tls.authorities),
        crl=Path(tls.crl) if tls.crl else folder / "crl.pem",
        crl_needed=bool(tls.crl),
    )


@define(eq=False)
class Trust:
    """Who this server is to peers that speak TLS. `look` once, then `watch`; `stop` at the end."""

    machine: Machine
    files: CredentialFiles
    host: str
    """Our name as the bootstrap file says it; empty when it says nothing."""
    expected: Callable[[str], Sequence[str]]
    """The host names that a peer at this address may prove."""
    on_change: Callable[[], object] = field(default=lambda: None)
    """Told after a certificate has been taken, or one is missing."""
    identity: Identity = field(init=False)
    problem: str = field(init=False, default="")
    """Why the files as they are cannot be used; empty when they are in use."""
    _stamp: Stamp | None = field(init=False, default=None)
    _warned: tuple[str, float] = field(init=False, default=("", 0.0))
    _timer: IDelayedCall | None = field(init=False, default=None)
    _watching: bool = field(init=False, default=False)

    def __attrs_post_init__(self) -> None:
        self.identity = Identity(
            expected=self.expected,
            proves=proves,
            complaints=Complaints(self.machine.seconds, self.machine.wall),
            host=self.host,
        )

    @property
    def lacking(self) -> str:
        """Why there is no certificate at all; empty when there is one."""
        return "" if self.identity.credentials is not None else self.problem or "none was read"

    async def look(self, again: bool = False) -> None:
        """Take what stands in the files now, when it has changed, or in any case; never fails."""
        try:
            stamp = await self.machine.in_thread(self.files.stamp)
            if again or stamp != self._stamp:
                self._stamp = stamp
                await self._take()
        except Exception:
            log.failure("looking at the certificate failed")
        self._warn()

    async def _take(self) -> None:
        held, before = self.identity.credentials, self.problem
        try:
            ready: Ready = await self.machine.in_thread(self._ready)
            self.identity.hold(ready)
            self.problem = ""
        except CertificateFault as fault:
            self.problem = str(fault)
        if self.problem and self.problem != before and self._watching:
            log.error("the files for TLS cannot be used: {why}", why=self.problem)
        if self.problem != before or self.identity.credentials is not held:
            self._tell_taken(held)
            self.on_change()

    def _ready(self) -> Ready:
        """What stands in the files, ready for connections. Raises CertificateFault."""
        return self.identity.ready(self.files.read())

    def _tell_taken(self, before: Credentials | None) -> None:
        now = self.identity.credentials
        if now is not None and (before is None or before.fingerprint != now.fingerprint):
            log.info(
                "the certificate {subject} is in use until {ends}",
                subject=now.subject,
                ends=day_of(now.ends),
            )
        if now is not None:
            self._tell_revoked(before.revocations if before is not None else Revocations(), now)

    def _tell_revoked(self, before: Revocations, now: Credentials) -> None:
        if now.revocations == before:
            return
        for one in now.revocations.lists:
            log.info(
                "{count} certificates of {authority} are refused as revoked",
                count=len(one.serials),
                authority=one.authority,
            )
        if not now.revocations.lists:
            log.warn("no certificate is refused as revoked any more: the lists are gone")

    def _warn(self) -> None:
        """Once a day while it ends soon."""
        held = self.identity.credentials
        value, why = self.alert()
        now = self.machine.wall()
        if held is None or value == "Healthy" or self.problem:
            return
        told, at = self._warned
        if told != held.fingerprint or now - at >= REMIND_SECONDS:
            self._warned = (held.fingerprint, now)
            log.warn("{why}", why=why)

    # watching

    def watch(self) -> None:
        """Look again and again."""
        self._watching = True
        self._arm()

    def stop(self) -> None:
        """Look no more."""
        self._watching = False
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _arm(self) -> None:
        if self._watching:
            self._timer = self.machine.reactor.callLater(LOOK_SECONDS, self._look_and_arm)

    def _look_and_arm(self) -> None:
        Deferred.fromCoroutine(self.look()).addBoth(lambda _: self._arm())

    # showing

    def alert(self) -> tuple[Alert, str]:
        """How well it is, in a word and in words."""
        held = self.identity.credentials
        if held is None:
            return "Unhealthy", self.lacking
        return together(self._looks(held))

    def _looks(self, held: Credentials) -> Iterator[tuple[Alert, str]]:
        now = self.machine.wall()
        yield expiry(held.subject, held.begins, held.ends, now)
        if self.problem:
            yield "Degraded", self.problem
        if held.is_revoked:
            yield "Unhealthy", f"the certificate {held.subject} was revoked by {held.issuer}"
        for authority, due in held.revocations.overdue(now):
            why = f"the revocation list of {authority} should have been renewed by {day_of(due)}"
            yield "Degraded", f"{why}, and still counts"

    def unproved(self, address: str) -> str:
        """Why peers that check our certificate may refuse us, in words; else empty.

        They are sent to our name where the certificate is for it, else to this address.
        """
        held = self.identity.credentials
        if held is None or self.identity.announced or proves(held.names, address):
            return ""
        names = ", ".join(held.names[:3]) or "nobody"
        return (
            f"peers are sent to {address}, and the certificate is for {names}: "
            "let host_name be a name that it is for"
        )

    def shown(self) -> Mapping[str, object]:
        """For people."""
        held, files, identity = self.identity.credentials, self.files, self.identity
        value, why = self.alert()
        row: dict[str, object] = {
            "file": str(files.certificate),
            "key_file": str(files.key),
            "authorities_file": str(files.authorities or ""),
            "crl_file": str(files.crl or ""),
            "status": value,
            "why": why,
            "unusable_files": self.problem,
            "trouble_with_peers": identity.complaints.count,
            "latest_trouble": list(identity.complaints.latest()),
        }
        if held is None:
            return row
        return row | {
            "subject": held.subject,
            "names": list(held.names),
            "issuer": held.issuer,
            "self_signed": held.is_self_signed,
            "begins": held.begins,
            "ends": held.ends,
            "thumbprint": held.fingerprint,
            "authorities": "the system's" if held.authorities is None else len(held.authorities),
            "crl": [
                {
                    "authority": one.authority,
                    "revoked": len(one.serials),
                    "issued": one.issued,
                    "due": one.due,
                }
                for one in held.revocations.lists
            ],
        }
