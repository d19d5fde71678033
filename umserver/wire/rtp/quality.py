"""How good a call sounded, estimated from what RTP and RTCP counted.

Knows: the E-model in its simple form (ITU-T G.107, G.113 for G.711). Must never know: packets,
sockets.
"""

from __future__ import annotations

from attrs import frozen

_R_DEFAULT = 93.2
_LOSS_ROBUSTNESS = 25.1
_WORST_IMPAIRMENT = 95.0
_KNEE = 177.3


@frozen
class Quality:
    """What is known about a call's sound when it is over."""

    packets_sent: int = 0
    packets_received: int = 0
    packets_lost: int = 0
    """Missing among those that the peer sent."""
    jitter: float = 0.0
    """Seconds (RFC 3550 §6.4.1), with the resolution of our own packet clock."""
    round_trip: float | None = None
    """Seconds; None when the peer sent no report."""
    lost_by_peer: int | None = None
    """Packets of ours that the peer says it missed; None when it sent no report."""
    forged: int = 0
    """Packets that were not genuine, where sound was encrypted."""
    replayed: int = 0
    """Packets that came a second time or far too late, where sound was encrypted."""

    @property
    def loss(self) -> float:
        """The share of the peer's packets that was missing, 0–1."""
        sent = self.packets_received + self.packets_lost
        return self.packets_lost / sent if sent else 0.0

    @property
    def mos(self) -> float:
        """Mean opinion score, 1–4.5, for G.711 with concealment."""
        delay = 1000 * ((self.round_trip or 0.0) / 2 + 2 * self.jitter) + 20
        return mos(delay, self.loss)


def mos(delay: float, loss: float) -> float:
    """The score of a one-way delay (ms) and a share of packets lost (0–1). ITU-T G.107 annex B."""
    delayed = 0.024 * delay + 0.11 * max(0.0, delay - _KNEE)
    percent = 100 * loss
    missing = _WORST_IMPAIRMENT * percent / (percent + _LOSS_ROBUSTNESS)
    rating = min(100.0, max(0.0, _R_DEFAULT - delayed - missing))
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
