"""Asking a peer to send its caller on, and how long that is waited for (RFC 3515).

Knows: what the endpoint tells of a REFER, kinds of peers. Must never know: whom the caller is sent
to, what is done when that fails. A peer that accepts and hangs up has taken the caller, told or
not; one that tells nothing at all gets less time than one that says how it goes.
"""

from __future__ import annotations

from typing import Protocol
from weakref import ref

from attrs import define, field
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from umserver.interfaces import HungUp
from umserver.wire.sip.effects import Effect, ProtocolMisuse, Transferring
from umserver.wire.sip.endpoint import Endpoint

log = Logger()

TRANSFER_PATIENCE = 180.0
"""Seconds that a transfer may take from one thing that the peer tells about it to the next."""
SILENT_PATIENCE = 40.0
"""Seconds that a peer which accepted and tells nothing may take: some only hang up when done."""

TRANSFERS_NOBODY = frozenset({403, 405, 406, 415, 416, 420, 421, 488, 489, 501, 505})
"""Answers to a REFER by which a peer says that it sends callers on to nowhere, or may not."""


class Station(Protocol):
    """What it needs of the station."""

    endpoint: Endpoint

    @property
    def clock(self) -> IReactorTime:
        """Where alarms are set."""

    def now(self) -> float:
        """The endpoint's time, seconds."""

    def perform(self, effects: list[Effect]) -> None:
        """Make the endpoint's answer happen."""


class Referred(Protocol):
    """The call that is to be sent on."""

    @property
    def line(self) -> Station:
        """Where it runs."""

    @property
    def call(self) -> str:
        """The endpoint's name for it."""

    @property
    def id(self) -> str:
        """For logs."""


@define(eq=False)
class Referral:
    """The transfers of one call, one after the other."""

    _of: ref[Referred]
    """It holds this, and not the other way about."""
    sends_on: bool = field(init=False, default=True)
    """False once the peer refused to transfer anybody."""
    _waiting: Deferred[bool] | None = field(init=False, default=None)
    _alarm: IDelayedCall | None = field(init=False, default=None)
    _is_accepted: bool = field(init=False, default=False)

    @property
    def of(self) -> Referred:
        """The call; while it is waited for, somebody holds it."""
        call = self._of()
        assert call is not None
        return call

    def ask(self, refer_to: str) -> Deferred[bool]:
        """Blind transfer to this URI; True when the peer took over. Fails with HungUp."""
        if self._waiting is not None:
            return succeed(False)
        line, call = self.of.line, self.of.call
        answer = self._waiting = Deferred()
        self._is_accepted = False
        self._be_patient(TRANSFER_PATIENCE)
        try:
            effects = line.endpoint.transfer(call, refer_to, line.now())
        except ProtocolMisuse as still_busy:
            log.warn("no transfer: {why}", why=still_busy, call=self.of.id)
            self._finish(False)
        else:
            line.perform(effects)
        return answer

    def told(self, effect: Transferring) -> None:
        """The peer says how it goes."""
        status = effect.status
        if effect.is_answer and status < 300:
            if not self._is_accepted:
                self._is_accepted = True
                self._be_patient(SILENT_PATIENCE)
        elif status >= 300:
            if effect.is_answer and status in TRANSFERS_NOBODY:
                self.sends_on = False
            self._finish(False)
        elif status >= 200:
            self._finish(True)
        else:
            self._is_accepted = True
            self._be_patient(SILENT_PATIENCE if effect.is_last else TRANSFER_PATIENCE)

    def over(self, by: str) -> None:
        """The call is over: the peer's own hang-up after it accepted means that it took over."""
        if self._is_accepted and by == "peer":
            self._finish(True)
            return
        waiting = self._take()
        if waiting is not None:
            waiting.errback(HungUp(by))

    def _be_patient(self, seconds: float) -> None:
        """Wait so long from now for more."""
        self._stop_alarm()
        if self._waiting is not None:
            self._alarm = self.of.line.clock.callLater(seconds, self._lose_patience)

    def _lose_patience(self) -> None:
        log.warn("the peer does not tell what became of a transfer", call=self.of.id)
        self.of.line.endpoint.forget_transfer(self.of.call)
        self._finish(False)

    def _finish(self, taken: bool) -> None:
        waiting = self._take()
        if waiting is not None:
            waiting.callback(taken)

    def _take(self) -> Deferred[bool] | None:
        waiting, self._waiting = self._waiting, None
        self._stop_alarm()
        return waiting

    def _stop_alarm(self) -> None:
        if self._alarm is not None and self._alarm.active():
            self._alarm.cancel()
