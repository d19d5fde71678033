"""Which number leads from one dial plan to a user who was found by name (spec 4.9).

Knows: users, dial plans, their formats for each other. Must never know: who may dial what, calls.
"""

from __future__ import annotations

from umserver.org.dialing import across_plans
from umserver.org.settings import DialPlan, Mailbox, Organisation


def number_of(org: Organisation, plan: DialPlan, person: Mailbox) -> str:
    """What callers of `plan` dial for this person.

    Within the plan that is the extension. For a user of another plan it is what that plan's format
    for callers of the same country, or of others, makes of the user's number; without a format the
    number itself: one with + if there is one, else the extension.
    """
    if person.dial_plan == plan.name:
        return person.extension
    directory = next((n for n in person.secondary_numbers if n.startswith("+")), person.extension)
    theirs = org.plan_named.get(person.dial_plan)
    if theirs is None:
        return directory
    at_home = theirs.country_or_region_code == plan.country_or_region_code
    form = (
        theirs.in_country_or_region_number_format if at_home else theirs.international_number_format
    )
    return across_plans(form, directory) or across_plans(form, person.extension) or directory
