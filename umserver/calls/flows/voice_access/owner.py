"""The owner of a mailbox during a call: who it is, what may be done, and how things are said.

Knows: the mailbox's verbs, the policy. Must never know: keys, menus.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import TypeVar

from attrs import define, evolve, field
from twisted.internet.defer import Deferred

from umserver.calls.call import ANY_KEY, Call
from umserver.calls.dialogs import farewell, patiently
from umserver.calls.grammar import Grammar, grammar_for, grammars
from umserver.calls.office import Office
from umserver.calls.prompts import Speaker
from umserver.interfaces import Clip, IMailbox
from umserver.org.routes import VoiceAccess
from umserver.org.settings import Mailbox, MailboxPolicy

T = TypeVar("T")


@define(eq=False)
class Owner:
    """Somebody who signed in."""

    call: Call
    office: Office
    route: VoiceAccess
    mailbox: Mailbox
    policy: MailboxPolicy
    speaker: Speaker
    box: IMailbox
    proved: bool = True
    """Whether the PIN was given; without it only voice mail is open (pinless access)."""
    wrong_pins: int = 0
    """Given after signing in."""
    hidden: set[str] = field(factory=set)
    """Ids of messages that are not read any more in this call."""

    @property
    def address(self) -> str:
        """The owner's identity."""
        return self.mailbox.address

    @property
    def grammar(self) -> Grammar:
        """How numbers and times are said."""
        return grammar_for(self.speaker.language)

    @property
    def languages(self) -> Sequence[str]:
        """What can be spoken, the owner's own language first."""
        own = self.grammar.language
        return [own, *sorted(language for language in grammars() if language != own)]

    @property
    def twelve(self) -> bool | None:
        """Whether times are said with twelve hours; None: as the language likes."""
        return {"12": True, "24": False}.get(self.mailbox.hour_clock)

    @property
    def may_search(self) -> bool:
        """Whether the directory is open to the owner (AllowTUIAccessToDirectory)."""
        return self.policy.allow_tui_access_to_directory

    def speaking(self, language: str) -> Owner:
        """The same, addressed in another language."""
        return evolve(self, speaker=evolve(self.speaker, language=language))

    @property
    def tries(self) -> int:
        """How often a menu bears silence or a wrong key in a row."""
        return self.route.dial_plan.input_failures_before_disconnect

    async def say(self, *names: str, keys: str = ANY_KEY) -> None:
        """Say these prompts; a key among `keys` cuts them short."""
        await self.call.play(*await self.speaker.clips(*names), keys=keys)

    async def say_filled(self, name: str, /, **values: str) -> None:
        """Say a prompt whose places are filled in."""
        await self.call.play(await self.clip(name, **values))

    async def clip(self, name: str, /, **values: str) -> Clip:
        """A prompt whose places are filled in; the owner does not wait for it in silence."""
        return await self.patiently(self.speaker.clip(name, **values))

    async def say_goodbye(self, *names: str) -> None:
        """Say these prompts and goodbye, to the end."""
        await farewell(self.call, self.speaker, *names, "goodbye")

    async def patiently(self, work: Awaitable[T] | Deferred[T]) -> T:
        """Something that may take its time; the owner does not wait in silence."""
        doing = work if isinstance(work, Deferred) else Deferred.fromCoroutine(_of(work))
        return await patiently(self.call, self.speaker, doing)


async def _of(work: Awaitable[T]) -> T:
    return await work
