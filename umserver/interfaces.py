"""The door between the wings: what a call may ask of the world, and what the world tells a call.

Scripts (`umserver.calls`) and adapters (`umserver.edges`) both see this module and never each
other. Knows: values of `umserver.org` and zope interfaces. Must never know: sockets, files, SIP,
the reactor. All Deferreds fire in the reactor thread. Seconds are floats; audio is 8000 samples a
second.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import field, frozen
from zope.interface import Attribute, Interface

from umserver.org.fleet import FleetServer as FleetServer
from umserver.org.fleet import RequestedState as RequestedState

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from umserver.org.facts import CallFacts
    from umserver.org.messages import (
        Attachment,
        Choices,
        Envelope,
        OutgoingMail,
        QueueEntry,
        VoiceMail,
    )
    from umserver.org.outcalls import Onward
    from umserver.org.people import NameQuery
    from umserver.org.refusals import Refusal
    from umserver.org.settings import Mailbox, MailboxPolicy, Organisation

SAMPLE_RATE = 8000
"""Samples a second of all sound inside the house."""


class HungUp(Exception):
    """The caller is gone; `args[0]` says how."""


class Unavailable(Exception):
    """A helper (store, speech, disk, mail server) cannot serve now; the flow decides what then."""


class NoSpace(Unavailable):
    """The disk that holds the spool is full or over its bound."""


class TemporaryFailure(Exception):
    """A mail could not be handed over now; trying again later may help."""


class PermanentFailure(Exception):
    """A mail was refused for good."""


class Gone(Exception):
    """This message is not in the mailbox any more: somebody removed it with another program."""


class Unplayable(Exception):
    """The sound of a message is damaged or of a foreign kind; the words are for a log."""


@frozen
class Clip:
    """A piece of sound, held encoded for the wire so that playing it is copying."""

    name: str
    """For logs and tests; never the spoken text."""
    encoded: Mapping[str, bytes] = field(repr=False)
    """One octet a sample at 8000 Hz, by codec name: PCMU and PCMA."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.encoded["PCMU"]) / SAMPLE_RATE


@frozen
class Recorded:
    """How a recording went."""

    seconds: float
    """Length of what was appended to the take."""
    spoken: float
    """Seconds of it that were not silence."""
    ended_by: str
    """stopped (a key), silence, limit, hangup, or disk (the take refused more)."""


@frozen
class SignIn:
    """What came of a PIN."""

    welcome: bool
    """Whether it was the right one and the mailbox is open; nothing else may be said if not."""
    expired: bool = False
    """Whether it has to be changed before anything else."""
    first_time: bool = False
    """Whether its owner signs in for the first time."""


@frozen
class RedirectTarget:
    """One server that may take the call, best first by `weight`."""

    host: str
    port: int
    transport: str
    """udp, tcp or tls."""
    token: str
    """The signed routing result, URI-safe."""
    weight: float = 1.0
    """q-value, 0–1."""


class IPhoneEvents(Interface):
    """What a phone tells the call that listens to it."""

    def digit(key: str) -> None:
        """A key was pressed: one of 0-9 * # A-D, once per press."""

    def hung_up(reason: str) -> None:
        """The call is over; said exactly once, also when our side ended it."""


