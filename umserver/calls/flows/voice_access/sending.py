"""Recording a message to people and sending it, or sending on what came (spec 5.6).

Knows: what is in a message of a user. Must never know: how recipients are chosen, how mail travels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from attrs import evolve, frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.flows.leave_message.deciding import take_message
from umserver.calls.flows.leave_message.visit import Visit, begun
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.parties import Party, recipients_of
from umserver.interfaces import IDraft, Unavailable
from umserver.org.messages import Attachment, CallerId, Choices, Envelope, new_identity
from umserver.org.routes import LeaveMessage

log = Logger()


@frozen
class About:
    """What a message answers or sends on; nothing for one of its own."""

    subject: str = ""
    references: tuple[str, ...] = ()
    enclosed: tuple[Attachment, ...] = ()
    seconds: float = 0.0
    """How long the enclosed sounds are together."""


NEW = About()


async def record_and_send(owner: Owner, parties: Sequence[Party], about: About = NEW) -> None:
    """Record a message and let the owner decide about it as callers do. Raises HungUp, TimeUp.

    What was said is kept, however slow the disk is, without keeping anybody on the line.
    """
    try:
        draft = await _begun(owner, parties, about, lambda draft: draft.miss())
    except Unavailable as fault:
        await _no_room(owner, fault)
        return
    visit = Visit(owner.call, owner.office, _route(owner), owner.speaker, draft, goes_on=True)
    try:
        await owner.say("record-to-send", keys="#")
        await take_message(visit)
    finally:
        await owner.call.ready(Deferred.fromCoroutine(visit.settle()))
        owner.office.facts.pop("left", None)


async def send_as_it_is(owner: Owner, parties: Sequence[Party], about: About) -> None:
    """Send on what came, without a word. Raises HungUp, TimeUp."""
    try:
        draft = await _begun(owner, parties, about, lambda draft: draft.commit(Choices()))
        await owner.patiently(draft.commit(Choices()))
    except Unavailable as fault:
        await _no_room(owner, fault)
    else:
        await owner.say("message-sent")


async def _no_room(owner: Owner, fault: Unavailable) -> None:
    log.error("no room for a message: {fault}", call=owner.call.id, fault=fault)
    await owner.say("disk-apology-nothing")


async def _begun(
    owner: Owner,
    parties: Sequence[Party],
    about: About,
    abandoned: Callable[[IDraft], Deferred[None]],
) -> IDraft:
    beginning = owner.office.spool.begin(_envelope(owner, parties, about), about.enclosed)
    return await begun(owner.call, owner.speaker, beginning, abandoned)


def _envelope(owner: Owner, parties: Sequence[Party], about: About) -> Envelope:
    """Everything about a message of the owner's; `parties` are at least one."""
    office, mine = owner.office, owner.mailbox
    received = office.wall()
    id, message_id = new_identity(received, office.random, office.host)
    first, *others = recipients_of(parties)
    shown = {one.address.casefold(): one for party in parties for one in party.shown}
    return Envelope(
        id=id,
        message_id=message_id,
        call_id=owner.call.id,
        received=received,
        mailbox=first.mailbox,
        mailbox_name=first.mailbox_name,
        extension=first.extension,
        caller=CallerId(mine.extension, mine.display_name, mine.address),
        language=first.language,
        time_zone=first.time_zone,
        audio_codec=first.audio_codec,
        extra_text=first.extra_text,
        missed_call_wanted=False,
        sent=True,
        subject=about.subject,
        references=about.references,
        also=tuple(others),
        addressed=tuple(shown.values()),
        enclosed_seconds=about.seconds,
    )


def _route(owner: Owner) -> LeaveMessage:
    """The bounds of a recording; the sender's policy says whether it may be private (spec 5.6)."""
    mine = owner.mailbox
    policy = evolve(
        owner.policy,
        protect_unauthenticated_voice_mail=owner.policy.protect_authenticated_voice_mail,
    )
    return LeaveMessage(
        dial_plan=owner.route.dial_plan,
        caller=CallerId(mine.extension, mine.display_name, mine.address),
        mailbox=mine,
        policy=policy,
    )
