"""Users: enabled, found, changed, and their PINs."""

from __future__ import annotations

from tests.edges.admin.desk import DeskCase, Terminal
from umserver.command import DONE, FAILED, WRONG_USE
from umserver.edges.store.archive import open_archive
from umserver.org.pins import verify_pin


class EnableTests(DeskCase):
    """Enable-UMMailbox and what follows from it."""

    def test_a_new_user(self) -> None:
        """Enabling somebody makes EUM address, DTMF map and a PIN, which is shown this one time
        (feature 178).
        """
        said = self.good("Enable-UMMailbox", "tony.smith@example.com", "-Extensions", "1004,1104",
                         "-DisplayName", "Tony Smith")  # fmt: skip
        pin = said.rstrip(".\n").rpartition(" ")[2]
        self.assertRegex(pin, r"^[0-9]{6}$")
        user = self.one("Get-UMMailbox", "1104")
        self.assertEqual(user["address"], "tony.smith@example.com")
        self.assertEqual(user["extensions"], ["1004", "1104"])
        self.assertEqual(user["email_addresses"][0], "EUM:1004;phone-context=Demo")
        self.assertIn("firstNameLastName:866976484", user["um_dtmf_map"])
        self.assertTrue(self.kept_pin("tony.smith@example.com", pin))
        (flags,) = self.rows("Get-UMMailboxPin", "1004")
        self.assertEqual((flags["pin_expired"], flags["first_time_user"]), (True, True))
        self.assertNotIn(pin, self.good("Search-AdminAuditLog", "-Format", "List"))
        self.assertNotIn(pin, self.good("export"))

    def kept_pin(self, address: str, pin: str) -> bool:
        """Whether this is the user's PIN."""
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        hash = archive.pin_hash(address)
        return hash is not None and verify_pin(pin, archive.pepper(), hash)

    def test_the_map_follows_no_new_name(self) -> None:
        """A new name leaves the DTMF map; Set-User -CreateDtmfMap makes it anew (feature 178)."""
        self.good("Enable-UMMailbox", "tsmith@example.com", "-Extensions", "1004",
                  "-DisplayName", "Tony Smith")  # fmt: skip
        before = self.one("Get-UMMailbox", "1004")["um_dtmf_map"]
        self.good("Set-UMMailbox", "1004", "-DisplayName", "Tony Wilson")
        self.assertEqual(self.one("Get-UMMailbox", "1004")["um_dtmf_map"], before)
        self.good("Set-User", "1004", "-CreateDtmfMap")
        after = self.one("Get-UMMailbox", "1004")["um_dtmf_map"]
        self.assertIn("lastNameFirstName:9457668669", after)
        self.assertIn("emailAddress:876484", after)

    def test_disable_and_enable_again(self) -> None:
        """What was set stays for the next time, unless it is not wanted (feature 181)."""
        self.good("Set-UMMailbox", "1001", "-OperatorNumber", "1002")
        self.good("Disable-UMMailbox", "1001", "-Confirm:$false")
        self.assertIs(self.one("Get-UMMailbox", "1001")["um_enabled"], False)
        self.good("Enable-UMMailbox", "1001", "-PIN", "583920")
        user = self.one("Get-UMMailbox", "1001")
        self.assertEqual((user["um_enabled"], user["operator_number"]), (True, "1002"))
        self.assertTrue(self.kept_pin("ada@example.com", "583920"))
        self.good("Disable-UMMailbox", "1001", "-KeepProperties", "$false", "-Confirm:$false")
        self.good("Enable-UMMailbox", "1001", "-PIN", "583920")
        self.assertEqual(self.one("Get-UMMailbox", "1001")["operator_number"], "")
        told = self.bad(WRONG_USE, "Enable-UMMailbox", "1001")
        self.assertIn("ada@example.com is enabled already", told)

    def test_only_a_check(self) -> None:
        """-ValidateOnly says what would happen and changes nothing, not even showing a PIN."""
        words = ("Enable-UMMailbox", "dee@example.com", "-Extensions", "1004", "-ValidateOnly")
        self.assertEqual(self.good(*words), "What if: mailbox dee@example.com is enabled.\n")
        self.bad(FAILED, "Get-UMMailbox", "dee@example.com")
        self.assertIn("belongs to", self.bad(
            FAILED, "Enable-UMMailbox", "dee@example.com", "-Extensions", "1001", "-ValidateOnly"
        ))  # fmt: skip

    def test_what_is_missing_is_said(self) -> None:
        """Extension, policy and address are asked for by name."""
        for code, words, word in (
            (WRONG_USE, ("dee@example.com",), "say which extension: -Extensions"),
            (FAILED, ("dee", "-Extensions", "1004"), "there is no mailbox dee"),
            (FAILED, ("dee@example.com", "-Extensions", "1004", "-UMMailboxPolicy", "Demo Defaul"),
             "did you mean 'Demo Default Policy'"),
            (FAILED, ("dee@example.com", "-Extensions", "104", "-PIN", "583920"),
             "-Extension: must have 4 digits"),
        ):  # fmt: skip
            self.assertIn(word, self.bad(code, "Enable-UMMailbox", *words))


