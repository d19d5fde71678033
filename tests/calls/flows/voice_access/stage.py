"""A stage for voice access: Ada calls her mailbox, with whatever is in it.

The script runs as the answering desk runs it; time passes only when the test says so.
"""

from __future__ import annotations

from attrs import define, evolve, field
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from tests.calls.rehearsal import ADA, PLAN, POLICY, Rehearsal, RehearsalCase
from tests.kit.fake_mailbox import (
    MemoryDirectory,
    MemoryGreetingDesk,
    MemoryMailbox,
    MemoryMailboxes,
    MemoryPins,
    Weather,
)
from tests.kit.fake_office import MemoryPeople, MemorySettingsDesk, office
from umserver.calls.call import TimeUp
from umserver.calls.flows.voice_access import voice_access
from umserver.calls.office import Office
from umserver.interfaces import HungUp
from umserver.org.messages import CallerId, VoiceMail
from umserver.org.routes import VoiceAccess
from umserver.org.settings import DistributionGroup, Organisation

NOW = 1_790_000_000.0
BEN = evolve(ADA, display_name="Ben Sample", address="ben@example.com", extension="1002")
CHLOE = evolve(
    ADA,
    display_name="Chloé Démo",
    address="chloe@example.com",
    extension="1003",
    language="fr-FR",
    time_zone="Europe/Paris",
)
TWINS = tuple(
    evolve(
        ADA,
        display_name="Tony Smith",
        address=f"tony{number}@example.com",
        extension=f"11{number:02}",
        department=department,
    )
    for number, department in enumerate(("Sales", "Support"))
)
OWN_PHONE = VoiceAccess(
    dial_plan=PLAN, caller=CallerId("1001", "Ada Example", ADA.address), mailbox=ADA
)
STRANGE_PHONE = VoiceAccess(dial_plan=PLAN, caller=CallerId("2125550142"))
PIN = "246813"
WELCOME = ["voice-access-welcome", "Ada Example", "enter-pin"]


def mail(number: int, **changes: object) -> VoiceMail:
    """A new message; higher numbers are older."""
    plain = VoiceMail(
        id=f"m{number}",
        sender=CallerId("2125550142"),
        received=NOW - 3600.0 * number,
        seconds=5,
    )
    return evolve(plain, **changes)  # type: ignore[arg-type]


@define(eq=False)
class Visit(Rehearsal):
    """One call to the access number."""

    route: VoiceAccess = OWN_PHONE  # type: ignore[assignment]
    mails: tuple[VoiceMail, ...] = ()
    weather: Weather = field()
    boxes: MemoryMailboxes = field()
    pins: MemoryPins = field()
    directory: MemoryDirectory = field()
    greetings: MemoryGreetingDesk = field()
    settings_desk: MemorySettingsDesk = field(factory=MemorySettingsDesk)
    groups: tuple[DistributionGroup, ...] = ()
    people: MemoryPeople = field()
    policy: object = POLICY
    office: Office = field(init=False, default=None)

    @people.default
    def _people(self) -> MemoryPeople:
        return MemoryPeople([ADA, BEN, CHLOE, *TWINS], self.clock)

    @weather.default
    def _weather(self) -> Weather:
        return Weather(self.clock)

    @boxes.default
    def _boxes(self) -> MemoryMailboxes:
        box = MemoryMailbox(list(self.mails), self.weather)
        return MemoryMailboxes({ADA.address: box}, self.weather)

    @pins.default
    def _pins(self) -> MemoryPins:
        return MemoryPins({ADA.address: PIN, BEN.address: "135792"}, self.weather)

    @directory.default
    def _directory(self) -> MemoryDirectory:
        return MemoryDirectory([ADA, BEN, CHLOE, *TWINS], self.weather)

    @greetings.default
    def _greetings(self) -> MemoryGreetingDesk:
        return MemoryGreetingDesk(weather=self.weather)

    def __attrs_post_init__(self) -> None:
        self.office = office(
            Organisation(
                dial_plans=(self.route.dial_plan,),
                mailbox_policies=(self.policy,),  # type: ignore[arg-type]
                distribution_groups=self.groups,
            ),
            spool=self.spool,
            greetings=self.greetings,
            shelf=self.shelf,
            mailboxes=self.boxes,
            pins=self.pins,
            directory=self.directory,
            people=self.people,
            desk=self.settings_desk,
        )

    @property
    def box(self) -> MemoryMailbox:
        """Ada's mailbox."""
        return self.boxes.open(ADA.address)

    async def _run(self) -> None:
        try:
            self.outcome = await voice_access(self.call, self.office, self.route)
        except HungUp:
            self.outcome = str(self.office.facts.get("left", "hung-up"))
        except TimeUp:
            speaker = self.office.speaker("en-US")
            await self.call.say_last(await speaker.clips("call-time-exceeded", "goodbye"))
            self.outcome = "time-up"
        await self.call.hang_up()

    def signed_in(self) -> Visit:
        """Dial, give the right PIN, listen up to the main menu."""
        self.dial()
        self.until("enter-pin").press(PIN + "#")
        self.until("main-menu-repeat")
        return self

    def into_messages(self) -> Visit:
        """As far as the first message is being played."""
        self.signed_in().press("1")
        return self.until(f"sound of {self.mails[0].id}")  # type: ignore[return-value]


class VisitCase(RehearsalCase):
    """A test that leaves nothing behind."""

    def check(self, call: Rehearsal) -> None:
        """The script ended, no timer runs."""
        self.successResultOf(call.running)
        self.assertEqual(call.clock.getDelayedCalls(), [], call.heard)


__all__ = ["ADA", "BEN", "CHLOE", "Clock", "Deferred", "Visit", "VisitCase", "mail"]
