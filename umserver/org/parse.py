"""Builds an organisation from a TOML document and names every fault of it at once.

Knows: sections and how values are written in TOML. Must never know: files, stores. What a single
value may be stands in `umserver.org.settings`, what holds between objects in `umserver.org.rules`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from attrs import define, field

from umserver.org.columns import from_columns
from umserver.org.declare import Declared, settings_of, shown
from umserver.org.faults import Fault, SettingsFaults, unknown
from umserver.org.rules import faults_between
from umserver.org.sections import SECTIONS, SINGLES, identity_field
from umserver.org.settings import Mailbox, Organisation


def parse_toml(text: str) -> tuple[Organisation, tuple[Mailbox, ...]]:
    """The organisation and the mailboxes that a TOML document describes. Raises SettingsFaults."""
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise SettingsFaults([Fault("", f"this is not TOML: {fault}")]) from None
    return parse(tree)


def parse(tree: Mapping[str, object]) -> tuple[Organisation, tuple[Mailbox, ...]]:
    """The organisation and the mailboxes of a document's tree. Raises SettingsFaults."""
    reading = _Reading()
    sections = reading.document(tree)
    mailboxes = sections.pop("mailboxes", ())
    organisation = Organisation(**sections)
    faults = [*reading.faults, *faults_between(organisation, mailboxes, reading.names)]
    if faults:
        raise SettingsFaults(faults)
    return organisation, mailboxes


def parse_object(owner: type[Any], values: Mapping[str, object], path: str) -> Any:
    """One object of the class `owner`, by itself. Raises SettingsFaults with paths below `path`."""
    reading = _Reading()
    made = reading.make(owner, values, path)
    if reading.faults:
        raise SettingsFaults(reading.faults)
    return made


@define(eq=False)
class _Reading:
    """One pass over a document."""

    faults: list[Fault] = field(factory=list)
    names: dict[str, set[str]] = field(factory=dict)
    """Identities met in each section, also of objects that could not be built."""

    def document(self, tree: Mapping[str, object]) -> dict[str, Any]:
        """The sections that could be read, by name."""
        found: dict[str, Any] = {}
        for section, content in tree.items():
            if section in SECTIONS:
                found[section] = tuple(self._list(section, content))
            elif section in SINGLES:
                made = self.make(SINGLES[section], content, section)
                found.update({section: made} if made is not None else {})
            else:
                self.faults.append(unknown(section, section, [*SECTIONS, *SINGLES], "section"))
        return found

    def make(self, owner: type[Any], values: object, path: str) -> Any:
        """The object, with defaults in the place of bad values; None when that is impossible."""
        if not isinstance(values, Mapping):
            self.faults.append(Fault(path, f"must be a table, not {shown(values)}"))
            return None
        known = settings_of(owner)
        made: dict[str, object] = {}
        for word, value in values.items():
            if word in known:
                self._value(known[word], value, f"{path}.{word}", made)
            else:
                self.faults.append(unknown(f"{path}.{word}", word, known, "setting"))
        missing = [name for name, setting in known.items() if setting.required]
        missing = [name for name in missing if name not in made]
        self.faults += [Fault(f"{path}.{n}", "is missing") for n in missing if n not in values]
        return None if missing else owner(**made)

    def _list(self, section: str, content: object) -> Iterator[Any]:
        """The objects of one section that could be built."""
        if not isinstance(content, list):
            self.faults.append(Fault(section, f"must be written as [[{section}]]"))
            return
        owner = SECTIONS[section]
        names = self.names.setdefault(section, set())
        for number, values in enumerate(content, start=1):
            name = values.get(identity_field(owner)) if isinstance(values, Mapping) else None
            path = f"{section}.{name}" if name and isinstance(name, str) else f"{section}[{number}]"
            names.add(name if isinstance(name, str) else "")
            made = self.make(owner, values, path)
            if made is not None:
                yield made

    def _value(self, setting: Declared, value: object, path: str, made: dict[str, object]) -> None:
        """Put the value into `made`, or say what is wrong with it."""
        value = setting.read(value)
        complaint = setting.complaint(value)
        if complaint is not None:
            self.faults.append(Fault(path, complaint))
            return
        if setting.item is not None and isinstance(value, tuple):
            entries = enumerate(value, start=1)
            built = [self._entry(setting.item, entry, f"{path}[{n}]") for n, entry in entries]
            value = tuple(entry for entry in built if entry is not None)
        made[setting.name] = value

    def _entry(self, owner: type[Any], values: object, path: str) -> Any:
        """One object of a list, written as a table or as a line of columns."""
        if isinstance(values, str):
            try:
                values = from_columns(owner, values)
            except ValueError as fault:
                self.faults.append(Fault(path, str(fault)))
                return None
        return self.make(owner, values, path)
