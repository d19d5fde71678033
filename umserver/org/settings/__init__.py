"""The settings of an organisation as values; each is declared here and nowhere else, noun by noun.

Knows: names, types, defaults, ranges, help (spec 2, 3.2–3.8, 3.10). Must never know: where settings
are stored, files, calls. Which parameter belongs to which command is said in `Setting`: `fixed` is
New without Set, `at_new=False` (made by `later`) is Set without New, `own` what Exchange had not.
"""

from umserver.org.settings.attendant import AutoAttendant, Holiday, KeyMapping
from umserver.org.settings.dial_plan import DialingRule, DialPlan
from umserver.org.settings.gateway import HuntGroup, IPGateway
from umserver.org.settings.group import DistributionGroup
from umserver.org.settings.mailbox import EVERYWHERE, Mailbox
from umserver.org.settings.organisation import Organisation
from umserver.org.settings.policy import MailboxPolicy
from umserver.org.settings.rule import CallAnsweringRule, CallerCondition, RuleKeyMapping
from umserver.org.settings.server import CallRouterSettings, TestNumber, UMService
from umserver.org.settings.words import AudioCodec, Status

__all__ = [
    "EVERYWHERE",
    "AudioCodec",
    "AutoAttendant",
    "CallAnsweringRule",
    "CallRouterSettings",
    "CallerCondition",
    "DialPlan",
    "DialingRule",
    "DistributionGroup",
    "Holiday",
    "HuntGroup",
    "IPGateway",
    "KeyMapping",
    "Mailbox",
    "MailboxPolicy",
    "Organisation",
    "RuleKeyMapping",
    "Status",
    "TestNumber",
    "UMService",
]
