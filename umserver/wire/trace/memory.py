"""The latest messages of the latest calls.

Knows: Call-IDs and bounds. Must never know: sockets, clocks. Memory is bounded by calls × messages
× octets. What is remembered may be shown to anybody who may see calls: keys of sound are not in it.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from attrs import define, evolve, field

from umserver.wire.trace.message import TracedMessage, without_keys


@define
class TraceMemory:
    """A ring of messages per call; the call that was silent the longest is forgotten first."""

    most_calls: int = 64
    most_messages: int = 64
    """Messages kept of one call, the newest."""
    most_octets: int = 8192
    """Octets kept of one message."""
    _calls: OrderedDict[str, deque[TracedMessage]] = field(init=False, factory=OrderedDict)

    def note(self, message: TracedMessage) -> None:
        """Remember this message."""
        data = without_keys(message.data)[: self.most_octets]
        if data != message.data:
            message = evolve(message, data=data)
        call_id = message.call_id
        ring = self._calls.get(call_id)
        if ring is None:
            ring = self._calls[call_id] = deque(maxlen=self.most_messages)
            if len(self._calls) > self.most_calls:
                self._calls.popitem(last=False)
        else:
            self._calls.move_to_end(call_id)
        ring.append(message)

    def call(self, call_id: str) -> tuple[TracedMessage, ...]:
        """What is remembered of this call, oldest first."""
        return tuple(self._calls.get(call_id, ()))

    def calls(self) -> tuple[str, ...]:
        """The Call-IDs remembered, the one heard of last at the end."""
        return tuple(self._calls)

    def everything(self) -> tuple[TracedMessage, ...]:
        """All messages of all calls by time."""
        every = [message for ring in self._calls.values() for message in ring]
        return tuple(sorted(every, key=lambda message: message.time))

    def forget(self, call_id: str) -> None:
        """Drop this call's messages."""
        self._calls.pop(call_id, None)
