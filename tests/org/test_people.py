"""People and the keys that spell their names."""

from __future__ import annotations

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from umserver.org.people import (
    NameQuery,
    Scope,
    detail_of,
    matches,
    method_of,
    scope_of_attendant,
    scope_of_owner,
    scope_of_plan,
    spelled_names,
    told_apart,
    ways_of,
)
from umserver.org.settings import (
    AutoAttendant,
    DialPlan,
    DistributionGroup,
    Mailbox,
    Organisation,
)

DEMO = DialPlan(name="Demo", number_of_digits_in_extension=4, country_or_region_code="1")
ORG = Organisation(dial_plans=(DEMO, evolve(DEMO, name="Other")))
TONY = Mailbox(
    display_name="Tony Smith",
    address="tsmith@example.com",
    extension="1001",
    dial_plan="Demo",
    policy="Demo Policy",
    title="Engineer",
    department="Sales",
)
DESK = AutoAttendant(name="Reception", dial_plan="Demo")


def asked(
    keys: str, mailbox: Mailbox = TONY, way: str = "lastNameFirstName", **scope: object
) -> bool:
    """Whether these keys find the user."""
    values: dict[str, object] = {"plans": ("demo",), **scope}
    return matches(NameQuery(way=way, keys=keys, scope=Scope(**values)), mailbox)  # type: ignore


class SpellingTests(SynchronousTestCase):
    """Letters on keys."""

    def test_three_ways(self) -> None:
        """Last name first, first name first, and the mail address (spec 2.6)."""
        self.assertEqual(
            dict(spelled_names(TONY)),
            {
                "emailAddress": "876484",
                "firstNameLastName": "866976484",
                "lastNameFirstName": "764848669",
            },
        )

    def test_the_map_wins(self) -> None:
        """What an administrator wrote is what counts; entries of other kinds do not."""
        entries = ("lastNameFirstName:99", "other:1", "emailAddress:")
        mailbox = evolve(TONY, um_dtmf_map=entries)
        self.assertEqual(list(spelled_names(mailbox)), [("lastNameFirstName", "99")])

    def test_who_is_found(self) -> None:
        """The beginning of a name in the right order, within the scope."""
        self.assertTrue(asked("76484"))
        self.assertFalse(asked("8669"))
        self.assertTrue(asked("8669", way="firstNameLastName"))
        self.assertFalse(asked("76484", plans=("Other",)))
        self.assertTrue(asked("76484", extension="1001"))
        self.assertFalse(asked("76484", extension="1002"))

    def test_who_is_hidden_from_callers(self) -> None:
        """Users who are not for outsiders are found by colleagues only."""
        hidden = evolve(TONY, allow_um_calls_from_non_users="None")
        self.assertFalse(asked("76484", hidden))
        self.assertTrue(asked("76484", hidden, outside=False))


class ScopeTests(SynchronousTestCase):
    """Feature 129: who may be found from where."""

    def test_scopes(self) -> None:
        """The dial plan, everybody, one extension; owners find everybody."""
        everybody = ("Demo", "Other")
        wide = evolve(DESK, contact_scope="GlobalAddressList")
        self.assertEqual(scope_of_attendant(ORG, DESK), Scope(plans=("Demo",)))
        self.assertEqual(scope_of_attendant(ORG, wide), Scope(plans=everybody))
        self.assertEqual(scope_of_plan(ORG, DEMO), Scope(plans=("Demo",)))
        one = evolve(DEMO, contact_scope="Extension", extension="1001")
        self.assertEqual(scope_of_plan(ORG, one), Scope(plans=("Demo",), extension="1001"))
        all_of_them = evolve(DEMO, contact_scope="GlobalAddressList")
        self.assertEqual(scope_of_plan(ORG, all_of_them), Scope(plans=everybody))
        self.assertEqual(scope_of_owner(ORG), Scope(plans=everybody, outside=False))

    def test_address_lists(self) -> None:
        """Feature 129: the members of a distribution group, in whatever dial plan they are."""
        group = DistributionGroup(name="Sales", members=("Ben@example.com", TONY.address))
        org = evolve(ORG, distribution_groups=(group,))
        members = Scope(plans=("Demo", "Other"), addresses=("ben@example.com", TONY.address))
        listed = {"contact_scope": "AddressList", "contact_address_list": "sales"}
        self.assertEqual(scope_of_attendant(org, evolve(DESK, **listed)), members)
        self.assertEqual(scope_of_plan(org, evolve(DEMO, **listed)), members)
        self.assertEqual(scope_of_plan(ORG, evolve(DEMO, **listed)).addresses, ())
        self.assertTrue(asked("76484", addresses=(TONY.address,)))
        self.assertFalse(asked("76484", addresses=("ben@example.com",)))

    def test_ways(self) -> None:
        """The primary and the secondary way, each once."""
        self.assertEqual(ways_of(DEMO), ("LastFirst", "SMTPAddress"))
        self.assertEqual(ways_of(evolve(DEMO, dial_by_name_secondary="None")), ("LastFirst",))
        self.assertEqual(ways_of(evolve(DEMO, dial_by_name_secondary="LastFirst")), ("LastFirst",))


class NamesakeTests(SynchronousTestCase):
    """People of one name."""

    def test_details(self) -> None:
        """Title, department, location or alias; nothing where nothing is wanted."""
        methods = ("Title", "Department", "Location", "None", "PromptForAlias")
        details = [detail_of(TONY, method) for method in methods]
        self.assertEqual(details, ["Engineer", "Sales", "", "", "tsmith"])

    def test_only_namesakes_need_a_detail(self) -> None:
        """Names come in order; a detail is said only where a name comes twice."""
        other = evolve(TONY, address="t2@example.com", extension="1002", department="Support")
        ben = evolve(TONY, display_name="Ben Baker", extension="1003")
        told = [
            (one.extension, detail) for one, detail in told_apart([other, TONY, ben], "Department")
        ]
        self.assertEqual(told, [("1003", ""), ("1001", "Sales"), ("1002", "Support")])

    def test_whose_method(self) -> None:
        """The attendant's method, or the plan's where it inherits."""
        plan = evolve(DEMO, matched_name_selection_method="Title")
        own = evolve(DESK, matched_name_selection_method="Location")
        self.assertEqual([method_of(plan), method_of(plan, DESK)], ["Title", "Title"])
        self.assertEqual(method_of(plan, own), "Location")
