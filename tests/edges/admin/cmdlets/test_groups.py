"""Distribution groups as administrators keep them."""

from __future__ import annotations

from tests.edges.admin.desk import DeskCase
from umserver.command import FAILED


class GroupTests(DeskCase):
    """Groups, and who is in them."""

    def members(self, name: str = "Sales") -> list[str]:
        """Mail addresses of a group."""
        return [
            row["primary_smtp_address"] for row in self.rows("Get-DistributionGroupMember", name)
        ]

    def test_members_come_and_go(self) -> None:
        """Users are named in any way, others by their address; nobody is in a group twice."""
        self.good("Add-DistributionGroupMember", "Sales", "-Member", "1003")
        self.good("Add-DistributionGroupMember", "Sales", "-Member", "dan@partner.example.com")
        self.assertEqual(self.members()[2:], ["chloe@example.com", "dan@partner.example.com"])
        told = self.bad(FAILED, "Add-DistributionGroupMember", "Sales", "-Member", "Chloé Démo")
        self.assertIn("chloe@example.com is a member already", told)
        self.good("group", "remove-member", "sales", "--member", "ben@example.com", "--yes")
        self.assertNotIn("ben@example.com", self.members())
        words = ("Remove-DistributionGroupMember", "Sales", "-Member", "1002", "-Confirm:$false")
        self.assertIn("ben@example.com is no member", self.bad(FAILED, *words))

    def test_groups_come_and_go(self) -> None:
        """A group is made, changed, shown and removed like every other object."""
        self.good("New-DistributionGroup", "Board", "-Members", "ada@example.com")
        self.good("Set-DistributionGroup", "Board", "-HiddenFromAddressListsEnabled", "$true")
        shown = self.one("Get-DistributionGroup", "Board")
        self.assertEqual(shown["members"], ["ada@example.com"])
        self.assertTrue(shown["hidden_from_address_lists_enabled"])
        self.good("Remove-DistributionGroup", "Board", "-Confirm:$false")
        self.assertNotIn("Board", self.good("Get-DistributionGroup"))

    def test_rubbish(self) -> None:
        """Members are mail addresses or users; a group is named once."""
        told = self.bad(FAILED, "New-DistributionGroup", "Board", "-Members", "somebody")
        self.assertIn("-Members", told)
        self.bad(FAILED, "Add-DistributionGroupMember", "Sales", "-Member", "somebody")
        self.bad(FAILED, "New-DistributionGroup", "sales")
