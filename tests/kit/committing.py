"""A program that commits random changes and says which ones were acknowledged; made to be killed.

    python -m tests.kit.committing URL STATE SEED COUNT

Prints the number of each commit. Every commit changes several objects that agree with each
other about its number, so half a commit would be seen (`agreement`).
"""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from attrs import evolve

from tests.contracts.store import ADA, BEN, PEPPER, quick_hash
from tests.org.examples import ORG, PBX, user
from umserver.edges.store.archive import Archive
from umserver.edges.store.backend import open_tables
from umserver.edges.store.ledger import MOST_FOUND, Search
from umserver.org.settings import Mailbox, Organisation, UMService

FIRST_PORT = 10_000


def opened(url: str, state: Path) -> Archive:
    """The store, with quick hashes."""
    return Archive(open_tables(url, state), lambda: PEPPER, quick_hash)


def fill(archive: Archive) -> None:
    """What the commits begin with."""
    archive.import_organisation(ORG, [ADA, BEN])
    _commit(archive, 0, random.Random(0))


def _commit(archive: Archive, number: int, chance: random.Random) -> int:
    """One transaction over several objects; the new revision."""
    users: list[Mailbox] = [evolve(ADA, display_name=f"Ada {number}")]
    for _ in range(chance.randrange(4)):
        extension = str(7000 + chance.randrange(40))
        users.append(evolve(user(f"U{extension}", extension), display_name=f"User {number}"))
    users = list({mailbox.address: mailbox for mailbox in users}.values())
    organisation = Organisation(
        gateways=(evolve(PBX, port=FIRST_PORT + number),),
        service=UMService(max_calls_allowed=number % 200),
    )
    return archive.import_organisation(organisation, users, replace=False)


def agreement(archive: Archive) -> int:
    """The number of the last commit. Raises AssertionError when the objects disagree."""
    organisation = archive.load()
    ports = {gateway.name: gateway.port for gateway in organisation.gateways}
    number = ports[PBX.name] - FIRST_PORT
    assert organisation.service.max_calls_allowed == number % 200, "half a commit"
    assert archive.get("mailboxes", ADA.address).thing.display_name == f"Ada {number}", "half"
    noted = {change.revision for change in archive.search(Search(most=MOST_FOUND))}
    assert noted == set(range(1, archive.revision() + 1)), "a commit is not in the change log"
    for mailbox in list(archive.mailboxes()):
        found = archive.find(mailbox.dial_plan, mailbox.numbers)
        assert set(found.values()) == {mailbox}, "a number lost its owner"
    return number


def kill_one(url: str, state: Path, seed: int, count: int) -> tuple[int, int]:
    """Let a program commit and kill it with SIGKILL at a moment of chance.

    Returns the number of the last acknowledged commit and of the last one that is there.
    """
    chance = random.Random(seed)
    before = opened(url, state)
    begin = agreement(before)
    before.close()
    after = chance.randrange(count)
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.kit.committing", url, str(state), str(seed), str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).resolve().parent.parent.parent,
    )
    assert program.stdout is not None
    acknowledged = begin
    with program:
        for line in program.stdout:
            acknowledged = int(line)
            if acknowledged - begin >= after:
                break
        program.kill()
        for line in program.stdout:
            if line.endswith("\n"):
                acknowledged = int(line)
    archive = opened(url, state)
    try:
        return acknowledged, agreement(archive)
    finally:
        archive.close()


def main(url: str, state: str, seed: str, count: str) -> None:
    """The program."""
    archive = opened(url, Path(state))
    chance = random.Random(int(seed))
    begin = agreement(archive)
    for number in range(begin + 1, begin + 1 + int(count)):
        _commit(archive, number, chance)
        print(number, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
