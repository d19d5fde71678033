"""Parameters made of declarations, and faults of settings in the words of parameters.

Knows: kinds of settings. Must never know: any particular setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import NOTHING, evolve

from umserver.edges.admin.nouns import Noun
from umserver.edges.admin.parameter import TRUTH, Parameter
from umserver.org.declare import Declared, Kind
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.sections import identity_of


def identity(noun: Noun, needed: bool = True) -> Parameter:
    """Whom a cmdlet is about."""
    what = f"The {noun.word}"
    more = ": address, extension, name …" if noun.section == "mailboxes" else ""
    return Parameter("Identity", what + more, section=noun.section, required=needed)


def settings_of(
    noun: Noun, fit: Callable[[Declared], bool] = lambda setting: True, needed: bool = False
) -> tuple[Parameter, ...]:
    """A noun's settings as parameters; `needed`: those without a default have to be given."""
    return tuple(parameter_of(setting, needed) for setting in noun.settings if fit(setting))


def parameter_of(setting: Declared, needed: bool = False) -> Parameter:
    """One setting as a parameter."""
    about = setting.setting
    return Parameter(
        setting.parameter,
        about.help,
        form=_form(setting),
        default=_default(setting),
        range=_range(setting),
        choices=tuple(choice for choice in setting.choices if choice),
        section=about.refers_to,
        several=setting.kind in (Kind.TEXTS, Kind.OBJECTS),
        required=needed and setting.required,
        secret=about.secret,
        without_effect=about.without_effect,
        also=about.also,
        setting=setting,
    )


def _form(setting: Declared) -> str:
    if setting.kind is Kind.CHOICE:
        return " | ".join(choice for choice in setting.choices if choice)
    if setting.kind is Kind.FLAG:
        return TRUTH
    if setting.kind is Kind.NUMBER and not setting.setting.form:
        return "number"
    if setting.kind in (Kind.TEXTS, Kind.OBJECTS):
        return f"list of {setting.form}" if setting.setting.form or setting.item else "list"
    return setting.form


def _range(setting: Declared) -> str:
    about = setting.setting
    low, high = about.low, about.high
    if setting.kind is Kind.CHOICE or (low is None and high is None):
        return ""
    if setting.kind is Kind.TEXT:
        return f"up to {high} characters" if high is not None else f"at least {low} characters"
    if setting.kind is Kind.OBJECTS or (setting.kind is Kind.TEXTS and high):
        return f"up to {high} entries" if high else ""
    words = f"at least {low}" if high is None else f"{low} to {high}"
    return f"{words} {about.unit}".rstrip()


def _default(setting: Declared) -> str:
    default = setting.default
    if default is NOTHING or default in ("", ()):
        return ""
    if isinstance(default, bool):
        return "$true" if default else "$false"
    return ", ".join(map(str, default)) if isinstance(default, tuple) else str(default)


def alias(parameter: Parameter, name: str) -> Parameter:
    """The same under the other name that Exchange has for it."""
    return evolve(parameter, name=name)


def in_parameters(faults: SettingsFaults, noun: Noun, thing: Any = None) -> SettingsFaults:
    """The faults with the names of parameters in the place of paths.

    Faults of other objects keep their path, so that it is clear where they stand.
    """
    return SettingsFaults([_renamed(fault, noun, thing) for fault in faults.faults])


def _renamed(fault: Fault, noun: Noun, thing: Any) -> Fault:
    names = {setting.name: setting for setting in noun.settings}
    for place in _places(noun, thing):
        rest = fault.path.removeprefix(place)
        if rest == fault.path:
            continue
        first = rest.partition(".")[0].partition("[")
        if first[0] in names:
            named = f"-{names[first[0]].parameter}"
            return Fault(named + rest[len(first[0]) :], _words(fault.what, noun))
    return Fault(fault.path, _words(fault.what, noun))


def _places(noun: Noun, thing: Any) -> Sequence[str]:
    places = [f"{noun.section}.", f"{noun.unix}."]
    if thing is not None and not noun.single:
        name = identity_of(thing)
        places = [f"{noun.section}.{name}.", f"{noun.word} {name}.", f"{name}.", *places]
    return places


def _words(what: str, noun: Noun) -> str:
    """Other settings that a fault names, as parameters."""
    for setting in noun.settings:
        if "_" in setting.name and setting.name in what:
            what = what.replace(setting.name, f"-{setting.parameter}")
    return what
