"""What a decision costs inside the call router: from memory, and when both parts of it are new.

In this process, without sockets: a thousand users and two thousand callers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from random import Random

from twisted.internet.defer import Deferred, succeed
from zope.interface import implementer

from benches.server import _USER, FIRST_USER, ROOT, USERS
from umserver.interfaces import IDirectory
from umserver.org.claims import claim_for
from umserver.org.facts import CallFacts, Diversion, Party
from umserver.org.parse import parse_toml
from umserver.org.routes import Rejected
from umserver.org.settings import Mailbox
from umserver.org.tokens import form_of, sign, verify
from umserver.roles.decisions import Decisions

CALLERS = 2000
KEY = bytes(32)


@implementer(IDirectory)
class InMemory:
    """All users in a dict."""

    def __init__(self, mailboxes: Sequence[Mailbox]) -> None:
        self._users = {(box.dial_plan, box.extension): box for box in mailboxes}

    def find(self, dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        """See `IDirectory`."""
        users = self._users
        return succeed({n: users[dial_plan, n] for n in numbers if (dial_plan, n) in users})


def run(seconds: float, runs: int) -> dict[str, object]:
    """Medians of so many runs, in µs."""
    users = "".join(_USER.format(n=FIRST_USER + n) for n in range(USERS))
    org, mailboxes = parse_toml((ROOT / "etc/demo.toml").read_text() + users)
    directory, random = InMemory(mailboxes), Random(1)
    ways = [_way(FIRST_USER + n) for n in range(USERS)]
    callers = [Party(f"+1212555{n:04}", "pbx.example.com", f"Caller {n}") for n in range(CALLERS)]
    calls = [(random.choice(ways), random.choice(callers)) for _ in range(5000)]
    warm = Decisions(directory, time.time)
    for way, caller in calls:
        warm.now(org, way, caller)

    def known() -> None:
        for way, caller in calls:
            warm.now(org, way, caller)

    def new() -> None:
        fresh = Decisions(directory, time.time)
        for way, caller in zip(ways, callers, strict=False):
            fresh.now(org, way, caller)

    first = warm.now(org, *calls[0])
    assert first is not None and first.caller is not None
    route = first.decision.route
    assert not isinstance(route, Rejected)
    claim = claim_for(route, first.caller.id, ways[0].called, callers[0])
    form, number, name = form_of(claim), claim.caller_number, claim.caller_name
    token = sign(claim, KEY, 0.0)
    result = {
        "from_memory_us": _median(known, len(calls), runs),
        "all_new_us": _median(new, USERS, runs),
        "sign_us": _median(lambda: [sign(claim, KEY, 0.0) for _ in range(1000)], 1000, runs),
        "sign_form_us": _median(
            lambda: [form.signed(number, name, KEY, 0.0) for _ in range(1000)], 1000, runs
        ),
        "verify_us": _median(lambda: [verify(token, KEY, 0.0) for _ in range(1000)], 1000, runs),
    }
    return {**result, "plot": result}


def _way(user: int) -> CallFacts:
    called = Party("5000", "127.0.0.1", "", "sip:5000@127.0.0.1")
    diversion = Diversion(Party(str(user), "pbx.example.com"), "no-answer")
    return CallFacts("", "127.0.0.1", 0, "udp", called, called, None, (diversion,))


def _median(work: Callable[[], object], count: int, runs: int) -> float:
    times = []
    for _ in range(runs):
        begin = time.process_time()
        work()
        times.append((time.process_time() - begin) / count * 1e6)
    return sorted(times)[len(times) // 2]
