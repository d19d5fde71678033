"""`umctl import-mailboxes`: many users from a CSV file, with a line that says how far it is.

Knows: the store, the terminal. Must never know: columns. PINs are hashed in a thread for each
processor (Argon2 lets the interpreter go on meanwhile) before anything is changed; then the file is
taken whole or not at all. PINs that are made here go into a file, for letters to their owners.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import SystemRandom

from attrs import evolve

from umserver.command.desk import Machine
from umserver.edges.admin.line import Line, Mistyped
from umserver.edges.admin.notices import mail_of
from umserver.edges.admin.people import users_of
from umserver.org.consequences import with_dtmf_map
from umserver.org.messages import Envelope, Notice
from umserver.org.notices import ENABLED
from umserver.org.pin_rules import made_pin
from umserver.org.settings import Mailbox, Organisation

BAR = 24
"""Characters of the bar."""


def import_mailboxes(line: Line, name: str, text: str, desk: Machine) -> str:
    """Put the users of the file into the store; what is said about it.

    `--make-pins FILE` makes a PIN for everybody who has none, and writes them there. `--welcome`
    makes them too, and mails everybody who comes with a PIN, or gets one, a welcome with it.
    """
    greets, pins_file = _wishes(line)
    organisation = desk.store().load()
    users = users_of(text.splitlines(keepends=True), organisation)
    users = [with_dtmf_map(user) for user in users]
    letters: list[Mailbox] = []
    if pins_file is not None or greets:
        users = list(_with_pins(users, organisation, letters))
    mails = _welcomes(users, letters, organisation, desk) if greets else []
    hashes = _hashes(users, desk)
    if pins_file is not None:
        _write(pins_file, letters)
    desk.progress(f"writing {len(users)} mailboxes …")
    try:
        desk.store().put_mailboxes(users, hashes=hashes, notices=mails)
    except BaseException:
        if pins_file is not None:
            pins_file.unlink(missing_ok=True)
        raise
    finally:
        desk.progress("")
    said = f"{name}: {len(users)} mailboxes imported"
    said += f", {len(letters)} PINs are in {pins_file}" if pins_file is not None else ""
    return f"{said}, {len(mails)} welcome mails are sent." if greets else f"{said}."


def _wishes(line: Line) -> tuple[bool, Path | None]:
    """Whether everybody is welcomed, and the file for PINs that are made."""
    greets = line.flag("welcome")
    pins_file = line.take("make-pins")
    if pins_file is not None and len(pins_file.values) != 1:
        raise Mistyped("--make-pins needs a file to write PINs to")
    for option in line.options:
        raise Mistyped(f"{option.typed} means nothing here")
    return greets, Path(pins_file.values[0]) if pins_file is not None else None


def _welcomes(
    users: Sequence[Mailbox], letters: Sequence[Mailbox], organisation: Organisation, desk: Machine
) -> list[Envelope]:
    """A mail to everybody with a PIN; who gets one that was made must change it."""
    made = {user.address for user in letters}
    return [
        mail_of(
            desk,
            organisation,
            user,
            Notice(ENABLED, user.address, user.pin, must_change=user.address in made),
        )
        for user in users
        if user.pin
    ]


def _with_pins(
    users: Sequence[Mailbox], organisation: Organisation, letters: list[Mailbox]
) -> Iterator[Mailbox]:
    """Everybody with a PIN; those whose PIN was made are noted in `letters`."""
    random = SystemRandom()
    for user in users:
        policy = organisation.policy_named.get(user.policy)
        if user.pin or policy is None:
            yield user
            continue
        made = evolve(user, pin=made_pin(policy, (user.extension,), random))
        letters.append(made)
        yield made


def _hashes(users: Sequence[Mailbox], desk: Machine) -> dict[str, str]:
    """The hashes of all PINs by address."""
    given = [user for user in users if user.pin]
    archive = desk.store()
    hashes: dict[str, str] = {}
    if not given:
        return hashes
    begun = desk.now()
    archive.pepper()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        work = pool.map(lambda user: archive.hash_of(user.pin), given)
        for user, hash in zip(given, work, strict=True):
            hashes[user.address] = hash
            desk.progress(bar(len(hashes), len(given), desk.now() - begun))
    return hashes


def bar(done: int, total: int, seconds: float) -> str:
    """How far it is: `[######..................] 250 of 1000 PINs, 12 s left`."""
    filled = BAR * done // total
    left = seconds / done * (total - done)
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {done} of {total} PINs, {left:.0f} s left"


def _write(path: Path, users: Sequence[Mailbox]) -> None:
    """A new file that only its owner reads. Raises OSError when there is one already."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("extension", "name", "address", "pin"))
        writer.writerows((u.extension, u.display_name, u.address, u.pin) for u in users)
        file.flush()
        os.fsync(file.fileno())
