"""The way through the messages of a mailbox: the new ones first, then the saved ones, the newest
first in each (spec 5.3).

Knows: the order, and where on the way somebody is. Must never know: keys, sound.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

from attrs import define, evolve, field

from umserver.org.messages import VoiceMail


def in_order(messages: Sequence[VoiceMail]) -> list[VoiceMail]:
    """Those that are heard by telephone: deleted ones are not (spec 5.3)."""
    there = [message for message in messages if not message.deleted]
    return sorted(there, key=lambda message: (not message.new, -message.received, message.id))


def counts(messages: Sequence[VoiceMail]) -> tuple[int, int]:
    """How many are new, and how many saved."""
    new = sum(message.new and not message.deleted for message in messages)
    return new, sum(not message.deleted for message in messages) - new


@define(eq=False)
class Walk:
    """One walk; what is changed on the way keeps its place."""

    messages: list[VoiceMail]
    at: int = 0
    began_new: int = field(init=False)
    """How many of them were new when the walk began; they stand in front."""

    def __attrs_post_init__(self) -> None:
        self.began_new = sum(message.new for message in self.messages)

    @property
    def here(self) -> VoiceMail | None:
        """The present message; None behind the last."""
        return self.messages[self.at] if self.at < len(self.messages) else None

    @property
    def enters_saved(self) -> bool:
        """Whether the new ones have all been passed and the first saved one is reached."""
        return 0 < self.began_new == self.at < len(self.messages)

    def change(self, **changes: bool) -> VoiceMail:
        """Note what became of the present message."""
        changed = evolve(self.messages[self.at], **changes)  # type: ignore[arg-type]
        self.messages[self.at] = changed
        return changed

    def change_all(self, ids: Container[str], **changes: bool) -> None:
        """Note what became of several messages."""
        self.messages = [
            evolve(message, **changes) if message.id in ids else message  # type: ignore[arg-type]
            for message in self.messages
        ]

    def drop(self) -> None:
        """The present message is gone: the next one takes its place."""
        del self.messages[self.at]
        self.began_new -= self.at < self.began_new

    def forward(self) -> None:
        """To the next one."""
        self.at += 1

    def back(self, hidden: Container[str] = ()) -> bool:
        """To the one before that is neither deleted nor hidden; False at the first."""
        for place in reversed(range(self.at)):
            message = self.messages[place]
            if not message.deleted and message.id not in hidden:
                self.at = place
                return True
        return False
