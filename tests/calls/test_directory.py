"""Finding people by spelling their names (spec 6.2)."""

from __future__ import annotations

from attrs import evolve

from tests.calls.lobby import ADA, BEN, PEOPLE, PLAN, RECEPTION, TWINS, Lobby, lobby
from tests.calls.rehearsal import RehearsalCase
from tests.kit.fake_office import MemoryPeople

TONY = "tony"
CALL, MESSAGE = "search-call[{}][one]", "search-message[{}][two]"


def spelling(**parts: object) -> Lobby:
    """A caller who is asked for a name."""
    return lobby(**parts).until("attendant-operator").press("#").until("choice-back")  # type: ignore[arg-type]


class SearchTests(RehearsalCase):
    """Names on the keys."""

    def test_one_person(self) -> None:
        """Who is the only one left is named at once; the rest of the name does no harm."""
        call = spelling().press("392")  # EXA, and half of MPLEADA follows
        call.tick()
        self.assertEqual(call.heard[-1], "search-found[Ada Example]")
        call.press("67").until("search-again")
        self.assertIn(CALL.format("Ada Example"), call.heard)
        call.press("1").to_the_end()
        self.assertEqual((call.phone.transfers, call.outcome), (["1001"], "transferred"))
        self.check(call)

    def test_the_next_prompt_comes_at_once(self) -> None:
        """After the key that decides, nobody waits."""
        call = spelling().press("39")
        self.assertTrue(call.phone.playing)
        self.assertEqual(call.heard[-1], "search-found[Ada Example]")

    def test_accents(self) -> None:
        """Démo is spelled DEMO, and found by the first letters."""
        call = spelling().press("3366").until("search-again")
        self.assertIn(CALL.format("Chloé Démo"), call.heard)

    def test_another_way_of_spelling(self) -> None:
        """## spells the mail address instead, and once more the name."""
        call = spelling().press("##").until("search-address").press("236").until("search-again")
        self.assertIn(CALL.format("Ben Sample"), call.heard)
        call = spelling().press("##").until("choice-back").press("##").until("search-last-first")

    def test_first_names_first(self) -> None:
        """Where the plan says so, the first name comes first."""
        call = spelling(plan=evolve(PLAN, dial_by_name_primary="FirstLast"))
        self.assertIn("search-first-last", call.heard)
        call.press("236").until(CALL.format("Ben Sample"))

    def test_people_of_one_name(self) -> None:
        """Namesakes are told apart by what the plan says, and chosen by number."""
        plan = evolve(PLAN, matched_name_selection_method="Department")
        call = spelling(plan=plan).press("764848669").until("search-none-of-them")
        first, second = call.heard[-4:-2]
        self.assertEqual(first, "search-choice-detail[Tony Smith][one][Sales]")
        self.assertEqual(second, "search-choice-detail[Tony Smith][two][Support]")
        call.press("2").until("search-again").press("1").to_the_end()
        self.assertEqual(call.phone.transfers, [TWINS[1].extension])

    def test_people_of_one_name_by_address(self) -> None:
        """With PromptForAlias namesakes are told apart by spelling the address."""
        plan = evolve(PLAN, matched_name_selection_method="PromptForAlias")
        call = spelling(plan=plan).press("76484#").until("search-address").press("86690")
        call.until("search-again").press("1").to_the_end()
        self.assertEqual(call.phone.transfers, [TWINS[0].extension])

    def test_too_many(self) -> None:
        """More people than can be read out: further letters are asked for, and none are lost."""
        crowd = [
            evolve(
                ADA,
                display_name=f"{name} Miller",
                address=f"{name}@example.com",
                extension=f"2{n:03}",
            )
            for n, name in enumerate(
                ("Al", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ike", "Jo", "Kim")
            )
        ]
        people = Lobby().people
        call = Lobby(people=people)
        people.people[:] = crowd
        people.clock = call.clock
        call.dial().until("attendant-operator").press("#").until("choice-back").press("645537#")
        call.until("search-more-letters").press("25").until("search-again")
        self.assertIn(CALL.format("Al Miller"), call.heard)

    def test_nobody(self) -> None:
        """Nobody of this name: said at once, and one may try again; after three times the menu."""
        call = spelling()
        for _ in range(3):
            call.press("99").until("search-nobody")
            call.until("choice-back") if call.heard.count("search-nobody") < 3 else None
        call.until("attendant-operator")

    def test_the_keys_beside_letters_are_explained(self) -> None:
        """How to go back, and how to reach an operator where there is one, is told; where there
        is none, the key for it says so.
        """
        call = spelling()
        self.assertEqual(
            [name.rstrip("!") for name in call.heard[-4:]],
            ["search-last-first", "search-other-way", "attendant-operator", "choice-back"],
        )
        alone = evolve(RECEPTION, business_hours_transfer_to_operator_enabled=False)
        call = Lobby(attendant=alone)
        call.dial().until("attendant-search").press("#").until("choice-back")
        self.assertEqual(call.heard[-3:], ["search-last-first", "search-other-way", "choice-back"])
        call.press("0").until("no-operator").until("search-last-first")

    def test_too_few_letters(self) -> None:
        """One letter is not enough."""
        spelling().press("3#").until("search-too-short").until("choice-back")

    def test_an_extension_instead(self) -> None:
        """# and an extension find the person too."""
        call = spelling().press("#").until("search-extension").press("1002").until("search-again")
        self.assertIn(MESSAGE.format("Ben Sample"), call.heard)
        call = spelling().press("#").until("search-extension").press("1999").until("search-nobody")

    def test_a_message(self) -> None:
        """A message can be left for who was found; then comes the menu."""
        call = spelling().press("726").until("search-again").press("2").until_the_tone()
        call.talk(2.0).press("#1#").until("attendant-operator")
        self.assertEqual(call.draft.envelope.mailbox, BEN.address)

    def test_options_that_are_switched_off(self) -> None:
        """Feature 128: what is switched off is not offered, and the search not at all."""
        call = spelling(attendant=evolve(RECEPTION, call_someone_enabled=False)).press("39")
        call.until("search-message[Ada Example][one]")
        call = lobby(evolve(RECEPTION, name_lookup_enabled=False)).until("attendant-operator")
        self.assertNotIn("attendant-search", call.heard)
        call.press("#").until("invalid-key")

    def test_the_scope(self) -> None:
        """Feature 129: only people of the scope are found, and none who are hidden from callers."""
        people = MemoryPeople(
            [
                evolve(ADA, dial_plan="Other"),
                evolve(BEN, allow_um_calls_from_non_users="None"),
            ]
        )
        for keys in ("39", "72"):
            call = Lobby(people=people)
            call.dial().until("attendant-operator").press("#").until("choice-back")
            call.press(keys).until("search-nobody")

    def test_back_and_operator(self) -> None:
        """* leads back to the menu, 0 to the operator, at every question."""
        spelling().press("*").until("attendant-operator")
        self.assertEqual(spelling().press("0").to_the_end().phone.transfers, ["1002"])
        call = spelling().press("39").until("search-again").press("*").until("choice-back")
        call.press("39").until("search-again").press("0").to_the_end()
        self.assertEqual(call.phone.transfers, ["1002"])

    def test_silence(self) -> None:
        """Who says nothing is asked again, and led back to the menu in the end."""
        call = (
            spelling()
            .until("are-you-there")
            .until("are-you-there", most=20)
            .until("attendant-operator")
        )
        call.to_the_end()

    def test_a_store_that_is_away(self) -> None:
        """Names that cannot be searched are apologised for."""
        call = Lobby()
        call.people.failing = True
        call.dial().until("attendant-operator").press("#39").until("search-failed")
        call.until("attendant-operator")

    def test_a_slow_store(self) -> None:
        """A slow search is not silent."""
        call = Lobby()
        call.people.slow = 4.0
        call.dial().until("attendant-operator").press("#39").until("one-moment")
        call.until("search-found[Ada Example]")
        self.assertEqual(len(PEOPLE), 5)
