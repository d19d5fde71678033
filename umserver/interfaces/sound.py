"""Sound: what is played, what is recorded, what can be said.

Knows: pieces of sound by name. Must never know: files, packets, voices.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen
from zope.interface import Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

SAMPLE_RATE = 8000
"""Samples a second of all sound inside the house."""


@frozen
class Clip:
    """A piece of sound, held encoded for the wire so that playing it is copying."""

    name: str
    """For logs and tests; never the spoken text."""
    encoded: Mapping[str, bytes] = field(repr=False)
    """One octet a sample at 8000 Hz, by codec name: PCMU and PCMA."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.encoded["PCMU"]) / SAMPLE_RATE


@frozen
class Recorded:
    """How a recording went."""

    seconds: float
    """Length of what was appended to the take."""
    spoken: float
    """Seconds of it that were not silence."""
    ended_by: str
    """stopped (a key), silence, limit, hangup, or disk (the take refused more)."""


class ITake(Interface):
    """Where a recording goes while it is made."""

    def append(codec: str, data: bytes) -> Deferred[None]:
        """Put encoded sound (PCMU or PCMA, one octet a sample) on the disk. Fails with NoSpace."""


class IPromptShelf(Interface):
    """Everything that can be said, by prompt name or as free text."""

    def prompt(language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        """The catalogue's prompt with its `{places}` filled in. Unknown names are a KeyError."""

    def speak(language: str, text: str) -> Deferred[Clip]:
        """Free text (a name, a number in words). Fails with Unavailable when there is no voice."""

    def beep() -> Clip:
        """The tone before a recording."""

    def imported(owner: str, name: str, file: str) -> Deferred[Clip | None]:
        """A prompt that was imported for an owner (see `umserver.org.prompt_files`), by its name.

        None where there is no such file, or none that can be played. Never fails.
        """

    def record(owner: str, name: str, file: str) -> IGreetingTake:
        """Record such a prompt by telephone; kept, it is played from the next call on."""


class IGreetings(Interface):
    """What users recorded of themselves."""

    def recorded(mailbox: str, kind: str) -> Deferred[Clip | None]:
        """kind: away, personal or name; None when there is none."""

    def is_away(mailbox: str) -> Deferred[bool]:
        """Whether the away greeting is switched on."""


class IGreetingTake(ITake):
    """A greeting being recorded; nobody hears it before it is kept."""

    def clip() -> Deferred[Clip]:
        """What was recorded so far, to be played back."""

    def erase() -> Deferred[None]:
        """Forget the sound recorded so far."""

    def keep() -> Deferred[None]:
        """Let it take the place of the old one; durable when this fires. Fails with Unavailable."""


class IGreetingDesk(IGreetings):
    """Greetings that their owners can change. Everything can fail with Unavailable."""

    def set_away(mailbox: str, on: bool) -> Deferred[None]:
        """Switch the away greeting on or off."""

    def begin(mailbox: str, kind: str) -> IGreetingTake:
        """Record a greeting of this kind: away, personal or name."""

    def remove(mailbox: str, kind: str) -> Deferred[None]:
        """Go back to the generated one; harmless where there is none."""
