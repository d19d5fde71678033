"""By which gateways a caller may be sent on, and whose number is shown (spec 2.5, 4.10)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import PLAN
from umserver.org.facts import CallFacts, Party
from umserver.org.outcalls import Exit, onward_for
from umserver.org.settings import HuntGroup, IPGateway, Organisation

PBX = IPGateway(name="pbx", address="192.0.2.1")
SBC = IPGateway(name="sbc", address="sbc.example.com", port=5080)
ALIEN = IPGateway(name="alien", address="192.0.2.9")
FACTS = CallFacts(
    call_id="c",
    source="192.0.2.1",
    source_port=49152,
    transport="tcp",
    called=Party("5001"),
    to=Party("5001"),
    caller=Party("2125550142", name="Cal"),
)


def org(*gateways: IPGateway, **changes: Any) -> Organisation:
    """An organisation whose gateways all lead to the plan, but for the alien."""
    groups = tuple(
        HuntGroup(name=one.name, dial_plan=PLAN.name, gateway=one.name)
        for one in gateways
        if one.name != ALIEN.name
    )
    return Organisation(
        dial_plans=(PLAN,),
        gateways=gateways,
        hunt_groups=groups,
        host_addresses={"sbc.example.com": ("2001:db8::1", "192.0.2.2")},
        **changes,
    )


class OnwardTests(SynchronousTestCase):
    """What the settings allow."""

    def exits(self, *gateways: IPGateway) -> tuple[Exit, ...]:
        """The ways out for a call of the pbx."""
        return onward_for(org(*gateways), PLAN, FACTS).exits

    def test_order(self) -> None:
        """First the gateway that brought the call, then the others of the dial plan."""
        self.assertEqual(
            self.exits(SBC, ALIEN, PBX),
            (Exit("pbx", "192.0.2.1", 5060, "tcp"), Exit("sbc", "2001:db8::1", 5080, "tcp")),
        )

    def test_who_allows_none(self) -> None:
        """A gateway places calls while it is enabled, allows them and has a port."""
        for changes in (
            {"outcalls_allowed": False},
            {"status": "NoNewCalls"},
            {"status": "Disabled"},
            {"port": 0},
        ):
            self.assertEqual(self.exits(evolve(PBX, **changes)), (), changes)  # type: ignore[arg-type]

    def test_a_name_without_address(self) -> None:
        """A gateway whose name stands for nothing now is left out."""
        settings = evolve(org(PBX, SBC), host_addresses={"sbc.example.com": ()})
        names = [one.gateway for one in onward_for(settings, PLAN, FACTS).exits]
        self.assertEqual(names, ["pbx"])

    def test_the_address_that_called(self) -> None:
        """Of several addresses of a gateway the one that called is called back."""
        facts = evolve(FACTS, source="192.0.2.2")
        self.assertEqual(onward_for(org(PBX, SBC), PLAN, facts).exits[0].host, "192.0.2.2")

    def test_method(self) -> None:
        """The gateway's setting decides; a call of no gateway is only ever referred."""
        for method in ("Auto", "Refer", "Bridge"):
            gateway = evolve(PBX, transfer_method=method)  # type: ignore[arg-type]
            self.assertEqual(onward_for(org(gateway), PLAN, FACTS).method, method)
        self.assertEqual(onward_for(org(), PLAN, FACTS).method, "Refer")

    def test_who_is_shown(self) -> None:
        """The caller's own number and name; without one the plan's, else nobody's."""
        onward = onward_for(org(PBX), PLAN, FACTS)
        self.assertEqual((onward.caller, onward.caller_name), ("2125550142", "Cal"))
        nobody = evolve(FACTS, caller=None)
        self.assertEqual(onward_for(org(PBX), PLAN, nobody).caller, "")
        plan = evolve(PLAN, default_outbound_calling_line_id="5000")
        self.assertEqual(onward_for(org(PBX), plan, nobody).caller, "5000")
