"""How a mail speaks: texts, dates, durations and numbers by language.

Knows: the words of a mail in each language; another language falls back to its nearest relation,
then to en-US. Must never know: MIME, HTML.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import phonenumbers
from attrs import frozen
from twisted.logger import Logger

log = Logger()


@frozen
class Words:
    """One language's texts; `{places}` are filled in."""

    tag: str
    voice_subject: str
    missed_subject: str
    voice_sentence: str
    missed_sentence: str
    no_message: str
    of: str
    """What leads to the caller's name in `{of_caller}`."""
    of_vowel: str
    """The same before a vowel."""
    unknown_caller: str
    """As a name."""
    somebody: str
    """The same within a sentence."""
    caller: str
    number: str
    address: str
    called: str
    recipients: str
    time: str
    length: str
    marks: str
    important: str
    private: str
    file_name: str
    call_back: str
    reasons: dict[str, str]
    one_second: str
    seconds: str
    minutes: str
    moment: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    twelve_hours: bool
    between: str
    """What stands between a label and its value in plain text."""


ENGLISH = Words(
    tag="en",
    voice_subject="Voice mail {of_caller} ({length})",
    missed_subject="Missed call {of_caller}",
    voice_sentence="You received a voice mail {of_caller}.",
    missed_sentence="You missed a call {of_caller}.",
    no_message="No message was left.",
    of="from ",
    of_vowel="from ",
    unknown_caller="Unknown caller",
    somebody="an unknown caller",
    caller="Caller",
    number="Number",
    address="E-mail",
    called="Called",
    recipients="To",
    time="Received",
    length="Length",
    marks="Marked",
    important="important",
    private="private",
    file_name="{caller} ({length}) Voice Mail",
    call_back="Call back",
    reasons={
        "DivertNoAnswer": "There was no answer at your phone.",
        "DivertBusy": "Your line was busy.",
        "DivertForward": "Your calls were being forwarded.",
    },
    one_second="1 second",
    seconds="{seconds} seconds",
    minutes="{minutes} min {seconds:02d} s",
    moment="{day}, {month} {date}, {year} at {clock} {zone}",
    days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    twelve_hours=True,
    between=": ",
)

FRENCH = Words(
    tag="fr",
    voice_subject="Message vocal {of_caller} ({length})",
    missed_subject="Appel manqué {of_caller}",
    voice_sentence="Vous avez reçu un message vocal {of_caller}.",
    missed_sentence="Vous avez manqué un appel {of_caller}.",
    no_message="Aucun message n’a été laissé.",
    of="de ",
    of_vowel="d’",
    unknown_caller="Appelant inconnu",
    somebody="un appelant inconnu",
    caller="Appelant",
    number="Numéro",
    address="Courriel",
    called="Destinataire",
    recipients="Destinataires",
    time="Reçu",
    length="Durée",
    marks="Signalé",
    important="important",
    private="privé",
    file_name="{caller} ({length}) Message vocal",
    call_back="Rappeler",
    reasons={
        "DivertNoAnswer": "Personne n’a répondu à votre téléphone.",
        "DivertBusy": "Votre ligne était occupée.",
        "DivertForward": "Vos appels étaient renvoyés.",
    },
    one_second="1 seconde",
    seconds="{seconds} secondes",
    minutes="{minutes} min {seconds:02d} s",
    moment="{day} {date} {month} {year} à {clock} {zone}",
    days=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    twelve_hours=False,
    between="\N{NO-BREAK SPACE}: ",
)

LANGUAGES = {words.tag: words for words in (ENGLISH, FRENCH)}


def words_for(language: str) -> Words:
    """The texts for a language tag (RFC 5646): fr-CA speaks fr; what nobody speaks is English."""
    return LANGUAGES.get(language.replace("_", "-").partition("-")[0].lower(), ENGLISH)


def of_caller(words: Words, caller: str) -> str:
    """`from Ada Example`, `d’Ada Example`."""
    first = unicodedata.normalize("NFKD", caller[:1].lower())[:1]
    return (words.of_vowel if first in set("aeiouyœæ") else words.of) + caller


@lru_cache(maxsize=256)
def time_zone(name: str) -> tzinfo:
    """The IANA zone; UTC when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        log.warn("time zone {name} is not known; times are shown in UTC", name=name[:60])
        return UTC


def local_time(received: float, zone: str) -> datetime:
    """Wall time in the user's zone; 1970 when it is no time at all."""
    try:
        return datetime.fromtimestamp(received, time_zone(zone))
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def spoken_moment(words: Words, moment: datetime) -> str:
    """`Tuesday, November 24, 2026 at 9:36 AM EST`."""
    if words.twelve_hours:
        clock = f"{moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"
    else:
        clock = f"{moment.hour:02d}:{moment.minute:02d}"
    return words.moment.format(
        day=words.days[moment.weekday()],
        month=words.months[moment.month - 1],
        date=moment.day,
        year=moment.year,
        clock=clock,
        zone=_zone_name(moment),
    )


def _zone_name(moment: datetime) -> str:
    """EST, CET; where the zone has no letters, its offset as UTC-03:00."""
    name = moment.tzname() or "UTC"
    if name.isalpha():
        return name
    offset = moment.strftime("%z")
    return f"UTC{offset[:3]}:{offset[3:5]}"


def spoken_length(words: Words, seconds: int) -> str:
    """`1 second`, `12 seconds`, `2 min 05 s`."""
    if seconds < 60:
        return words.one_second if seconds == 1 else words.seconds.format(seconds=seconds)
    return words.minutes.format(minutes=seconds // 60, seconds=seconds % 60)


def spoken_number(number: str) -> str:
    """The number as people write it: `(425) 555-0123`, `+33 1 23 45 67 89`, others as they are."""
    american = re.fullmatch(r"(?:\+?1)?([2-9]\d\d)([2-9]\d\d)(\d{4})", number)
    if american:
        return "({}) {}-{}".format(*american.groups())
    if re.fullmatch(r"\+\d{6,15}", number):
        try:
            parsed = phonenumbers.parse(number)
        except phonenumbers.NumberParseException:
            return number
        if phonenumbers.is_possible_number(parsed):
            return str(
                phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
            )
    return number


def telephone_link(number: str) -> str:
    """A `tel:` URI (RFC 3966) for numbers that can be dialled; empty for others."""
    plain = re.sub(r"[\s().-]", "", number)
    return f"tel:{plain}" if re.fullmatch(r"\+?[0-9*#]{2,32}", plain) else ""
