"""What is said about a message: from whom, when, how long, how marked (spec 5.3).

Knows: which facts come before a message and which only on demand. Must never know: mailboxes.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.walk import counts
from umserver.calls.grammar import local_time
from umserver.interfaces import Clip, Unavailable
from umserver.org.messages import CallerId, VoiceMail


async def summary(owner: Owner, messages: Sequence[VoiceMail]) -> Clip:
    """`You have two new messages and one saved message.` A count of zero is skipped."""
    new, saved = counts(messages)
    if not new and not saved:
        return await owner.clip("no-messages")
    said = [owner.grammar.count(new, "new-message")] * bool(new)
    said += [owner.grammar.count(saved, "saved-message")] * bool(saved)
    return await owner.clip("message-summary", messages=owner.grammar.listed(said))


async def header(owner: Owner, message: VoiceMail) -> list[Clip]:
    """What is said before a message: marks, sender, time."""
    marks = ["message-is-urgent"] * message.urgent + ["message-is-private"] * message.private
    marks += ["message-is-flagged"] * message.flagged
    return [*await owner.speaker.clips(*marks), *await _from(owner, message)]


async def whole(owner: Owner, message: VoiceMail) -> list[Clip]:
    """Everything about it."""
    clips = await header(owner, message)
    if message.sender.number and message.sender.name:
        number = spelled(owner, message.sender.number)
        clips.append(await owner.clip("message-number", number=number))
    if message.seconds:
        length = owner.grammar.duration(message.seconds)
        clips.append(await owner.clip("message-length", length=length))
    return clips


def spelled(owner: Owner, number: str) -> str:
    """A number as it is said; an address as it stands."""
    return owner.grammar.telephone(number) if number.lstrip("+").isdigit() else number


def called(owner: Owner, who: CallerId) -> str:
    """How somebody is called: by name, else by number; empty for an unknown caller."""
    return who.name or spelled(owner, who.number)


async def _from(owner: Owner, message: VoiceMail) -> list[Clip]:
    """Sender and time; a colleague by the name that was recorded, where there is one."""
    zone = owner.mailbox.time_zone
    when = owner.grammar.moment(
        local_time(message.received, zone),
        local_time(owner.office.wall(), zone),
        twelve=owner.twelve,
    )
    who = called(owner, message.sender)
    if not who:
        return [await owner.clip("message-from-unknown", when=when)]
    name = await _recorded(owner, message.sender.address)
    if name is None:
        return [await owner.clip("message-from", sender=who, when=when)]
    before = await owner.clip("message-from-before")
    return [before, name, await owner.clip("message-when", when=when)]


async def _recorded(owner: Owner, address: str) -> Clip | None:
    """The name that somebody recorded."""
    if not address:
        return None
    try:
        return await owner.patiently(owner.office.greetings.recorded(address, "name"))
    except Unavailable:
        return None
