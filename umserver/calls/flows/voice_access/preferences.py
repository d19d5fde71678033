"""How times are told, and what voice access begins with; kept with the mailbox (spec 5.7).

Knows: time zones by region, clocks, interfaces. Must never know: where settings are kept. What was
chosen acts on the next word.
"""

from __future__ import annotations

from attrs import evolve
from twisted.logger import Logger

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.grammar import local_time
from umserver.calls.grammar.places import REGIONS, place_of
from umserver.interfaces import Unavailable
from umserver.org.faults import SettingsFaults

log = Logger()

PAGE = 9
"""Places that are read out at once."""
_MORE, _BACK = "#", "*"


async def switch_interface(owner: Owner) -> None:
    """Between keys and speech."""
    speech = owner.mailbox.voice_access_interface != "Speech"
    if await _keep(owner, voice_access_interface="Speech" if speech else "Touchtone"):
        await owner.say("interface-speech" if speech else "interface-keys")


async def switch_clock(owner: Owner) -> None:
    """Between 12 and 24 hours; the time is told the new way."""
    twelve = _time(owner, None) == _time(owner, True) if owner.twelve is None else owner.twelve
    if await _keep(owner, hour_clock="24" if twelve else "12"):
        await owner.say_filled("clock-is", time=_time(owner, owner.twelve))


async def choose_time_zone(owner: Owner) -> None:
    """A region, then a place in it. Raises HungUp, TimeUp."""
    await _tell_zone(owner)
    prompt = await owner.speaker.clips("time-zone-regions")
    regions = {**{key: key for key in REGIONS}, _BACK: ""}
    region = await menu(owner.call, owner.speaker, prompt, regions, tries=owner.tries)
    zone = await _place(owner, region) if region else ""
    if zone and await _keep(owner, time_zone=zone):
        await _tell_zone(owner)
    elif not zone:
        await owner.say("not-changed")


async def _place(owner: Owner, region: str) -> str:
    """A zone of this region, page by page; empty for none."""
    zones, first = REGIONS[region], 0
    digit = owner.grammar.digits
    while True:
        shown = zones[first : first + PAGE]
        choices, prompt = {_BACK: ""}, []
        for number, zone in enumerate(shown, start=1):
            choices[str(number)] = zone
            place = place_of(zone, owner.speaker.language)
            key = digit(str(number))
            prompt.append(await owner.clip("time-zone-choice", place=place, key=key))
        if len(zones) > PAGE:
            choices[_MORE] = _MORE
            prompt += await owner.speaker.clips("time-zone-more")
        prompt += await owner.speaker.clips("choice-back")
        zone = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries) or ""
        if zone != _MORE:
            return zone
        first = first + PAGE if first + PAGE < len(zones) else 0


async def _tell_zone(owner: Owner) -> None:
    place = place_of(owner.mailbox.time_zone, owner.speaker.language)
    await owner.say_filled("time-zone-is", place=place, time=_time(owner, owner.twelve))


def _time(owner: Owner, twelve: bool | None) -> str:
    """What time it is for the owner."""
    now = local_time(owner.office.wall(), owner.mailbox.time_zone)
    return owner.grammar.time(now, twelve=twelve)


async def _keep(owner: Owner, **changes: str) -> bool:
    """Durably, and for the rest of this call; False after saying that nothing was changed."""
    changing = owner.office.desk.change(
        "mailboxes", owner.address, changes, by=owner.address, why="personal options by telephone"
    )
    try:
        await owner.patiently(changing)
    except (Unavailable, SettingsFaults, LookupError) as fault:
        log.error("a setting stays as it is: {fault}", call=owner.call.id, fault=fault)
        await owner.say("not-changed")
        return False
    owner.mailbox = evolve(owner.mailbox, **changes)  # type: ignore[arg-type]
    return True