class IPhone(Interface):
    """One call as its script sees it, with no SIP header and no packet in sight.

    After hung_up every pending Deferred has fired (play: False, record: ended_by "hangup",
    answer, transfer and bridge: HungUp) and further verbs are harmless.
    """

    id: str = Attribute("The call's identity in logs (the SIP Call-ID).")
    facts: CallFacts = Attribute("What the offer stated, and what was told late.")

    def listen(events: IPhoneEvents) -> None:
        """Send events to this listener from now on; those that came before are sent at once."""

    def ring() -> None:
        """Tell the caller that it rings (180). Only before answer."""

    def late_facts(seconds: float) -> Deferred[bool]:
        """Wait for names that the offer lacks, so long at most. Only before answer.

        True when some came: `facts` has them then. False when none came in time, or the call is
        over.
        """

    def secure() -> bool:
        """Let no sound flow but encrypted, from the answer on. Only before answer.

        False when the caller offers no such sound; answering would then refuse the call.
        """

    def answer() -> Deferred[None]:
        """Take the call; fires when the caller confirmed and sound may flow. Fails with HungUp."""

    def refuse(refusal: Refusal) -> None:
        """Turn an unanswered call away."""

    def redirect(targets: Sequence[RedirectTarget]) -> None:
        """Send an unanswered call to another server (302)."""

    def play(clips: Sequence[Clip]) -> Deferred[bool]:
        """Play these without a gap; True when heard to the end, False when stopped."""

    def stop_playing() -> None:
        """Cut what is being played; the waiting Deferred fires with False."""

    def record(take: ITake, idle: float, limit: float) -> Deferred[Recorded]:
        """Append what is said to the take until `idle` seconds of silence or `limit` seconds."""

    def stop_recording() -> None:
        """End the recording; its Deferred fires with ended_by "stopped" once all is handed over."""

    def echo(on: bool) -> None:
        """Send back what is heard, or stop doing so."""

    def send_digits(digits: str) -> Deferred[None]:
        """Press keys towards the peer."""

    sends_on: bool = Attribute("False once the peer said that it transfers nobody.")

    def transfer(target: str) -> Deferred[bool]:
        """Send the caller to this number or URI (blind): True when the peer took over."""

    def bridge(number: str, onward: Onward) -> Deferred[str]:
        """Call this number through the gateways of `onward` and join both calls.

        Fires with the gateway's name when somebody answered: from then on the call is theirs, is
        over when either side hangs up, and no key is told any more. Empty when nobody took it.
        """

    def hang_up() -> Deferred[None]:
        """End the call. Harmless when it is over already."""


class ITake(Interface):
    """Where a recording goes while it is made."""

    def append(codec: str, data: bytes) -> Deferred[None]:
        """Put encoded sound (PCMU or PCMA, one octet a sample) on the disk. Fails with NoSpace."""


class IDraft(ITake):
    """A message being made: begun when the call begins, it survives a crash at any moment."""

    id: str = Attribute("The envelope's id.")

    def clip() -> Deferred[Clip]:
        """What was recorded so far, to be played back."""

    def erase() -> Deferred[None]:
        """Forget the sound recorded so far; the draft goes on."""

    def commit(choices: Choices) -> Deferred[None]:
        """Make it a message that will be delivered; durable when this fires. Only once."""

    def miss() -> Deferred[None]:
        """No message was left: becomes a missed-call mail, or nothing where that is not wanted."""

    def discard() -> Deferred[None]:
        """Nothing is to be sent at all."""


class IMessageStore(Interface):
    """The spool: nothing in it is ever lost or delivered twice."""

    def begin(envelope: Envelope, enclosed: Sequence[Attachment] = ()) -> Deferred[IDraft]:
        """Open a draft; `enclosed` are sounds of other messages that go along with it.

        Fails with NoSpace when disk or queue are full. Everybody whom the envelope names gets a
        mail of their own.
        """

    def post(envelope: Envelope) -> Deferred[None]:
        """Queue a mail that no call made (`notice`); durable when this fires.

        Nothing happens where it is queued already. Fails with NoSpace, Unavailable.
        """

    def recover() -> Deferred[int]:
        """After a start: turn what a crash left into messages; says how many."""

    def due(now: float) -> Deferred[Sequence[str]]:
        """Ids that may be tried at this wall time, oldest first."""

    def mail(id: str) -> Deferred[OutgoingMail]:
        """Compose the mail of a queued message (off the reactor)."""

    def delivered(id: str) -> Deferred[None]:
        """The mail was accepted: forget the message.

        Where it fails with Unavailable, the store goes on trying by itself; it is not due again.
        """

    def defer(id: str, why: str, next_try: float) -> Deferred[None]:
        """Keep it and try again at this wall time."""

    def bury(id: str, why: str) -> Deferred[None]:
        """Move it to the dead letters, where a person finds it."""

    def entries() -> Deferred[Sequence[QueueEntry]]:
        """Everything in the spool, oldest first."""

    def waiting() -> int:
        """How many messages wait for delivery, from memory."""

    def on_queued(notify: Callable[[], object]) -> None:
        """Call `notify()` whenever a message became due at once."""


