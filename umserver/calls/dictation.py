"""Recording what others will hear: speak, listen, keep it or try again (spec 5.7, 6.4).

Knows: the words around a recording and its verdict. Must never know: what is recorded, files.
Nothing changes before it is accepted.
"""

from __future__ import annotations

from enum import Enum

from attrs import frozen

from umserver.calls.call import NO_KEY, Call
from umserver.calls.dialogs import menu, patiently
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, IGreetingTake

LEAST_SPEECH = 0.3
"""Seconds of sound that make a recording."""


class Verdict(Enum):
    """What becomes of a recording."""

    ACCEPT = "1"
    AGAIN = "2"
    LISTEN = "3"
    BACK = "*"


VERDICTS = {verdict.value: verdict for verdict in Verdict}


@frozen(eq=False)
class Dictation:
    """One recording to be made."""

    call: Call
    speaker: Speaker
    take: IGreetingTake
    words: str
    """Name of the prompt that asks for it."""
    beep: Clip
    limit: float
    """Seconds that it may be long."""
    idle: float
    """Seconds of silence that end it."""
    tries: int
    """How often a menu bears silence or a wrong key in a row, and how many recordings are made."""

    async def accepted(self) -> bool:
        """Whether a recording was accepted; then it is kept. Raises HungUp, TimeUp, Unavailable."""
        for _ in range(self.tries):
            if not await self._spoken():
                await self.call.play(await self.speaker.clip("nothing-recorded"))
                continue
            verdict = await self._verdict()
            if verdict is Verdict.ACCEPT:
                await patiently(self.call, self.speaker, self.take.keep())
                return True
            if verdict is not Verdict.AGAIN:
                break
        return False

    async def _spoken(self) -> bool:
        """Tone and recording; whether something was said."""
        await patiently(self.call, self.speaker, self.take.erase())
        await self.call.play(await self.speaker.clip(self.words), keys="#")
        await self.call.play(self.beep, keys=NO_KEY)
        said = await self.call.record(self.take, idle=self.idle, limit=self.limit, end="#")
        return said.spoken >= LEAST_SPEECH

    async def _verdict(self) -> Verdict | None:
        while True:
            prompt = await self.speaker.clips("greeting-menu")
            verdict = await menu(self.call, self.speaker, prompt, VERDICTS, tries=self.tries)
            if verdict is not Verdict.LISTEN:
                return verdict
            await self.call.play(await patiently(self.call, self.speaker, self.take.clip()))
