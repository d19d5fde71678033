"""A call as its script sees it.

Knows: keys, sound, who calls whom. Must never know: SIP headers, packets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from attrs import frozen
from zope.interface import Attribute, Interface

from umserver.interfaces.sound import Clip, ITake, Recorded
from umserver.org.facts import CallFacts
from umserver.org.outcalls import Onward
from umserver.org.refusals import Refusal

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


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
