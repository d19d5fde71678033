"""Everything but the mailboxes as one value, with its look-ups.

Knows: how objects refer to each other. Must never know: where they are stored. The values check
nothing by themselves: `umserver.org.parse` builds whole organisations and names every fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from attrs import field, frozen

from umserver.org.forms import is_host_name, plain_address
from umserver.org.numbers import key
from umserver.org.settings.attendant import AutoAttendant
from umserver.org.settings.dial_plan import DialPlan
from umserver.org.settings.gateway import HuntGroup, IPGateway
from umserver.org.settings.group import DistributionGroup
from umserver.org.settings.policy import MailboxPolicy
from umserver.org.settings.server import CallRouterSettings, TestNumber, UMService


@frozen(kw_only=True)
class Organisation:
    """A snapshot of everything but the mailboxes; its look-ups are made once."""

    dial_plans: tuple[DialPlan, ...] = ()
    gateways: tuple[IPGateway, ...] = ()
    hunt_groups: tuple[HuntGroup, ...] = ()
    auto_attendants: tuple[AutoAttendant, ...] = ()
    mailbox_policies: tuple[MailboxPolicy, ...] = ()
    test_numbers: tuple[TestNumber, ...] = ()
    distribution_groups: tuple[DistributionGroup, ...] = ()
    service: UMService = field(factory=UMService)
    call_router: CallRouterSettings = field(factory=CallRouterSettings)
    host_addresses: Mapping[str, tuple[str, ...]] = field(factory=dict, eq=False)
    """What host names of gateways stood for when the settings came (spec 2.5); never stored."""

    @cached_property
    def plan_named(self) -> Mapping[str, DialPlan]:
        """Dial plans by name."""
        return {plan.name: plan for plan in self.dial_plans}

    @cached_property
    def policy_named(self) -> Mapping[str, MailboxPolicy]:
        """Mailbox policies by name."""
        return {policy.name: policy for policy in self.mailbox_policies}

    @cached_property
    def gateway_at(self) -> Mapping[str, IPGateway]:
        """Gateways by the IP address their calls come from.

        Where some share one, who is not disabled comes first, then whoever stands there as an
        address, since a host name may be proved.
        """

        def rank(gateway: IPGateway) -> tuple[bool, bool]:
            return gateway.status == "Disabled", is_host_name(gateway.address)

        found: dict[str, IPGateway] = {}
        for gateway in sorted(self.gateways, key=rank):
            for address in self.host_addresses.get(gateway.address, (gateway.address,)):
                found.setdefault(plain_address(address), gateway)
        return found

    @cached_property
    def gateway_called(self) -> Mapping[str, IPGateway]:
        """Gateways by their host names; those that have only an IP address left out."""
        return {
            gateway.address: gateway for gateway in self.gateways if is_host_name(gateway.address)
        }

    @cached_property
    def group_for(self) -> Mapping[tuple[str, str], HuntGroup]:
        """Hunt groups by gateway and pilot key; the pilot of a catch-all is empty."""
        return {
            (group.gateway, key(pilot)): group
            for group in self.hunt_groups
            for pilot in group.pilot_identifier or ("",)
        }

    @cached_property
    def plans_of(self) -> Mapping[str, tuple[DialPlan, ...]]:
        """The dial plans to which the hunt groups of a gateway lead, by gateway name."""
        plans: dict[str, dict[str, DialPlan]] = {gateway.name: {} for gateway in self.gateways}
        for group in self.hunt_groups:
            plans[group.gateway][group.dial_plan] = self.plan_named[group.dial_plan]
        return {name: tuple(found.values()) for name, found in plans.items()}

    @cached_property
    def service_at(self) -> Mapping[tuple[str, str], AutoAttendant | TestNumber]:
        """What answers at a dial plan's numbers beside users and voice access, by plan and key."""
        services: dict[tuple[str, str], AutoAttendant | TestNumber] = {
            (test.dial_plan, key(test.number)): test for test in self.test_numbers
        }
        for attendant in self.auto_attendants:
            for pilot in attendant.pilot_identifier_list:
                services[attendant.dial_plan, key(pilot)] = attendant
        return services

    @cached_property
    def access_numbers(self) -> frozenset[tuple[str, str]]:
        """The numbers of voice access, by plan and key (spec 4.3: access number or pilot)."""
        return frozenset(
            [
                (plan.name, key(text))
                for plan in self.dial_plans
                for text in (*plan.access_telephone_numbers, *plan.pilot_identifier_list)
            ]
            + [
                (group.dial_plan, key(text))
                for group in self.hunt_groups
                for text in group.pilot_identifier
            ]
        )

    @cached_property
    def family_of(self) -> Mapping[str, tuple[DialPlan, ...]]:
        """Every dial plan with those whose users are looked for too, itself first."""
        return {
            plan.name: (
                plan,
                *(self.plan_named[name] for name in plan.equivalent_dial_plan_phone_contexts),
            )
            for plan in self.dial_plans
        }
