"""A server that also speaks TLS, and what a peer needs to speak it too.

Knows: settings, certificates. Must never know: what is said.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.interop.peers import Server, free_port
from tests.kit.certificates import Authority, context_of

MODES = "\n".join(f'[{part}]\num_startup_mode = "Dual"' for part in ("service", "call_router"))


def dual_server(folder: Path, organisation: str) -> tuple[Server, ssl.SSLContext, int]:
    """A server on plain and TLS ports, not started; what its peers use; the desk's TLS port.

    Peers show a certificate that is for "localhost".
    """
    tls = free_port()
    server = Server(
        folder / "state",
        options=("--listen=127.0.0.1", f"--sip-tls={free_port()}", f"--mbx-tls={tls}"),
    )
    toml = folder / "organisation.toml"
    toml.write_text(f"{organisation}\n{MODES}\n")
    server.umctl("import", str(toml))
    server.umctl("New-UMCertificate", "um.example.com,127.0.0.1")
    authority = Authority()
    (server.state / "tls" / "authorities.pem").write_bytes(authority.own.pem)
    mine = authority.issue("gateway", ("localhost",))
    return server, context_of(folder / "peer", mine, None), tls
