"""All EUM addresses of a user as one list, and a user changed by such a list (spec 2.6, 2.7).

Knows: which number is the primary one. Must never know: mail addresses of other kinds.
"""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from umserver.org.eum import EumAddress, read_eum
from umserver.org.numbers import key
from umserver.org.settings import Mailbox


def eum_addresses(mailbox: Mailbox) -> tuple[str, ...]:
    """Every address of the user, the primary one first."""
    return tuple(
        str(EumAddress(number, plan, primary=not place))
        for place, (plan, number) in enumerate(mailbox.places)
    )


def with_addresses(mailbox: Mailbox, addresses: Sequence[str]) -> Mailbox:
    """The user with these addresses and no others.

    Of the extensions in the primary dial plan the one written with capitals becomes the primary
    one, else the first: so the next one follows when the primary one is left out. Raises ValueError
    when an address is none, and when no extension would be left.
    """
    found = [read_eum(text) for text in addresses]
    home = [one for one in found if one.dial_plan.casefold() == mailbox.dial_plan.casefold()]
    extensions = [one for one in home if one.number.isdigit()]
    if not extensions:
        raise ValueError(
            f"{mailbox.address} needs an extension of the dial plan {mailbox.dial_plan}"
        )
    first = next((one for one in extensions if one.primary), extensions[0])
    numbers = dict.fromkeys(one.number for one in home)
    given = key(mailbox.sip_resource_identifier)
    away = (one for one in found if one not in home)
    return evolve(
        mailbox,
        extension=first.number,
        sip_resource_identifier=mailbox.sip_resource_identifier if given in numbers else "",
        secondary_numbers=tuple(n for n in numbers if n not in (first.number, given)),
        secondary_addresses=tuple(
            dict.fromkeys(str(EumAddress(one.number, one.dial_plan)) for one in away)
        ),
    )