class IMailer(Interface):
    """Hands one mail to the world."""

    def deliver(mail: OutgoingMail) -> Deferred[None]:
        """Fires when the mail is safely theirs. Fails with TemporaryFailure or PermanentFailure.

        Delivering the same mail again must not make a second copy where the far side can tell.
        """


class IPromptShelf(Interface):
    """Everything that can be said, by prompt name or as free text."""

    def prompt(language: str, name: str, values: Mapping[str, str] = {}) -> Deferred[Clip]:
        """The catalogue's prompt with its `{places}` filled in. Unknown names are a KeyError."""

    def speak(language: str, text: str) -> Deferred[Clip]:
        """Free text (a name, a number in words). Fails with Unavailable when there is no voice."""

    def beep() -> Clip:
        """The tone before a recording."""

    def imported(owner: str, name: str, file: str) -> Deferred[Clip | None]:
        """A prompt that was imported for an owner (see `umserver.org.prompt_files`), by its name.

        None where there is no such file, or none that can be played. Never fails.
        """

    def record(owner: str, name: str, file: str) -> IGreetingTake:
        """Record such a prompt by telephone; kept, it is played from the next call on."""


class IGreetings(Interface):
    """What users recorded of themselves."""

    def recorded(mailbox: str, kind: str) -> Deferred[Clip | None]:
        """kind: away, personal or name; None when there is none."""

    def is_away(mailbox: str) -> Deferred[bool]:
        """Whether the away greeting is switched on."""


class IGreetingTake(ITake):
    """A greeting being recorded; nobody hears it before it is kept."""

    def clip() -> Deferred[Clip]:
        """What was recorded so far, to be played back."""

    def erase() -> Deferred[None]:
        """Forget the sound recorded so far."""

    def keep() -> Deferred[None]:
        """Let it take the place of the old one; durable when this fires. Fails with Unavailable."""


class IGreetingDesk(IGreetings):
    """Greetings that their owners can change. Everything can fail with Unavailable."""

    def set_away(mailbox: str, on: bool) -> Deferred[None]:
        """Switch the away greeting on or off."""

    def begin(mailbox: str, kind: str) -> IGreetingTake:
        """Record a greeting of this kind: away, personal or name."""

    def remove(mailbox: str, kind: str) -> Deferred[None]:
        """Go back to the generated one; harmless where there is none."""


class IMailbox(Interface):
    """The voice messages of one user, in the mailbox that mail programs show too.

    What is changed here is seen there, and the other way round. Everything can fail with
    Unavailable; what names a message, also with Gone.
    """

    def messages() -> Deferred[Sequence[VoiceMail]]:
        """Every voice message, deleted ones included; the newest first."""

    def sound(id: str, pace: float = 1.0) -> Deferred[Clip]:
        """What was said, at half to twice the speed but its own pitch. Fails with Unplayable."""

    def attachments(id: str) -> Deferred[Sequence[Attachment]]:
        """Its sounds as they came, the newest first, to be sent on. Fails with Unplayable."""

    def mark_read(id: str, read: bool) -> Deferred[None]:
        """Make it saved (heard), or new again."""

    def flag(id: str, on: bool) -> Deferred[None]:
        """Mark it for follow-up, or take the mark away."""

    def delete(id: str) -> Deferred[None]:
        """Put it into the trash; its marks stay. Harmless where it is there already."""

    def undelete(id: str) -> Deferred[None]:
        """Take it back out of the trash. Harmless where it is not there."""

    def is_full(limit: int | None) -> Deferred[bool]:
        """Whether it takes no more: it holds `limit` octets, or its mail server says so."""


