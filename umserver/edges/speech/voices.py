"""Which voice of the engine speaks which language, and how.

Knows: language tags and espeak-ng's voice names. Must never know: texts, processes.
"""

from __future__ import annotations

VOICES = {
    "ca": "ca",
    "da": "da",
    "de": "de",
    "en": "en-us",
    "en-au": "en",
    "en-gb": "en",
    "en-in": "en",
    "en-us": "en-us",
    "es": "es",
    "es-mx": "es-419",
    "fi": "fi",
    "fr": "fr",
    "fr-be": "fr-be",
    "fr-ch": "fr-ch",
    "it": "it",
    "ja": "ja",
    "ko": "ko",
    "nb": "nb",
    "nl": "nl",
    "no": "nb",
    "pl": "pl",
    "pt": "pt",
    "pt-br": "pt-br",
    "ru": "ru",
    "sv": "sv",
    "zh": "cmn",
}
"""espeak-ng voice by language tag in lower case; a region that is not listed takes its language."""

DEFAULT_VOICE = "en-us"

WORDS_A_MINUTE = 155
"""Slow enough for a bad line."""

PITCH = 45
"""0–100; a little below the engine's middle, which carries better in the telephone band."""


def voice_for(language: str) -> str:
    """The voice for a tag such as fr-CA: its own, its language's, or the default."""
    tag = language.replace("_", "-").lower()
    return VOICES.get(tag) or VOICES.get(tag.split("-")[0]) or DEFAULT_VOICE
