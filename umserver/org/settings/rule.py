"""The settings of a call answering rule; rules stand in the mailbox of their user (spec 3.8, 7).

Knows: each setting by itself. Must never know: other objects, which rule holds at a moment.
"""

from __future__ import annotations

from typing import Annotated

from attrs import frozen

from umserver.org.declare import Setting
from umserver.org.forms import number
from umserver.org.rule_forms import FORM, tidy_time_of_day, time_of_day


@frozen(kw_only=True)
class CallerCondition:
    """One caller of a rule, as `1,4255550100,,`; the numbers beside 1 are our own (spec 3.8)."""

    type: Annotated[
        int,
        Setting(
            "1 a number, 2 somebody of the directory, 3 a personal contact, 4 all of them",
            "3.8",
            low=1,
            high=4,
        ),
    ]
    number: Annotated[str, Setting("The number of type 1", "3.8", check=number)] = ""
    directory_contact: Annotated[
        str, Setting("Mail address of somebody of the directory, type 2", "3.8", high=255)
    ] = ""
    personal_contact: Annotated[str, Setting("A personal contact, type 3", "3.8", high=255)] = ""


@frozen(kw_only=True)
class RuleKeyMapping:
    """What one key of a rule's menu does; its columns are those of spec 3.8.

    The types 1 and 5 are documented, the others are our own.
    """

    type: Annotated[
        int,
        Setting(
            "1 transfer to a number, 2 the voice mail of a contact, 3 transfer to a contact, "
            "4 leave a message, 5 find me",
            "3.8, 7",
            low=1,
            high=5,
        ),
    ]
    key: Annotated[int, Setting("The key", "3.8", low=1, high=9)]
    context: Annotated[str, Setting("What callers hear about it", "3.8", high=255)] = ""
    find_me1: Annotated[str, Setting("First number of find me", "3.8", check=number)] = ""
    timeout1: Annotated[int, Setting("How long it rings", "3.8", "seconds", low=0, high=300)] = 0
    find_me2: Annotated[str, Setting("Second number of find me", "3.8", check=number)] = ""
    timeout2: Annotated[int, Setting("How long it rings", "3.8", "seconds", low=0, high=300)] = 0
    transfer_number: Annotated[str, Setting("Number to transfer to", "3.8", check=number)] = ""
    transfer_contact: Annotated[
        str, Setting("Mail address of the contact to transfer to", "3.8", high=255)
    ] = ""


@frozen(kw_only=True)
class CallAnsweringRule:
    """What happens to calls that meet its conditions, in the place of the plain greeting."""

    name: Annotated[str, Setting("Name, unique in the mailbox", "3.8", low=1, high=255)]
    priority: Annotated[
        int, Setting("Order in which rules are tried, 1 first", "3.8", low=1, high=9)
    ] = 9
    enabled: Annotated[bool, Setting("Whether it is followed", "3.8", own=True)] = True
    caller_ids: Annotated[
        tuple[CallerCondition, ...],
        Setting("Callers that it is for; everybody when empty", "3.8", high=50),
    ] = ()
    extensions_dialed: Annotated[
        tuple[str, ...],
        Setting("Own extensions that it is for; all when empty", "3.8", high=50, check=number),
    ] = ()
    schedule_status: Annotated[
        int,
        Setting(
            "States of the calendar that it is for: the sum of 1 free, 2 tentative, 4 busy, "
            "8 out of office; all when 0",
            "3.8",
            low=0,
            high=15,
        ),
    ] = 0
    time_of_day: Annotated[
        str,
        Setting(
            "Times that it is for; all when empty",
            "3.8",
            check=time_of_day,
            tidy=tidy_time_of_day,
            form=FORM,
        ),
    ] = ""
    check_automatic_replies: Annotated[
        bool, Setting("Whether it is only for times with automatic replies", "3.8")
    ] = False
    callers_can_interrupt_greeting: Annotated[
        bool, Setting("Whether keys end the greeting early", "3.8")
    ] = True
    key_mappings: Annotated[
        tuple[RuleKeyMapping, ...], Setting("What the keys do", "3.8; 12 no 30", high=10)
    ] = ()
