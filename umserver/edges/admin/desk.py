"""What cmdlets reach: the store, the running server, the administrator.

Knows: what they may ask of each. Must never know: how any of it is done (`umserver.command`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from umserver.org.messages import Envelope
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox, Organisation


class Kept(Protocol):
    """An object with its version."""

    @property
    def thing(self) -> Any:
        """The object."""

    @property
    def version(self) -> int:
        """What to hand back when it is changed."""


class Recorded(Protocol):
    """Recorded prompts in the store; an owner is UMDialPlan or UMAutoAttendant."""

    def sound(self, owner: str, name: str, file: str) -> bytes | None:
        """The octets of one."""

    def put(self, owner: str, name: str, file: str, sound: bytes) -> int:
        """Keep one."""


class Archive(Protocol):
    """What cmdlets need of the store; see `umserver.edges.store.archive`."""

    def get(self, section: str, name: str = "") -> Kept:
        """One object. Raises LookupError."""

    def load(self) -> Organisation:
        """Everything but the mailboxes."""

    def mailboxes(self) -> Iterable[Mailbox]:
        """Every mailbox, by address."""

    def find(self, dial_plan: str, numbers: Iterable[str]) -> Mapping[str, Mailbox]:
        """Mailboxes of that plan by number."""

    def put(self, section: str, thing: Any, expected: int | None = None) -> int:
        """Keep one object."""

    def put_mailboxes(self, mailboxes: Sequence[Mailbox], expected: int | None = None) -> int:
        """Keep mailboxes, all or none."""

    def remove(self, section: str, name: str, expected: int | None = None) -> int:
        """Forget one object."""

    @property
    def recorded(self) -> Recorded:
        """Recorded prompts of dial plans and auto attendants."""

    def pin_record(self, address: str) -> PinRecord | None:
        """What is kept of a mailbox's PIN; None when nothing is."""

    def change_pin_record(
        self,
        address: str,
        change: Callable[[PinRecord], PinRecord],
        notices: Sequence[Envelope] = (),
    ) -> PinRecord:
        """Keep what `change` makes of what is kept of a mailbox's PIN; `notices` are sent."""

    def is_any(self, pin: str, hashes: Sequence[str]) -> bool:
        """Whether this is the PIN of one of these hashes."""

    def hash_of(self, pin: str) -> str:
        """A PIN as it is kept."""

    def import_organisation(
        self,
        organisation: Organisation,
        mailboxes: Sequence[Mailbox],
        *,
        replace: bool = True,
        notices: Sequence[Envelope] = (),
        new_pins: PinRecord | None = None,
    ) -> int:
        """Keep several objects at once; `notices` are sent, `new_pins` is kept of their PINs."""


class Desk(Protocol):
    """Where a cmdlet is carried out."""

    @property
    def state(self) -> Path:
        """The state folder."""

    @property
    def server(self) -> str:
        """Name of this machine's server."""

    @property
    def archive(self) -> Archive:
        """The store, opened when first asked for; with -WhatIf every change is undone."""

    def ask(self, name: str, **details: object) -> Any:
        """What the running server answers. Raises NotRunning, Refused."""

    def is_here(self, server: str) -> bool:
        """Whether this names this machine's server; an empty name does."""

    def states(self, server: str, component: str) -> Sequence[Mapping[str, Any]]:
        """Components with their states: server, component, state, local and remote wishes."""

    def set_state(
        self, server: str, words: tuple[str, str, str], *, local: bool, remote: bool
    ) -> None:
        """Want a state of a server: component, requester, state."""

    def changes(self, **criteria: Any) -> Sequence[Any]:
        """What was changed, the newest first: name, sections, who, cmdlets, after, before …"""

    def announce(self) -> None:
        """Lets a running server look at the store at once."""

    def sure(self, question: str) -> bool:
        """Asks the administrator; whether the answer was yes."""

    def secret(self, question: str) -> str:
        """Asks for something that nobody may see; empty when nobody is there."""

    def progress(self, words: str) -> None:
        """Says how far it is, in one line that the next one replaces."""

    def wait(self, seconds: float) -> None:
        """Lets time pass."""

    def now(self) -> float:
        """Wall time, in seconds since 1970."""