class IdentityTests(DeskCase):
    """All the ways to name a user."""

    def test_forms(self) -> None:
        """A user is found by address, extension, name, alias, domain, DN and EUM address."""
        self.good("Set-Mailbox", "1001", "-EmailAddresses",
                  '@{Add="eum:1010;phone-context=Demo","eum:ada@sip.example.com"}')  # fmt: skip
        for name in (
            "ada@example.com", "ADA@EXAMPLE.COM", "1001", "1010", "Ada Example", "ada",
            "EXAMPLE\\ada", "CN=Ada Example,OU=Users,DC=example,DC=com",
            "example.com/Users/Ada Example", "eum:1001;phone-context=Demo", "EUM:1010",
            "ada@sip.example.com", "sip:ada@sip.example.com",
        ):  # fmt: skip
            self.assertEqual(self.one("Get-UMMailbox", name)["address"], "ada@example.com", name)
        told = self.bad(FAILED, "Get-UMMailbox", "ada@exampel.com")
        self.assertIn("did you mean ada@example.com", told)
        for name in ("$null", ""):
            self.assertEqual(len(self.rows("Get-UMMailbox", name)), 3)

    def test_ignored_errors(self) -> None:
        """-IgnoreErrors makes a warning of a user that is not there."""
        for cmdlet in ("Get-UMMailbox", "Get-UMMailboxPin"):
            self.bad(FAILED, cmdlet, "nobody")
            typed = self.type(cmdlet, "nobody", "-IgnoreErrors")
            self.assertEqual(typed.code, DONE)
            self.assertIn("warning: there is no mailbox nobody", typed.err)

    def test_addresses(self) -> None:
        """EUM addresses are added and taken; the next one follows a primary one that goes."""
        self.good("Set-Mailbox", "1001", "-EmailAddresses", "+=eum:1010;phone-context=Demo")
        self.good(
            "Set-Mailbox", "1001", "-EmailAddresses", '@{Remove="eum:1001;phone-context=Demo"}'
        )
        user = self.one("Get-UMMailbox", "1010")
        self.assertEqual(user["email_addresses"], ["EUM:1010;phone-context=Demo"])
        told = self.bad(WRONG_USE, "Set-Mailbox", "1010", "-EmailAddresses", "$null")
        self.assertIn("needs an extension", told)
        self.bad(WRONG_USE, "Set-Mailbox", "1010", "-EmailAddresses", "smtp:ada@example.com")

    def test_how_many(self) -> None:
        """A thousand users are shown unless another number is asked for, and it is said."""
        typed = self.type("Get-UMMailbox", "-ResultSize", "2")
        self.assertEqual((typed.code, typed.out.count("@example.com")), (DONE, 2))
        self.assertIn("only the first 2 are shown", typed.err)
        self.assertEqual(len(self.rows("Get-UMMailbox", "-ResultSize", "unlimited")), 3)
        self.bad(WRONG_USE, "Get-UMMailbox", "-ResultSize", "0")
        self.assertEqual(len(self.rows("Get-UMMailbox", "-Anr", "ex")), 1)


class PinTests(DeskCase):
    """Set-UMMailboxPIN and Get-UMMailboxPin."""

    def flags(self, user: str) -> tuple[object, ...]:
        """Expired, locked, first time."""
        (row,) = self.rows("Get-UMMailboxPin", user)
        self.assertEqual(set(row), {"user", "pin_expired", "locked_out", "first_time_user"})
        return row["pin_expired"], row["locked_out"], row["first_time_user"]

    def test_flags_only(self) -> None:
        """Get-UMMailboxPin shows flags of every user, and never a PIN (feature 179)."""
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920")
        told = self.good("Get-UMMailboxPin")
        self.assertIn("UserID", told)
        self.assertNotIn("583920", told)
        self.assertEqual(self.flags("1001"), (False, False, True))
        self.assertEqual(len(self.rows("Get-UMMailboxPin")), 3)

    def test_locked(self) -> None:
        """A mailbox is locked and unlocked, and its PIN stays (feature 180)."""
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920")
        self.good("Set-UMMailboxPIN", "1001", "-LockedOut", "$true")
        self.assertEqual(self.flags("1001"), (False, True, True))
        self.assertEqual(
            [r["user"] for r in self.rows("Get-UMMailboxPin", "-Filter", "LockedOut -eq $true")],
            ["ada@example.com"],
        )
        self.good("Set-UMMailboxPIN", "1001", "-LockedOut:$false", "-PINExpired", "$true")
        self.assertEqual(self.flags("1001"), (True, False, True))
        archive = open_archive("sqlite:", self.state)
        self.addCleanup(archive.close)
        hash = archive.pin_hash("ada@example.com")
        assert hash is not None
        self.assertTrue(verify_pin("583920", archive.pepper(), hash))

    def test_made_pins_expire(self) -> None:
        """A PIN that was made by chance has to be changed at the first login."""
        self.good("Set-UMMailboxPIN", "1001")
        self.assertEqual(self.flags("1001")[0], True)

    def test_policies(self) -> None:
        """A PIN that the policy does not allow is refused without being repeated."""
        for pin, word in (
            ("12", "at least 6 digits"),
            ("345678", "must not be a pattern"),
            ("777777", "must not be a pattern"),
            ("571001", "must not be the extension"),
            ("12a456", "digits only"),
            ("8" * 25, "at most 24"),
        ):
            told = self.bad(FAILED, "Set-UMMailboxPIN", "1001", "-Pin", pin)
            self.assertIn(word, told)
            self.assertTrue(len(pin) < 6 or pin not in told)

    def test_not_in_the_log(self) -> None:
        """The change log holds no PIN that was typed."""
        self.good("Set-UMMailboxPIN", "1001", "-Pin", "583920")
        self.good("mailbox", "enable", "dee@example.com", "--extensions", "1004", "--pin=583921")
        told = self.good("Search-AdminAuditLog", "-Format", "Json")
        self.assertNotIn("58392", told)
        self.assertIn("Pin=(hidden)", told)


