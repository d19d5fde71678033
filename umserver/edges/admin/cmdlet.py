"""What a cmdlet is: its names, its parameters, what it reaches, and what comes of it.

Knows: the shape of commands. Must never know: which commands there are, how results are shown.
A cmdlet raises Mistyped (say it better), LookupError (there is no such object), SettingsFaults
(this may not be), and lets the refusals of store and server pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attrs import field, frozen

from umserver.org.declare import Declared
from umserver.org.messages import Envelope
from umserver.org.pin_record import PinRecord
from umserver.org.settings import Mailbox, Organisation

if TYPE_CHECKING:
    from umserver.edges.admin.given import Given


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


@frozen
class Parameter:
    """One parameter of a cmdlet."""

    name: str
    """AudioCodec; `--audio-codec` is the same."""
    help: str
    form: str = "text"
    """What may stand there, in words; the shapes that a program looks at are below."""
    default: str = ""
    range: str = ""
    choices: tuple[str, ...] = ()
    section: str = ""
    """Section of the organisation whose objects can be named here."""
    switch: bool = False
    """Needs no value: being there means true."""
    several: bool = False
    """Takes a list."""
    required: bool = False
    secret: bool = False
    """Never kept in a history."""
    without_effect: str = ""
    """Why it is taken and nothing comes of it; empty for the many that do something."""
    also: tuple[str, ...] = ()
    """Further names."""
    setting: Declared | None = None
    """The setting that this gives."""


def flag(
    name: str, help: str, default: bool | None = None, *, without_effect: str = ""
) -> Parameter:
    """A parameter that is true or false; without a value it is true."""
    words = "" if default is None else "$true" if default else "$false"
    return Parameter(
        name,
        help,
        form="$true | $false",
        default=words,
        switch=True,
        without_effect=without_effect,
    )


@frozen
class Property:
    """One value of something that is shown."""

    name: str
    """As parameters are written: MaxCallDuration."""
    value: Any
    key: str = ""
    """As the TOML form and JSON write it: max_call_duration; the name when empty."""
    unit: str = ""


Record = tuple[Property, ...]
"""Something that is shown, property by property."""


@frozen
class Outcome:
    """What came of a cmdlet."""

    shown: Iterable[Record] = ()
    """Read once, and not further than is shown."""
    columns: tuple[str, ...] = ()
    """Names of the properties of the short table."""
    in_full: bool = False
    """Every property, not the short table, unless asked otherwise."""
    done: str = ""
    """What was done, in words that begin small and end without a full stop; empty: nothing."""
    changed: bool = False
    """Whether settings were changed, so that a running server has to look."""
    warnings: tuple[str, ...] = ()
    limit: int = 0
    """So many are shown at most; 0: all."""
    failed: bool = False
    """It was carried out, and what it tried did not work (a probe, a wait)."""


@frozen
class Cmdlet:
    """One command."""

    verb: str
    noun: str
    synopsis: str
    """One sentence without a full stop."""
    run: Callable[[Given, Desk], Outcome]
    parameters: tuple[Parameter, ...] = ()
    unix: str = ""
    """The Unix spelling: noun and verb, `dialplan set`."""
    first: str = "Identity"
    """The parameter that words without a name give; empty: there is none."""
    examples: tuple[str, ...] = ()
    """In PowerShell's spelling, without `umctl`."""
    asks: bool = False
    """Asks before it does something."""
    ours: bool = False
    """Exchange has none of this name."""
    name: str = field(init=False)

    @name.default
    def _name(self) -> str:
        return f"{self.verb}-{self.noun}"

    @property
    def shows(self) -> bool:
        """Whether it only shows something."""
        return self.verb in ("Get", "Search", "Export", "Invoke", "Test")

    def parameter(self, name: str) -> Parameter:
        """The parameter of exactly this name."""
        return next(p for p in self.parameters if p.name == name)
