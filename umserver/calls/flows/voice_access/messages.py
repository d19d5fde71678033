"""Going through the voice messages: hear, delete, keep, mark, answer (spec 5.3).

Knows: what each key does to a message. Must never know: how a mailbox is kept. A message counts as
heard when it was left by a key or played to its end, not when the owner hangs up in the middle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from attrs import define, field
from twisted.logger import Logger

from umserver.calls.flows.voice_access import answering, envelope
from umserver.calls.flows.voice_access.acts import WHILE_PLAYING, Act, asked
from umserver.calls.flows.voice_access.calling import call_sender, may_call_sender
from umserver.calls.flows.voice_access.languages import chosen_language
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.playing import listen
from umserver.calls.flows.voice_access.proof import proved
from umserver.calls.flows.voice_access.walk import Walk, in_order
from umserver.interfaces import Clip, Gone, Unplayable
from umserver.org.conversations import conversation_of
from umserver.org.messages import VoiceMail

log = Logger()

NEEDS_PIN = (Act.REPLY, Act.REPLY_ALL, Act.FORWARD, Act.CALL)
"""More than hearing one's messages."""


@define(eq=False)
class Round:
    """One round through a mailbox."""

    owner: Owner
    walk: Walk
    pace: float = 1.0
    """How fast messages are played, 1 being as they were spoken."""
    _kept_new: set[str] = field(init=False, factory=set)
    _told_of_saved: bool = field(init=False, default=False)
    _left: bool = field(init=False, default=False)
    """Whether the main menu was asked for."""

    async def go(self) -> bool:
        """From message to message; False when the owner fell silent. Raises Unavailable."""
        while (message := self.walk.here) is not None:
            if message.deleted or message.id in self.owner.hidden:
                self.walk.forward()
                continue
            try:
                if self.walk.enters_saved and not self._told_of_saved:
                    self._told_of_saved = True
                    await self.owner.say("saved-messages-follow")
                await self._header(message)
                act = await self._play(message)
                if not await self._decide(act):
                    return False
                if self._left:
                    return True
            except Gone:
                self.walk.drop()
                await self.owner.say("message-gone")
        await self.owner.say("no-more-messages")
        return True

    # hearing

    async def _header(self, message: VoiceMail) -> None:
        await self.owner.call.play(*await envelope.header(self.owner, message))

    async def _play(self, message: VoiceMail) -> Act | None:
        """The sound, from the beginning; the act that cut it, None after its end."""
        try:
            act = await self._listen(message)
        except Unplayable as fault:
            log.warn("a message cannot be played: {fault}", call=self.owner.call.id, fault=fault)
            await self.owner.say("message-unplayable")
            return None
        await self._heard()
        return act

    async def _listen(self, message: VoiceMail) -> Act | None:
        clip, at = await self._sound(message), 0.0
        while True:
            keys, at = await listen(self.owner, clip, at)
            act = WHILE_PLAYING.get(keys)
            if act in (Act.SLOWER, Act.FASTER):
                before, self.pace = self.pace, _next_pace(self.pace, act is Act.FASTER)
                if self.pace == before:
                    await self.owner.say("pace-not-possible")
                else:
                    clip, at = await self._sound(message), at * before / self.pace
            elif act is Act.FLAG:
                await self._flag()
            elif act is Act.ENVELOPE:
                await self._envelope()
            elif keys == "11" and at > BEGINNING_SECONDS:
                at = 0.0
            else:
                return act

    async def _sound(self, message: VoiceMail) -> Clip:
        return await self.owner.patiently(self.owner.box.sound(message.id, self.pace))

    async def _heard(self) -> None:
        message = self.walk.here
        if message is not None and message.new and message.id not in self._kept_new:
            await self.owner.patiently(self.owner.box.mark_read(message.id, True))
            self.walk.change(new=False)

    # deciding

    async def _decide(self, act: Act | None) -> bool:
        """What to do with the message, until the next one; False to leave the messages."""
        while True:
            if act in (None, Act.MORE, Act.REPEAT):
                act = await asked(self.owner, await self._possible(), more=act is Act.MORE)
                if act is None:
                    return False
            if act is Act.MAIN:
                self._left = True
                return True
            if act is Act.REPLAY:
                return True
            if (lead := self._leading().get(act)) is not None:
                if await lead():
                    return True
            elif (verb := self._verbs().get(act)) is not None and await self._may(act):
                await verb()
            act = None

    async def _may(self, act: Act | None) -> bool:
        """Without a PIN only one's messages are open (spec 5.1)."""
        return act not in NEEDS_PIN or await proved(self.owner)

    async def _possible(self) -> set[Act]:
        """What is offered beside what can always be done."""
        message, languages = self._here(), len(self.owner.languages) > 1
        related = len(conversation_of(self.walk.messages, message)) > 1
        return {
            *([Act.REPLY] if message.sender.address else []),
            *([Act.REPLY_ALL] if answering.others_of(self.owner, message) else []),
            *([] if message.private else [Act.FORWARD]),
            *([Act.CALL] if await may_call_sender(self.owner, message) else []),
            *([Act.HIDE] if related else []),
            *([Act.LANGUAGE] if languages else []),
        }

    def _leading(self) -> dict[Act | None, Callable[[], Awaitable[bool]]]:
        """What may lead to another message; True when it did."""
        return {
            Act.NEXT: self._next,
            Act.PREVIOUS: self._previous,
            Act.DELETE: self._delete,
            Act.DELETE_ALL: self._delete_all,
            Act.HIDE: self._hide,
            Act.KEEP_NEW: self._keep_new,
        }

    def _verbs(self) -> dict[Act | None, Callable[[], Awaitable[None]]]:
        """What leaves the owner at the same message."""
        owner = self.owner
        return {
            Act.FLAG: self._flag,
            Act.ENVELOPE: self._envelope,
            Act.LANGUAGE: self._language,
            Act.REPLY: lambda: answering.reply(owner, self._here()),
            Act.REPLY_ALL: lambda: answering.reply_all(owner, self._here()),
            Act.FORWARD: lambda: answering.forward(owner, self._here()),
            Act.CALL: lambda: call_sender(owner, self._here()),
        }

    # the verbs

    def _here(self) -> VoiceMail:
        message = self.walk.here
        assert message is not None
        return message

    async def _next(self) -> bool:
        self.walk.forward()
        return True

    async def _previous(self) -> bool:
        if self.walk.back(self.owner.hidden):
            return True
        await self.owner.say("first-message")
        return False

    async def _delete(self) -> bool:
        """Into the trash; True to go on, False when it was taken back."""
        message = self._here()
        await self.owner.patiently(self.owner.box.delete(message.id))
        self.walk.change(deleted=True)
        await self.owner.say("message-deleted")
        key = await self.owner.call.key(UNDO_SECONDS)
        if key == "7":
            await self.owner.patiently(self.owner.box.undelete(message.id))
            self.walk.change(deleted=False)
            await self.owner.say("message-restored")
            return False
        if key == "*":
            self._left = True
        elif key not in ("#", None):
            await self.owner.say("invalid-key")
        self.walk.forward()
        return True

    async def _delete_all(self) -> bool:
        """The whole conversation, whoever of it was heard already (feature 103)."""
        ids = conversation_of(self.walk.messages, self._here())
        for id in sorted(ids):
            try:
                await self.owner.patiently(self.owner.box.delete(id))
            except Gone:
                continue
        self.walk.change_all(ids, deleted=True)
        await self.owner.say("conversation-deleted")
        return await self._next()

    async def _hide(self) -> bool:
        """Until the end of the call nothing of this conversation is read (feature 102)."""
        self.owner.hidden |= conversation_of(self.walk.messages, self._here())
        await self.owner.say("conversation-hidden")
        return await self._next()

    async def _keep_new(self) -> bool:
        message = self._here()
        self._kept_new.add(message.id)
        await self.owner.patiently(self.owner.box.mark_read(message.id, False))
        self.walk.change(new=True)
        await self.owner.say("message-kept-new")
        return await self._next()

    async def _flag(self) -> None:
        message = self._here()
        await self.owner.patiently(self.owner.box.flag(message.id, not message.flagged))
        flagged = self.walk.change(flagged=not message.flagged).flagged
        await self.owner.say("message-flagged" if flagged else "message-unflagged")

    async def _envelope(self) -> None:
        await self.owner.call.play(*await envelope.whole(self.owner, self._here()))

    async def _language(self) -> None:
        """What is said about this message, in another language (feature 104)."""
        language = await chosen_language(self.owner)
        if language:
            reader = self.owner.speaking(language)
            await reader.call.play(*await envelope.whole(reader, self._here()))


def _next_pace(pace: float, faster: bool) -> float:
    """One step on; the same at the end."""
    place = PACES.index(pace) + (1 if faster else -1)
    return PACES[min(max(place, 0), len(PACES) - 1)]


PACES = (0.6, 0.8, 1.0, 1.25, 1.5)
"""How fast messages can be played (spec 5.4); the choice holds for the messages that follow."""
BEGINNING_SECONDS = 2.0
"""Later than this, 11 goes to the beginning of the message; earlier, to the one before."""
UNDO_SECONDS = 1.5
"""How long a deleted message waits for being taken back."""


async def hear_messages(owner: Owner) -> bool:
    """All of them; False when the owner fell silent. Raises HungUp, TimeUp, Unavailable."""
    everything = await owner.patiently(owner.box.messages())
    messages = [message for message in in_order(everything) if message.id not in owner.hidden]
    if not messages:
        await owner.say("no-messages")
        return True
    return await Round(owner, Walk(messages)).go()
