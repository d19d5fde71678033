"""Going through the voice messages: hear, delete, keep, mark, answer (spec 5.3).

Knows: what each key does to a message. Must never know: how a mailbox is kept. A message counts as
heard when it was left by a key or played to its end, not when the owner hangs up in the middle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import Enum

from attrs import define, field
from twisted.logger import Logger

from umserver.calls.dialogs import KEY_SECONDS, MOST_REPEATS
from umserver.calls.flows.voice_access import answering, envelope
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.flows.voice_access.playing import listen
from umserver.calls.flows.voice_access.walk import Walk, in_order
from umserver.calls.sequences import sequence
from umserver.interfaces import Clip, Gone, Unplayable
from umserver.org.messages import VoiceMail

log = Logger()


class Act(Enum):
    """What can be done with a message."""

    NEXT = "next"
    PREVIOUS = "previous"
    REPLAY = "replay"
    DELETE = "delete"
    REPLY = "reply"
    FORWARD = "forward"
    KEEP_NEW = "keep new"
    FLAG = "flag"
    CALL = "call sender"
    ENVELOPE = "envelope"
    MORE = "more options"
    REPEAT = "repeat"
    MAIN = "main menu"
    SLOWER = "slower"
    FASTER = "faster"


_MORE = {
    "11": Act.PREVIOUS,
    "1": Act.REPLAY,
    "6": Act.FORWARD,
    "44": Act.FLAG,
    "2": Act.CALL,
    "5": Act.ENVELOPE,
    "7": Act.DELETE,
    "8": Act.REPLY,
    "9": Act.KEEP_NEW,
}
"""Behind 00; where it fits they work without it too (the published pages disagree)."""
ACTS = {
    **_MORE,
    **{"00" + keys: act for keys, act in _MORE.items()},
    "#": Act.NEXT,
    "##": Act.NEXT,
    "33": Act.REPEAT,
    "00": Act.MORE,
    "00##": Act.NEXT,
    "0": Act.REPEAT,
    "*": Act.MAIN,
}
WHILE_PLAYING = {**ACTS, "4": Act.SLOWER, "6": Act.FASTER}


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
            if message.deleted:
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
            if act is None:
                act = await self._asked()
                if act is None:
                    return False
            if act is Act.MAIN:
                self._left = True
                return True
            if act is Act.NEXT:
                self.walk.forward()
                return True
            if act is Act.PREVIOUS:
                if self.walk.back():
                    return True
                await self.owner.say("first-message")
            elif act is Act.REPLAY:
                return True
            elif act is Act.DELETE:
                if await self._delete():
                    return True
            elif act is Act.KEEP_NEW:
                await self._keep_new()
                self.walk.forward()
                return True
            elif (verb := self._verbs().get(act)) is not None:
                await verb()
            act = None

    def _verbs(self) -> dict[Act, Callable[[], Awaitable[None]]]:
        """What leaves the owner at the same message."""
        return {
            Act.FLAG: self._flag,
            Act.ENVELOPE: self._envelope,
            Act.REPLY: self._reply,
            Act.FORWARD: self._forward,
            Act.CALL: self._call,
        }

    async def _asked(self) -> Act | None:
        """The menu after a message; None when nobody answers."""
        failures = repeats = 0
        while failures < self.owner.tries:
            await self.owner.say("message-acts")
            keys, act = await sequence(self.owner.call, ACTS, KEY_SECONDS)
            if act is Act.MORE:
                await self.owner.say("message-acts-more")
                keys, act = await sequence(self.owner.call, ACTS, KEY_SECONDS, begun="00")
                if act is Act.MORE or not keys:
                    act = None
            if act is Act.REPEAT:
                repeats += 1
                failures += repeats > MOST_REPEATS
            elif act is not None:
                return act
            else:
                failures += 1
                if failures < self.owner.tries:
                    await self.owner.say("invalid-key" if keys else "are-you-there")
        return None

    # the verbs

    def _here(self) -> VoiceMail:
        message = self.walk.here
        assert message is not None
        return message

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

    async def _keep_new(self) -> None:
        message = self._here()
        self._kept_new.add(message.id)
        await self.owner.patiently(self.owner.box.mark_read(message.id, False))
        self.walk.change(new=True)
        await self.owner.say("message-kept-new")

    async def _flag(self) -> None:
        message = self._here()
        await self.owner.patiently(self.owner.box.flag(message.id, not message.flagged))
        flagged = self.walk.change(flagged=not message.flagged).flagged
        await self.owner.say("message-flagged" if flagged else "message-unflagged")

    async def _envelope(self) -> None:
        await self.owner.call.play(*await envelope.whole(self.owner, self._here()))

    async def _reply(self) -> None:
        await answering.reply(self.owner, self._here())

    async def _forward(self) -> None:
        await answering.forward(self.owner, self._here())

    async def _call(self) -> None:
        await answering.call_sender(self.owner, self._here())


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
    messages = in_order(await owner.patiently(owner.box.messages()))
    if not messages:
        await owner.say("no-messages")
        return True
    return await Round(owner, Walk(messages)).go()
