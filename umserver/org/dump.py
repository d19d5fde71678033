"""Writes an organisation as a TOML document that `umserver.org.parse` reads back unchanged.

Only what differs from the defaults is written. Secrets never are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from umserver.org.declare import Declared, Kind, declared
from umserver.org.sections import SECTIONS, SINGLES
from umserver.org.settings import Mailbox, Organisation


def dump_lines(organisation: Organisation, mailboxes: Iterable[Mailbox] = ()) -> Iterator[str]:
    """The document piece by piece, so that a million mailboxes need no memory."""
    for section in SINGLES:
        settings = list(_settings(getattr(organisation, section)))
        if settings:
            yield f"[{section}]\n" + "".join(settings) + "\n"
    for section in SECTIONS:
        things = mailboxes if section == "mailboxes" else getattr(organisation, section)
        for thing in things:
            yield f"[[{section}]]\n" + "".join(_settings(thing)) + "\n"


def _settings(thing: Any) -> Iterator[str]:
    """The lines of one object."""
    for setting, value in _written(thing):
        yield f"{setting.name} = {_value(setting, value)}\n"


def _written(thing: Any) -> Iterator[tuple[Declared, Any]]:
    for setting in declared(type(thing)):
        value = getattr(thing, setting.name)
        if value != setting.default and not setting.setting.secret:
            yield setting, value


def _value(setting: Declared, value: Any) -> str:
    if setting.kind is Kind.TEXTS:
        return "[" + ", ".join(_text(text) for text in value) + "]"
    if setting.kind is Kind.OBJECTS:
        return "[\n" + "".join(f"    {_inline(entry)},\n" for entry in value) + "]"
    if setting.kind is Kind.FLAG:
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _text(value)


def _inline(thing: Any) -> str:
    pairs = (f"{setting.name} = {_value(setting, value)}" for setting, value in _written(thing))
    return "{ " + ", ".join(pairs) + " }"


def _text(text: str) -> str:
    """A basic string: JSON's escapes are all TOML's too."""
    return json.dumps(text, ensure_ascii=False)
