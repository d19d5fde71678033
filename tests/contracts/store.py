"""What every store promises, whatever it is made of."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from tests.org.examples import ECHO, LOBBY, ORG, PBX, PLAN, POLICY, user
from umserver.edges.store.archive import Archive
from umserver.edges.store.ledger import Search
from umserver.edges.store.recordings import digest_of
from umserver.edges.store.tables import Conflict, Row, Tables
from umserver.interfaces import FleetServer, RequestedState
from umserver.org.faults import SettingsFaults
from umserver.org.parse import parse_toml
from umserver.org.people import NameQuery, Scope
from umserver.org.pin_record import PinRecord
from umserver.org.settings import IPGateway, MailboxPolicy, Organisation, UMService

if TYPE_CHECKING:
    Case = SynchronousTestCase
else:
    Case = object

ADA = user("Ada", "1001", "+12125550111")
BEN = user("Ben", "1002")
PEPPER = b"p" * 32


def quick_hash(pin: str, pepper: bytes) -> str:
    """Fast, for tests; says what it was given."""
    return f"hash of {pin} with {len(pepper)}"


class StoreCase(Case):
    """Mix in with a test case that says how to `open` an empty store."""

    def open(self) -> Tables:
        """The store under test, empty; opened again, the same one where it lasts."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.tables = self.open()
        self.archive = Archive(self.tables, lambda: PEPPER, quick_hash)
        self.addCleanup(self.tables.close)

    def fill(self) -> None:
        """Put the example organisation there."""
        self.archive.import_organisation(ORG, [ADA, evolve(BEN, pin="135792")])


