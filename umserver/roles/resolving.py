"""Looks up what the resolver needs and lets it decide; shared by both call-taking roles.

Knows: the order of look-up and decision. Must never know: the rules themselves (umserver.org.resolve).
"""

from __future__ import annotations

from collections.abc import Mapping

from umserver.interfaces import IDirectory
from umserver.org.facts import CallFacts
from umserver.org.resolve import Resolution, Route, numbers_to_look_up, resolve
from umserver.org.settings import Mailbox, Organisation


async def resolution_of(
    org: Organisation, directory: IDirectory, facts: CallFacts, routed: Route | None = None
) -> Resolution:
    """What this call is, with the reasons. Raises Unavailable when the directory cannot be asked."""
    found: dict[tuple[str, str], Mailbox] = {}
    for plan, numbers in numbers_to_look_up(org, facts):
        mailboxes: Mapping[str, Mailbox] = await directory.find(plan, numbers)
        found.update({(plan, number): mailbox for number, mailbox in mailboxes.items()})
    return resolve(org, facts, found)
