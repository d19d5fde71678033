"""Requests that are entirely ordinary, seen at a glance.

Knows: how ordinary gateways write an INVITE, an OPTIONS and an ACK. Must never know: what is to be
answered. A glance sees less than `parse` and never anything else: whatever is unusual (a folded
line, a quoted parameter, a second value where one belongs, octets that are no ASCII) is no glance,
and `parse` decides. What the two make of a message is compared for every vector and thousands of
mutations by the tests. Sources: RFC 3261 §8.1.1, §18.2, §20.

What varies from call to call is cut out and looked at; what remains is remembered (see
`umserver.wire.sip.frame`). A glance takes 5 µs where `parse` and what follows from it take 40, and
15 when the remains are new (CPython 3.11).
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import NamedTuple

from umserver.wire.sip.frame import LONGEST_REMEMBERED, MOST_REMEMBERED, Frame, Frames
from umserver.wire.sip.message import Pairs

MOST_OCTETS = 8000

_VIA = re.compile(
    r"SIP/2\.0/UDP ([A-Za-z0-9.\-]+)(?::([1-9][0-9]{0,4}))?"
    r"((?:;[a-z][a-z0-9\-]*(?:=[A-Za-z0-9.\-_~+*%!]+)?)+)"
)
_BRANCH = re.compile(r"z9hG4bK[A-Za-z0-9.\-_~+*%!]+")
_TAG = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_CALL_ID = re.compile(r"[!-~]+")
_CSEQ = re.compile(r"([0-9]{1,9}) ([A-Z]+)")


class Hop(NamedTuple):
    """A Via without its branch."""

    host: str
    """The sent-by host, as written."""
    port: int | None
    wishes_port: bool
    """RFC 3581 §3."""


class Glance(NamedTuple):
    """A request outside of any dialog, as far as its answer depends on it."""

    method: str
    uri: str
    vias: list[str]
    hop: Hop
    """Of the topmost Via, as is the branch."""
    branch: str
    from_: str
    sender: str
    """From without its tag."""
    tag: str
    to: str
    call_id: str
    cseq: str
    number: int
    who: Pairs
    """Header fields that say who calls, beside From."""
    way: Pairs
    """Header fields that say who forwarded the call."""

    @property
    def transaction(self) -> Hashable:
        """See `umserver.wire.sip.ledger.server_key`."""
        host, port = self.hop.host.lower(), self.hop.port
        return (self.branch, self.method, self.call_id, self.number, host, port)

    @property
    def merge(self) -> Hashable:
        """See `umserver.wire.sip.ledger.merge_key`."""
        return (self.tag, self.call_id, self.number, self.method)

    @property
    def lines(self) -> str:
        """What makes it what it is; see `umserver.wire.sip.post.Post.same_tag`."""
        return "\n".join([*self.vias, self.from_, self.call_id, self.cseq])

    def seen_from(self, source: tuple[str, int]) -> tuple[str, int]:
        """Where the answer goes; the topmost Via then says what its sender cannot know.

        See `umserver.wire.sip.headers.Via.seen_from` and `umserver.wire.sip.paths.reply_flow`.
        """
        hop, (host, port) = self.hop, source
        if hop.wishes_port:
            via = self.vias[0].replace(";rport", f";rport={port}", 1)
            self.vias[0] = f"{via};received={host}"
            return source
        if host != hop.host:
            self.vias[0] += f";received={host}"
        return host, hop.port or 5060


class Eye:
    """Glances at messages, and remembers what it has read."""

    def __init__(self) -> None:
        self.frames = Frames()
        self.hops: dict[tuple[str, str], Hop] = {}

    def glance(self, data: bytes) -> Glance | None:
        """What is to be seen of an ordinary INVITE or OPTIONS; None for everything else."""
        end = data.find(b"\r\n\r\n", 0, MOST_OCTETS + 4)
        head = data[:end]
        if end < 0 or not head.isascii():
            return None
        frame, values = self.frames.cut(head.decode("ascii"))
        if frame is None:
            return None
        body, whole = end + 4, len(data)
        if frame.length is not None:
            if frame.length > whole - body:
                return None
            whole = body + frame.length
        if not frame.any_body and data[body:whole].strip():
            return None
        return self._whole(frame, values)

    def _whole(self, frame: Frame, values: list[str]) -> Glance | None:
        vias = [values[n] for n in frame.vias]
        from_, call_id, cseq = values[frame.from_], values[frame.call_id], values[frame.cseq]
        start, _, params = vias[0].partition(";branch=")
        branch, semicolon, params = params.partition(";")
        params = semicolon + params
        hop = self.hops.get((start, params)) or self._new_hop(start, params)
        number = _CSEQ.fullmatch(cseq)
        sender, _, tag = from_.rpartition(";tag=")
        if (
            hop is None
            or number is None
            or number[2] != frame.method
            or _BRANCH.fullmatch(branch) is None
            or _CALL_ID.fullmatch(call_id) is None
            or _TAG.fullmatch(tag) is None
            or not self.frames.addresses.is_single(sender)
        ):
            return None
        for place in frame.addresses:
            if not self.frames.addresses.are_several(values[place]):
                return None
        who = (*frame.said, *[(name, values[place]) for name, place in frame.who])
        way = tuple([(name, values[place]) for name, place in frame.way])
        return Glance(
            frame.method, frame.uri, vias, hop, branch, from_, sender, tag, frame.to, call_id,
            cseq, int(number[1]), who, way,
        )  # fmt: skip

    def _new_hop(self, start: str, params: str) -> Hop | None:
        """What is said beside the branch, when that can be read."""
        via = _VIA.fullmatch(f"{start};branch=z{params}")
        if via is None:
            return None
        host, port, said = via.groups()
        wishes = ";rport" in said
        if ";received" in said or (wishes and not _wishes_port(said)) or len(host) > 255:
            return None
        if port is not None and int(port) > 65535:
            return None
        hop = Hop(host, None if port is None else int(port), wishes)
        if len(start) + len(params) <= LONGEST_REMEMBERED:
            if len(self.hops) >= MOST_REMEMBERED:
                self.hops.clear()
            self.hops[start, params] = hop
        return hop


def _wishes_port(params: str) -> bool:
    """Whether `;rport` stands there once, without a value (RFC 3581 §3)."""
    return params.count(";rport") == 1 and ";rport;" in f"{params};"
