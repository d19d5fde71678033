"""Answering a message: a voice reply, forwarding it with a comment, calling its sender (spec 5.3,
5.6, 5.9).

Knows: to whom one may answer, and the rules of dialling out. Must never know: how messages travel.
"""

from __future__ import annotations

from attrs import define, evolve
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from umserver.calls.dialogs import menu
from umserver.calls.digits import BACK_KEY, enter_digits
from umserver.calls.envelopes import envelope_for
from umserver.calls.flows.leave_message.deciding import take_message
from umserver.calls.flows.leave_message.visit import Visit
from umserver.calls.flows.voice_access.owner import Owner
from umserver.interfaces import Clip, IDraft, Unavailable, Unplayable
from umserver.org.dialing import allowed_to_dial
from umserver.org.messages import CallerId, Choices, VoiceMail
from umserver.org.resolve import LeaveMessage
from umserver.org.settings import Mailbox

log = Logger()


@implementer(IDraft)
@define(eq=False)
class Enclosing:
    """A draft that ends with the sound of another message: a comment, and what it is about."""

    comment: IDraft
    original: Clip

    @property
    def id(self) -> str:
        """See `IDraft`."""
        return self.comment.id

    def append(self, codec: str, data: bytes) -> Deferred[None]:
        """See `IDraft`: more of the comment."""
        return self.comment.append(codec, data)

    def clip(self) -> Deferred[Clip]:
        """The comment alone."""
        return self.comment.clip()

    def erase(self) -> Deferred[None]:
        """Forget the comment."""
        return self.comment.erase()

    def commit(self, choices: Choices) -> Deferred[None]:
        """Add the original, then send both."""
        added = self.comment.append("PCMU", self.original.encoded["PCMU"])
        return added.addCallback(lambda _: self.comment.commit(choices))

    def miss(self) -> Deferred[None]:
        """Nothing is sent."""
        return self.comment.discard()

    def discard(self) -> Deferred[None]:
        """Nothing is sent."""
        return self.comment.discard()


async def reply(owner: Owner, message: VoiceMail) -> None:
    """A voice message back to a sender who is one of our users."""
    recipient = await _user(owner, message.sender)
    if recipient is None:
        await owner.say("answer-not-possible")
        return
    await send(owner, recipient, None)


async def forward(owner: Owner, message: VoiceMail) -> None:
    """The message with or without a comment to somebody else; not if it is private (spec 5.3)."""
    if message.private:
        await owner.say("forward-private")
        return
    try:
        sound = await owner.patiently(owner.box.sound(message.id))
    except Unplayable as fault:
        log.warn("a message cannot be forwarded: {fault}", call=owner.call.id, fault=fault)
        await owner.say("message-unplayable")
        return
    recipient = await _asked_recipient(owner)
    if recipient is None:
        return
    choices = {"1": True, "#": False}
    prompt = await owner.speaker.clips("forward-comment")
    comment = await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries)
    if comment is None:
        await owner.say("not-sent")
    elif comment:
        await send(owner, recipient, sound)
    else:
        await _send_as_it_is(owner, recipient, sound)


async def compose(owner: Owner) -> None:
    """A new voice message to a user."""
    recipient = await _asked_recipient(owner)
    if recipient is not None:
        await send(owner, recipient, None)


async def call_sender(owner: Owner, message: VoiceMail) -> None:
    """Send the owner on to the number that called, where the policy lets it be dialled (4.9)."""
    plan, number = owner.route.dial_plan, message.sender.number
    user = await _user(owner, message.sender)
    dialing = allowed_to_dial(plan, owner.policy, number, is_user=user is not None)
    if dialing.number is None:
        log.info("no call to the sender: {why}", call=owner.call.id, why=dialing.reasons)
        await owner.say("call-not-allowed" if number else "call-no-number")
        return
    await owner.say("call-transferring", keys="")
    log.info("event 1024: transferring to the sender of a message", call=owner.call.id)
    if await owner.call.transfer(dialing.number):
        owner.office.facts["left"] = "transferred"
        await owner.call.hang_up()
    await owner.say("transfer-failed")


async def send(owner: Owner, recipient: Mailbox, original: Clip | None) -> None:
    """Record a message to this user and let the owner decide about it as callers do (spec 5.6)."""
    route = _route(owner, recipient)
    try:
        draft = await owner.patiently(_begun(owner, route))
    except Unavailable as fault:
        log.error("no room for a message: {fault}", call=owner.call.id, fault=fault)
        await owner.say("disk-apology-nothing")
        return
    draft = draft if original is None else Enclosing(draft, original)
    visit = Visit(owner.call, owner.office, route, owner.speaker, draft, goes_on=True)
    try:
        await owner.say("record-to-send", keys="#")
        await take_message(visit)
    finally:
        await visit.settle()
        owner.office.facts.pop("left", None)


async def _send_as_it_is(owner: Owner, recipient: Mailbox, original: Clip) -> None:
    try:
        draft = Enclosing(await owner.patiently(_begun(owner, _route(owner, recipient))), original)
        await owner.patiently(draft.commit(Choices()))
    except Unavailable as fault:
        log.error("a message cannot be forwarded: {fault}", call=owner.call.id, fault=fault)
        await owner.say("disk-apology-nothing")
    else:
        await owner.say("message-sent")


def _begun(owner: Owner, route: LeaveMessage) -> Deferred[IDraft]:
    envelope = envelope_for(owner.call, owner.office, route)
    return owner.office.spool.begin(evolve(envelope, missed_call_wanted=False))


def _route(owner: Owner, recipient: Mailbox) -> LeaveMessage:
    """As if the owner had called the recipient; the sender's policy says if it may be private."""
    mine = owner.mailbox
    policy = evolve(
        owner.policy,
        protect_unauthenticated_voice_mail=owner.policy.protect_authenticated_voice_mail,
    )
    return LeaveMessage(
        dial_plan=owner.route.dial_plan,
        caller=CallerId(mine.extension, mine.display_name, mine.address),
        mailbox=recipient,
        policy=policy,
    )


async def _user(owner: Owner, who: CallerId) -> Mailbox | None:
    """Our user with this number, where a message came from one."""
    if not (who.address and who.number):
        return None
    return await _with_number(owner, who.number)


async def _with_number(owner: Owner, number: str) -> Mailbox | None:
    plan = owner.route.dial_plan.name
    try:
        found = await owner.patiently(owner.office.directory.find(plan, [number]))
    except Unavailable as fault:
        log.error("nobody can be looked up: {fault}", call=owner.call.id, fault=fault)
        return None
    mailbox = found.get(number)
    return mailbox if mailbox is not None and mailbox.um_enabled else None


async def _asked_recipient(owner: Owner) -> Mailbox | None:
    """A user by extension, who is named; None when the owner wants nobody after all."""
    digits = owner.route.dial_plan.number_of_digits_in_extension
    for _ in range(owner.tries):
        prompt = await owner.speaker.clips("enter-recipient")
        typed = await enter_digits(owner.call, prompt, most=digits, exact=True)
        if typed == BACK_KEY:
            break
        mailbox = await _with_number(owner, typed) if typed and len(typed) == digits else None
        if mailbox is not None:
            await owner.say_filled("recipient-is", name=mailbox.display_name)
            return mailbox
        await owner.say("recipient-unknown" if typed else "are-you-there")
    await owner.say("not-sent")
    return None
