"""Users: Get-, Set-, Enable- and Disable-UMMailbox, and what Set-User and Set-Mailbox do to them.

Knows: mailboxes, policies, EUM addresses (spec 2.6, 3.7, 3.13). Must never know: how PINs are kept.
There is no other directory of users here: enabling somebody who is not known yet makes the mailbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from random import SystemRandom
from typing import Any

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.cmdlets.objects import fitting, parameters_of, set_
from umserver.edges.admin.desk import Archive, Desk, Kept
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.keeping import keep, made
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.notices import told, welcome
from umserver.edges.admin.nouns import MAILBOX
from umserver.edges.admin.outcome import Outcome
from umserver.edges.admin.parameter import Parameter, flag
from umserver.edges.admin.parameters import identity, in_parameters
from umserver.edges.admin.pin_rules import asked_pin, check_pin
from umserver.edges.admin.records import record_of
from umserver.edges.admin.values import changed as changed_list
from umserver.org.consequences import with_dtmf_map
from umserver.org.eum_list import eum_addresses, with_addresses
from umserver.org.faults import SettingsFaults, unknown
from umserver.org.messages import Envelope
from umserver.org.pin_record import PinRecord
from umserver.org.pin_rules import made_pin
from umserver.org.settings import Mailbox, MailboxPolicy, Organisation

RESULT_SIZE = Parameter(
    "ResultSize", "How many are shown at most", form="number or Unlimited", default="1000"
)
IGNORE_ERRORS = Parameter("IgnoreErrors", "Faults become warnings", switch=True)
MOST_SHOWN = 1000
"""Mailboxes shown unless more are asked for (spec 3.7)."""


def limit_of(given: Given) -> int:
    """How many are shown; 0 for all. Raises Mistyped."""
    if given.text("ResultSize").casefold() == "unlimited":
        return 0
    count = given.number("ResultSize", MOST_SHOWN)
    if count < 1:
        raise Mistyped("-ResultSize is a number from 1 on, or Unlimited")
    return count


def get(given: Given, desk: Desk) -> Outcome:
    """All users up to a number, those that fit, or one in full."""
    organisation = desk.archive.load()
    name = given.identity()
    if name:
        try:
            thing = find(desk.archive, MAILBOX, name).thing
        except LookupError as fault:
            if not given.flag("IgnoreErrors"):
                raise
            return Outcome(columns=MAILBOX.columns, warnings=(str(fault.args[0]),))
        return Outcome((record_of(MAILBOX, thing, organisation),), MAILBOX.columns, in_full=True)
    things: Iterable[Mailbox] = fitting(given, desk.archive.mailboxes())
    if given.text("Anr"):
        things = _resembling(given.text("Anr"), things)
    records = (record_of(MAILBOX, thing, organisation) for thing in things)
    return Outcome(records, MAILBOX.columns, limit=limit_of(given))


def _resembling(text: str, users: Iterable[Mailbox]) -> Iterator[Mailbox]:
    """Users one of whose names begins with this."""
    wanted = text.casefold()
    for user in users:
        words = [*user.display_name.split(), user.display_name, user.address, user.extension]
        if any(word.casefold().startswith(wanted) for word in words):
            yield user


def enable(given: Given, desk: Desk) -> Outcome:
    """Answer calls for somebody; with a PIN made here, which is shown this one time."""
    archive = desk.archive
    name = given.needed("Identity", "mailbox")
    kept = _known(archive, name)
    if kept is not None and kept.thing.um_enabled:
        words = f"{kept.thing.address} is enabled already; Set-UMMailbox changes what there is"
        raise Mistyped(words)
    organisation = archive.load()
    policy = _policy(given, organisation, kept)
    values = _numbers(given, kept)
    common: dict[str, Any] = {
        "um_enabled": True,
        "policy": policy.name,
        "dial_plan": policy.dial_plan,
    }
    first = values.get("extension") or (kept.thing.extension if kept else "")
    pin, is_made = _pin(given, desk, policy, str(first))
    common["pin"] = pin
    if kept is None:
        shown = given.text("DisplayName") or name.partition("@")[0].replace(".", " ").title()
        values = {"address": name, "display_name": shown, **given.settings(), **values, **common}
        mailbox = made(MAILBOX, values)
    else:
        changes = {**given.settings(kept.thing), **values, **common}
        whole = {s.name: getattr(kept.thing, s.name) for s in MAILBOX.settings if s.required}
        good = made(MAILBOX, {**whole, **changes}, kept.thing)
        taken: dict[str, Any] = {key: getattr(good, key) for key in changes}
        mailbox = evolve(kept.thing, **taken)
    mailbox = with_dtmf_map(mailbox)
    expired = given.flag("PINExpired", is_made)
    mails = welcome(given, desk, organisation, mailbox, must_change=expired)
    _put(archive, mailbox, mails, PinRecord(set_at=desk.now(), expired=expired))
    said = told(mails, "the welcome mail") if not given.what_if else ""
    said += f"; the PIN is {pin}" if is_made and not given.what_if else ""
    return Outcome(done=f"mailbox {mailbox.address} is enabled{said}", changed=True)


def _known(archive: Archive, name: str) -> Kept | None:
    try:
        return find(archive, MAILBOX, name)
    except LookupError:
        if "@" in name:
            return None
        raise


def _policy(given: Given, organisation: Organisation, kept: Kept | None) -> MailboxPolicy:
    """The policy that was named, that the user had, or the only one there is."""
    name = given.text("UMMailboxPolicy") or (kept.thing.policy if kept else "")
    policies = organisation.mailbox_policies
    if not name and len(policies) == 1:
        return policies[0]
    if not name:
        raise Mistyped("say which mailbox policy: -UMMailboxPolicy NAME")
    for policy in policies:
        if policy.name.casefold() == name.casefold():
            return policy
    fault = unknown("-UMMailboxPolicy", name, [p.name for p in policies], "mailbox policy")
    raise SettingsFaults([fault])


def _numbers(given: Given, kept: Kept | None) -> dict[str, Any]:
    """Extensions, as far as they were given; the first one is the primary one."""
    extensions = given.texts("Extensions")
    if extensions:
        return {"extension": extensions[0], "secondary_numbers": list(extensions[1:])}
    if kept is None:
        raise Mistyped("say which extension: -Extensions 1001")
    return {}


def _pin(given: Given, desk: Desk, policy: MailboxPolicy, extension: str) -> tuple[str, bool]:
    """The PIN, and whether it was made here."""
    pin = given.text("PIN") or asked_pin(desk)
    if pin:
        check_pin(pin, policy, extension)
        return pin, False
    return made_pin(policy, (extension,), SystemRandom()), True


def _put(archive: Archive, mailbox: Mailbox, mails: Sequence[Envelope], pin: PinRecord) -> None:
    """Keep a mailbox that may have come to another plan."""
    try:
        archive.import_organisation(
            Organisation(), (mailbox,), replace=False, notices=mails, new_pins=pin
        )
    except SettingsFaults as faults:
        raise in_parameters(faults, MAILBOX, mailbox) from None


def disable(given: Given, desk: Desk) -> Outcome:
    """Answer no more calls for a user; settings stay unless -KeepProperties $false."""
    kept = find(desk.archive, MAILBOX, given.needed("Identity", "mailbox"))
    address = kept.thing.address
    if not desk.sure(f"Disable mailbox {address}?"):
        return Outcome()
    left = evolve(kept.thing, um_enabled=False)
    if not given.flag("KeepProperties", True):
        needed = {s.name: getattr(kept.thing, s.name) for s in MAILBOX.settings if s.required}
        left = made(MAILBOX, {**needed, "um_enabled": False})
    keep(MAILBOX, desk.archive, left, kept.version)
    return Outcome(done=f"mailbox {address} is disabled", changed=True)


def set_mailbox(given: Given, desk: Desk) -> Outcome:
    """Change a user's EUM addresses: `@{Add="eum:1005;phone-context=Demo"}` (spec 2.6)."""
    name = given.needed("Identity", "mailbox")
    if not given.has("EmailAddresses"):
        raise Mistyped("say what to set: -EmailAddresses")

    kept = find(desk.archive, MAILBOX, name)
    texts = changed_list(given.options["EmailAddresses"], eum_addresses(kept.thing))
    plan = kept.thing.dial_plan
    whole = [text if ";" in text else f"{text};phone-context={plan}" for text in texts]
    try:
        mailbox = with_addresses(kept.thing, whole)
    except ValueError as fault:
        raise Mistyped(f"-EmailAddresses {fault}") from None
    keep(MAILBOX, desk.archive, mailbox, kept.version)
    return Outcome(done=f"the addresses of {mailbox.address} are changed", changed=True)


