"""Time zones as people name them: by region, each by a place (spec 5.7).

Knows: places and their names in every language that we speak. Must never know: whose zone it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

REGIONS: Mapping[str, Sequence[str]] = {
    "1": (
        "Europe/London",
        "Europe/Paris",
        "Europe/Berlin",
        "Europe/Madrid",
        "Europe/Athens",
        "Europe/Istanbul",
        "Europe/Moscow",
        "Atlantic/Azores",
        "UTC",
    ),
    "2": (
        "America/New_York",
        "America/Chicago",
        "America/Denver",
        "America/Phoenix",
        "America/Los_Angeles",
        "America/Anchorage",
        "Pacific/Honolulu",
        "America/Halifax",
        "America/St_Johns",
        "America/Toronto",
        "America/Vancouver",
        "America/Mexico_City",
    ),
    "3": (
        "America/Bogota",
        "America/Lima",
        "America/Caracas",
        "America/Santiago",
        "America/Sao_Paulo",
        "America/Argentina/Buenos_Aires",
        "America/Martinique",
        "America/Cayenne",
    ),
    "4": (
        "Asia/Jerusalem",
        "Asia/Riyadh",
        "Asia/Dubai",
        "Asia/Tehran",
        "Asia/Karachi",
        "Asia/Kolkata",
        "Asia/Dhaka",
        "Asia/Bangkok",
        "Asia/Shanghai",
        "Asia/Singapore",
        "Asia/Tokyo",
        "Asia/Seoul",
    ),
    "5": (
        "Africa/Casablanca",
        "Africa/Algiers",
        "Africa/Tunis",
        "Africa/Dakar",
        "Africa/Lagos",
        "Africa/Cairo",
        "Africa/Nairobi",
        "Africa/Johannesburg",
        "Indian/Reunion",
    ),
    "6": (
        "Australia/Perth",
        "Australia/Darwin",
        "Australia/Brisbane",
        "Australia/Adelaide",
        "Australia/Sydney",
        "Pacific/Noumea",
        "Pacific/Auckland",
        "Pacific/Tahiti",
    ),
}
"""Zones by the key of their region: Europe, North and South America, Asia, Africa, the Pacific."""
_NAMES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "UTC": "universal time",
        "Atlantic/Azores": "the Azores",
        "America/St_Johns": "Saint John's",
        "America/Sao_Paulo": "São Paulo",
        "Indian/Reunion": "Réunion",
        "Pacific/Noumea": "Nouméa",
    },
    "fr": {
        "UTC": "le temps universel",
        "Europe/London": "Londres",
        "Europe/Athens": "Athènes",
        "Europe/Moscow": "Moscou",
        "Europe/Istanbul": "Istanbul",
        "Atlantic/Azores": "les Açores",
        "America/St_Johns": "Saint-Jean de Terre-Neuve",
        "America/Mexico_City": "Mexico",
        "America/Sao_Paulo": "São Paulo",
        "America/Santiago": "Santiago du Chili",
        "Asia/Jerusalem": "Jérusalem",
        "Asia/Riyadh": "Riyad",
        "Asia/Dubai": "Dubaï",
        "Asia/Tehran": "Téhéran",
        "Asia/Dhaka": "Dacca",
        "Asia/Kolkata": "Calcutta",
        "Asia/Singapore": "Singapour",
        "Asia/Seoul": "Séoul",
        "Africa/Algiers": "Alger",
        "Africa/Cairo": "Le Caire",
        "Indian/Reunion": "La Réunion",
        "Pacific/Noumea": "Nouméa",
    },
}


def place_of(zone: str, language: str) -> str:
    """The place by which a zone is called: Europe/Paris is Paris, in the language's spelling."""
    names = _NAMES.get(language.partition("-")[0].casefold(), {})
    return names.get(zone) or zone.rpartition("/")[2].replace("_", " ")
