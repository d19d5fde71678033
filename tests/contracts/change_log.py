"""What every store promises about the log of changes."""

from __future__ import annotations

import json
import time

from attrs import evolve

from tests.contracts.store import ADA, BEN, StoreCase
from tests.org.examples import ORG, PBX, PLAN, user
from umserver.edges.store.ledger import Change, Search, this_user
from umserver.edges.store.notes import HIDDEN, Cause
from umserver.edges.store.tables import Conflict
from umserver.interfaces import RequestedState
from umserver.org.settings import MailboxPolicy

SET = Cause("Set-UMIPGateway", {"Identity": "PBX", "Port": "5070"})


class ChangeLogContract(StoreCase):
    """Who changed what, when, from what to what."""

    def found(self, **wanted: object) -> list[Change]:
        """A search."""
        return list(self.archive.search(Search(**wanted)))  # type: ignore[arg-type]

    def test_a_change(self) -> None:
        """A change is noted with its author, time, command, old and new value."""
        self.fill()
        begun = time.time()
        self.archive.cause = SET
        self.archive.put("gateways", evolve(PBX, port=5070))
        change = self.found(name="pbx")[0]
        self.assertEqual((change.section, change.name, change.what), ("gateways", "PBX", "changed"))
        self.assertEqual((change.cmdlet, change.parameters), (SET.cmdlet, SET.parameters))
        self.assertEqual(change.difference, {"port": (None, 5070)})
        self.assertIn(this_user(), change.who)
        self.assertEqual(change.revision, 2)
        self.assertLess(abs(change.at - begun), 60.0)

    def test_made_and_removed(self) -> None:
        """What is made and what is removed is noted with all its values."""
        self.fill()
        self.archive.put("mailbox_policies", MailboxPolicy(name="Spare", dial_plan="Boston"), 0)
        self.archive.remove("mailbox_policies", "SPARE")
        gone, made = self.found(name="Spare")
        self.assertEqual((made.what, made.old), ("made", ""))
        self.assertEqual((gone.what, gone.new), ("removed", ""))
        self.assertEqual(json.loads(gone.old), {"name": "Spare", "dial_plan": "Boston"})
        self.assertEqual(made.new, gone.old)
        self.assertLess(made.revision, gone.revision)

    def test_what_was_refused_is_not_noted(self) -> None:
        """The log and the settings never disagree: both or none."""
        self.fill()
        before = self.found()
        with self.assertRaises(Conflict):
            self.archive.put("gateways", evolve(PBX, port=5070), expected=77)
        with self.assertRaises(LookupError):
            self.archive.remove("mailboxes", "nobody@example.com")
        self.archive.rehearsal().put("gateways", evolve(PBX, port=5070))
        self.archive.put("gateways", PBX)
        self.assertEqual(self.found(), before)

    def test_users(self) -> None:
        """Changes of users are noted; of a PIN only that it was changed."""
        self.fill()
        self.archive.cause = Cause("Set-UMMailboxPIN", {"Identity": "ada", "Pin": "864209"})
        self.archive.put_mailboxes([evolve(ADA, pin="864209", language="fr-FR")])
        pin, setting = self.found(name=ADA.address, cmdlets=("set-ummailboxpin",))
        self.assertEqual((pin.what, pin.old, pin.new), ("PIN changed", "", ""))
        self.assertEqual(setting.difference, {"language": (None, "fr-FR")})
        self.assertEqual(setting.parameters, {"Identity": "ada", "Pin": HIDDEN})
        self.assertNotIn("864209", repr(self.found()))
        self.assertNotIn("135792", repr(self.found()))
        self.archive.remove("mailboxes", BEN.address)
        self.assertEqual(self.found(name=BEN.address)[0].what, "removed")

    def test_pins(self) -> None:
        """A lock and its end are noted, every wrong PIN is not; and none of it shows a hash."""
        self.fill()

        def noted() -> list[str]:
            return [c.what for c in self.found(name=BEN.address, sections=("mailboxes",))]

        before = noted()
        for failures in (1, 2):
            kept = self.archive.change_pin_record(
                BEN.address, lambda record: evolve(record, failures=record.failures + 1)
            )
            self.assertEqual(kept.failures, failures)
        self.assertEqual(noted(), before)
        self.archive.change_pin_record(BEN.address, lambda record: evolve(record, locked=True))
        self.archive.change_pin_record(BEN.address, lambda record: record)
        self.archive.change_pin_record(
            BEN.address, lambda _: evolve(kept, hash="a new hash", expired=True)
        )
        self.assertEqual(
            noted(), ["PIN expired", "PIN unlocked", "PIN changed", "PIN locked", *before]
        )
        self.assertNotIn("a new hash", repr(self.found()))
        self.assertEqual(self.archive.pin_hash(BEN.address), "a new hash")
        with self.assertRaises(LookupError):
            self.archive.change_pin_record("nobody@example.com", lambda _: kept)

    def test_an_import(self) -> None:
        """An import notes what it changed, not everything that is in the file."""
        self.fill()
        self.archive.cause = Cause("import", {"File": "edited.toml"})
        edited = evolve(ORG, gateways=(evolve(PBX, port=5070), *ORG.gateways[1:]), test_numbers=())
        self.archive.import_organisation(edited, [ADA])
        noted = {(c.section, c.what) for c in self.found(cmdlets=("import",))}
        wanted = {("gateways", "changed"), ("test_numbers", "removed"), ("mailboxes", "removed")}
        self.assertEqual(noted, wanted)

    def test_a_bulk_load(self) -> None:
        """Of thousands of new users the log knows each, in a few lines."""
        self.fill()
        users = [user(f"User{n}", str(n)) for n in range(2000, 2100)]
        self.archive.load_mailboxes(users)
        for name in ("USER2042@example.com", "user2099@example.com"):
            self.assertEqual([c.what for c in self.found(name=name)], ["loaded"])
        self.assertEqual(self.found(name="user204"), [])
        self.assertEqual(self.found(name="user%@example.com"), [])
        self.archive.put_mailboxes([evolve(users[42], language="fr-FR")])
        seen = [c.what for c in self.found(name="user2042@example.com")]
        self.assertEqual(seen, ["changed", "loaded"])

    def test_states(self) -> None:
        """Who took a server out of service is noted too."""
        asked = RequestedState("mbx1", "UnifiedMessaging", "Maintenance", "Inactive", 10.0)
        self.archive.set_state(asked)
        self.archive.set_state(evolve(asked, at=11.0))
        self.archive.set_state(evolve(asked, at=5.0, state="Active"))
        (change,) = self.found(sections=("states",))
        self.assertEqual(change.name, "mbx1\\UnifiedMessaging")
        self.assertEqual(json.loads(change.new)["state"], "Inactive")

    def test_searching(self) -> None:
        """Changes are found by object, kind, user, time, command and parameter; newest first."""
        self.fill()
        many = len(self.found())
        self.archive.cause = SET
        self.archive.put("gateways", evolve(PBX, port=5070))
        middle = self.found()[0].at
        self.archive.cause = Cause("Set-UMDialPlan", {"AudioCodec": "G711", "MaxCallDuration": "9"})
        self.archive.put("dial_plans", evolve(PLAN, audio_codec="G711"))
        gateway, plan = Search(most=2), Search(most=1)
        self.assertEqual(
            [c.section for c in self.archive.search(gateway)], ["dial_plans", "gateways"]
        )
        self.assertEqual([c.section for c in self.archive.search(plan)], ["dial_plans"])
        for wanted, count in (
            ({"cmdlets": ("set-umdialplan", "Set-UMIPGateway")}, 2),
            ({"cmdlets": ("Set-UM",)}, 0),
            ({"parameters": ("port",)}, 1),
            ({"parameters": ("por",)}, 0),
            ({"parameters": ("PORT", "audiocodec")}, 2),
            ({"sections": ("dial_plans",), "cmdlets": (SET.cmdlet,)}, 0),
            ({"who": this_user()[:3].upper()}, many + 2),
            ({"who": "nobody else"}, 0),
            ({"who": "%"}, 0),
            ({"before": middle}, many),
            ({"after": middle}, 2),
            ({"after": middle + 3600.0}, 0),
            ({"most": 0}, 0),
        ):
            self.assertEqual(len(self.found(**wanted)), count, wanted)

    def test_the_log_is_bounded(self) -> None:
        """What is older than the organisation wants to remember is forgotten."""
        self.fill()
        many = len(self.found())
        self.archive.forget_changes(1.0)
        self.assertEqual(len(self.found()), many)
        with self.tables.writing() as work:
            work.ledger.forget(3600.0, 2)
        self.assertEqual(len(self.found()), 2)
        self.archive.forget_changes(-1.0)
        self.assertEqual(self.found(), [])
        self.assertEqual(self.archive.revision(), 1)
