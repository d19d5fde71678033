"""Mails about a voice mailbox: the welcome, a new PIN (spec 8.5).

Knows: which settings go into them. Must never know: mail formats, how PINs are kept.
"""

from __future__ import annotations

from random import Random

from attrs import evolve

from umserver.org.messages import CallerId, Envelope, Notice, new_identity
from umserver.org.settings import DialPlan, Mailbox, Organisation

ENABLED, FAILURES, ADMINISTRATOR = "enabled", "failures", "administrator"
"""Occasions."""


def notice_of(
    organisation: Organisation,
    mailbox: Mailbox,
    notice: Notice,
    *,
    at: float,
    host: str,
    random: Random,
) -> Envelope:
    """The mail that tells this user; `at` is wall time, `host` this server's name.

    Where the notice names no number of voice access, those of the plan are told.
    """
    plan = organisation.plan_named[mailbox.dial_plan]
    policy = organisation.policy_named.get(mailbox.policy)
    id, message_id = new_identity(at, random, host)
    extra = "" if policy is None else policy.reset_pin_text
    if policy is not None and notice.occasion == ENABLED:
        extra = policy.um_enabled_text
    numbers = notice.access_numbers or access_numbers(organisation, plan)
    return Envelope(
        id=id,
        message_id=message_id,
        call_id="",
        received=at,
        mailbox=mailbox.address,
        mailbox_name=mailbox.display_name,
        extension=mailbox.extension,
        caller=CallerId(),
        language=mailbox.language or plan.default_language,
        time_zone=mailbox.time_zone,
        extra_text=extra,
        missed_call_wanted=False,
        notice=evolve(notice, access_numbers=numbers),
    )


def sent_to(notice: Envelope, address: str) -> Envelope:
    """The same mail to somebody else, where an address is named."""
    return evolve(notice, mailbox=address, mailbox_name="") if address else notice


def access_numbers(organisation: Organisation, plan: DialPlan) -> tuple[str, ...]:
    """Where voice access answers: the plan's numbers, else pilots that belong to nobody else."""
    if plan.access_telephone_numbers:
        return tuple(plan.access_telephone_numbers)
    menus = {number for one in organisation.auto_attendants for number in one.pilot_identifier_list}
    pilots = [*plan.pilot_identifier_list]
    for group in organisation.hunt_groups:
        if group.dial_plan.casefold() == plan.name.casefold():
            pilots += group.pilot_identifier
    return tuple(dict.fromkeys(pilot for pilot in pilots if pilot not in menus))
