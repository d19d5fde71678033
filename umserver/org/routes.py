"""What becomes of an offered call: the ways that it may go.

Knows: what each call script has to be told. Must never know: who decides, and by which rules
(`resolve`).
"""

from __future__ import annotations

from attrs import field, frozen

from umserver.org.messages import CallerId
from umserver.org.refusals import Refusal
from umserver.org.settings import AutoAttendant, DialPlan, Mailbox, MailboxPolicy


@frozen(kw_only=True)
class Route:
    """A call that is taken."""

    dial_plan: DialPlan
    """The plan that the call came in by: its limits and its language hold."""
    caller: CallerId = field(factory=CallerId)
    flow: str
    """Name of the call script."""


@frozen(kw_only=True)
class LeaveMessage(Route):
    """Call answering for a user (spec 4.6)."""

    mailbox: Mailbox
    policy: MailboxPolicy
    reason: str = "Direct"
    """Direct, DivertNoAnswer, DivertBusy or DivertForward (spec 4.3)."""
    flow: str = "leave-message"


@frozen(kw_only=True)
class VoiceAccess(Route):
    """Somebody called the access number (spec 5)."""

    mailbox: Mailbox | None = None
    """The user whose number the caller has; None when the caller has to say who it is."""
    flow: str = "voice-access"


@frozen(kw_only=True)
class Attendant(Route):
    """A menu answers (spec 6.3)."""

    attendant: AutoAttendant
    flow: str = "attendant"


@frozen(kw_only=True)
class TestCall(Route):
    """A test number was called; `flow` is its script."""


@frozen
class Rejected:
    """A call that is not taken."""

    refusal: Refusal
