"""Why a call is not taken: our own table of the documented reasons (spec 4.4).

Knows: SIP status codes and the ms-diagnostics numbers as plain values. Must never know: SIP syntax.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Refusal:
    """Why a call is not taken (spec 4.4)."""

    status: int
    """SIP status, 400–699."""
    phrase: str
    """SIP reason phrase."""
    diagnostics: int
    """Number for the ms-diagnostics header, 15000–15999."""
    reason: str
    """In words, for the header, the log and the call record."""
    retry_after: int | None = None
    """Seconds, for 503."""
