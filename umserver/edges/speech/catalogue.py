"""What is spoken, by prompt name and language.

Knows: TOML files `<language>.toml` whose top-level keys are prompt names and whose values are texts
with `{places}`. Must never know: sound, calls.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Formatter

from attrs import frozen


class CatalogueFaults(ValueError):
    """The catalogue cannot be used; `args` are all its faults, each naming file and prompt."""

    def __str__(self) -> str:
        """All faults, one a line."""
        return "\n".join(str(fault) for fault in self.args)


def places(text: str) -> frozenset[str]:
    """The names in braces in this text. A broken brace is a ValueError."""
    found = set()
    for _, name, spec, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise ValueError(f"the place {{{name}}} is not a plain name")
        found.add(name)
    return frozenset(found)


@frozen
class Catalogue:
    """All prompts of all languages."""

    texts: Mapping[str, Mapping[str, str]]
    """Text by prompt name, by language tag (en-US)."""

    @property
    def languages(self) -> Sequence[str]:
        """The language tags, sorted."""
        return sorted(self.texts)

    def closest(self, language: str) -> str:
        """The catalogue's language for this tag: itself, a sibling (fr-CA: fr-FR), or en-US."""
        wanted = language.replace("_", "-").lower()
        for candidate in self.languages:
            if candidate.lower() == wanted:
                return candidate
        for candidate in self.languages:
            if candidate.lower().split("-")[0] == wanted.split("-")[0]:
                return candidate
        return "en-US" if "en-US" in self.texts else self.languages[0]

    def text(self, language: str, name: str, values: Mapping[str, str]) -> str:
        """What is to be said. An unknown prompt or a place without a value is a KeyError."""
        return self.texts[self.closest(language)][name].format_map(values)

    def plain(self, language: str) -> Sequence[str]:
        """Names of the prompts without places, which can be rendered in advance."""
        texts = self.texts[self.closest(language)]
        return sorted(name for name, text in texts.items() if not places(text))


def _read(path: Path, faults: list[str]) -> dict[str, str]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        faults.append(f"{path}: {fault}")
        return {}
    texts = {}
    for name, text in table.items():
        if not isinstance(text, str) or not text.strip():
            faults.append(f"{path}: {name}: must be a text")
            continue
        try:
            places(text)
        except ValueError as fault:
            faults.append(f"{path}: {name}: {fault}")
            continue
        texts[name] = " ".join(text.split())
    return texts


def _compare(texts: Mapping[str, Mapping[str, str]], faults: list[str]) -> None:
    """All languages must have the same prompts with the same places."""
    every = set().union(*texts.values())
    for language, own in sorted(texts.items()):
        faults.extend(f"{language}: {name} is missing" for name in sorted(every - own.keys()))
    for name in sorted(every):
        found = {lang: places(own[name]) for lang, own in sorted(texts.items()) if name in own}
        if len(set(found.values())) > 1:
            said = ", ".join(f"{lang} {sorted(names)}" for lang, names in found.items())
            faults.append(f"{name}: the places differ: {said}")


def load_catalogue(folders: Sequence[Path]) -> Catalogue:
    """Read every `<language>.toml` of these folders; later folders override single prompts.

    Raises CatalogueFaults with everything that is wrong.
    """
    faults: list[str] = []
    texts: dict[str, dict[str, str]] = {}
    for folder in folders:
        for path in sorted(folder.glob("*.toml")):
            texts.setdefault(path.stem, {}).update(_read(path, faults))
    if not texts:
        faults.append(f"no prompts found in {', '.join(str(folder) for folder in folders)}")
    else:
        _compare(texts, faults)
    if faults:
        raise CatalogueFaults(*faults)
    return Catalogue(texts)
