"""`umctl queue`: the messages on their way, of a running server or of a stopped one's spool.

Knows: the control socket and the spool. Must never know: how messages are delivered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from umserver.edges.admin.ask import NotRunning, ask
from umserver.edges.admin.line import Line, Mistyped
from umserver.edges.admin.show import as_json, queue_text
from umserver.interfaces import Unavailable

if TYPE_CHECKING:
    from umserver.edges.mail.spool.spool import Spool

ACTS = ("retry", "drop")


def queue(line: Line, state: Path, json: bool) -> str:
    """Show the queue, or do something about one message; what is said about it.

    Raises Mistyped, LookupError, Refused, Unavailable.
    """
    what = line.words.pop(0).lower() if line.words else ""
    if what not in ("", *ACTS):
        raise Mistyped(f"the queue knows retry and drop, not {what}")
    wanted = 1 if what else 0
    if line.options or len(line.words) != wanted:
        raise Mistyped(f"say which message: queue {what} ID" if what else "queue needs no words")
    id = line.words[0] if what else ""
    try:
        return _queue(what, id, json, lambda name, **details: ask(state, name, **details))
    except NotRunning:
        with _stopped_spool(state / "spool") as answer:
            return _queue(what, id, json, answer)


def _queue(what: str, id: str, json: bool, answer: Callable[..., Any]) -> str:
    entries: Sequence[Mapping[str, Any]] = answer("queue")
    if not what:
        return as_json(entries) if json else queue_text(entries, time.time())
    if id != "all" or what != "retry":
        matches = [str(e["id"]) for e in entries if str(e["id"]).startswith(id)]
        if len(matches) != 1:
            raise LookupError(f"{len(matches) or 'no'} messages have an id beginning with {id}")
        id = matches[0]
    answer(what, id=id)
    if json:
        return ""
    return "It is tried now." if what == "retry" else f"Message {id} is deleted."


@contextmanager
def _stopped_spool(folder: Path) -> Iterator[Callable[..., Any]]:
    """The spool without a server, answering like one; what a crash left is put in order."""
    from umserver.edges.mail.spool.cabinet import Cabinet
    from umserver.edges.mail.spool.spool import Spool, SpoolInUse
    from umserver.edges.threads import Here

    if not folder.is_dir():
        yield lambda name, **details: []
        return
    spool = Spool(Cabinet(folder), Here(), Here())
    try:
        spool.open()
    except SpoolInUse as fault:
        raise Unavailable(f"{fault}, which does not answer") from None
    try:
        _fired(spool.recover())
        yield lambda name, **details: _of_spool(spool, name, **details)
    finally:
        spool.close()


def _of_spool(spool: Spool, name: str, id: str = "") -> Any:
    from attrs import asdict

    if name == "queue":
        return [asdict(entry) for entry in _fired(spool.entries())]
    if name == "drop":
        if not _fired(spool.drop(id)):
            raise LookupError("only dead letters can be dropped")
        return None
    entries = _fired(spool.entries())
    for entry in entries:
        if id == entry.id or (id == "all" and entry.state != "dead"):
            _fired(spool.retry(entry.id))
    return None


def _fired(done: Any) -> Any:
    """The result of something that has happened already; its failure is raised."""
    results: list[Any] = []
    failures: list[Any] = []
    done.addCallbacks(results.append, failures.append)
    if failures:
        failures[0].raiseException()
    return results[0]
