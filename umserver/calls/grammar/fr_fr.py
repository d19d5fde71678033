"""French as in France."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from umserver.calls.grammar.language import Grammar, Noun

_SMALL = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
]
_TENS = [
    "vingt",
    "trente",
    "quarante",
    "cinquante",
    "soixante",
    "soixante",
    "quatre-vingt",
    "quatre-vingt",
]
_WEEKDAYS = ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"]
_MONTHS = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
]


def cardinal(number: int, *, feminine: bool = False) -> str:
    """Vingt et un, quatre-vingts, deux cents, mille un."""
    if number < 0:
        return f"moins {cardinal(-number, feminine=feminine)}"
    if number >= 1_000_000:
        most, rest = divmod(number, 1_000_000)
        word = "million" if most == 1 else "millions"
        return f"{cardinal(most)} {word}" + _rest(rest, feminine)
    if number >= 1_000:
        most, rest = divmod(number, 1_000)
        before = "" if most == 1 else f"{_invariable(cardinal(most))} "
        return f"{before}mille" + _rest(rest, feminine)
    if number >= 100:
        most, rest = divmod(number, 100)
        before = "" if most == 1 else f"{_SMALL[most]} "
        return f"{before}cent{'s' if most > 1 and not rest else ''}" + _rest(rest, feminine)
    return _below_hundred(number, feminine)


def _rest(rest: int, feminine: bool) -> str:
    return f" {cardinal(rest, feminine=feminine)}" if rest else ""


def _invariable(said: str) -> str:
    """Cents and vingts lose their s before mille."""
    return said.removesuffix("s") if said.endswith(("cents", "vingts")) else said


def _below_hundred(number: int, feminine: bool) -> str:
    one = "une" if feminine else "un"
    if number < 20:
        return one if number == 1 else _SMALL[number]
    tens = number // 10
    rest = number - (tens - tens % 2 if tens >= 6 else tens) * 10
    if not rest:
        return "quatre-vingts" if number == 80 else _TENS[tens - 2]
    if rest in (1, 11) and number < 80:
        return f"{_TENS[tens - 2]} et {one if rest == 1 else 'onze'}"
    return f"{_TENS[tens - 2]}-{one if rest == 1 else _SMALL[rest]}"


def clock(hour: int, minute: int, *, twelve: bool | None = None) -> str:
    """Quinze heures cinq; midi et minuit; with twelve hours trois heures cinq de l'après-midi."""
    minutes = f" {cardinal(minute, feminine=True)}" if minute else ""
    if hour in (0, 12) and twelve is not False:
        return ("midi" if hour else "minuit") + minutes
    part = ""
    if twelve:
        part = " du matin" if hour < 12 else " de l'après-midi" if hour < 18 else " du soir"
        hour = (hour - 1) % 12 + 1
    word = "heure" if hour < 2 else "heures"
    return f"{cardinal(hour, feminine=True)} {word}{minutes}{part}"


def day(when: datetime, now: datetime) -> str:
    """Aujourd'hui, hier, demain, lundi (within a week), le trois novembre."""
    days = (when.date() - now.date()).days
    near = {0: "aujourd'hui", -1: "hier", 1: "demain"}
    if days in near:
        return near[days]
    if abs(days) < 7:
        return _WEEKDAYS[when.isoweekday() % 7]
    number = "premier" if when.day == 1 else cardinal(when.day)
    said = f"le {number} {_MONTHS[when.month - 1]}"
    return said if when.year == now.year else f"{said} {cardinal(when.year)}"


def phone_groups(digits: str) -> Sequence[str]:
    """Pairs, each a number; zero un, quarante-deux. A code of an odd length stands before them."""
    if len(digits) < 6:
        return [" ".join(_SMALL[int(digit)] for digit in digits)]
    odd = len(digits) % 2
    code = [_SMALL[int(digits[0])]] if odd else []
    pairs = (digits[place : place + 2] for place in range(odd, len(digits), 2))
    return code + [_pair(pair) for pair in pairs]


def _pair(pair: str) -> str:
    return f"zéro {_SMALL[int(pair[1])]}" if pair[0] == "0" else cardinal(int(pair))


def _noun(one: str, many: str = "", *, feminine: bool = False) -> Noun:
    none = f"aucune {one}" if feminine else f"aucun {one}"
    return Noun(one, many or f"{one}s", none, feminine)


GRAMMAR = Grammar(
    language="fr-FR",
    cardinal=cardinal,
    digit_words=_SMALL[:10],
    nouns={
        "message": _noun("message"),
        "new-message": _noun("nouveau message", "nouveaux messages"),
        "saved-message": _noun("message conservé", "messages conservés"),
        "deleted-message": _noun("message supprimé", "messages supprimés"),
        "urgent-message": _noun("message urgent", "messages urgents"),
        "voice-message": _noun("message vocal", "messages vocaux"),
        "new-voice-message": _noun("nouveau message vocal", "nouveaux messages vocaux"),
        "saved-voice-message": _noun("message vocal conservé", "messages vocaux conservés"),
        "recipient": _noun("destinataire"),
        "person": _noun("personne", feminine=True),
        "name": _noun("nom"),
        "digit": _noun("chiffre"),
        "day": _noun("jour"),
        "hour": _noun("heure", feminine=True),
        "minute": _noun("minute", feminine=True),
        "second": _noun("seconde", feminine=True),
    },
    phone_groups=phone_groups,
    plus="plus",
    signs={"*": "étoile", "#": "dièse"},
    clock=clock,
    day=day,
    at=lambda day, time: f"{day} à {time}",
    weekdays=_WEEKDAYS,
    first_weekday=1,
    weekly=lambda day: f"le {day}",
    days_between=lambda first, last: f"du {first} au {last}",
    times_between=lambda start, end: f"de {start} à {end}",
    all_day="toute la journée",
    always="à toute heure",
    never="à aucun moment",
    both=lambda days, hours: f"{days}, {hours}",
    conjunctions=("et", "ou"),
    serial_comma=False,
)
