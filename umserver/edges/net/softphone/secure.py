"""How a softphone speaks TLS: arguments of its commands, and the files that they name.

Knows: arguments, PEM files. Must never know: calls.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from attrs import evolve, frozen

from umserver.edges.net.tls.credentials import CredentialFiles, Credentials, certificates_in
from umserver.wire.sip.uri import Uri


@frozen
class Security:
    """What was asked for."""

    certificate: str = ""
    """PEM file; empty shows none."""
    key: str = ""
    """PEM file; empty: the key stands in the same file."""
    authorities: str = ""
    """PEM file; empty: those of the system."""
    name: str = ""
    """The name that servers have to prove; empty: the host that is called."""
    check: bool = True

    def credentials(self) -> Credentials:
        """What stands in the files. Raises CertificateFault."""
        trusted = certificates_in(Path(self.authorities)) if self.authorities else None
        if not self.certificate:
            return Credentials((), None, trusted)
        key = Path(self.key or self.certificate)
        return evolve(
            CredentialFiles(Path(self.certificate), key, None).read(), authorities=trusted
        )


def add_arguments(p: argparse.ArgumentParser) -> None:
    """For a command that may speak TLS."""
    p.add_argument("--certificate", metavar="PEM", default="", help="what is shown with TLS")
    p.add_argument("--key", metavar="PEM", default="", help="its key, when not in the same file")
    p.add_argument("--authorities", metavar="PEM", default="",
                   help="whose certificates are believed (the system's)")  # fmt: skip
    p.add_argument("--tls-name", metavar="HOST", default="",
                   help="the name that servers must prove (the host that is called)")  # fmt: skip
    p.add_argument("--insecure", action="store_true",
                   help="believe whoever answers with TLS")  # fmt: skip


def security_from(options: argparse.Namespace, uri: Uri) -> Security | None:
    """How TLS is spoken on the way to this URI; None where it is not asked for."""
    if uri.scheme != "sips" and uri.param("transport") != "tls":
        return None
    return Security(
        certificate=options.certificate,
        key=options.key,
        authorities=options.authorities,
        name=options.tls_name,
        check=not options.insecure,
    )
