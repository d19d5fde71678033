"""Recorded prompts are the same on every server: those of the store come to the state folder.

Knows: the store's recordings, the folder. Must never know: who recorded them, who plays them. What
an older installation has in the folder and the settings name goes into the store once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from umserver.edges.speech.imported import ImportedPrompts
from umserver.edges.store.recordings import Recording, digest_of
from umserver.edges.store.settings import SettingsStore
from umserver.interfaces import Unavailable
from umserver.org.named_prompts import Named, named_prompts
from umserver.org.settings import Organisation

log = Logger()


@define(eq=False)
class SharedRecordings:
    """For one server. `changed` is for the poller."""

    store: SettingsStore
    folder: ImportedPrompts
    in_thread: Callable[[Callable[[], Any]], Deferred[Any]]
    _known: dict[Named, str] = field(init=False, factory=dict)
    """Digests of what is in the folder."""
    _looking: bool = field(init=False, default=False)
    _wanted: Organisation | None = field(init=False, default=None)
    """The settings for which a look is still to follow."""

    def changed(self, old: Organisation | None, new: Organisation) -> None:
        """Settings changed, and perhaps a recording with them."""
        looked = Deferred.fromCoroutine(self.look(new))
        looked.addErrback(lambda fault: log.failure("looking for recordings failed", fault))

    async def look(self, org: Organisation) -> None:
        """Bring everything that is newer in the store, one look at a time. Never fails."""
        self._wanted = org
        if self._looking:
            return
        self._looking = True
        try:
            while (wanted := self._wanted) is not None:
                self._wanted = None
                await self._look(wanted)
        except Unavailable as fault:
            log.warn("recorded prompts of the store are not to be had: {fault}", fault=fault)
        finally:
            self._looking = False

    async def _look(self, org: Organisation) -> None:
        listed = {(one.owner, one.name, one.file): one for one in await self.store.recordings()}
        for named, one in listed.items():
            await self._bring(named, one)
        folded = {(owner, name.casefold(), file) for owner, name, file in listed}
        for owner, name, file in named_prompts(org):
            if (owner, name.casefold(), file) not in folded:
                await self._offer((owner, name, file))

    async def _bring(self, named: Named, one: Recording) -> None:
        if self._known.get(named) == one.digest:
            return
        here = await self.in_thread(lambda: self.folder.octets(*named))
        if here is None or digest_of(here) != one.digest:
            octets = await self.store.recording(*named)
            if octets is None:
                return
            await self.in_thread(lambda: self.folder.put(*named, octets))
            log.info("the recorded prompt {file} of {name} came", file=named[2], name=named[1])
        self._known[named] = one.digest

    async def _offer(self, named: Named) -> None:
        here = await self.in_thread(lambda: self.folder.octets(*named))
        if here is not None:
            await self.store.put_recording(*named, here)
