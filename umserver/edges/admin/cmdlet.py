"""What a cmdlet is: its names, its parameters, what it does.

Knows: the shape of commands. Must never know: which commands there are, how results are shown.
A cmdlet raises Mistyped (say it better), LookupError (there is no such object), SettingsFaults
(this may not be), and lets the refusals of store and server pass.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.outcome import Outcome
from umserver.edges.admin.parameter import Parameter


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
