"""What can be typed next: commands, parameters, values, names of objects.

Knows: cmdlets and their parameters, an archive for names. Must never know: terminals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from attrs import define, field

from umserver.edges.admin import pages
from umserver.edges.admin.catalogue import by_name, by_word, cmdlets
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Archive
from umserver.edges.admin.given import CHANGING, FORMATS, VIEWING
from umserver.edges.admin.line import Mistyped, choose, fold
from umserver.edges.admin.parameter import Parameter
from umserver.edges.admin.quoting import begun, quoted
from umserver.org.sections import identity_of

TRUTHS = ("$true", "$false")
MOST_NAMES = 200
"""So many objects are offered; who has more types a beginning."""
MOST_LOOKED_AT = 5000
"""So many mailboxes are looked at for a beginning."""
OF_PROPERTIES = ("SortBy", "Property", "Filter")


@define
class Completion:
    """Offers what fits; names are looked up when they are asked for."""

    archive: Callable[[], Archive]
    commands: Sequence[str]
    """What can be typed beside cmdlets."""
    _names: dict[str, list[str]] = field(init=False, factory=dict)

    def forget(self) -> None:
        """Names may have changed."""
        self._names.clear()

    def offers(self, text: str) -> tuple[list[str], int]:
        """What can stand in the place of the word being typed, and where that word starts."""
        words, start = begun(text)
        typed = words.pop()
        found = [word for word in self._fitting(words, typed) if _begins(word, typed)]
        return sorted(dict.fromkeys(found), key=str.casefold), start

    def _fitting(self, words: Sequence[str], typed: str) -> Iterable[str]:
        """Everything that may stand there."""
        if not words:
            return [*(one.name for one in cmdlets()), *by_word(), *self.commands]
        first = words[0].casefold()
        if first == "help":
            return self._about(words)
        cmdlet, given = by_name().get(first), list(words[1:])
        if cmdlet is None and first in by_word():
            if not given:
                return by_word()[first]
            cmdlet = by_word()[first].get(given.pop(0).casefold())
        return [] if cmdlet is None else self._of(cmdlet, given, typed)

    def _about(self, words: Sequence[str]) -> Iterable[str]:
        """What help can be asked about: topics, commands, and the sections of the settings."""
        if len(words) == 1:
            return [*pages.names(), *(one.name for one in cmdlets()), *by_word(), *self.commands]
        if len(words) == 2 and words[1].casefold() == pages.SETTINGS:
            return [path.partition(".")[0] for path in pages.bootstrap_settings()]
        return []

    def _of(self, cmdlet: Cmdlet, given: Sequence[str], typed: str) -> Iterable[str]:
        common = VIEWING if cmdlet.shows else CHANGING
        known = {p.name: p for p in (*cmdlet.parameters, *common)}
        if typed.startswith("-"):
            used = {fold(word) for word in given if word.startswith("-")}
            return [f"-{name}" for name in known if fold(name) not in used]
        before = given[-1] if given else ""
        if before.startswith("-"):
            try:
                parameter = known[choose(before, known, "parameter")]
            except Mistyped:
                return []
            if not parameter.switch or parameter.form != "text":
                return self._values(cmdlet, parameter, typed)
        first = known.get(cmdlet.first)
        alone = first is not None and not any(not word.startswith("-") for word in given)
        return self._values(cmdlet, first, typed) if first is not None and alone else []

    def _values(self, cmdlet: Cmdlet, parameter: Parameter, typed: str) -> Iterable[str]:
        if parameter.choices:
            return [quoted(choice) for choice in parameter.choices]
        if parameter.name == "Format":
            return FORMATS
        if parameter.form.startswith("$true"):
            return TRUTHS
        if parameter.name in OF_PROPERTIES:
            return [p.name for p in cmdlet.parameters if p.setting is not None]
        section = parameter.section
        if section == "mailboxes":
            return self._users(typed)
        return self._objects(section) if section else []

    def _objects(self, section: str) -> list[str]:
        if section not in self._names:
            things = getattr(self.archive().load(), section, ())
            self._names[section] = [quoted(identity_of(thing)) for thing in things]
        return self._names[section][:MOST_NAMES]

    def _users(self, typed: str) -> list[str]:
        wanted = typed.casefold()
        users = islice(self.archive().mailboxes(), MOST_LOOKED_AT)
        found = (
            word
            for user in users
            for word in (user.address, user.extension)
            if word.casefold().startswith(wanted) and (wanted or word == user.address)
        )
        return list(islice(found, MOST_NAMES))


def _begins(word: str, typed: str) -> bool:
    """Whether this begins as typed, whatever the capitals and quotes."""
    return word.casefold().lstrip("\"'").startswith(typed.casefold().lstrip("\"'"))
