"""Answering a message: to its sender, to everybody, or sending it on (spec 5.3, 5.6).

Knows: to whom one may answer. Must never know: how messages travel.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.calls.flows.voice_access.composing import FORWARDING, Turn, gather
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.parties import Party, are_too_many, parties_at
from umserver.calls.flows.voice_access.sending import About, record_and_send, send_as_it_is
from umserver.interfaces import Unplayable
from umserver.org.conversations import answering, subject_after
from umserver.org.messages import VoiceMail

log = Logger()


def others_of(owner: Owner, message: VoiceMail) -> tuple[str, ...]:
    """Who else got the message, beside owner and sender; nobody where it cannot be answered."""
    if not message.sender.address:
        return ()
    known = {owner.address.casefold(), message.sender.address.casefold()}
    return tuple(one for one in message.recipients if one.casefold() not in known)


async def reply(owner: Owner, message: VoiceMail) -> None:
    """A voice message back to the sender, where that is somebody with a mailbox."""
    await _reply(owner, message, (message.sender.address,))


async def reply_all(owner: Owner, message: VoiceMail) -> None:
    """The same to everybody who got the message too."""
    await _reply(owner, message, (message.sender.address, *others_of(owner, message)))


async def _reply(owner: Owner, message: VoiceMail, addresses: tuple[str, ...]) -> None:
    parties = await parties_at(owner, filter(None, addresses))
    if not message.sender.address or not parties:
        await owner.say("answer-not-possible")
        return
    if are_too_many(parties):
        await owner.say("recipients-full", "not-sent")
        return
    about = About(subject_after("RE", message.subject), answering(message))
    await record_and_send(owner, parties, about)


async def forward(owner: Owner, message: VoiceMail) -> None:
    """The message with or without a comment to others; not if it is private (spec 5.3)."""
    if message.private:
        await owner.say("forward-private")
        return
    try:
        sounds = await owner.patiently(owner.box.attachments(message.id))
    except Unplayable as fault:
        log.warn("a message cannot be forwarded: {fault}", call=owner.call.id, fault=fault)
        await owner.say("message-unplayable")
        return
    parties: list[Party] = []
    turn = await gather(owner, parties, "forward-menu", FORWARDING)
    about = About(
        subject_after("FW", message.subject),
        answering(message),
        tuple(sounds),
        float(message.seconds),
    )
    if turn is Turn.RECORD:
        await record_and_send(owner, parties, about)
    elif turn is Turn.AS_IT_IS:
        await send_as_it_is(owner, parties, about)
