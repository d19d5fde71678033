"""What a handover wants done, and what it found out (see `handover`)."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class Send:
    """Octets for the peer."""

    data: bytes = field(repr=False)


@frozen
class StartTls:
    """Begin TLS now and call `secured` when it stands."""


@frozen
class SendBody:
    """Call `more` whenever there is room, until BodySent."""


@frozen
class BodySent:
    """There is no more to send."""


@frozen
class Delivered:
    """The mail is theirs."""


@frozen
class Failed:
    """It is not."""

    permanent: bool
    why: str


@frozen
class Close:
    """The connection has served."""


Effect = Send | StartTls | SendBody | BodySent | Delivered | Failed | Close
