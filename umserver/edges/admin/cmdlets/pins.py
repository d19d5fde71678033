"""PINs: Set-UMMailboxPIN and Get-UMMailboxPin (spec 3.7).

Knows: what is kept of a PIN beside its hash. Must never know: how it is hashed. A PIN is shown
once, where it was made here; one that was given is never repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial, reduce
from random import SystemRandom

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.cmdlets.mailboxes import (
    IGNORE_ERRORS,
    RESULT_SIZE,
    limit_of,
)
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.notices import new_pin, told
from umserver.edges.admin.nouns import MAILBOX
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter, flag
from umserver.edges.admin.parameters import identity
from umserver.edges.admin.pin_rules import asked_pin, check_pin
from umserver.org.faults import Fault, SettingsFaults
from umserver.org.messages import Envelope
from umserver.org.pin_record import PinRecord
from umserver.org.pin_rules import made_pin
from umserver.org.settings import Mailbox, MailboxPolicy, Organisation

COLUMNS = ("UserID", "PinExpired", "LockedOut", "FirstTimeUser")


def set_pin(given: Given, desk: Desk) -> Outcome:
    """A new PIN, or the state of the present one: locked, expired."""
    mailbox: Mailbox = find(desk.archive, MAILBOX, given.needed("Identity", "mailbox")).thing
    parts: list[str] = []
    mails: list[Envelope] = []
    steps: list[Callable[[PinRecord], PinRecord]] = []
    if given.has("Pin") or not (given.has("LockedOut") or given.has("PINExpired")):
        organisation = desk.archive.load()
        policy = organisation.policy_named[mailbox.policy]
        pin, made = _pin(given, desk, mailbox, policy)
        expired = given.flag("PINExpired", made)
        steps.append(_renewed(desk, policy, pin, expired=made))
        mails = new_pin(given, desk, organisation, mailbox, pin, expired=expired)
        parts.append(_said(mailbox, pin if made else "", mails, given))
    if given.has("PINExpired"):
        steps.append(partial(evolve, expired=given.flag("PINExpired")))
        until = "must be changed at the next login" if given.flag("PINExpired") else ""
        parts.append(f"the PIN of {mailbox.address} {until or 'need not be changed'}")
    if given.has("LockedOut"):
        locked = given.flag("LockedOut")
        unlocked = {"locked": False, "failures": 0, "renewed": False}
        steps.append(partial(evolve, **({"locked": True} if locked else unlocked)))
        parts.append(f"mailbox {mailbox.address} is {'locked' if locked else 'unlocked'}")
    desk.archive.change_pin_record(
        mailbox.address, lambda record: reduce(lambda now, step: step(now), steps, record), mails
    )
    return Outcome(done="; ".join(parts), changed=True)


def _pin(given: Given, desk: Desk, mailbox: Mailbox, policy: MailboxPolicy) -> tuple[str, bool]:
    """The new PIN, and whether it was made here. Raises SettingsFaults."""
    pin = given.text("Pin") or asked_pin(desk)
    if not pin:
        return made_pin(policy, mailbox.numbers, SystemRandom()), True
    check_pin(pin, policy, mailbox.extension)
    old = desk.archive.pin_record(mailbox.address) or PinRecord()
    if desk.archive.is_any(pin, old.hashes[: policy.pin_history_count]):
        words = f"must not be one of the last {policy.pin_history_count}, says {policy.name}"
        raise SettingsFaults([Fault("-Pin", words)])
    return pin, False


def _renewed(
    desk: Desk, policy: MailboxPolicy, pin: str, *, expired: bool
) -> Callable[[PinRecord], PinRecord]:
    """With the new PIN; a mailbox that was locked is open again (spec 3.7)."""
    fresh, now, remembered = desk.archive.hash_of(pin), desk.now(), policy.pin_history_count - 1
    return lambda old: evolve(
        old.succeeded_by(fresh, now, remembered), expired=expired, locked=False
    )


def _said(mailbox: Mailbox, made: str, mails: list[Envelope], given: Given) -> str:
    if given.what_if:
        return f"the PIN of {mailbox.address} is changed"
    shown = f"; it is {made}" if made else ""
    return f"the PIN of {mailbox.address} is changed{told(mails, 'a mail with it')}{shown}"


def get_pin(given: Given, desk: Desk) -> Outcome:
    """Flags of PINs, never a PIN."""
    archive, organisation = desk.archive, desk.archive.load()
    name = given.identity()
    if name:
        try:
            mailbox = find(archive, MAILBOX, name).thing
        except LookupError as fault:
            if not given.flag("IgnoreErrors"):
                raise
            return Outcome(columns=COLUMNS, warnings=(str(fault.args[0]),))
        return Outcome((_record(desk, organisation, mailbox.address, mailbox.policy),), COLUMNS)
    return Outcome(_records(desk, organisation), COLUMNS, limit=limit_of(given))


def _records(desk: Desk, organisation: Organisation) -> Iterator[Record]:
    users = [(one.address, one.policy) for one in desk.archive.mailboxes() if one.um_enabled]
    for address, policy in users:
        yield _record(desk, organisation, address, policy)


def _record(desk: Desk, organisation: Organisation, address: str, policy_name: str) -> Record:
    record = desk.archive.pin_record(address) or PinRecord()
    policy = organisation.policy_named.get(policy_name)
    lifetime = policy.pin_lifetime if policy is not None else None
    days = lifetime if isinstance(lifetime, int) and lifetime else None
    return (
        Property("UserID", address, "user"),
        Property("PinExpired", record.is_expired(days, desk.now()), "pin_expired"),
        Property("LockedOut", record.locked, "locked_out"),
        Property("FirstTimeUser", record.first_time, "first_time_user"),
    )


CMDLETS = (
    Cmdlet(
        "Set",
        "UMMailboxPIN",
        "Gives a user a new PIN, made by chance when none is given, and mails it; locks, unlocks",
        set_pin,
        (
            identity(MAILBOX),
            Parameter(
                "Pin",
                "The new PIN; asked for unseen, or made by chance and shown",
                form="digits",
                range="4 to 24 digits, at least what the policy wants",
                secret=True,
            ),
            flag("PINExpired", "Whether it must be changed at the next login; true for one made"),
            flag("LockedOut", "Locks the mailbox, or unlocks it", False),
            Parameter("NotifyEmail", "Who gets the mail with it; the user when it is not given"),
            flag("SendEmail", "Whether a mail with a new PIN is sent", True),
        ),
        unix="mailbox set-pin",
        examples=("Set-UMMailboxPIN 1001", "Set-UMMailboxPIN ada@example.com -LockedOut $false"),
    ),
    Cmdlet(
        "Get",
        "UMMailboxPin",
        "Shows whether PINs are expired or locked; never a PIN",
        get_pin,
        (identity(MAILBOX, needed=False), RESULT_SIZE, IGNORE_ERRORS),
        unix="mailbox get-pin",
        examples=("Get-UMMailboxPin", "Get-UMMailboxPin 1001 -Format List"),
    ),
)
