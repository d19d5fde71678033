"""What a call script may reach besides its call.

Knows: the interfaces of the door and the snapshot of settings in force when the call began (running
calls keep theirs to the end). Must never know: which store, mail server or voice stands behind an
interface.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from attrs import field, frozen

from umserver.calls.call import Call
from umserver.calls.dialogs import farewell
from umserver.calls.prompts import Speaker
from umserver.interfaces import (
    IDirectory,
    IGreetingDesk,
    IMailboxes,
    IMessageStore,
    IPeople,
    IPins,
    IPromptShelf,
    ISettingsDesk,
)

if TYPE_CHECKING:
    from umserver.org.routes import Route
    from umserver.org.settings import Mailbox, Organisation


MOST_FOLLOWED = 20
"""Scripts that one call goes on to; more is a circle of somebody who plays."""


@frozen
class Office:
    """One per call."""

    settings: Organisation
    shelf: IPromptShelf
    greetings: IGreetingDesk
    spool: IMessageStore
    mailboxes: IMailboxes
    pins: IPins
    directory: IDirectory
    people: IPeople
    desk: ISettingsDesk
    wall: Callable[[], float]
    """Wall time in seconds since 1970, for messages."""
    random: Random
    host: str
    """This server's name, for Message-IDs."""
    flows: Mapping[str, Flow] = field(factory=dict)
    """Every call script by its name, for calls that go from one to another."""
    count: Callable[[str, str], None] = lambda group, name: None
    """Counts what happened, by group and name (spec 9.6)."""
    mails_outside: bool = True
    """Whether mail reaches others than users: not where it is only put into mailboxes here."""
    home_of: Callable[[Mailbox], str] = lambda mailbox: ""
    """`host:port` of the server that holds a mailbox; empty when it can be opened here.

    Raises Unavailable when that server does not live.
    """
    followed: list[str] = field(factory=list)
    """Names of the scripts to which the call went on."""
    facts: dict[str, object] = field(factory=dict)
    """What the script wants the call record to say, by field name."""

    def speaker(self, language: str) -> Speaker:
        """Somebody who says the catalogue's prompts in this language."""
        return Speaker(self.shelf, language)

    async def follow(self, call: Call, route: Route) -> str:
        """Go on with the script of another route; returns its outcome. Raises HungUp, TimeUp.

        Says goodbye instead, with the outcome gave-up, to who went through `MOST_FOLLOWED`.
        """
        self.followed.append(route.flow)
        if len(self.followed) > MOST_FOLLOWED:
            await farewell(call, self.speaker(route.dial_plan.default_language), "goodbye")
            return "gave-up"
        flow = self.flows.get(route.flow) or self.flows["not-available"]
        return await flow.run(call, self, route)


@frozen
class Flow:
    """A call script's name and its coroutine, found by `umserver.discover`."""

    name: str
    """The route's `flow`, e.g. leave-message."""
    run: Callable[[Call, Office, Route], Awaitable[str]]
    """Returns the outcome in one word for the call record. The call is hung up afterwards."""
