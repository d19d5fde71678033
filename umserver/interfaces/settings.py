"""What the organisation decided, what its servers tell each other, what happened.

Knows: snapshots, sections by name. Must never know: how and where they are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from zope.interface import Interface

from umserver.org.fleet import FleetServer, RequestedState
from umserver.org.settings import Organisation

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class ISettingsSource(Interface):
    """Where the organisation's settings are kept."""

    def revision() -> Deferred[int]:
        """Rises with every committed change."""

    def load() -> Deferred[Organisation]:
        """A whole, checked snapshot. Fails with SettingsFaults or Unavailable."""

    def listen(heard: Callable[[], object]) -> None:
        """Call `heard()` after changes by anybody, where the store tells of them."""


class ISettingsDesk(Interface):
    """Settings that people change by telephone."""

    def change(
        section: str, name: str, changes: Mapping[str, object], by: str, why: str
    ) -> Deferred[None]:
        """Set some fields of one object; `section` is a field of Organisation, or mailboxes.

        Checked as every change is, noted in the change log with who did it and by which
        conversation, and in force from the next call on. Fails with SettingsFaults, LookupError,
        Unavailable.
        """


class IFleet(Interface):
    """What the servers of an organisation tell each other, kept beside the settings.

    Nothing of it counts as a change of settings. Everything can fail with Unavailable.
    """

    def states(server: str) -> Deferred[Sequence[RequestedState]]:
        """What all requesters want of a server; of every server when the name is empty."""

    def set_state(state: RequestedState) -> Deferred[bool]:
        """Keep it, unless the same requester said something newer: then False."""

    def register_server(server: FleetServer) -> Deferred[None]:
        """Describe a server, in the place of what was known of it."""

    def heartbeat(name: str, calls: int, state: str) -> Deferred[bool]:
        """Say that a server lives; False when it is not registered (any more)."""

    def forget_server(name: str) -> Deferred[bool]:
        """Forget a server; its states stay. False when it was not known."""

    def servers() -> Deferred[Sequence[FleetServer]]:
        """Every registered server by name, also those that fell silent (see `age`)."""


class ICallLog(Interface):
    """What happened, one entry a call."""

    def record(entry: Mapping[str, object]) -> None:
        """Keep it; never fails, never blocks."""
