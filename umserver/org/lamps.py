"""Message lamps: what a telephone is told of the messages that wait, and who is told (spec 4.8).

Knows: counts, and which gateways may light the lamp of a mailbox. Must never know: SIP, stores.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen

from umserver.org.messages import VoiceMail
from umserver.org.settings import IPGateway, Mailbox, Organisation


@frozen
class Waiting:
    """Voice messages in a mailbox, deleted ones left out (RFC 3842 §5.2)."""

    new: int = 0
    """Neither heard nor read, urgent ones included."""
    saved: int = 0
    urgent_new: int = 0
    urgent_saved: int = 0

    @property
    def lit(self) -> bool:
        """Whether the lamp burns."""
        return self.new > 0


@frozen
class Lamp:
    """What was told last of a mailbox, and where; nothing yet where `told_at` is 0."""

    address: str
    plan: str = ""
    """Name of the dial plan whose gateways were told."""
    extension: str = ""
    waiting: Waiting = Waiting()
    told_at: float = 0.0
    """Wall time, seconds since 1970, by the clock of the server that told."""


def waiting_in(messages: Iterable[VoiceMail]) -> Waiting:
    """Count these messages; protected ones count like others."""
    there = [message for message in messages if not message.deleted]
    new = [message for message in there if message.new]
    urgent = sum(message.urgent for message in there)
    urgent_new = sum(message.urgent for message in new)
    return Waiting(len(new), len(there) - len(new), urgent_new, urgent - urgent_new)


def allows_lamp(org: Organisation, mailbox: Mailbox) -> bool:
    """Whether this user may have a lamp (feature 154)."""
    policy = org.policy_named.get(mailbox.policy)
    return mailbox.um_enabled and policy is not None and policy.allow_message_waiting_indicator


def lamp_gateways(org: Organisation, plan: str) -> tuple[IPGateway, ...]:
    """Gateways that may be told of this dial plan's lamps, in the order of its hunt groups.

    A gateway without a port cannot be told anything; one that is disabled is left in peace.
    """
    named = {gateway.name: gateway for gateway in org.gateways}
    names = dict.fromkeys(group.gateway for group in org.hunt_groups if group.dial_plan == plan)
    found = (named[name] for name in names if name in named)
    return tuple(
        gateway
        for gateway in found
        if gateway.message_waiting_indicator_allowed
        and gateway.status != "Disabled"
        and gateway.port
    )
