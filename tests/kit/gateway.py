"""A gateway that knows nothing of our code but RTP headers: plain SIP, sound packet by packet.

Knows: the raw SIP peer, the RTP peer. Must never know: the server's parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from attrs import define, field

from tests.kit.media import Peer
from tests.kit.raw_sip import Address, Raw, RawPeer, sdp

FRAME = 0.02
"""Seconds of a packet of sound."""


@define(eq=False, repr=False)
class Gateway(RawPeer):
    """Calls, speaks into whatever line its `media` has, hears."""

    media: Peer = field(factory=Peer)

    @property
    def sound_port(self) -> int:
        """Where it wants to be spoken to."""
        return self.media.plan().remote_port

    def call(
        self, remote: Address, user: str = "1001", *, body: str | None = None, **invite: object
    ) -> str:
        """Call and wait for the answer, following no redirect; the Call-ID."""
        offer = sdp(self.sound_port, host=self.host) if body is None else body
        call_id = self.invite(remote, user, body=offer, **invite)  # type: ignore[arg-type]
        self.stage.run_until(lambda: self.final(), 30.0)
        answer = self.final()
        assert answer is not None
        if answer.status == 200 and answer.body:
            self.listen_to(answer)
        return call_id

    def listen_to(self, message: Raw) -> None:
        """Speak to where this session description says."""
        [line] = [one for one in message.body.split("\r\n") if one.startswith("m=audio ")]
        [host] = {one.split()[2] for one in message.body.split("\r\n") if one.startswith("c=")}
        self.media._target = (host, int(line.split()[1]))

    def play(self, acts: Iterable[Callable[[], None]] | bytes) -> None:
        """Say this sound, or do these things, one a packet time; returns when it is done."""
        steps = iter(self.media.frames(acts) if isinstance(acts, bytes) else acts)
        self.stage.run_until(self._pump(steps), 600.0)

    def keep_silent(self, seconds: float) -> None:
        """Send packets of silence for so long."""
        self.play(b"\xff" * round(seconds * 8000))

    def press(self, key: str) -> None:
        """Press a key by RFC 4733."""
        self.play(self.media.press(key))

    def _pump(self, steps: Iterator[Callable[[], None]]) -> Callable[[], bool]:
        done: list[bool] = []

        def step() -> None:
            act = next(steps, None)
            self.media.listen()
            if act is None:
                done.append(True)
                return
            act()
            self.stage.callLater(FRAME, step)

        step()
        return lambda: bool(done)

    def hang_up(self, cseq: int = 9, headers: Sequence[tuple[str, str]] = ()) -> None:
        """BYE."""
        self.within("BYE", cseq=cseq, headers=headers)
        self.stage.settle()
