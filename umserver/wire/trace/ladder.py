"""A SIP ladder in plain characters: one column a party, one arrow a message.

Knows: traced messages. Must never know: where they come from or who reads the drawing. Source of
the form: the message flows of RFC 3665.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.wire.trace.message import Address, TracedMessage

_LEAST_GAP = 22
_MARGIN = 10


def address_text(address: Address) -> str:
    """`192.0.2.1:5060` or `[2001:db8::1]:5060`."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def ladder(messages: Sequence[TracedMessage]) -> str:
    """The messages as a drawing, one line each, with seconds since the first; empty for none.

    A party is an address; columns stand in the order of first appearance.
    """
    if not messages:
        return ""
    parties: list[Address] = []
    for message in messages:
        for party in (message.source, message.destination):
            if party not in parties:
                parties.append(party)
    names = [address_text(party) for party in parties]
    gap = max(_gap(messages), *(len(name) + 2 for name in names))
    columns = [_MARGIN + len(names[0]) // 2 + n * gap for n in range(len(parties))]
    start = messages[0].time
    lines = [_heads(names, columns), _bars(columns)]
    for message in messages:
        ends = (parties.index(message.source), parties.index(message.destination))
        lines.append(_arrow(message, message.time - start, columns, ends))
    lines.append(_bars(columns))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _gap(messages: Sequence[TracedMessage]) -> int:
    return max(_LEAST_GAP, max(len(message.title) for message in messages) + 9)


def _heads(names: list[str], columns: list[int]) -> str:
    line = ""
    for name, column in zip(names, columns, strict=True):
        line = line.ljust(max(column - len(name) // 2, 0)) + name
    return line


def _bars(columns: list[int]) -> str:
    line = ""
    for column in columns:
        line = line.ljust(column) + "|"
    return line


def _arrow(
    message: TracedMessage, elapsed: float, columns: list[int], ends: tuple[int, int]
) -> str:
    row = list(_bars(columns))
    row[: len(f"{elapsed:8.3f}")] = f"{elapsed:8.3f}"
    left, right = sorted(columns[end] for end in ends)
    if left == right:
        return "".join(row) + f" {message.title} (to itself)"
    shaft = f" {message.title} ".center(right - left - 3, "-")
    drawn = f"{shaft}->" if columns[ends[1]] == right else f"<-{shaft}"
    row[left + 1 : right] = drawn.center(right - left - 1, "-")
    return "".join(row)
