"""What a parameter of a cmdlet is, and what a command line has to know of a cmdlet.

Knows: how parameters are typed. Must never know: what is done with them.
"""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from umserver.org.declare import Declared

TRUTH = "$true | $false"
"""The form of what is true or false and has to say which."""


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
    """A parameter that is true or false, and has to say which."""
    words = "" if default is None else "$true" if default else "$false"
    return Parameter(
        name,
        help,
        form=TRUTH,
        default=words,
        without_effect=without_effect,
    )


class Signature(Protocol):
    """What can be typed behind a cmdlet's name."""

    @property
    def name(self) -> str:
        """Verb and noun: Get-UMMailbox."""

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its own ones."""

    @property
    def first(self) -> str:
        """The parameter that words without a name give; empty: there is none."""

    def parameter(self, name: str) -> Parameter:
        """The parameter of exactly this name."""
