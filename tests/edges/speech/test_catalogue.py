"""What is spoken: complete and equal in all languages, and used."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import umserver.calls
import umserver.roles
from umserver.discover import shipped
from umserver.edges.speech.catalogue import Catalogue, CatalogueFaults, load_catalogue, places
from umserver.org.recordable import OF_ATTENDANT, OF_PLAN

PARTS = ("greeting-name-before", "message-from-before", "attendant-connecting-before")
"""What is said before a recorded name."""
ENGLISH = re.compile(r"\bpress (?:(\d|\{key\})|the (pound|star) key)( twice)?")
FRENCH = re.compile(
    r"\bappuyez (?:maintenant |plutôt )?(deux fois )?sur "
    r"(?:le (\d|\{key\})|la touche (dièse|étoile))"
)
SIGNS = {"pound": "#", "dièse": "#", "star": "*", "étoile": "*"}


class ShippedCatalogueTests(SynchronousTestCase):
    """The prompts that the server comes with."""

    def setUp(self) -> None:
        self.catalogue = load_catalogue([shipped("prompts")])

    def test_languages(self) -> None:
        """English and French are spoken from the start."""
        self.assertEqual(self.catalogue.languages, ["en-US", "fr-FR"])

    def test_the_same_prompts_with_the_same_places(self) -> None:
        """No language lacks a prompt or says a name where another does not."""
        english, french = self.catalogue.texts["en-US"], self.catalogue.texts["fr-FR"]
        self.assertEqual(set(english), set(french))
        for name, text in english.items():
            self.assertEqual(places(text), places(french[name]), name)

    def test_scripts_and_catalogue_fit(self) -> None:
        """Everything that a script says is in the catalogue, and nothing is there that nobody
        says.
        """
        source = "".join(
            path.read_text("utf-8")
            for package in (umserver.calls, umserver.roles)
            for path in Path(package.__path__[0]).rglob("*.py")
        )
        words = set(re.findall(r'"([a-z]+(?:-[a-z]+)+|goodbye|trouble)"', source))
        words |= {f"greeting-{wording}-after" for wording in ("name", "away")}
        words |= {f"prompts-{one.name}" for one in (*OF_ATTENDANT.values(), *OF_PLAN.values())}
        prompts = set(self.catalogue.texts["en-US"])
        self.assertEqual(prompts - words, set())

    def test_sentences(self) -> None:
        """Prompts are whole sentences; only the parts around a recorded name are not."""
        for language in self.catalogue.languages:
            for name, text in self.catalogue.texts[language].items():
                if name not in PARTS:
                    self.assertIn(text[-1], ".?", f"{language} {name}")
                self.assertNotIn("  ", text)

    def test_french_typography(self) -> None:
        """French has its own apostrophe, and a space before a question mark."""
        for name, text in self.catalogue.texts["fr-FR"].items():
            self.assertNotIn("'", text, name)
            self.assertNotRegex(text, r"[^\s][?!;:]", name)

    def test_menus_name_the_same_keys(self) -> None:
        """Every prompt offers the same keys in every language, in the same order, and says how
        often they are to be pressed.
        """
        for name, text in self.catalogue.texts["en-US"].items():
            english = [
                (key or SIGNS[sign], bool(twice)) for key, sign, twice in ENGLISH.findall(text)
            ]
            french = [
                (key or SIGNS[sign], bool(twice))
                for twice, key, sign in FRENCH.findall(self.catalogue.texts["fr-FR"][name])
            ]
            self.assertEqual(english, french, name)

    def test_keys_are_spoken_of_the_same_way_everywhere(self) -> None:
        """A key is always `press 1` or `press the star key`, « appuyez sur le 1 » or « sur la
        touche étoile »; nobody has to think about what is meant.
        """
        for name, text in self.catalogue.texts["en-US"].items():
            self.assertEqual(len(re.findall(r"\bpress\b", text)), len(ENGLISH.findall(text)), name)
        for name, text in self.catalogue.texts["fr-FR"].items():
            self.assertEqual(len(re.findall(r"\bappuyez\b", text)), len(FRENCH.findall(text)), name)


class LoadingTests(SynchronousTestCase):
    """Catalogues that people write."""

    def folder(self, **languages: str) -> Path:
        path = Path(self.mktemp())
        path.mkdir()
        for language, text in languages.items():
            (path / f"{language.replace('_', '-')}.toml").write_text(text, encoding="utf-8")
        return path

    def faults(self, **languages: str) -> str:
        fault = self.assertRaises(CatalogueFaults, load_catalogue, [self.folder(**languages)])
        return str(fault)

    def test_all_faults_at_once(self) -> None:
        """Whoever writes a catalogue reads everything that is wrong with it, with file and
        prompt.
        """
        said = self.faults(
            en_US='a = "Hello {name}"\nb = "One"\nc = 5\nd = "broken {"\ne = "{0}"',
            fr_FR='a = "Bonjour"\nb = "Un"',
        )
        for part in ("c: must be a text", "d: ", "e: ", "a: the places differ"):
            self.assertIn(part, said)

    def test_missing_prompt(self) -> None:
        """A prompt that one language lacks is named."""
        self.assertIn("fr-FR: b is missing", self.faults(en_US='a = "A"\nb = "B"', fr_FR='a = "A"'))

    def test_not_toml(self) -> None:
        """A file that is no TOML is named with its line."""
        self.assertIn("en-US.toml", self.faults(en_US="a = "))

    def test_nothing_there(self) -> None:
        """An empty folder is said to be one."""
        self.assertIn("no prompts found", self.faults())

    def test_later_folders_win(self) -> None:
        """An organisation changes the wording of single prompts in its own folder."""
        first, own = self.folder(en_US='a = "A"\nb = "B"'), self.folder(en_US='a = "Mine"')
        catalogue = load_catalogue([first, own])
        self.assertEqual(catalogue.texts["en-US"], {"a": "Mine", "b": "B"})

    def test_closest_language(self) -> None:
        """A language that is not there is replaced by its sibling, else by American English (spec
        9.8).
        """
        catalogue = Catalogue({"en-US": {}, "fr-FR": {}})
        for wanted, found in (
            ("fr-FR", "fr-FR"),
            ("fr-CA", "fr-FR"),
            ("FR_fr", "fr-FR"),
            ("en-GB", "en-US"),
            ("de-DE", "en-US"),
            ("", "en-US"),
        ):
            self.assertEqual(catalogue.closest(wanted), found)

    def test_braces_in_names(self) -> None:
        """A user whose name has braces in it is spoken like any other."""
        catalogue = Catalogue({"en-US": {"hello": "Hello {name}."}})
        self.assertEqual(catalogue.text("en-US", "hello", {"name": "{0} {x}"}), "Hello {0} {x}.")
