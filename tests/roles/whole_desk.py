"""A stage for the whole answering desk: every script that there is, each number leads to its own.

A call is offered to the real role, as a gateway would: resolved, served by the script of its route
and by whatever that leads to, and written into the call log. Everything around the scripts lives
in memory and may be slow or broken. Time passes only when the test says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from attrs import define, evolve, field

import umserver.calls.flows
from tests.calls.rehearsal import Rehearsal
from tests.kit.fake_mailbox import (
    GreetingsOnDisk,
    MemoryDirectory,
    MemoryMailboxes,
    MemoryPins,
    Weather,
)
from tests.kit.fake_office import MemoryPeople, MemorySettingsDesk
from tests.kit.fake_phone import FakePhone, facts
from tests.roles.parts import CallLog
from umserver.calls.call import Call
from umserver.calls.office import Flow, Office
from umserver.discover import constants
from umserver.org.facts import Diversion, Party
from umserver.org.settings import Mailbox, Organisation
from umserver.roles.mbx import AnsweringDesk, Equipment

FLOWS = {
    flow.name: flow for flow in constants(umserver.calls.flows, "FLOW") if isinstance(flow, Flow)
}
REFUSED = "refused at the door"
"""The outcome of a call that no script serves."""


@define(eq=False)
class DeskCall(Rehearsal):
    """One call to this number, and everything that became of it."""

    number: str = "5000"
    diverted_from: str = ""
    caller: str = "2125550142"
    """Empty for somebody who withholds the number."""
    organisation: Organisation = field(factory=Organisation)
    users: Sequence[Mailbox] = ()
    phone: FakePhone = field()
    weather: Weather = field()
    people: MemoryPeople = field()
    directory: MemoryDirectory = field()
    boxes: MemoryMailboxes = field()
    pins: MemoryPins = field()
    greetings: GreetingsOnDisk = field()
    settings_desk: MemorySettingsDesk = field(factory=MemorySettingsDesk)
    log: CallLog = field(factory=CallLog)
    office: Office = field(init=False, default=None)
    call: Call = field(init=False, default=None)
    """Made by the role, as `serving`."""
    role: AnsweringDesk = field(init=False)

    @phone.default
    def _phone(self) -> FakePhone:
        called = Party(user=self.number)
        forwarded = [Diversion(Party(user=self.diverted_from), reason="no-answer")]
        told = evolve(
            facts(),
            called=called,
            to=called,
            caller=Party(user=self.caller) if self.caller else None,
            diversions=tuple(forwarded) if self.diverted_from else (),
        )
        return FakePhone(self.clock, told)

    @weather.default
    def _weather(self) -> Weather:
        return Weather(self.clock)

    @people.default
    def _people(self) -> MemoryPeople:
        return MemoryPeople(list(self.users), self.clock)

    @directory.default
    def _directory(self) -> MemoryDirectory:
        return MemoryDirectory(list(self.users), self.weather)

    @boxes.default
    def _boxes(self) -> MemoryMailboxes:
        return MemoryMailboxes(weather=self.weather)

    @pins.default
    def _pins(self) -> MemoryPins:
        return MemoryPins({one.address: one.pin for one in self.users}, self.weather)

    @greetings.default
    def _greetings(self) -> GreetingsOnDisk:
        return GreetingsOnDisk(weather=self.weather)

    def dial(self, longest: float = 1800.0) -> Rehearsal:
        """Offer it to the desk; `longest` is the dial plan's longest call in seconds."""
        plans = tuple(
            evolve(plan, max_call_duration=longest / 60.0)  # type: ignore[arg-type]
            for plan in self.organisation.dial_plans
        )
        settings = evolve(self.organisation, dial_plans=plans)
        self.role = AnsweringDesk(
            clock=self.clock,
            wall=lambda: 1_790_000_000.0 + self.clock.seconds(),
            settings=lambda: settings,
            directory=self.directory,
            call_log=self.log,
            equipment=Equipment(
                shelf=self.shelf,
                greetings=self.greetings,
                spool=self.spool,
                mailboxes=self.boxes,
                pins=self.pins,
                people=self.people,
                desk=self.settings_desk,
                random=Random(7),
                host="um.example.com",
            ),
            flows=FLOWS,
            routed=lambda facts: None,
            admission=lambda running: None,
        )
        self.running = self.role.offered(self.phone).addCallback(self._over)
        return self

    def _over(self, result: None) -> None:
        self.outcome = REFUSED if self.phone.refusal else str(self.log.entries[-1]["outcome"])
        if self.phone.refusal:
            self.phone.hang_up()

    def press(self, keys: str) -> Rehearsal:
        """Press keys at once; nobody hears those before the answer."""
        return super().press(keys) if self.serving is not None else self

    @property
    def serving(self) -> Call | None:
        """The call as the scripts have it; None before and after."""
        return next((one.call for one in self.role._running.values()), None)

    @property
    def is_asked(self) -> bool:
        serving = self.serving
        return serving is None or serving.awaits_key
