"""Which installed language takes the place of one that is not (spec 9.8, 5.10).

Knows: relations between languages. Must never know: which are installed; that is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

LAST = "en-US"
"""Always installed."""
_CHINESE = ("zh-CN", "zh-HK", "zh-TW")
RELATIONS: dict[str, Sequence[str]] = {
    "fr-CA": ("fr-FR",),
    "fr-FR": ("fr-CA",),
    "es-ES": ("es-MX",),
    "es-MX": ("es-ES",),
    "pt-BR": ("pt-PT",),
    "pt-PT": ("pt-BR",),
    "en-AU": ("en-GB", "en-US"),
    "en-CA": ("en-US", "en-GB"),
    "en-GB": ("en-AU", "en-US"),
    "en-IN": ("en-GB", "en-US"),
    "en-US": ("en-CA", "en-GB"),
    **{one: tuple(other for other in _CHINESE if other != one) for one in _CHINESE},
}
"""By tag the relations that are tried first; after them any other one of the same language."""


def best_language(wanted: Sequence[str], installed: Collection[str]) -> str:
    """The first of the wanted languages that can be spoken, itself or by a relation; else en-US.

    Empty ones are passed over.
    """
    known = {tag.casefold(): tag for tag in installed}
    for language in wanted:
        tag = language.replace("_", "-").casefold()
        for candidate in _candidates(tag, sorted(known)):
            if candidate in known:
                return known[candidate]
    return LAST


def _candidates(tag: str, known: Sequence[str]) -> list[str]:
    if not tag:
        return []
    relations = {key.casefold(): others for key, others in RELATIONS.items()}.get(tag, ())
    family = tag.partition("-")[0]
    others = [one for one in known if one.partition("-")[0] == family]
    return [tag, *(other.casefold() for other in relations), *others]
