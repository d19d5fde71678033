"""A gateway that is called: it rings, takes the call or not, speaks and hears.

Knows: the raw SIP peer, the RTP peer. Must never know: the server's parts.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, evolve, field

from tests.kit.gateway import Gateway
from tests.kit.raw_sip import Raw, sdp


@define(eq=False, repr=False)
class Callee(Gateway):
    """Decides nothing by itself about an INVITE."""

    replies: dict[str, int | None] = field(factory=lambda: {"INVITE": None})

    @property
    def invite_got(self) -> Raw:
        """The latest INVITE."""
        return self.requests("INVITE")[-1]

    def ring(self, status: int = 180, body: str = "") -> None:
        """A provisional answer."""
        self.answer(self.invite_got, status, [self.contact_pair], body)
        self.stage.settle()

    def take(self, body: str | None = None, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Answer the call, and speak to whom it came from."""
        invite = self.invite_got
        answer = sdp(self.sound_port, host=self.host) if body is None else body
        self.answer(invite, 200, [self.contact_pair, *headers], answer)
        self.stage.settle()
        self.listen_to(invite)

    def refuse(self, status: int, headers: Sequence[tuple[str, str]] = ()) -> None:
        """Turn the call away."""
        self.answer(self.invite_got, status, headers)
        self.stage.settle()

    def ask(self, method: str, cseq: int = 1, body: str = "") -> None:
        """Send a request within the call that was taken."""
        invite = self.invite_got
        text = self.request(
            method,
            invite.contact,
            call_id=invite.header("Call-ID"),
            cseq=cseq,
            to_tag=invite.header("From").partition(";tag=")[2],
            body=body,
        )
        self.send(text, invite.source)
        self.stage.settle()

    @property
    def contact_pair(self) -> tuple[str, str]:
        """Where it is reached."""
        here = f"[{self.host}]" if ":" in self.host else self.host
        return "Contact", f"<sip:desk@{here}:{self.port}>"

    def answer(
        self, request: Raw, status: int, headers: Sequence[tuple[str, str]] = (), body: str = ""
    ) -> None:
        """Answer a request, with a tag of our own in To."""
        fields = tuple(
            (name, f"{value};tag=raw-{self.port}")
            if name.lower() == "to" and ";tag=" not in value and status > 100
            else (name, value)
            for name, value in request.headers
        )
        super().answer(evolve(request, headers=fields), status, headers, body)