class RuleTests(DeskCase):
    """Call answering rules."""

    def test_the_tenth_is_refused(self) -> None:
        """A mailbox has nine call answering rules at most (feature 137)."""
        for number in range(1, 10):
            self.good("New-UMCallAnsweringRule", f"Rule {number}", "-Mailbox", "1001",
                      "-Priority", str(number))  # fmt: skip
        told = self.bad(WRONG_USE, "New-UMCallAnsweringRule", "Tenth", "-Mailbox", "1001")
        self.assertIn("has 9 rules", told)
        self.assertEqual(len(self.rows("Get-UMCallAnsweringRule", "-Mailbox", "1001")), 9)

    def test_as_documented(self) -> None:
        """The documented example of a rule for busy times is taken as it stands."""
        self.good(
            "New-UMCallAnsweringRule", "-Name", "Busy", "-Mailbox", "1001", "-Priority", "2",
            "-ScheduleStatus", "0x4", "-KeyMappings",
            '"1,1,Receptionist,,,,,45678,","5,2,Urgent Issues,23456,23,45671,50,,"',
        )  # fmt: skip
        rule = self.one("Get-UMCallAnsweringRule", "busy", "-Mailbox", "1001")
        self.assertEqual((rule["schedule_status"], rule["priority"], rule["enabled"]), (4, 2, True))
        first, second = rule["key_mappings"]
        self.assertEqual((first["key"], first["transfer_number"]), (1, "45678"))
        self.assertEqual((second["find_me2"], second["timeout2"]), ("45671", 50))

    def test_changes(self) -> None:
        """A rule is changed, disabled, enabled and removed; faults name the parameter."""
        whose = ("-Mailbox", "1001")
        self.good("New-UMCallAnsweringRule", "Busy", *whose)
        self.good("Set-UMCallAnsweringRule", "Busy", *whose, "-Name", "Away", "-Priority", "1")
        self.good("Disable-UMCallAnsweringRule", "Away", *whose, "--yes")
        self.assertIs(self.one("Get-UMCallAnsweringRule", *whose)["enabled"], False)
        self.good("Enable-UMCallAnsweringRule", "Away", *whose)
        for words, word in (
            (("-Priority", "10"), "-Priority: must be from 1 to 9"),
            (("-ScheduleStatus", "16"), "-ScheduleStatus: must be from 0 to 15"),
            (("-CallerIds", "9,1"), "-CallerIds[1].type: must be from 1 to 4"),
            (("-KeyMappings", "1,1,Desk"), "-KeyMappings[1]: must have transfer_number"),
        ):
            self.assertIn(word, self.bad(FAILED, "Set-UMCallAnsweringRule", "Away", *whose, *words))
        told = self.bad(FAILED, "Get-UMCallAnsweringRule", "Awy", *whose)
        self.assertIn("did you mean Away", told)
        self.assertIn("say which mailbox", self.bad(WRONG_USE, "Get-UMCallAnsweringRule"))
        self.good("Remove-UMCallAnsweringRule", "Away", *whose, "--yes")
        self.assertEqual(self.rows("Get-UMCallAnsweringRule", *whose), [])

    def test_removal_asks(self) -> None:
        """Somebody who says no keeps the rule."""
        self.good("New-UMCallAnsweringRule", "Busy", "-Mailbox", "1001")
        words = ("Remove-UMCallAnsweringRule", "Busy", "-Mailbox", "1001")
        self.assertEqual(self.type(*words, input=Terminal("n\n")).code, FAILED)
        self.assertEqual(len(self.rows("Get-UMCallAnsweringRule", "-Mailbox", "1001")), 1)
