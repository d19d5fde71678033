"""The door between the wings: what a call may ask of the world, and what the world tells a call.

Scripts (`umserver.calls`) and adapters (`umserver.edges`) both see this package and never each
other. Knows: values of `umserver.org` and zope interfaces. Must never know: sockets, files, SIP,
the reactor. All Deferreds fire in the reactor thread. Seconds are floats; audio is 8000 samples a
second. Nothing in here loads Twisted: commands, which start often, are not to wait for it.
"""

from __future__ import annotations

from umserver.interfaces.faults import (
    Gone,
    HungUp,
    NoSpace,
    PermanentFailure,
    TemporaryFailure,
    Unavailable,
    Unplayable,
)
from umserver.interfaces.mail import IDraft, IMailbox, IMailboxes, IMailer, IMessageStore
from umserver.interfaces.people import IDirectory, IPeople, IPins, SignIn
from umserver.interfaces.phone import IPhone, IPhoneEvents, RedirectTarget
from umserver.interfaces.settings import ICallLog, IFleet, ISettingsDesk, ISettingsSource
from umserver.interfaces.sound import (
    SAMPLE_RATE,
    Clip,
    IGreetingDesk,
    IGreetings,
    IGreetingTake,
    IPromptShelf,
    ITake,
    Recorded,
)
from umserver.org.fleet import FleetServer, RequestedState

__all__ = [
    "SAMPLE_RATE",
    "Clip",
    "FleetServer",
    "Gone",
    "HungUp",
    "ICallLog",
    "IDirectory",
    "IDraft",
    "IFleet",
    "IGreetingDesk",
    "IGreetingTake",
    "IGreetings",
    "IMailbox",
    "IMailboxes",
    "IMailer",
    "IMessageStore",
    "IPeople",
    "IPhone",
    "IPhoneEvents",
    "IPins",
    "IPromptShelf",
    "ISettingsDesk",
    "ISettingsSource",
    "ITake",
    "NoSpace",
    "PermanentFailure",
    "Recorded",
    "RedirectTarget",
    "RequestedState",
    "SignIn",
    "TemporaryFailure",
    "Unavailable",
    "Unplayable",
]
