"""A stage for auto attendants: a caller, the people of a small company, what can go wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from attrs import define, evolve, field

from tests.calls.rehearsal import ADA, PLAN, POLICY, Rehearsal
from tests.kit.fake_mailbox import MemoryDirectory, MemoryPins, Weather
from tests.kit.fake_office import MemoryPeople, MemorySettingsDesk
from tests.kit.fake_office import office as office_of
from umserver.calls.call import Call, TimeUp
from umserver.calls.flows.attendant import attend
from umserver.calls.flows.leave_message import leave_message
from umserver.calls.office import Flow, Office
from umserver.interfaces import HungUp
from umserver.org.messages import CallerId
from umserver.org.routes import Attendant, Route
from umserver.org.settings import AutoAttendant, DialPlan, KeyMapping, Organisation

BEN = evolve(ADA, display_name="Ben Sample", address="ben@example.com", extension="1002")
CHLOE = evolve(ADA, display_name="Chloé Démo", address="chloe@example.com", extension="1003")
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
PEOPLE = (ADA, BEN, CHLOE, *TWINS)
RECEPTION = AutoAttendant(
    name="Reception",
    dial_plan="Demo",
    pilot_identifier_list=("5001",),
    status="Enabled",
    operator_extension="1002",
    time_zone="Europe/Paris",
    business_hours_transfer_to_operator_enabled=True,
    business_hours_key_mapping_enabled=True,
    business_hours_key_mapping=(
        KeyMapping(key="1", description="Sales", extension="1001"),
        KeyMapping(key="2", description="Support", extension="1002"),
        KeyMapping(key="3", description="Leave a message", leave_voice_mail_for="1001"),
    ),
)
FRENCH = evolve(RECEPTION, name="Accueil", language="fr-FR", pilot_identifier_list=())
CALLER = CallerId(number="2125550142")
TUESDAY = datetime(2026, 11, 24, 10, 0, tzinfo=ZoneInfo("Europe/Paris")).timestamp()


async def sign_in(call: Call, office: Office, route: Route) -> str:
    """In the place of voice access."""
    await call.play(await office.speaker("en-US").clip("voice-access-welcome"))
    return "signed-in"


@define(eq=False)
class Lobby(Rehearsal):
    """One call to an attendant."""

    attendant: AutoAttendant = RECEPTION
    plan: DialPlan = PLAN
    others: Sequence[AutoAttendant] = (FRENCH,)
    people: MemoryPeople = field()
    at: float = TUESDAY
    """When it is called, in seconds since 1970."""
    caller: CallerId = CALLER
    listened: int = 0
    """How many prompts the test has listened to."""
    weather: Weather = field()
    """How well the directory of numbers works."""
    pins: MemoryPins = field(factory=MemoryPins)
    settings_desk: MemorySettingsDesk = field(factory=MemorySettingsDesk)

    @people.default
    def _people(self) -> MemoryPeople:
        return MemoryPeople(list(PEOPLE), self.clock)

    @weather.default
    def _weather(self) -> Weather:
        return Weather(self.clock)

    def settings(self) -> Organisation:
        """The organisation in force."""
        return Organisation(
            dial_plans=(self.plan,),
            mailbox_policies=(POLICY,),
            auto_attendants=(self.attendant, *self.others),
        )

    def furnish(self) -> Office:
        """The office with everything a caller may come to."""
        flows = {
            "leave-message": Flow("leave-message", leave_message),
            "voice-access": Flow("voice-access", sign_in),
        }
        directory = MemoryDirectory(weather=self.weather)
        directory.people.extend(self.people.people)
        return office_of(
            self.settings(),
            spool=self.spool,
            shelf=self.shelf,
            people=self.people,
            directory=directory,
            flows=flows,
            pins=self.pins,
            greetings=self.greetings,
            desk=self.settings_desk,
            wall=lambda: self.at + self.clock.seconds(),
        )

    def until(self, heard: str, most: float = 60.0) -> Lobby:
        """Listen until this prompt is being said, alone or among others in one breath."""
        for _ in range(round(most * 10)):
            fresh = [name.rstrip("!") for name in self.heard[self.listened :]]
            if heard in fresh and self.phone.playing:
                self.listened += fresh.index(heard) + 1
                return self
            self.tick()
        raise AssertionError(f"{heard} was not heard: {self.heard}")

    async def _run(self) -> None:
        self.office = self.furnish()
        route = Attendant(dial_plan=self.plan, caller=self.caller, attendant=self.attendant)
        try:
            self.outcome = await attend(self.call, self.office, route)
        except HungUp:
            self.outcome = "hung-up"
        except TimeUp:
            speaker = self.office.speaker("en-US")
            await self.call.say_last(await speaker.clips("call-time-exceeded", "goodbye"))
            self.outcome = "time-up"
        await self.call.hang_up()


def lobby(attendant: AutoAttendant = RECEPTION, **parts: object) -> Lobby:
    """A call that has begun."""
    call = Lobby(attendant=attendant, **parts)  # type: ignore[arg-type]
    call.dial()
    return call


def mapped(**values: object) -> AutoAttendant:
    """Reception with one key, 1, that does this."""
    entry = KeyMapping(key="1", description="It", **values)  # type: ignore[arg-type]
    return evolve(RECEPTION, business_hours_key_mapping=(entry,))