_OF_MAILBOX = {p.name: p for p in parameters_of(MAILBOX, "Set", "Set-UMMailbox")}
_ENABLED = (
    "UMMailboxPolicy",
    "SIPResourceIdentifier",
    "AutomaticSpeechRecognitionEnabled",
    "DisplayName",
    "Language",
    "TimeZone",
)
ENABLE = (
    identity(MAILBOX),
    *(_OF_MAILBOX[name] for name in _ENABLED),
    Parameter("Extensions", "Extensions, the primary one first", form="list", several=True),
    Parameter(
        "PIN",
        "The first PIN; made by chance and shown when it is not given",
        form="digits",
        range="4 to 24 digits, at least what the policy wants",
        secret=True,
    ),
    flag("PINExpired", "Whether the PIN must be changed at the first login"),
    Parameter("PilotNumber", "Number of voice access that the user is told; else the plan's"),
    Parameter("NotifyEmail", "Who gets the welcome mail; the user when it is not given"),
    flag("SendWelcomeMail", "Whether a welcome mail with the PIN is sent", True),
    Parameter("ValidateOnly", "Only check, change nothing", switch=True),
    Parameter(
        "EnableCloudVoiceMail",
        "For an organisation half in the cloud",
        switch=True,
        without_effect="there is no cloud here",
    ),
)


