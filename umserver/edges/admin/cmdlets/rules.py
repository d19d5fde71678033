"""Call answering rules of a user: New, Set, Get, Enable, Disable and Remove (spec 3.8).

Knows: rules as the last part of a mailbox. Must never know: what a rule does to a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk, Kept
from umserver.edges.admin.finding import find
from umserver.edges.admin.given import Given
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import MAILBOX
from umserver.edges.admin.outcome import Outcome, Property, Record
from umserver.edges.admin.parameter import Parameter
from umserver.edges.admin.parameters import parameter_of
from umserver.org.consequences import with_rule
from umserver.org.declare import declared
from umserver.org.faults import Fault, SettingsFaults, nearest
from umserver.org.parse import parse_object
from umserver.org.settings import CallAnsweringRule, Mailbox

COLUMNS = ("Name", "Priority", "Enabled", "Mailbox")
SETTINGS = {setting.name: setting for setting in declared(CallAnsweringRule)}
Rules = tuple[CallAnsweringRule, ...]


def _mailbox(given: Given, desk: Desk) -> Kept:
    return find(desk.archive, MAILBOX, given.needed("Mailbox", "mailbox"))


def get(given: Given, desk: Desk) -> Outcome:
    """The rules of a user in their order, or one in full."""
    mailbox: Mailbox = _mailbox(given, desk).thing
    rules = sorted(mailbox.call_answering_rules, key=lambda rule: rule.priority)
    name = given.identity()
    if name:
        rules = [_named(mailbox, name)]
    records = tuple(_record(rule, mailbox) for rule in rules)
    return Outcome(records, COLUMNS, in_full=bool(name))


def _record(rule: CallAnsweringRule, mailbox: Mailbox) -> Record:
    values = tuple(
        Property(setting.parameter, getattr(rule, key), key) for key, setting in SETTINGS.items()
    )
    return (*values, Property("Mailbox", mailbox.address, "mailbox"))


def _named(mailbox: Mailbox, name: str) -> CallAnsweringRule:
    """The rule of this name, or of this priority. Raises LookupError with the nearest one."""
    for rule in mailbox.call_answering_rules:
        if name.casefold() in (rule.name.casefold(), f"{mailbox.address}\\{rule.name}".casefold()):
            return rule
    near = nearest(name, [rule.name for rule in mailbox.call_answering_rules])
    hint = f"; did you mean {near}?" if near else ""
    raise LookupError(f"{mailbox.address} has no call answering rule {name}{hint}")


def new(given: Given, desk: Desk) -> Outcome:
    """One more rule; those of its priority and behind make room."""
    kept = _mailbox(given, desk)
    rules: Rules = kept.thing.call_answering_rules
    values = given.settings()
    if "name" not in values:
        raise Mistyped("say what it is called: New-UMCallAnsweringRule -Name NAME")
    rule = _made(values)
    if any(old.name.casefold() == rule.name.casefold() for old in rules):
        raise Mistyped(f"-Name: there is another rule {rule.name}")
    try:
        mailbox = with_rule(kept.thing, rule)
    except ValueError as fault:
        raise Mistyped(str(fault)) from None
    _keep(desk, kept, mailbox)
    return Outcome(done=f"call answering rule {rule.name} is made", changed=True)


def set_(given: Given, desk: Desk) -> Outcome:
    """Change settings of a rule; also its name and priority."""
    kept = _mailbox(given, desk)
    old = _named(kept.thing, given.needed("Identity", "call answering rule"))
    changes = given.settings(old)
    if not changes:
        raise Mistyped(f"say what to set: {', '.join(f'-{p.name}' for p in _OF_RULE)}")
    good = _made({"name": old.name, **changes})
    taken: dict[str, Any] = {name: getattr(good, name) for name in changes}
    new = evolve(old, **taken)
    rules = tuple(rule for rule in kept.thing.call_answering_rules if rule is not old)
    _keep(desk, kept, with_rule(evolve(kept.thing, call_answering_rules=rules), new))
    return Outcome(done=f"call answering rule {old.name} is changed", changed=True)


def switch(on: bool) -> Callable[[Given, Desk], Outcome]:
    """Follow a rule, or do not for the time being."""

    def run(given: Given, desk: Desk) -> Outcome:
        kept = _mailbox(given, desk)
        old = _named(kept.thing, given.needed("Identity", "call answering rule"))
        if not on and not desk.sure(f"Disable call answering rule {old.name}?"):
            return Outcome()
        new = evolve(old, enabled=on)
        rules = (new if rule is old else rule for rule in kept.thing.call_answering_rules)
        _keep(desk, kept, evolve(kept.thing, call_answering_rules=tuple(rules)))
        word = "enabled" if on else "disabled"
        return Outcome(done=f"call answering rule {old.name} is {word}", changed=True)

    return run


def remove(given: Given, desk: Desk) -> Outcome:
    """Forget a rule."""
    kept = _mailbox(given, desk)
    old = _named(kept.thing, given.needed("Identity", "call answering rule"))
    if not desk.sure(f"Remove call answering rule {old.name}?"):
        return Outcome()
    rules = tuple(rule for rule in kept.thing.call_answering_rules if rule is not old)
    _keep(desk, kept, evolve(kept.thing, call_answering_rules=rules))
    return Outcome(done=f"call answering rule {old.name} is removed", changed=True)


def _made(values: dict[str, Any]) -> CallAnsweringRule:
    """Raises SettingsFaults in the names of parameters."""
    try:
        rule = parse_object(CallAnsweringRule, values, "rule")
    except SettingsFaults as faults:
        raise SettingsFaults([_renamed(fault) for fault in faults.faults]) from None
    assert isinstance(rule, CallAnsweringRule)
    return rule


def _renamed(fault: Fault) -> Fault:
    rest = fault.path.removeprefix("rule.")
    key = rest.partition(".")[0].partition("[")[0]
    name = f"-{SETTINGS[key].parameter}" if key in SETTINGS else key
    return Fault(name + rest[len(key) :], fault.what)


def _keep(desk: Desk, kept: Kept, mailbox: Mailbox) -> None:
    """Put it into the store. Raises SettingsFaults in the names of parameters."""
    try:
        desk.archive.put(MAILBOX.section, mailbox, kept.version)
    except SettingsFaults as faults:
        start = f"mailboxes.{mailbox.address}.call_answering_rules."
        raise SettingsFaults([_of_rule(fault, start) for fault in faults.faults]) from None


def _of_rule(fault: Fault, start: str) -> Fault:
    """The name of the rule goes from the path; it was typed a moment ago."""
    rest = fault.path.removeprefix(start)
    if rest == fault.path:
        return fault
    last = rest.rpartition(".")[2]
    return _renamed(Fault(f"rule.{last}", fault.what))


_WHOSE = Parameter("Mailbox", "Whose rule it is", section="mailboxes", required=True)
_WHICH = Parameter("Identity", "Name of the rule", required=True)
_OF_RULE = tuple(parameter_of(setting) for setting in SETTINGS.values())
_SYNOPSES: dict[str, tuple[str, Callable[[Given, Desk], Outcome], tuple[Parameter, ...]]] = {
    "Get": ("Shows the call answering rules of a user", get, (evolve(_WHICH, required=False),)),
    "Set": ("Changes a call answering rule", set_, (_WHICH, *_OF_RULE)),
    "New": ("Makes a call answering rule", new, _OF_RULE),
    "Remove": ("Removes a call answering rule", remove, (_WHICH,)),
    "Enable": ("Follows a call answering rule", switch(True), (_WHICH,)),
    "Disable": ("Follows a call answering rule no more", switch(False), (_WHICH,)),
}
_BUSY = "New-UMCallAnsweringRule Busy -Mailbox 1001 -ScheduleStatus 0x4"
EXAMPLES = {
    "Get": ("Get-UMCallAnsweringRule -Mailbox 1001", "Get-UMCallAnsweringRule Busy -Mailbox 1001"),
    "Set": (
        "Set-UMCallAnsweringRule Busy -Mailbox 1001 -Priority 1",
        "Set-UMCallAnsweringRule Busy -Mailbox 1001 -TimeOfDay '3,4,8:00,12:00'",
    ),
    "New": (
        f"{_BUSY} -KeyMappings '1,1,Receptionist,,,,,45678,'",
        "New-UMCallAnsweringRule Ben -Mailbox 1001 -Priority 2 -CallerIds '1,4255550100,,'",
    ),
    "Remove": (
        "Remove-UMCallAnsweringRule Busy -Mailbox 1001 -Confirm:$false",
        "Remove-UMCallAnsweringRule Busy -Mailbox 1001 -WhatIf",
    ),
    "Enable": (
        "Enable-UMCallAnsweringRule Busy -Mailbox 1001",
        "Enable-UMCallAnsweringRule Busy -Mailbox ada@example.com",
    ),
    "Disable": (
        "Disable-UMCallAnsweringRule Busy -Mailbox 1001 -Confirm:$false",
        "Disable-UMCallAnsweringRule Busy -Mailbox 1001 -WhatIf",
    ),
}
CMDLETS = tuple(
    Cmdlet(
        verb,
        "UMCallAnsweringRule",
        synopsis,
        run,
        (*parameters, _WHOSE),
        unix=f"rule {verb.lower()}",
        first="Name" if verb == "New" else "Identity",
        asks=verb in ("Remove", "Disable"),
        examples=EXAMPLES[verb],
    )
    for verb, (synopsis, run, parameters) in _SYNOPSES.items()
)