class StoreContract(StoreCase):
    """Rows, snapshots, users, servers."""

    # rows

    def test_a_new_store_is_empty(self) -> None:
        """The first start finds nothing and knows it."""
        self.assertTrue(self.archive.is_empty())
        self.assertEqual(self.archive.revision(), 0)
        self.assertEqual(self.archive.load(), Organisation())
        self.assertEqual(list(self.archive.mailboxes()), [])

    def test_versions(self) -> None:
        """Of two administrators who change one object, the slower one is told."""
        with self.tables.writing() as work:
            work.put(Row("gateways", "PBX", "{}"), expected=0)
        with self.tables.writing() as work:
            work.put(Row("gateways", "pbx", '{"a":1}'), expected=1)
        with self.tables.reading() as now:
            self.assertEqual(now.row("gateways", "Pbx"), Row("gateways", "pbx", '{"a":1}', 2))
        for expected, word in ((0, "exists already"), (1, "changed by somebody else")):
            with self.assertRaisesRegex(Conflict, word), self.tables.writing() as work:
                work.put(Row("gateways", "PBX", "{}"), expected)
        with self.tables.writing() as work:
            work.remove("gateways", "PBX", expected=2)
        removed = self.assertRaisesRegex(Conflict, "removed by somebody else")
        with removed, self.tables.writing() as work:
            work.put(Row("gateways", "PBX", "{}"), expected=2)

    def test_all_or_nothing(self) -> None:
        """A change that fails in its middle leaves everything as it was."""
        self.fill()
        before = self.archive.revision()
        with self.assertRaises(Conflict), self.tables.writing() as work:
            work.clear()
            work.put(Row("gateways", "Other", "{}"))
            work.put(Row("gateways", "Other", "{}"), expected=0)
        self.assertEqual(self.archive.load(), ORG)
        self.assertEqual(self.archive.revision(), before)
        self.assertEqual(list(self.archive.mailboxes()), [ADA, BEN])

    def test_the_revision_rises_with_every_change(self) -> None:
        """A server that compares revisions misses no change and sees none where there is none."""
        self.fill()
        seen = [self.archive.revision()]
        self.archive.put("gateways", evolve(PBX, port=5070))
        seen.append(self.archive.revision())
        self.archive.put_mailboxes([evolve(ADA, display_name="Ada")])
        seen.append(self.archive.revision())
        self.archive.remove("mailboxes", "ADA@example.com")
        seen.append(self.archive.revision())
        self.assertEqual(seen, [1, 2, 3, 4])
        self.archive.secret("route-key")
        self.archive.load()
        self.assertEqual(self.archive.revision(), 4)

    def test_a_version_never_returns(self) -> None:
        """Whoever read an object that was removed and made anew does not overwrite the new one."""
        self.fill()
        spare = MailboxPolicy(name="Spare", dial_plan="Boston")
        self.archive.put("mailbox_policies", spare, 0)
        read = self.archive.get("mailbox_policies", "Spare").version
        self.archive.remove("mailbox_policies", "Spare")
        self.archive.put("mailbox_policies", spare, 0)
        with self.assertRaisesRegex(Conflict, "changed by somebody else"):
            self.archive.put("mailbox_policies", evolve(spare, min_pin_length=9), read)

    def test_an_import_leaves_what_is_so_already(self) -> None:
        """Importing an edited export changes the versions of what was edited, and no others."""
        self.fill()
        self.archive.import_organisation(evolve(ORG, gateways=()), [ADA, BEN], replace=False)
        plan = self.archive.get("dial_plans", PLAN.name).version
        ada = self.archive.get("mailboxes", ADA.address).version
        edited = evolve(ORG, gateways=(evolve(PBX, port=5070), *ORG.gateways[1:]))
        revision = self.archive.import_organisation(edited, [ADA, evolve(BEN, language="fr-FR")])
        self.assertEqual(self.archive.load(), edited)
        self.assertEqual(self.archive.get("dial_plans", PLAN.name).version, plan)
        self.assertEqual(self.archive.get("mailboxes", ADA.address).version, ada)
        self.assertEqual(self.archive.get("gateways", PBX.name).version, revision)
        self.assertEqual(self.archive.get("mailboxes", BEN.address).version, revision)

    def test_nothing_to_change(self) -> None:
        """Setting what is set already disturbs no server, and still tells of somebody faster."""
        self.fill()
        version = self.archive.get("gateways", PBX.name).version
        self.assertEqual(self.archive.put("gateways", PBX, version), 1)
        self.assertEqual(self.archive.put_mailboxes([ADA]), 1)
        with self.assertRaises(Conflict):
            self.archive.put("gateways", PBX, version + 1)
        with self.assertRaises(Conflict):
            self.archive.put_mailboxes([ADA], version + 1)
        self.assertEqual(self.archive.revision(), 1)

    def test_a_rehearsal(self) -> None:
        """What would be refused is refused, and what would be done is not done."""
        self.fill()
        rehearsal = self.archive.rehearsal()
        self.assertEqual(rehearsal.put("gateways", evolve(PBX, port=5070)), 2)
        with self.assertRaises(SettingsFaults):
            rehearsal.put("mailboxes", evolve(BEN, policy="None"))
        self.assertEqual((self.archive.load(), self.archive.revision()), (ORG, 1))
        self.assertEqual(self.archive.search(Search(name=PBX.name, cmdlets=("none",))), [])

    # snapshots

    def test_what_was_kept_comes_back(self) -> None:
        """An organisation is read exactly as it was imported, its objects in their order."""
        self.fill()
        self.assertEqual(self.archive.load(), ORG)
        self.assertEqual(list(self.archive.mailboxes()), [ADA, BEN])

    def test_export_and_import(self) -> None:
        """What is exported can be imported and is the same again, without any PIN."""
        self.fill()
        text = "".join(self.archive.export())
        self.assertEqual(parse_toml(text), (ORG, (ADA, BEN)))
        for secret in ("135792", "hash", "pin"):
            self.assertNotIn(secret, text)
        self.archive.import_organisation(*parse_toml(text))
        self.assertEqual("".join(self.archive.export()), text)

    def test_a_replaced_organisation_is_gone(self) -> None:
        """Import puts the new in the place of the old."""
        self.fill()
        smaller = evolve(ORG, test_numbers=(), auto_attendants=())
        self.archive.import_organisation(smaller, [BEN])
        self.assertEqual(self.archive.load(), smaller)
        self.assertEqual(list(self.archive.mailboxes()), [BEN])
        self.assertEqual(self.archive.find("Boston", ["1001"]), {})

    def test_a_merged_organisation_stays(self) -> None:
        """Merging adds and changes what is named and leaves the rest alone."""
        self.fill()
        new = Organisation(
            gateways=(evolve(PBX, port=5070),), service=UMService(max_calls_allowed=7)
        )
        self.archive.import_organisation(new, [user("Cem", "1003")], replace=False)
        after = self.archive.load()
        self.assertEqual(after, evolve(ORG, gateways=new.gateways, service=new.service))
        self.assertEqual([m.extension for m in self.archive.mailboxes()], ["1001", "1002", "1003"])

    def test_a_bad_import_changes_nothing(self) -> None:
        """Everything is checked before anything is stored."""
        self.fill()
        bad = evolve(ORG, mailbox_policies=())
        for replace, organisation, users in (
            (True, bad, [ADA]),
            (False, Organisation(), [evolve(ADA, policy="Nobody's")]),
            (False, Organisation(test_numbers=(evolve(ECHO, number="1001"),)), []),
            (False, Organisation(dial_plans=(evolve(PLAN, uri_type="E164"),)), []),
        ):
            with self.assertRaises(SettingsFaults):
                self.archive.import_organisation(organisation, users, replace=replace)
        self.assertEqual((self.archive.load(), self.archive.revision()), (ORG, 1))

    # single objects

    def test_one_object(self) -> None:
        """An object is found by its name, whatever the capitals, and changed by itself."""
        self.fill()
        kept = self.archive.get("dial_plans", "boston")
        self.assertEqual(kept.thing, PLAN)
        self.archive.put("dial_plans", evolve(PLAN, audio_codec="G711"), kept.version)
        self.assertEqual(self.archive.load().dial_plans[0].audio_codec, "G711")
        with self.assertRaisesRegex(Conflict, "somebody else"):
            self.archive.put("dial_plans", PLAN, kept.version)
        self.assertEqual(self.archive.get("mailboxes", "ADA@Example.com").thing, ADA)
        for section, name in (("dial_plans", "Paris"), ("mailboxes", "eve@example.com")):
            with self.assertRaises(LookupError):
                self.archive.get(section, name)

    def test_single_settings(self) -> None:
        """What there is once has its defaults until it is set."""
        self.fill()
        kept = self.archive.get("service")
        self.assertEqual(kept.thing, UMService())
        self.archive.put("service", UMService(max_calls_allowed=3), kept.version)
        self.assertEqual(self.archive.load().service.max_calls_allowed, 3)

    def test_changes_are_checked_against_the_rest(self) -> None:
        """A change that contradicts something else is refused with its reason."""
        self.fill()
        for section, thing, word in (
            ("gateways", IPGateway(name="Twin", address=PBX.address), "address of the gateway PBX"),
            ("auto_attendants", evolve(LOBBY, pilot_identifier_list=("1001",)), "1001 already"),
            ("dial_plans", evolve(PLAN, number_of_digits_in_extension=5), "when it is made"),
            ("mailboxes", evolve(BEN, extension="1001"), "1001 belongs to ada@example.com"),
            ("mailboxes", evolve(BEN, policy="None"), "no mailbox policy"),
            ("mailboxes", user("Eve", "5001"), "auto attendant"),
        ):
            with self.assertRaisesRegex((SettingsFaults, Conflict), word):
                self.archive.put(section, thing)
        self.assertEqual((self.archive.load(), self.archive.revision()), (ORG, 1))

    def test_what_is_needed_stays(self) -> None:
        """An object that others need cannot be removed (spec 2.1)."""
        self.fill()
        spare = MailboxPolicy(name="Spare", dial_plan="Boston")
        self.archive.put("mailbox_policies", spare, 0)
        for section, name in (("dial_plans", "Boston"), ("gateways", "PBX")):
            with self.assertRaises((SettingsFaults, Conflict)):
                self.archive.remove(section, name)
        with self.assertRaisesRegex(Conflict, "used by 2 mailboxes"):
            self.archive.remove("mailbox_policies", POLICY.name)
        self.archive.remove("mailbox_policies", "spare")
        self.assertEqual(self.archive.load(), ORG)
        for section in ("mailbox_policies", "mailboxes"):
            with self.assertRaises(LookupError):
                self.archive.remove(section, "spare")

    # users

    def test_users_are_found_by_every_number(self) -> None:
        """A caller reaches a user by extension and by every further number, in this plan only."""
        self.fill()
        found = self.archive.find("boston", ["1001", "+12125550111", "1002", "9999"])
        self.assertEqual(found, {"1001": ADA, "+12125550111": ADA, "1002": BEN})
        self.assertEqual(self.archive.find("Paris", ["1001"]), {})

    def test_many_numbers_at_once(self) -> None:
        """Thousands of numbers in one question are answered."""
        self.fill()
        found = self.archive.find("Boston", [str(n) for n in range(3000)])
        self.assertEqual(sorted(found), ["1001", "1002"])

    def test_numbers_move(self) -> None:
        """A number that one user gave up can be another's."""
        self.fill()
        self.archive.put_mailboxes([evolve(ADA, secondary_numbers=())])
        self.archive.put_mailboxes([evolve(BEN, secondary_numbers=("+12125550111",))])
        found = self.archive.find("Boston", ["+12125550111"])
        self.assertEqual(found["+12125550111"].address, BEN.address)

    def test_numbers_are_swapped(self) -> None:
        """Two users can exchange their extensions in one change."""
        self.fill()
        swapped = [evolve(ADA, extension="1002"), evolve(BEN, extension="1001")]
        self.archive.put_mailboxes(swapped)
        found = self.archive.find("Boston", ["1001", "1002"])
        self.assertEqual(found, {"1001": swapped[1], "1002": swapped[0]})

    def test_users_are_found_by_spelled_names(self) -> None:
        """The first keys of a name find its owner, also after a change; a removed user is gone."""
        self.fill()
        carla = evolve(BEN, first_name="Carla", last_name="Zola", um_dtmf_map=())
        self.archive.put_mailboxes([carla])
        self.assertEqual(self.spelled("9652", 9), [BEN.address])
        self.archive.remove("mailboxes", BEN.address)
        self.assertEqual(self.spelled("9652", 9), [])
        crowd = [
            evolve(user(f"User{n}", str(n)), first_name="Al", last_name="Zola")
            for n in range(6000, 6100)
        ]
        self.archive.load_mailboxes(iter(crowd))
        self.assertEqual(len(self.spelled("9652", 9)), 9)
        hidden = [evolve(one, allow_um_calls_from_non_users="None") for one in crowd[1:]]
        self.archive.put_mailboxes(hidden)
        self.assertEqual(self.spelled("9652", 9), [crowd[0].address])
        self.assertEqual(self.spelled("9652", 9, "Paris"), [])

    def test_recorded_prompts(self) -> None:
        """Feature 136: a recording comes back octet for octet; servers see that there is one."""
        self.fill()
        before = self.archive.revision()
        whose = ("UMAutoAttendant", LOBBY.name)
        self.archive.recorded.put(*whose, "hello.wav", b"RIFF\x00\xff")
        self.archive.recorded.put(*whose, "hello.wav", b"RIFF\x00\xff")
        self.assertEqual(self.archive.revision(), before + 1)
        self.archive.recorded.put(*whose, "night.wav", b"one")
        self.archive.recorded.put(*whose, "night.wav", b"two")
        folded = (whose[0], whose[1].upper(), "night.wav")
        self.assertEqual(self.archive.recorded.sound(*folded), b"two")
        self.assertEqual(self.archive.recorded.sound(*whose, "hello.wav"), b"RIFF\x00\xff")
        self.assertIsNone(self.archive.recorded.sound("UMDialPlan", "Boston", "hello.wav"))
        listed = self.archive.recorded.listed()
        self.assertEqual([one.file for one in listed], ["hello.wav", "night.wav"])
        self.assertEqual(listed[1].digest, digest_of(b"two"))
        changes = self.archive.search(Search(sections=("recordings",)))
        self.assertEqual([one.what for one in changes], ["changed", "made", "made"])
        self.archive.rehearsal().recorded.put(*whose, "hello.wav", b"other")
        self.assertEqual(self.archive.recorded.sound(*whose, "hello.wav"), b"RIFF\x00\xff")
        self.archive.remove("auto_attendants", LOBBY.name)
        self.assertEqual(list(self.archive.recorded.listed()), [])

    def test_names_of_an_address_list(self) -> None:
        """Feature 129: only those are found who are on the list, however many others there are."""
        crowd = [user(f"Ben{n}", f"2{n:03}") for n in range(20)]
        self.archive.import_organisation(ORG, [ADA, BEN, *crowd])
        for listed, found in (((BEN.address,), [BEN.address]), ((ADA.address,), []), ((), [])):
            query = NameQuery(
                way="emailAddress",
                keys="236",
                scope=Scope(plans=("Boston",), addresses=listed),
            )
            self.assertEqual([one.address for one in self.archive.spelled(query, 3)], found)

    def spelled(self, keys: str, most: int, plan: str = "Boston") -> list[str]:
        """Addresses of those whose last name begins with these keys."""
        scope = Scope(plans=(plan,))
        query = NameQuery(way="lastNameFirstName", keys=keys, scope=scope)
        return [one.address for one in self.archive.spelled(query, most)]

    def test_very_many_users(self) -> None:
        """Thousands of users are loaded in parts, while somebody watches how far it is."""
        self.fill()
        users = [user(f"User{n}", str(n)) for n in range(6000, 9000)]
        told: list[int] = []
        self.archive.load_mailboxes(iter(users), told.append)
        self.assertEqual(told, [2000, 3000])
        self.assertEqual(self.archive.find("Boston", ["8999"]), {"8999": users[-1]})
        self.assertEqual(sum(1 for _ in self.archive.mailboxes()), 2 + len(users))
        self.archive.load_mailboxes([evolve(users[0], language="fr-FR"), *users[1:]])
        self.assertEqual(self.archive.find("Boston", ["6000"])["6000"].language, "fr-FR")
        with self.assertRaisesRegex(Conflict, "8990 belongs to user8990@example.com already"):
            self.archive.load_mailboxes([user(f"Young{n}", str(n)) for n in range(8990, 9020)])
        self.assertEqual(self.archive.find("Boston", ["9005"]), {})

    # PINs and secrets

    def test_pins_are_kept_as_hashes(self) -> None:
        """A PIN that comes with a mailbox is hashed with the pepper and never kept itself."""
        self.fill()
        self.assertEqual(self.archive.pin_hash("BEN@example.com"), "hash of 135792 with 32")
        self.assertIsNone(self.archive.pin_hash("ada@example.com"))
        self.assertEqual(self.archive.get("mailboxes", "ben@example.com").thing.pin, "")

    def test_what_is_kept_of_new_pins(self) -> None:
        """Age and expiry of a first PIN are kept with the PIN, in one step (feature 74)."""
        ben = evolve(BEN, pin="135792")
        about = PinRecord(set_at=5.0, expired=True)
        self.archive.import_organisation(ORG, [ADA, ben], new_pins=about)
        kept = evolve(about, hash="hash of 135792 with 32")
        self.assertEqual(self.archive.pin_record(BEN.address), kept)
        self.assertIsNone(self.archive.pin_record(ADA.address))

    def test_pins_outlive_an_import(self) -> None:
        """Who edits an export and imports it again takes nobody's PIN away."""
        self.fill()
        self.archive.import_organisation(ORG, [BEN])
        self.assertEqual(self.archive.pin_hash("ben@example.com"), "hash of 135792 with 32")
        self.archive.import_organisation(ORG, [ADA])
        self.archive.import_organisation(ORG, [ADA, BEN])
        self.assertIsNone(self.archive.pin_hash("ben@example.com"))

    def test_a_removed_mailbox_takes_its_pin_along(self) -> None:
        """A new user of an old address does not inherit a PIN."""
        self.fill()
        self.archive.remove("mailboxes", "ben@example.com")
        self.archive.put_mailboxes([BEN])
        self.assertIsNone(self.archive.pin_hash("ben@example.com"))

    def test_secrets(self) -> None:
        """A secret is made once, differs from others, outlives imports and is never exported."""
        key = self.archive.secret("route-key")
        self.assertEqual(len(key), 32)
        self.assertNotEqual(self.archive.secret("other"), key)
        self.fill()
        self.assertEqual(self.archive.secret("route-key"), key)
        tree: dict[str, Any] = tomllib.loads("".join(self.archive.export()))
        self.assertNotIn(key.hex(), str(tree))

    # servers and states

    def test_states(self) -> None:
        """What is wanted of a server's components is kept, each requester by itself."""
        asked = [
            RequestedState("Mbx1", "UnifiedMessaging", "Maintenance", "Inactive", 10.0),
            RequestedState("mbx1", "UnifiedMessaging", "Functional", "Active", 11.0),
            RequestedState("mbx2", "UMCallRouter", "HealthAPI", "Draining", 12.0),
        ]
        for state in asked:
            self.assertTrue(self.archive.set_state(state))
        self.assertEqual(self.archive.states("MBX1"), [asked[1], asked[0]])
        self.assertEqual(self.archive.states(), [asked[1], asked[0], asked[2]])
        self.assertEqual(self.archive.revision(), 0)

    def test_the_newest_state_of_a_requester_counts(self) -> None:
        """A late message does not undo what the same requester said after it (spec 9.2)."""
        new = RequestedState("mbx1", "UnifiedMessaging", "Maintenance", "Active", 20.0)
        self.assertTrue(self.archive.set_state(new))
        self.assertFalse(self.archive.set_state(evolve(new, state="Inactive", at=19.0)))
        self.assertEqual(self.archive.states("mbx1"), [new])
        newer = evolve(new, state="Draining", at=21.0)
        self.assertTrue(self.archive.set_state(newer))
        self.assertEqual(self.archive.states("mbx1"), [newer])

    def test_servers(self) -> None:
        """Servers find each other in the store, and see which of them fell silent."""
        first = FleetServer("Mbx1", "192.0.2.1", ("mbx",), {"sip": 5062, "sips": 5063}, 100, 3)
        second = FleetServer("mbx2", "192.0.2.2", ("cas", "mbx"), {"sip": 5062}, 200, 0, "Draining")
        self.assertFalse(self.archive.heartbeat("mbx1", 1, "Active"))
        self.archive.register_server(second)
        self.archive.register_server(evolve(first, age=99.0))
        seen = self.archive.servers()
        self.assertEqual([evolve(server, age=0.0) for server in seen], [first, second])
        for server in seen:
            self.assertLess(server.age, 30.0)
        self.assertTrue(self.archive.heartbeat("MBX1", 7, "Inactive"))
        self.assertEqual(
            evolve(self.archive.servers()[0], age=0.0), evolve(first, calls=7, state="Inactive")
        )
        self.assertTrue(self.archive.forget_server("mbx1"))
        self.assertFalse(self.archive.forget_server("mbx1"))
        self.assertEqual([server.name for server in self.archive.servers()], ["mbx2"])
        self.assertEqual(self.archive.revision(), 0)