CMDLETS = (
    Cmdlet(
        "Get",
        "UMMailbox",
        "Shows users whose calls are answered, or one in full",
        get,
        (
            *parameters_of(MAILBOX, "Get", "Get-UMMailbox"),
            Parameter("Anr", "Users one of whose names begins with this"),
            RESULT_SIZE,
            IGNORE_ERRORS,
        ),
        unix="mailbox get",
    ),
    Cmdlet(
        "Set",
        "UMMailbox",
        "Changes settings of a user",
        set_(MAILBOX),
        tuple(_OF_MAILBOX.values()),
        unix="mailbox set",
    ),
    Cmdlet(
        "Enable",
        "UMMailbox",
        "Answers calls for a user; makes the mailbox when there is none",
        enable,
        ENABLE,
        unix="mailbox enable",
    ),
    Cmdlet(
        "Disable",
        "UMMailbox",
        "Answers no more calls for a user",
        disable,
        (
            identity(MAILBOX),
            flag("KeepProperties", "Whether the settings stay for the next time", True),
        ),
        unix="mailbox disable",
        asks=True,
    ),
    Cmdlet(
        "Set",
        "Mailbox",
        "Changes the EUM addresses of a user: extensions, SIP addresses, E.164 numbers",
        set_mailbox,
        (
            identity(MAILBOX),
            Parameter(
                "EmailAddresses",
                "EUM addresses; EUM: in capitals is the primary one",
                form='list, or @{Add="…"; Remove="…"}',
                several=True,
            ),
        ),
        unix="mailbox set-addresses",
    ),
)