class IMailboxes(Interface):
    """Every user's mailbox."""

    def open(address: str) -> IMailbox:
        """The mailbox of a user; one that does not exist yet is empty."""

    def watch(address: str, changed: Callable[[], object]) -> Callable[[], None]:
        """Call `changed()` soon after messages came, went or were read by anybody.

        It is called first when that can be seen from then on. Returns what ends it. It may be
        called without need, never more than twenty times a second.
        """


class IPins(Interface):
    """Who knows the PIN of a mailbox. Everything can fail with Unavailable."""

    def sign_in(
        mailbox: Mailbox | None, policy: MailboxPolicy, pin: str, caller: str = ""
    ) -> Deferred[SignIn]:
        """Try a PIN; every wrong one counts, durably, before the answer is known.

        None stands for a mailbox that does not exist: it takes as long, and is never welcome.
        `caller` names who calls: wrong PINs count for it too, whatever the mailbox.
        """

    def change(mailbox: Mailbox, policy: MailboxPolicy, pin: str) -> Deferred[bool]:
        """Set a new PIN; False when the policy or the PINs of the past forbid it."""

    def met(mailbox: Mailbox) -> Deferred[None]:
        """The owner went through the first login."""


class IDirectory(Interface):
    """Users, found by number; never all of them in memory."""

    def find(dial_plan: str, numbers: Sequence[str]) -> Deferred[Mapping[str, Mailbox]]:
        """Mailboxes of that plan by extension, secondary number, E.164 number or SIP address."""


class IPeople(Interface):
    """The same users, found by name. Everything can fail with Unavailable."""

    def spelled(query: NameQuery, most: int) -> Deferred[Sequence[Mailbox]]:
        """Users whose spelled name begins with these keys, by name; no more than `most`."""

    def person(address: str) -> Deferred[Mailbox | None]:
        """The user with this mail address."""


class ISettingsSource(Interface):
    """Where the organisation's settings are kept."""

    def revision() -> Deferred[int]:
        """Rises with every committed change."""

    def load() -> Deferred[Organisation]:
        """A whole, checked snapshot. Fails with SettingsFaults or Unavailable."""

    def listen(heard: Callable[[], object]) -> None:
        """Call `heard()` after changes by anybody, where the store tells of them."""


class ISettingsDesk(Interface):
    """Settings that people change by telephone."""

    def change(
        section: str, name: str, changes: Mapping[str, object], by: str, why: str
    ) -> Deferred[None]:
        """Set some fields of one object; `section` is a field of Organisation, or mailboxes.

        Checked as every change is, noted in the change log with who did it and by which
        conversation, and in force from the next call on. Fails with SettingsFaults, LookupError,
        Unavailable.
        """


class IFleet(Interface):
    """What the servers of an organisation tell each other, kept beside the settings.

    Nothing of it counts as a change of settings. Everything can fail with Unavailable.
    """

    def states(server: str) -> Deferred[Sequence[RequestedState]]:
        """What all requesters want of a server; of every server when the name is empty."""

    def set_state(state: RequestedState) -> Deferred[bool]:
        """Keep it, unless the same requester said something newer: then False."""

    def register_server(server: FleetServer) -> Deferred[None]:
        """Describe a server, in the place of what was known of it."""

    def heartbeat(name: str, calls: int, state: str) -> Deferred[bool]:
        """Say that a server lives; False when it is not registered (any more)."""

    def forget_server(name: str) -> Deferred[bool]:
        """Forget a server; its states stay. False when it was not known."""

    def servers() -> Deferred[Sequence[FleetServer]]:
        """Every registered server by name, also those that fell silent (see `age`)."""


class ICallLog(Interface):
    """What happened, one entry a call."""

    def record(entry: Mapping[str, object]) -> None:
        """Keep it; never fails, never blocks."""
