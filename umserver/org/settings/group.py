"""The settings of a distribution group (spec 5.6).

Knows: each setting by itself. Must never know: other objects.
"""

from __future__ import annotations

from typing import Annotated

from attrs import frozen

from umserver.org.declare import Setting
from umserver.org.forms import mail_address, name

MOST_MEMBERS = 500


@frozen(kw_only=True)
class DistributionGroup:
    """People who get a message together when somebody sends it to the group by telephone."""

    name: Annotated[
        str,
        Setting("Name of the group, as it is spelled and spoken", "5.6", high=64, check=name),
    ]
    primary_smtp_address: Annotated[
        str, Setting("Mail address of the group, shown in its mails", "5.6", check=mail_address)
    ] = ""
    members: Annotated[
        tuple[str, ...],
        Setting(
            "Mail addresses of its members; who is no user here is reached by SMTP only",
            "5.6",
            high=MOST_MEMBERS,
            check=mail_address,
        ),
    ] = ()
    hidden_from_address_lists_enabled: Annotated[
        bool, Setting("Whether nobody finds it by telephone", "5.6")
    ] = False
