"""The calls of an endpoint by the names it gave them.

Knows: names, and which of them have been given. Must never know: what happens in a call. A name is
never given twice, so that a verb for a call that has just ended can be told from a mistake.
"""

from __future__ import annotations

from attrs import define, field

from umserver.wire.sip.effects import ProtocolMisuse
from umserver.wire.sip.invite_client import PlacedCall
from umserver.wire.sip.invite_server import OfferedCall
from umserver.wire.sip.session import Session

AnyCall = OfferedCall | PlacedCall


@define(eq=False)
class CallBook:
    """All calls of one endpoint, from the INVITE to the last BYE."""

    most: int
    """Calls held at once."""
    _calls: dict[str, AnyCall] = field(init=False, factory=dict)
    _named: int = field(init=False, default=0)

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def is_full(self) -> bool:
        """Whether no further call may begin."""
        return len(self._calls) >= self.most

    def new_name(self) -> str:
        """A name that nothing had before."""
        self._named += 1
        return str(self._named)

    def add(self, name: str, call: AnyCall) -> None:
        """Hold this call."""
        self._calls[name] = call

    def forget(self, name: str) -> None:
        """The call has ended."""
        self._calls.pop(name, None)

    def find(self, name: str) -> AnyCall | None:
        """The call of this name, None once it has ended.

        Raises ProtocolMisuse for a name that was never given.
        """
        known = self._calls.get(name)
        if known is None and not (name.isdecimal() and 0 < int(name) <= self._named):
            raise ProtocolMisuse(f"no call was ever named {name!r}")
        return known

    def offered(self, name: str) -> OfferedCall | None:
        """A call that was offered to us. Raises ProtocolMisuse when it is our own."""
        known = self.find(name)
        if isinstance(known, PlacedCall):
            raise ProtocolMisuse("that call is our own")
        return known

    def session(self, name: str, early: bool = False) -> Session | None:
        """What stands of a call, None once it ends. Raises ProtocolMisuse before it stands.

        With `early` it stands from its answer on, else from the ACK on.
        """
        known = self.find(name)
        if known is None or (known.session is not None and known.session.is_leaving):
            return None
        answered = isinstance(known, PlacedCall) or known.is_answered
        if known.session is None or (known.session.is_early and not (early and answered)):
            raise ProtocolMisuse("the call does not stand yet")
        return known.session
