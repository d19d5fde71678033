"""PINs: Set-UMMailboxPIN and Get-UMMailboxPin (spec 3.7).

Knows: policies, chance. Must never know: how a PIN is kept. A PIN is shown once, where it was made
here; one that was given is never repeated.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from itertools import pairwise

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet, Desk, Outcome, Parameter
from umserver.edges.admin.cmdlets.objects import MAILBOX, keep, rebuilt
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.parameters import identity
from umserver.org.settings import MailboxPolicy


def made_pin(policy: MailboxPolicy, extensions: Iterable[str] = ()) -> str:
    """A PIN of chance as long as the policy wants, and no pattern."""
    while True:
        pin = "".join(secrets.choice("0123456789") for _ in range(policy.min_pin_length))
        if not _is_pattern(pin) and not any(pin.endswith(e) for e in extensions if e):
            return pin


def _is_pattern(pin: str) -> bool:
    steps = {int(b) - int(a) for a, b in pairwise(pin)}
    return steps <= {0} or steps <= {1} or steps <= {-1}


def set_pin(given: Given, desk: Desk) -> Outcome:
    """A new PIN, made of chance when none is given."""
    kept = find(desk.archive, MAILBOX, given.needed("Identity", "mailbox"))
    pin = given.text("Pin")
    said = ""
    if not pin:
        policy = desk.archive.load().policy_named[kept.thing.policy]
        pin = made_pin(policy, (kept.thing.extension,))
        said = f", it is {pin}"
    checked = rebuilt(MAILBOX, kept.thing, {"pin": pin})
    keep(MAILBOX, desk.archive, evolve(kept.thing, pin=checked.pin), kept.version)
    return Outcome(done=f"the PIN of {kept.thing.address} is changed{said}", changed=True)


CMDLETS = (
    Cmdlet(
        "Set",
        "UMMailboxPIN",
        "Gives a user a new PIN, made by chance when none is given",
        set_pin,
        (
            identity(MAILBOX),
            Parameter(
                "Pin",
                "The new PIN; made by chance and shown when it is not given",
                form="digits",
                range="4 to 24 digits, at least what the policy wants",
                secret=True,
            ),
        ),
        unix="mailbox set-pin",
    ),
)
