"""What a cmdlet was given: which parameters, with which values.

Knows: parameters, and how a command line names them (by any unmistakable beginning). Must never
know: what is done with them.
"""

from __future__ import annotations

from typing import Any

from attrs import define, field

from umserver.edges.admin.line import Line, Mistyped, choose
from umserver.edges.admin.parameter import TRUTH, Parameter, Signature
from umserver.edges.admin.values import flag_of, is_flag, items_of, number_of, value_of
from umserver.org.declare import Kind

WHAT_IF = Parameter("WhatIf", "Only say what would be done", switch=True)
CONFIRM = Parameter("Confirm", "Ask before it is done; -Confirm:$false does not ask", switch=True)
IGNORED = (
    Parameter("DomainController", "Taken for old scripts; there are none here"),
    Parameter("ForceUpgrade", "Taken for old scripts; nothing has to be upgraded", switch=True),
    Parameter("IgnoreDefaultScope", "Taken for old scripts; there are no scopes", switch=True),
)
CHANGING = (WHAT_IF, CONFIRM, *IGNORED)
FORMATS = ("Table", "List", "Json", "Csv")
VIEWING = (
    Parameter("Filter", "Only what fits, as in \"Status -eq 'Enabled'\""),
    Parameter("SortBy", "Property to sort by; -Property is not needed for it"),
    Parameter("Property", "Only these properties", form="list", several=True),
    Parameter("Format", "How it is printed", choices=FORMATS, form=" | ".join(FORMATS)),
    IGNORED[0],
    IGNORED[2],
)
UNQUOTED = "A Unix shell drops an unquoted $true or $false: quote it, or say true or false"
UNIX = {"yes": "Confirm", "dry-run": "WhatIf"}
"""What Unix calls the common parameters."""
REHEARSALS = ("ValidateOnly",)
"""Parameters of single cmdlets that mean the same as -WhatIf."""


@define
class Given:
    """A cmdlet's parameters, as typed."""

    cmdlet: Signature
    options: dict[str, tuple[str, ...]] = field(factory=dict)
    what_if: bool = False
    """Only say what would be done."""
    confirm: bool | None = None
    """True: ask; False: do not ask; None: ask if the cmdlet usually does."""

    def has(self, name: str) -> bool:
        """Whether this parameter was given."""
        return name in self.options

    def text(self, name: str, default: str = "") -> str:
        """One text; `$null` is empty."""
        if name not in self.options:
            return default
        typed = self.options[name]
        if len(typed) != 1:
            raise Mistyped(f"-{name} needs one value, not {len(typed)}")
        return "" if typed[0].lower() == "$null" else typed[0]

    def identity(self) -> str:
        """Whom it is about; empty when nobody was named."""
        return self.text("Identity").strip()

    def needed(self, name: str, what: str) -> str:
        """A text that must be there. Raises Mistyped with `what` it is."""
        found = self.text(name).strip()
        if not found:
            hint = "NAME" if name == self.cmdlet.first else f"-{name} …"
            raise Mistyped(f"say which {what}: {self.cmdlet.name} {hint}")
        return found

    def texts(self, name: str) -> tuple[str, ...]:
        """Several texts; `$null` is none."""
        return tuple(items_of(self.options.get(name, ())))

    def flag(self, name: str, default: bool = False) -> bool:
        """True or false."""
        if name not in self.options:
            return default
        return flag_of(name, self.options[name] or ("$true",))

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        return number_of(name, self.text(name)) if name in self.options else default

    def choice(self, name: str, default: str = "") -> str:
        """One word of the parameter's list, whatever its capitals. Raises Mistyped."""
        if name not in self.options:
            return default
        return choose(self.text(name), self.cmdlet.parameter(name).choices, f"-{name}")

    def settings(self, before: Any = None) -> dict[str, Any]:
        """The settings that were given, by field, in the TOML form.

        `before` is the object that is changed, for lists that are added to.
        """
        given: dict[str, Any] = {}
        for name, typed in self.options.items():
            setting = self.cmdlet.parameter(name).setting
            if setting is not None:
                values = typed or (("$true",) if setting.kind is Kind.FLAG else ())
                given[setting.name] = value_of(setting, values, getattr(before, setting.name, ()))
        return given

    def told(self) -> dict[str, str]:
        """What was given, for the change log and never with a secret in it."""
        return {
            name: "(hidden)" if self.cmdlet.parameter(name).secret else ",".join(values)
            for name, values in self.options.items()
        }

    def warnings(self) -> tuple[str, ...]:
        """What was given without effect, in words."""
        return tuple(
            f"-{name} has no effect: {self.cmdlet.parameter(name).without_effect}"
            for name in self.options
            if self.cmdlet.parameter(name).without_effect
        )


def given_to(cmdlet: Signature, line: Line, common: tuple[Parameter, ...] = CHANGING) -> Given:
    """The line's options as the parameters of this cmdlet; what is common stands in `common`.

    Raises Mistyped with the nearest right word.
    """
    given = Given(cmdlet)
    known = {p.name: p for p in (*cmdlet.parameters, *common)}
    other = {also: p.name for p in cmdlet.parameters for also in p.also}
    other |= {unix: name for unix, name in UNIX.items() if name in known}
    names = [*known, *other]
    words = list(line.words)
    for option in line.options:
        typed = choose(option.typed, names, f"parameter of {cmdlet.name}")
        parameter = known[other.get(typed, typed)]
        values, rest = _own(parameter, option.values)
        words += rest
        if typed == "yes":
            values = ("$false",)
        if parameter.name in given.options and not parameter.several:
            raise Mistyped(f"-{parameter.name} is given twice")
        given.options[parameter.name] = given.options.get(parameter.name, ()) + values
    _words(given, words)
    _take_common(given, common)
    return given


def _own(parameter: Parameter, values: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of the words behind an option its own ones, and those that stand there by chance."""
    setting = parameter.setting
    if parameter.form == TRUTH or (setting is not None and setting.kind is Kind.FLAG):
        if not values or values[0] == "":
            raise Mistyped(f"-{parameter.name} needs $true or $false. {UNQUOTED}")
    elif parameter.switch and values[:1] == ("",):
        raise Mistyped(f"nothing stands behind -{parameter.name}: . {UNQUOTED}")
    if parameter.switch and (not values or not is_flag(values[0])):
        return ("$true",), values
    if parameter.several:
        return values, ()
    if not values and parameter.secret:
        return ("",), ()
    if not values:
        raise Mistyped(f"-{parameter.name} needs a value: {parameter.form}")
    return values[:1], values[1:]


def _words(given: Given, words: list[str]) -> None:
    """Words without a name belong to the cmdlet's first parameter."""
    first = given.cmdlet.first
    if not words:
        return
    if not first:
        raise Mistyped(f"{words[0]} means nothing here")
    if first in given.options:
        raise Mistyped(f"{words[0]} is one word too many behind -{first} {given.text(first)}")
    if len(words) > 1:
        quoted = " ".join(words)
        raise Mistyped(f'{words[1]} is one word too many: did you mean "{quoted}"?')
    given.options[first] = (words[0],)


def _take_common(given: Given, common: tuple[Parameter, ...]) -> None:
    """Read what is the same for every changing cmdlet, and forget what means nothing."""
    if WHAT_IF in common:
        given.what_if = given.flag(WHAT_IF.name) or any(map(given.flag, REHEARSALS))
        given.confirm = given.flag(CONFIRM.name) if given.has(CONFIRM.name) else None
        given.options.pop(WHAT_IF.name, None)
        given.options.pop(CONFIRM.name, None)
    for parameter in IGNORED:
        given.options.pop(parameter.name, None)
