"""One caller at one mailbox: what is known, what was said so far, and how the draft ends.

Knows: the draft's laws. Must never know: keys, menus.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.calls.call import ANY_KEY, Call, TimeUp, handed_on
from umserver.calls.dialogs import farewell, patiently
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import HungUp, IDraft, Unavailable
from umserver.org.messages import Choices
from umserver.org.routes import LeaveMessage

log = Logger()
T = TypeVar("T")

ENOUGH_SPEECH = 0.5
"""Seconds of sound that make a message; less is a missed call (spec 6.1, only silence)."""


@define(eq=False)
class Visit:
    """Made when the draft is open; `settle` has to follow."""

    call: Call
    office: Office
    route: LeaveMessage
    speaker: Speaker
    draft: IDraft
    choices: Choices = field(factory=Choices)
    spoken: float = 0.0
    """Seconds of sound in the draft that were not silence."""
    seconds: float = 0.0
    """Length of the draft."""
    goes_on: bool = False
    """Whether the conversation continues after the message, so that nobody says goodbye."""
    _settled: Deferred[bool] | None = None

    @property
    def is_message(self) -> bool:
        """Whether enough was said to be kept."""
        return self.spoken >= ENOUGH_SPEECH

    @property
    def tries(self) -> int:
        """How often a menu bears silence or a wrong key in a row."""
        return self.route.dial_plan.input_failures_before_disconnect

    async def say(self, *names: str, keys: str = ANY_KEY) -> None:
        """Say these prompts; a key among `keys` cuts them short."""
        await self.call.play(*await self.speaker.clips(*names), keys=keys)

    async def say_goodbye(self, *names: str) -> None:
        """Say these prompts and, unless the conversation goes on, goodbye; to the end."""
        goodbye = () if self.goes_on else ("goodbye",)
        await farewell(self.call, self.speaker, *names, *goodbye)

    async def on_disk(self, work: Callable[[], Deferred[T]]) -> T:
        """Something that the disk may take its time for; the caller does not wait in silence."""
        return await patiently(self.call, self.speaker, work())

    async def erase(self) -> bool:
        """Forget what was said; False when the disk refuses.

        Either way it will not be delivered.
        """
        self.spoken = self.seconds = 0.0
        try:
            await self.on_disk(self.draft.erase)
        except Unavailable as fault:
            log.error("a recording could not be erased: {fault}", call=self.call.id, fault=fault)
            return False
        return True

    async def settle_patiently(self) -> bool:
        """`settle` while the caller waits."""
        return await self.on_disk(lambda: Deferred.fromCoroutine(self.settle()))

    async def settle(self) -> bool:
        """Bring the draft to its end; what was said is never dropped. Only the first call acts.

        False when the disk did not take the end at once; the spool holds on to the draft and tries
        again.
        """
        if self._settled is None:
            self._settled = Deferred.fromCoroutine(self._settle())
        return await _shared(self._settled)

    async def _settle(self) -> bool:
        self.office.facts["left"] = "message" if self.is_message else "missed"
        counted = "messages" if self.is_message else "missed_calls"
        self.office.count("call_answering", counted)
        ending = self.draft.commit(self.choices) if self.is_message else self.draft.miss()
        try:
            await ending
        except Unavailable as fault:
            log.error("the end of a message waits: {fault}", call=self.call.id, fault=fault)
            return False
        return True


async def begun(
    call: Call,
    speaker: Speaker,
    beginning: Deferred[IDraft],
    abandoned: Callable[[IDraft], Deferred[Any]],
) -> IDraft:
    """The draft as soon as it is open; a caller who was answered does not wait in silence.

    `abandoned`: brings a draft to its end that opens when the caller is not there any more. Raises
    HungUp, TimeUp, Unavailable.
    """
    draft = handed_on(beginning)
    try:
        while call.answered and not await call.ready(beginning):
            await call.interject(await speaker.clip("one-moment"))
    except (HungUp, TimeUp):
        draft.addCallback(abandoned)
        draft.addErrback(lambda fault: log.error("{fault}", call=call.id, fault=fault.value))
        raise
    return await draft


def _shared(result: Deferred[bool]) -> Deferred[bool]:
    """A Deferred of one's own that gets the same result."""
    own: Deferred[bool] = Deferred()

    def pass_on(value: bool) -> bool:
        own.callback(value)
        return value

    result.addCallbacks(pass_on, own.errback)
    return own
