"""How prompts are fetched for a script, whatever happens to the voice.

Knows: prompt names and languages. Must never know: where sound comes from. A caller never hears
silence: where the voice is out of order the tone stands in for the words.
"""

from __future__ import annotations

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.interfaces import Clip, IPromptShelf, Unavailable

log = Logger()


@frozen
class Speaker:
    """The catalogue in one language."""

    shelf: IPromptShelf
    language: str

    async def clip(self, name: str, /, **values: str) -> Clip:
        """One prompt with its places filled in; the tone when there is no voice."""
        return await self.try_clip(name, **values) or self.shelf.beep()

    async def try_clip(self, name: str, /, **values: str) -> Clip | None:
        """The same, but None when there is no voice."""
        try:
            return await self.shelf.prompt(self.language, name, values)
        except Unavailable as fault:
            log.error("no voice for {name}: {fault}", name=name, fault=fault)
            return None

    async def speak(self, text: str) -> Clip:
        """Free text such as a name; the tone when there is no voice."""
        try:
            return await self.shelf.speak(self.language, text)
        except Unavailable as fault:
            log.error("no voice for free text: {fault}", fault=fault)
            return self.shelf.beep()

    async def clips(self, *names: str) -> list[Clip]:
        """Several prompts without places, fetched at the same time."""
        wanted = [Deferred.fromCoroutine(self.clip(name)) for name in names]
        return [await clip for clip in wanted]
