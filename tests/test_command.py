"""umctl, typed as administrators type it, on a real state folder."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from tests.edges.admin.desk import DEMO, Terminal, Typed
from umserver.command import DONE, FAILED, WRONG_USE, Umctl
from umserver.command.people import bar
from umserver.edges.admin.control import open_control
from umserver.edges.mail.spool.cabinet import Cabinet
from umserver.edges.mail.spool.record import Fate
from umserver.edges.store.archive import open_archive
from umserver.org.messages import CallerId, Envelope, Kind
from umserver.org.parse import parse_toml
from umserver.org.pins import verify_pin


class Desk:
    """An administrator with a state folder."""

    state: Path

    def make(self, path: str) -> None:
        self.state = Path(path) / "state"

    def type(self, *words: str, input: io.StringIO | None = None) -> Typed:
        """Run one command."""
        return Typed(self.state, words, input or io.StringIO())


class CommandTests(Desk, SynchronousTestCase):
    """A stopped server's settings."""

    def setUp(self) -> None:
        self.make(self.mktemp())
        self.good("import", DEMO)

    def good(self, *words: str, input: io.StringIO | None = None) -> str:
        """A command that works; its output."""
        typed = self.type(*words, input=input)
        self.assertEqual((typed.code, typed.err), (DONE, ""))
        return typed.out

    def bad(self, code: int, *words: str, input: io.StringIO | None = None) -> str:
        """A command that does not; its complaint."""
        typed = self.type(*words, input=input)
        self.assertEqual((typed.code, typed.out), (code, ""), typed.out)
        self.assertTrue(typed.err.startswith("umctl: "), typed.err)
        return typed.err

    def demo(self, section: str, name: str = "") -> dict[str, Any]:
        """One object as --json shows it."""
        shown: list[dict[str, Any]] = json.loads(self.good("--json", section, "get", name).strip())
        return shown[0]

    # settings

    def test_set_in_both_spellings(self) -> None:
        """A setting is changed in Exchange's words and in Unix's (README)."""
        said = self.good("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        self.assertEqual(said, "Dial plan Demo is changed.\n")
        self.assertEqual(self.demo("dialplan", "Demo")["audio_codec"], "G711")
        self.good("dialplan", "set", "demo", "--max-call-duration", "25")
        self.assertEqual(self.demo("dialplan", "Demo")["max_call_duration"], 25)
        self.assertEqual(self.demo("dialplan", "Demo")["audio_codec"], "G711")

    def test_get(self) -> None:
        """All objects make a table, one object a list of every setting, without secrets."""
        self.assertIn("Demo  TelExtn", self.good("Get-UMDialPlan"))
        told = self.good("Get-UMMailbox", "1001")
        self.assertIn("DisplayName                       : Ada Example", told)
        self.assertNotIn("in :", told)
        self.assertIn("30 minutes", self.good("get-umdialplan", "-Identity", "Demo"))
        self.assertIn("chloe@example.com", self.good("mailbox"))
        self.assertNotIn("ada@", self.good("Get-UMMailbox", "-Extension", "1003"))
        self.assertIn("100", self.good("Get-UMService"))

    def test_new_and_remove(self) -> None:
        """Objects come and go; a dial plan comes with its policy, a gateway with its hunt group."""
        self.good(
            "New-UMDialPlan", "Paris", "-NumberOfDigitsInExtension", "3",
            "-CountryOrRegionCode", "33", "-DefaultLanguage", "fr-FR",
        )  # fmt: skip
        self.assertEqual(self.demo("policy", "Paris Default Policy")["dial_plan"], "Paris")
        self.good("New-UMIPGateway", "PBX", "-Address", "192.0.2.10", "-UMDialPlan", "Paris")
        self.assertEqual(self.demo("huntgroup", "PBX\\Default Hunt Group")["dial_plan"], "Paris")
        self.good(
            "New-UMMailbox", "dee@example.com", "-DisplayName", "Dee", "-Extension", "101",
            "-UMDialPlan", "Paris", "-UMMailboxPolicy", "Paris Default Policy", "-Pin", "111999",
        )  # fmt: skip
        self.assertIn("used by 1 mailbox", self.bad(
            FAILED, "policy", "remove", "Paris Default Policy", "--yes"
        ))  # fmt: skip
        for section, name in (
            ("mailbox", "dee@example.com"),
            ("huntgroup", "PBX\\Default Hunt Group"),
            ("gateway", "PBX"),
            ("policy", "Paris Default Policy"),
            ("dialplan", "Paris"),
        ):
            self.good(section, "remove", name, "-Confirm:$false")
        self.assertEqual(self.good("export"), "".join(self.exported_demo()))

    def exported_demo(self) -> list[str]:
        """What a fresh import of the demo organisation exports."""
        other = Path(self.mktemp()) / "state"
        self.assertEqual(Typed(other, ("import", DEMO), io.StringIO()).code, DONE)
        return [Typed(other, ("export",), io.StringIO()).out]

    def test_new_twice(self) -> None:
        """What exists is not made again."""
        for words in (
            ("New-UMDialPlan", "Demo", "-NumberOfDigits", "4", "-CountryOrRegionCode", "1"),
            ("New-UMAutoAttendant", "Reception", "-UMDialPlan", "Demo"),
        ):
            typed = self.type(*words)
            self.assertNotEqual(typed.code, DONE)
            self.assertIn("exists already", typed.err)

    def test_enable_and_disable(self) -> None:
        """Gateways, attendants and users are switched off and on."""
        self.good("Disable-UMIPGateway", "loopback", "-Confirm:$false")
        self.assertEqual(self.demo("gateway", "loopback")["status"], "Disabled")
        self.good("Enable-UMIPGateway", "loopback")
        self.assertEqual(self.demo("gateway", "loopback")["status"], "Enabled")
        self.good("mailbox", "disable", "ada@example.com", "--yes")
        self.assertIs(self.demo("mailbox", "ada@example.com")["um_enabled"], False)

    def test_lists_and_keys(self) -> None:
        """Lists are changed in place, menus given as columns."""
        self.good("Set-UMDialPlan", "Demo", "-AccessTelephoneNumbers", '@{Add="5050"}')
        numbers = self.demo("dialplan", "Demo")["access_telephone_numbers"]
        self.assertEqual(numbers, ["5000", "5050"])
        keys = ("-BusinessHoursKeyMapping", "1,Sales,1001", "2,Tea,1002")
        self.good("Set-UMAutoAttendant", "Reception", *keys)
        menu = self.demo("attendant", "Reception")["business_hours_key_mapping"]
        self.assertEqual([key["description"] for key in menu], ["Sales", "Tea"])

    def test_what_if(self) -> None:
        """A rehearsal checks everything and changes nothing."""
        before = self.good("export")
        for typed in (
            "Remove-UMMailbox 1001 -WhatIf",
            "dialplan set Demo --audio-codec Gsm --dry-run",
            f"import {DEMO} -WhatIf",
        ):
            self.assertIn("What if: ", self.good(*typed.split(" ")))
        self.bad(FAILED, "dialplan", "set", "Demo", "--max-call-duration", "5", "--dry-run")
        self.assertEqual(self.good("export"), before)

    def test_asking_first(self) -> None:
        """What cannot be undone is asked for; where nobody is there, it has to be said."""
        self.assertIn("-Confirm:$false", self.bad(WRONG_USE, "Remove-UMMailbox", "1001"))
        typed = self.type("Remove-UMMailbox", "1001", input=Terminal("n\n"))
        self.assertEqual((typed.code, typed.out), (FAILED, ""))
        self.assertIn("Remove mailbox ada@example.com? [y/N]", typed.err)
        self.assertIn("nothing was changed", typed.err)
        typed = self.type("Remove-UMMailbox", "1001", input=Terminal("y\n"))
        self.assertEqual((typed.code, typed.out), (DONE, "Mailbox ada@example.com is removed.\n"))

    def test_mistakes_are_explained(self) -> None:
        """Whatever is mistyped, the answer names the nearest right word."""
        for code, typed, word in (
            (WRONG_USE, "Set-UMDialPlam Demo -AudioCodec G711", "did you mean Set-UMDialPlan"),
            (WRONG_USE, "Set-UMDialPlan Demo -AudioKodec G711", "did you mean AudioCodec"),
            (WRONG_USE, "Set-UMDialPlan -AudioCodec G711", "say which dial plan"),
            (WRONG_USE, "Set-UMDialPlan Demo", "say what to set: -"),
            (WRONG_USE, "Set-UMDialPlan Demo -Name Other", "cannot get another name"),
            (WRONG_USE, "Set-UMDialPlan Demo -MaxCallDuration long", "needs a number (minutes)"),
            (WRONG_USE, "Get-UMMailbox Ada Example", '"Ada Example"'),
            (WRONG_USE, "Remove-UMMailbox 1001 -Forse", "there are Identity, "),
            (WRONG_USE, "Get-UMHuntGroup Pilot", "there are several: loopback\\Pilot"),
            (WRONG_USE, "dialplan sett Demo", "did you mean set"),
            (WRONG_USE, "statsu", "did you mean status"),
            (WRONG_USE, "export now", "now means nothing here"),
            (WRONG_USE, "--help nonsense", "no help about nonsense"),
            (WRONG_USE, "import", "say which file"),
            (WRONG_USE, "queue eat x", "knows retry and drop"),
            (WRONG_USE, "--state", "--state needs a value"),
            (FAILED, "Set-UMDialPlan Dem -AudioCodec G711", "did you mean Demo"),
            (FAILED, "Get-UMDialPlan Paris", "there is no dial plan Paris"),
            (FAILED, "Set-UMDialPlan Demo -AudioCodec Wma", "take Mp3, G711, Gsm or Pcm"),
            (FAILED, "Set-UMDialPlan Demo -NumberOfDigits 5", "when it is made"),
            (FAILED, "Set-UMMailbox 1001 -Pin 12", "at least 6 digits"),
            (FAILED, "import /missing.toml", "No such file"),
            (FAILED, "queue drop 123", "no messages have an id"),
        ):
            self.assertIn(word, self.bad(code, *typed.split()))

    def test_pins(self) -> None:
        """A PIN is set or made, kept as a hash, and shown only when it was made here."""
        said = self.good("Set-UMMailboxPIN", "1001")
        made = said.rstrip(".\n").rpartition(" ")[2]
        self.assertRegex(made, r"^[0-9]{6}$")
        self.assertNotIn("975311", self.good("Set-UMMailboxPIN", "1002", "-Pin", "975311"))
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        for address, pin in (("ada@example.com", made), ("ben@example.com", "975311")):
            hash = archive.pin_hash(address)
            assert hash is not None
            self.assertTrue(verify_pin(pin, archive.pepper(), hash))
            self.assertNotIn(pin, hash)
        self.bad(WRONG_USE, "Set-UMMailboxPIN", "1001", "-Extension", "1009")

    # whole organisations

    def test_export_and_import(self) -> None:
        """An export can be edited and imported; --merge adds to what is there."""
        text = self.good("export")
        self.assertEqual(parse_toml(text)[0], parse_toml(Path(DEMO).read_text("utf-8"))[0])
        self.good("import", "-", input=io.StringIO(text.replace("Ada Example", "Ada E.")))
        self.assertEqual(self.demo("mailbox", "ada@example.com")["display_name"], "Ada E.")
        plan = '[[test_numbers]]\nnumber = "5010"\ndial_plan = "Demo"\nscript = "echo"\n'
        self.bad(FAILED, "import", "-", input=io.StringIO(plan))
        self.good("import", "--merge", "-", input=io.StringIO("[service]\nmax_calls_allowed = 7\n"))
        self.assertEqual(self.demo("service")["max_calls_allowed"], 7)
        self.assertIn("ada@example.com", self.good("export"))

    def test_a_bad_file(self) -> None:
        """Every fault of a file is told at once, and nothing is changed."""
        before = self.good("export")
        bad = before.replace('extension = "1001"', 'extension = "101"').replace("::1", "no host!")
        told = self.bad(FAILED, "import", "-", input=io.StringIO(bad))
        self.assertIn("extension: must have 4 digits", told)
        self.assertIn("gateways.loopback6.address", told)
        self.assertEqual(self.good("export"), before)

    def test_backup_and_restore(self) -> None:
        """One command copies the store, another one puts the copy back, after asking."""
        backup = str(self.state / "backup.db")
        self.assertIn("pin-pepper.key", self.good("backup", backup))
        before = self.good("export")
        self.good("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        self.bad(WRONG_USE, "restore", backup)
        refused = self.type("restore", backup, input=Terminal("n\n"))
        self.assertEqual(refused.code, FAILED)
        self.assertNotEqual(self.good("export"), before)
        self.good("restore", backup, "--yes")
        self.good("restore", backup, "-Confirm:$false")
        self.assertEqual(self.good("export"), before)
        self.assertIn("restored", self.good("Search-AdminAuditLog", "-Cmdlets", "restore"))
        new = str(self.state / "new")
        self.good("--state", new, "restore", backup)
        self.assertEqual(self.good("--state", new, "export"), before)
        self.bad(FAILED, "restore", "/missing.db", "--yes")
        self.bad(FAILED, "backup", "/missing/backup.db")
        self.bad(WRONG_USE, "backup")

    def test_users_from_a_table(self) -> None:
        """Many users come from a CSV file, all or none."""
        table = "extension,name,address\n" + "".join(
            f"{n},Load User {n},load{n}@example.com\n" for n in range(2000, 2050)
        )
        said = self.good("import-mailboxes", "-", input=io.StringIO(table))
        self.assertIn("50 mailboxes imported", said)
        self.assertEqual(self.good("Get-UMMailbox").count("load20"), 50)
        clash = "extension,name,address\n2050,A,a@example.com\n1001,B,b@example.com\n"
        self.bad(FAILED, "import-mailboxes", "-", input=io.StringIO(clash))
        self.assertNotIn("2050", self.good("Get-UMMailbox"))

    def test_pins_for_letters(self) -> None:
        """Users without a PIN get one, which is written where only its owner reads it."""
        table = "extension,name,address,pin\n2000,A B,a@example.com,\n2001,C,c@example.com,583920\n"
        letters = Path(self.mktemp())
        words = ("import-mailboxes", "-", "--make-pins", str(letters))
        said = self.good(*words, input=io.StringIO(table))
        self.assertIn("2 mailboxes imported, 1 PINs are in ", said)
        head, line = letters.read_text().splitlines()
        self.assertEqual(head, "extension,name,address,pin")
        self.assertRegex(line, "^2000,A B,a@example.com,[0-9]{6}$")
        self.assertEqual(letters.stat().st_mode & 0o777, 0o600)
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        hash = archive.pin_hash("a@example.com")
        assert hash is not None
        self.assertTrue(verify_pin(line[-6:], archive.pepper(), hash))
        self.assertIn("firstNameLastName:22", self.good("Get-UMMailbox", "2000"))
        self.assertIn("exists", self.bad(FAILED, *words, input=io.StringIO(table)))
        clash = "extension,name,address\n1001,B,b@example.com\n"
        other = Path(self.mktemp())
        self.bad(FAILED, *words[:3], str(other), input=io.StringIO(clash))
        self.assertFalse(other.exists())

    def test_how_far_an_import_is(self) -> None:
        """The line of a long import shows how much is done and how long the rest will take."""
        self.assertEqual(bar(250, 1000, 4.0), f"[{'#' * 6}{'.' * 18}] 250 of 1000 PINs, 12 s left")
        self.assertEqual(bar(5, 5, 1.0), f"[{'#' * 24}] 5 of 5 PINs, 0 s left")

    # the rest

    def test_explain_route(self) -> None:
        """What a call would be is said with its reasons, for people and programs (README)."""
        told = self.good("explain-route", "--to", "5000", "--diversion", "1001")
        self.assertTrue(told.startswith("leave-message: mailbox ada@example.com"))
        told = self.good("--json", "explain-route", "--to", "1003", "--from", "1001")
        self.assertEqual(json.loads(told)["caller"], "Ada Example")

    def test_help(self) -> None:
        """Help shows every command, and for a noun every parameter with range and default."""
        for words in ((), ("help",), ("--help",)):
            told = self.good(*words)
            self.assertIn("explain-route", told)
            self.assertIn("Get|Set|New|Remove-UMDialPlan", told)
        for words in (("help", "Set-UMDialPlan"), ("dialplan", "--help"), ("help", "dialplan")):
            told = self.good(*words)
            self.assertIn("10 to 120 minutes; default 30", told)
        self.assertIn("--merge", self.good("help", "import"))
        self.assertIn("-Pin", self.good("help", "Set-UMMailboxPIN"))
        self.assertIn("umctl 0.", self.good("--version"))

    def test_a_folder_without_an_organisation(self) -> None:
        """A wrong state folder is told, and nothing is made there."""
        self.state = self.state.parent / "elsewhere"
        self.assertIn("no organisation", self.bad(FAILED, "Get-UMDialPlan"))
        self.assertFalse(self.state.exists())
        self.assertIn("no server is running", self.bad(FAILED, "status"))
        self.assertEqual(self.good("queue"), "No message waits.\n")

    def test_a_bootstrap_file(self) -> None:
        """--config names another place for everything; its faults are told."""
        config = self.state.parent / "um.toml"
        config.write_text(f'[server]\nstate = "{self.state}"\n')
        out = io.StringIO()
        self.assertEqual(Umctl(out).run([f"--config={config}", "mailbox"]), DONE)
        self.assertIn("ada@example.com", out.getvalue())
        config.write_text("[server]\nstat = 1\n")
        err = io.StringIO()
        self.assertEqual(Umctl(out, err).run([f"--config={config}", "mailbox"]), FAILED)
        self.assertIn("did you mean 'state'", err.getvalue())

    def test_the_queue_of_a_stopped_server(self) -> None:
        """Messages that wait are seen, tried again and dropped without a server."""
        self.assertEqual(self.good("queue"), "No message waits.\n")
        cabinet = Cabinet(self.state / "spool")
        cabinet.open()
        for id in ("01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002"):
            envelope = Envelope(
                id, f"<{id}@x>", "c", 1.7e9, "ada@example.com", "Ada", "1001", CallerId()
            )
            path = cabinet.settle(cabinet.begin(envelope), id, Fate(Kind.MISSED))
        cabinet.bury(path, "550 no such user")
        self.assertIn("in use by process", self.bad(FAILED, "queue"))
        cabinet.close()
        told = self.good("queue")
        self.assertIn("queued", told)
        self.assertIn("dead", told)
        self.assertIn("2 messages", self.bad(FAILED, "queue", "drop", "0190"))
        self.bad(FAILED, "queue", "drop", "01900000-0000-7000-8000-000000000001")
        self.good("queue", "retry", "01900000-0000-7000-8000-000000000002")
        self.assertNotIn("dead", self.good("queue"))
        self.assertEqual(len(json.loads(self.good("--json", "queue"))), 2)


class RunningTests(Desk, TestCase):
    """A running server is told."""

    timeout = 30.0

    def setUp(self) -> None:
        self.make(self.mktemp())
        self.assertEqual(self.type("import", DEMO).code, DONE)
        self.asked: list[dict[str, Any]] = []
        self.problem = ""

    def serve(self) -> None:
        """Answer as a server would."""

        def noted(answer: Any) -> Any:
            return lambda question: (self.asked.append(question), answer())[1]

        entry = {"id": "0190-a", "state": "deferred", "mailbox": "ada@example.com", "kind": "voice"}
        asks = {
            "status": noted(lambda: {"calls": {"active": 2}, "gateways": [{"name": "PBX"}]}),
            "queue": noted(lambda: [entry]),
            "retry": noted(lambda: None),
            "drop": noted(lambda: None),
            "poll": noted(lambda: {"revision": 2, "problem": self.problem}),
            "drain": noted(lambda: None),
        }
        socket = open_control(reactor, self.state, asks)
        self.addCleanup(socket.close)

    async def typed(self, *words: str) -> Typed:
        return await deferToThread(self.type, *words)

    async def test_a_change_is_announced(self) -> None:
        """A running server follows at once, and the administrator reads that it did."""
        self.serve()
        typed = await self.typed("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        self.assertEqual(typed.out, "Dial plan Demo is changed.\nThe running server follows.\n")
        self.assertEqual([question["ask"] for question in self.asked], ["poll"])
        typed = await self.typed("Get-UMDialPlan")
        self.assertEqual(len(self.asked), 1)

    async def test_a_server_that_cannot_follow(self) -> None:
        """When a server keeps its old settings, the administrator reads why."""
        self.problem = "the store is down"
        self.serve()
        typed = await self.typed("import", DEMO)
        self.assertEqual(typed.code, DONE)
        self.assertIn("keeps its old settings: the store is down", typed.err)
        self.assertEqual((await self.typed("poll")).code, FAILED)

    async def test_views_and_acts(self) -> None:
        """Status, queue and drain go to the server."""
        self.serve()
        status = (await self.typed("status")).out
        self.assertEqual(status, "calls:\n  active: 2\ngateways:\n  name PBX\n")
        self.assertIn("0190-a", (await self.typed("queue")).out)
        self.assertEqual((await self.typed("queue", "retry", "0190")).code, DONE)
        self.assertEqual((await self.typed("queue", "retry", "all")).code, DONE)
        self.assertEqual((await self.typed("queue", "drop", "0190-a")).code, DONE)
        self.assertEqual((await self.typed("drain")).out, "No new calls are taken.\n")
        acts = ("retry", "drop", "drain")
        told = [(q["ask"], q.get("id")) for q in self.asked if q["ask"] in acts]
        self.assertEqual(
            told, [("retry", "0190-a"), ("retry", "all"), ("drop", "0190-a"), ("drain", None)]
        )


class ProgramTests(SynchronousTestCase):
    """The program itself."""

    def test_a_pipe_that_closes(self) -> None:
        """`umctl help | head -1` ends quietly."""
        command = f"{sys.executable} -m umserver.command help | head -1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_pipe_that_is_closed_while_it_is_written(self) -> None:
        """It is no fault of the command that nobody reads on; the program ends quietly."""

        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                raise BrokenPipeError(32, "Broken pipe")

        err = io.StringIO()
        self.assertRaises(BrokenPipeError, Umctl(Closed(), err).run, ["help"])
        self.assertEqual(err.getvalue(), "")

    def test_it_loads_little(self) -> None:
        """A command starts at once: nothing big is loaded before it is needed."""
        code = (
            "import sys, umserver.command; "
            "print([m for m in ('numpy', 'twisted.internet.reactor', 'phonenumbers', 'cattrs', "
            "'OpenSSL', 'email', 'umserver.edges.mail') if m in sys.modules])"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
        self.assertEqual(done.stdout.decode().strip(), "[]")
