"""A house that speaks TLS, with an authority that everybody there believes.

Knows: the house, certificates, gateways. Must never know: how the server does TLS. The gateway of
the story is `localhost`, the one name that every machine can resolve.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from tests.kit.certificates import Authority, Issued, context_of
from tests.kit.house import HouseCase
from tests.kit.tls_gateway import TlsGateway
from umserver.edges.net.softphone import Softphone
from umserver.edges.net.tls.credentials import Credentials
from umserver.service import UnifiedMessaging

GATEWAY = "localhost"


@cache
def _certificates() -> tuple[Authority, Issued, Issued]:
    """The authority, the server's certificate, the gateway's: made once."""
    authority = Authority()
    own = authority.issue("um.example.com", ("um.example.com", "127.0.0.1"))
    return authority, own, authority.issue("gateway", (GATEWAY,))


class SecuredCase(HouseCase):
    """Start with `open`; `by_tls` calls."""

    SECURITY = "SIPSecured"
    MODE = "Dual"

    def setUp(self) -> None:
        super().setUp()
        self.authority, self.own, self.peer = _certificates()

    def open(self, own: Issued | None = None, **overrides: object) -> UnifiedMessaging:
        """Start with a certificate, in the startup mode and with the security of the story."""
        self.install(own or self.own)
        tls: dict[str, object] = {"listen.sip_tls": 0, "listen.mbx_tls": 0, **overrides}
        return self.start(self.secured, tls)

    def install(self, own: Issued) -> None:
        """Put a certificate, its key and the authority where the server looks for them."""
        folder = self.state / "tls"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "certificate.pem").write_bytes(own.pem)
        (folder / "key.pem").write_bytes(own.key_pem)
        (folder / "authorities.pem").write_bytes(self.authority.own.pem)

    def secured(self, toml: str) -> str:
        """The demo organisation with a gateway that has a name, and a secured dial plan."""
        return (
            toml.replace('address = "127.0.0.1"', f'address = "{GATEWAY}"')
            .replace('name = "Demo"', f'name = "Demo"\nvoip_security = "{self.SECURITY}"', 1)
            .replace("::1", "gateway6.invalid")
            + f'\n[service]\num_startup_mode = "{self.MODE}"\n'
            + f'\n[call_router]\num_startup_mode = "{self.MODE}"\n'
        )

    @property
    def router_tls(self) -> int:
        """The call router's port for TLS."""
        assert self.um is not None and self.um.router is not None
        return self.um.router.server.bound_tls_port

    @property
    def desk_tls(self) -> int:
        """The answering desk's port for TLS."""
        assert self.um is not None and self.um.desk is not None
        return self.um.desk.server.bound_tls_port

    def tls_gateway(self, own: Issued | None, believes: bool = True) -> TlsGateway:
        """A gateway of plain text that shows this certificate."""
        authority = self.authority.own if believes else None
        folder = self.folder()
        gateway = TlsGateway(
            self.stage,
            self.host,
            client=context_of(folder, own, authority),
            server=context_of(folder, own or self.peer, authority, server=True),
        )
        self.addCleanup(gateway.media.close)
        self.addCleanup(gateway.close)
        return gateway

    def tls_phone(self, own: Issued | None, **settings: Any) -> Softphone:
        """A softphone that shows this certificate."""
        chain: Sequence[Any] = () if own is None else (own.certificate,)
        key = own.key if own is not None else None
        credentials = Credentials(chain, key, (self.authority.own.certificate,))
        return self.softphone(credentials=credentials, **settings)
