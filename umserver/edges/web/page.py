"""The page for people: the status as cards and tables, one HTML text without foreign parts.

Knows: JSON values and HTML. Must never know: what the values mean. Single values stand in the card
"Server", each group in a card of its own, lists of groups as tables; everything is escaped.
Moments (`umserver.org.moments`) are shown in local time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from umserver.org.moments import moment

MOST_ROWS = 200
"""Rows of one table; the rest is counted."""

_SHORT = ("sip", "tcp", "tls", "udp", "cas", "mbx", "crl")
"""Names that are written in capitals."""

STYLE = """
:root{color-scheme:light dark;--ink:#1c2733;--soft:#5b6b7b;--line:#d9e0e7;--card:#fff;
--back:#f3f5f8;
--good:#1a7f4b;--bad:#b3261e}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf0;--soft:#98a6b4;--line:#2d3945;--card:#1a222b;
--back:#10161c;--good:#57c98a;--bad:#ff8a80}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2.5rem 1.25rem}
h1{font-size:1.6rem;font-weight:650;margin:0 0 .25rem}
h2{font-size:.8rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--soft);
margin:0 0 .75rem}
.state{display:inline-flex;align-items:center;gap:.5rem;margin:0 0 1.75rem;font-weight:600}
.state::before{content:"";width:.7rem;height:.7rem;border-radius:50%;background:currentColor}
.good{color:var(--good)}.bad{color:var(--bad)}
ul.reasons{margin:-1.25rem 0 1.75rem;padding-left:1.2rem}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;
grid-auto-flow:dense}
section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;
padding:1.1rem 1.25rem;
overflow-x:auto}
section.wide{grid-column:1/-1}
dl{display:grid;grid-template-columns:1fr auto;gap:.3rem 1rem;margin:0}
dt{color:var(--soft)}dd{margin:0;text-align:right;font-variant-numeric:tabular-nums;
overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
th{color:var(--soft);font-weight:500;text-align:left}
th,td{padding:.35rem 1rem .35rem 0;border-bottom:1px solid var(--line)}
tr:last-child td{border:0}
footer{margin-top:1.75rem;color:var(--soft);font-size:.875rem}
a{color:inherit}
"""


def page(status: Mapping[str, object], reasons: Sequence[str]) -> str:
    """The whole HTML text; `reasons` say why no call can be taken."""
    single = {name: value for name, value in status.items() if not _is_group(value)}
    cards = [_card("server", single)] if single else []
    cards += [_card(name, value) for name, value in status.items() if _is_group(value)]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="refresh" content="10">'
        f"<title>umserver</title><style>{STYLE}</style></head><body><main>"
        f"<h1>umserver</h1>{_state(reasons)}"
        f'<div class="cards">{"".join(cards)}</div>'
        '<footer>The same for machines: <a href="/status">/status</a>, '
        '<a href="/readyz">/readyz</a>, <a href="/livez">/livez</a>.</footer>'
        "</main></body></html>\n"
    )


def _state(reasons: Sequence[str]) -> str:
    if not reasons:
        return '<p class="state good">Takes calls</p>'
    items = "".join(f"<li>{escape(reason)}</li>" for reason in reasons)
    return f'<p class="state bad">Takes no calls</p><ul class="reasons">{items}</ul>'


def _is_group(value: object) -> bool:
    return isinstance(value, Mapping) or _is_table(value)


def _is_table(value: object) -> bool:
    return isinstance(value, list | tuple) and any(isinstance(row, Mapping) for row in value)


def _card(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        return f"<section><h2>{_title(name)}</h2>{_pairs(value)}</section>"
    assert isinstance(value, list | tuple)
    rows = [row for row in value if isinstance(row, Mapping)]
    return f'<section class="wide"><h2>{_title(name)}</h2>{_table(rows)}</section>'


def _pairs(values: Mapping[str, object]) -> str:
    lines = "".join(
        f"<dt>{_title(name)}</dt><dd>{_named(name, value)}</dd>" for name, value in values.items()
    )
    return f"<dl>{lines}</dl>"


def _table(rows: Sequence[Mapping[str, object]]) -> str:
    columns = list(dict.fromkeys(name for row in rows[:MOST_ROWS] for name in row))
    head = "".join(f"<th>{_title(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_named(name, row.get(name))}</td>" for name in columns) + "</tr>"
        for row in rows[:MOST_ROWS]
    )
    more = f"<p>… and {len(rows) - MOST_ROWS} more</p>" if len(rows) > MOST_ROWS else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _title(name: str) -> str:
    words = str(name).replace("_", " ").strip().split(" ")
    text = " ".join(word.upper() if word in _SHORT else word for word in words)
    return escape(text[:1].upper() + text[1:])


def _named(name: str, value: object) -> str:
    """A value as a person reads it under this name, escaped."""
    return moment(name, value) or _words(value)


def _words(value: object) -> str:
    """A value as a person reads it, escaped."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or value == "" or value == [] or value == ():
        return "–"
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Mapping):
        return ", ".join(f"{_title(name)}: {_named(name, item)}" for name, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_words(item) for item in value)
    return escape(str(value))
