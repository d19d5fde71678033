"""Objects of the organisation, made, changed and removed as administrators type it."""

from __future__ import annotations

from tests.edges.admin.desk import DeskCase, Terminal
from umserver.command import DONE, FAILED, WRONG_USE

PLAN = ("-NumberOfDigitsInExtension", "3", "-CountryOrRegionCode", "33")


class ObjectTests(DeskCase):
    """What is made together, and what is refused."""

    def test_a_plan_comes_with_its_policy(self) -> None:
        """A new dial plan has a default policy, unless it is not wanted (feature 166)."""
        self.good("New-UMDialPlan", "Paris", *PLAN)
        self.assertEqual(self.one("policy", "get", "Paris Default Policy")["dial_plan"], "Paris")
        self.good("New-UMDialPlan", "Lyon", *PLAN, "-GenerateUMMailboxPolicy", "$false")
        self.assertNotIn("Lyon", self.good("Get-UMMailboxPolicy"))

    def test_a_gateway_comes_with_its_hunt_group(self) -> None:
        """A new gateway with -UMDialPlan takes every call for that plan (feature 167)."""
        self.good("New-UMIPGateway", "PBX", "-Address", "192.0.2.10", "-UMDialPlan", "Demo")
        group = self.one("Get-UMHuntGroup", "PBX\\Default Hunt Group")
        self.assertEqual((group["dial_plan"], group["pilot_identifier"]), ("Demo", []))
        self.good("New-UMIPGateway", "Lonely", "-Address", "192.0.2.11")
        self.assertNotIn("Lonely", self.good("Get-UMHuntGroup"))

    def test_what_a_unix_shell_drops(self) -> None:
        """A shell that drops an unquoted $false makes nothing true: the command is refused.

        Whoever types false in a Unix shell is understood, and help shows it in that way.
        """
        before = self.good("export")
        for words in (
            ("Set-UMIPGateway", "loopback", "-MessageWaitingIndicatorAllowed"),
            ("Set-UMIPGateway", "loopback", "-MessageWaitingIndicatorAllowed:"),
            ("Set-UMMailboxPIN", "1001", "-LockedOut"),
            ("Disable-UMIPGateway", "loopback", "-Immediate", "--yes"),
            ("Remove-UMIPGateway", "loopback", "-Confirm:"),
        ):
            self.assertIn("Unix shell", self.bad(WRONG_USE, *words), words)
        self.assertEqual(self.good("export"), before)
        self.good("Set-UMIPGateway", "loopback", "-MessageWaitingIndicatorAllowed", "false")
        self.assertIn("message_waiting_indicator_allowed = false", self.good("export"))
        shown = self.good("help", "Disable-UMIPGateway")
        self.assertIn("Disable-UMIPGateway loopback -Immediate true --yes", shown)

    def test_a_gateway_takes_its_hunt_groups_along(self) -> None:
        """Removing a gateway says that its hunt groups go too, and removes them."""
        said = self.good("Remove-UMIPGateway", "loopback", "-Confirm:$false")
        self.assertIn("loopback\\Pilot", said)
        self.assertNotIn("loopback\\", self.good("Get-UMHuntGroup", "-Format", "List"))

    def test_what_is_used_stays(self) -> None:
        """A dial plan that a policy, hunt group or attendant needs is not removed (feature 168)."""
        before = self.good("export")
        told = self.bad(FAILED, "Remove-UMDialPlan", "Demo", "-Confirm:$false")
        self.assertIn("is used by", told)
        told = self.bad(FAILED, "Remove-UMMailboxPolicy", "Demo Default Policy", "--yes")
        self.assertIn("is used by 3 mailboxes", told)
        self.assertEqual(self.good("export"), before)

    def test_extensions(self) -> None:
        """An extension is one user's, and as long as the plan says (feature 169)."""
        words = ("New-UMMailbox", "dee@example.com", "-DisplayName", "Dee", "-UMDialPlan", "Demo",
                 "-UMMailboxPolicy", "Demo Default Policy", "-Extension")  # fmt: skip
        self.assertIn("1001 belongs to ada@example.com", self.bad(FAILED, *words, "1001"))
        self.assertIn("-Extension: must have 4 digits", self.bad(FAILED, *words, "101"))

    def test_addresses_of_gateways(self) -> None:
        """Two gateways cannot have one address (feature 170)."""
        told = self.bad(FAILED, "New-UMIPGateway", "Twin", "-Address", "127.0.0.1")
        self.assertIn("-Address: 127.0.0.1 is the address of the gateway loopback already", told)

    def test_a_server_and_a_plan_of_extensions(self) -> None:
        """Servers are linked to SIP dial plans only (feature 171)."""
        for cmdlet in ("Set-UMService", "Set-UMCallRouterSettings"):
            told = self.bad(FAILED, cmdlet, "-DialPlans", "Demo")
            self.assertIn("-DialPlans", told)
        self.good("New-UMDialPlan", "Lync", *PLAN, "-URIType", "SipName")
        self.good("Set-UMService", "-DialPlans", "Lync")
        self.assertIn("is used by", self.bad(FAILED, "Remove-UMDialPlan", "Lync", "--yes"))
        self.good("Set-UMService", "-DialPlans", "$null")

    def test_like_that_already(self) -> None:
        """A setting that has its value already is no change, and nobody is told of one."""
        for words, said in (
            (("Set-UMDialPlan", "Demo", "-MaxCallDuration", "31"), "Dial plan Demo"),
            (("Set-UMService", "-MaxCallsAllowed", "77"), "UMService"),
        ):
            self.assertIn(f"{said} is changed", self.good(*words))
            before = self.good("Search-AdminAuditLog")
            self.assertEqual(self.good(*words), f"{said} is like that already.\n")
            self.assertEqual(self.good("Search-AdminAuditLog"), before)

    def test_what_stays_for_ever(self) -> None:
        """The URI type of a plan and the plan of an attendant cannot change (feature 172)."""
        self.good("New-UMDialPlan", "Paris", *PLAN)
        for words in (
            ("Set-UMDialPlan", "Demo", "-URIType", "E164"),
            ("Set-UMAutoAttendant", "Reception", "-UMDialPlan", "Paris"),
        ):
            self.assertIn("can only be given when it is made", self.bad(FAILED, *words))

    def test_names(self) -> None:
        """Names have 64 characters at most, a plan with a policy 49, none of them special
        (feature 173).
        """
        self.good("New-UMDialPlan", "P" * 49, *PLAN)
        told = self.bad(FAILED, "New-UMDialPlan", "Q" * 50, *PLAN)
        self.assertIn("-Name: must have at most 49 characters", told)
        off = ("-GenerateUMMailboxPolicy", "$false")
        self.good("New-UMDialPlan", "R" * 64, *PLAN, *off)
        self.assertIn("at most 64", self.bad(FAILED, "New-UMDialPlan", "S" * 65, *PLAN, *off))
        for letter in '"/\\[]:;|=,+*?<>':
            told = self.bad(FAILED, "New-UMMailboxPolicy", f"a{letter}b", "-UMDialPlan", "Demo")
            self.assertIn(f"-Name: must not contain {letter}", told)
        self.good("New-UMMailboxPolicy", "With spaces (and such)", "-UMDialPlan", "Demo")

    def test_lists_are_changed(self) -> None:
        """Lists are replaced, emptied, added to and taken from (feature 176)."""
        for typed, after in (
            ("5001x,5002x", ["5001x", "5002x"]),
            ('@{Add="5003x","5001x"; Remove="5002x"}', ["5001x", "5003x"]),
            ("@{add='5004x'}", ["5001x", "5003x", "5004x"]),
            ("$null", []),
        ):
            self.good("Set-UMDialPlan", "Demo", "-NumberingPlanFormats", typed)
            self.assertEqual(self.one("Get-UMDialPlan", "Demo")["numbering_plan_formats"], after)
        told = self.bad(WRONG_USE, "Set-UMDialPlan", "Demo", "-NumberingPlanFormats", '@{Swap="1"}')
        self.assertIn("a list can Add and Remove, not Swap", told)

    def test_simulators_are_hidden(self) -> None:
        """Gateways that are test clients are shown only when asked for (feature 177)."""
        self.good("Set-UMIPGateway", "loopback6", "-Simulator", "$true")
        self.assertNotIn("loopback6", self.good("Get-UMIPGateway"))
        self.assertIn("loopback6", self.good("Get-UMIPGateway", "-IncludeSimulator"))
        self.assertIn("loopback6", self.good("Get-UMIPGateway", "loopback6"))

    def test_a_new_attendant(self) -> None:
        """A new auto attendant is disabled and does not listen to speech (feature 121)."""
        self.good("New-UMAutoAttendant", "Night", "-UMDialPlan", "Demo")
        made = self.one("Get-UMAutoAttendant", "Night")
        self.assertEqual((made["status"], made["speech_enabled"]), ("Disabled", False))
        self.good("Enable-UMAutoAttendant", "Night")
        self.assertEqual(self.one("Get-UMAutoAttendant", "Night")["status"], "Enabled")
        self.good("New-UMAutoAttendant", "Day", "-UMDialPlan", "Demo", "-Status", "enabled")
        self.assertEqual(self.one("Get-UMAutoAttendant", "Day")["status"], "Enabled")

    def test_switches_of_an_attendant(self) -> None:
        """What callers may do at an attendant is set: look up names, call somebody, leave a
        message, press * for voice access, be sent to one mailbox (features 128, 130, 132).
        """
        for name, before in (
            ("NameLookupEnabled", True),
            ("CallSomeoneEnabled", True),
            ("SendVoiceMsgEnabled", True),
            ("StarOutToDialPlanEnabled", False),
        ):
            shown = self.shown("Reception", name)
            self.assertEqual(shown, str(before))
            self.good("Set-UMAutoAttendant", "Reception", f"-{name}", f"${not before}".lower())
            self.assertEqual(self.shown("Reception", name), str(not before))
        self.good(
            "Set-UMAutoAttendant", "Reception", "-ForwardCallsToDefaultMailbox", "$true",
            "-DefaultMailbox", "ada@example.com",
        )  # fmt: skip
        self.assertEqual(self.shown("Reception", "DefaultMailbox"), "ada@example.com")

    def shown(self, attendant: str, property: str) -> str:
        """One property as --csv prints it."""
        words = ("Get-UMAutoAttendant", attendant, "-Property", property)
        return self.good("--csv", *words).splitlines()[1]

    def test_scope_and_fallback(self) -> None:
        """Who can be found at an attendant, and which one takes over from a speech attendant, is
        set (features 129, 131).
        """
        self.good("Set-UMAutoAttendant", "Reception", "-ContactScope", "globaladdresslist")
        self.assertEqual(self.shown("Reception", "ContactScope"), "GlobalAddressList")
        told = self.bad(FAILED, "Set-UMAutoAttendant", "Reception", "-ContactScope", "Everybody")
        self.assertIn("-ContactScope: must be one of DialPlan, GlobalAddressList", told)
        self.good("New-UMAutoAttendant", "Keys", "-UMDialPlan", "Demo")
        self.good(
            "New-UMAutoAttendant", "Voice", "-UMDialPlan", "Demo", "-SpeechEnabled", "$true",
            "-DTMFFallbackAutoAttendant", "Keys",
        )  # fmt: skip
        self.assertEqual(self.shown("Voice", "DTMFFallbackAutoAttendant"), "Keys")

    def test_languages_of_attendants(self) -> None:
        """Attendants have languages of their own, also one that another leads to (feature 133)."""
        self.good("New-UMAutoAttendant", "Accueil", "-UMDialPlan", "Demo")
        self.good("Set-UMAutoAttendant", "Accueil", "-Language", "fr-FR")
        self.good(
            "Set-UMAutoAttendant", "Reception", "-BusinessHoursKeyMapping", "1,Français,,Accueil"
        )
        self.assertEqual(self.shown("Accueil", "Language"), "fr-FR")
        self.assertIn("Accueil", self.good("Get-UMAutoAttendant", "Reception"))

    def test_gateways_are_switched(self) -> None:
        """A gateway is enabled, disabled, or finishes its calls and takes no new ones."""
        for status in ("NoNewCalls", "Disabled", "Enabled"):
            self.good("Set-UMIPGateway", "loopback", "-Status", status.lower())
            self.assertEqual(self.one("Get-UMIPGateway", "loopback")["status"], status)
        self.good("Set-UMIPGateway", "loopback", "-Status", "2")
        self.assertEqual(self.one("Get-UMIPGateway", "loopback")["status"], "NoNewCalls")
        self.good("Disable-UMIPGateway", "loopback", "-Immediate", "$true", "--yes")
        self.assertEqual(self.one("Get-UMIPGateway", "loopback")["status"], "Disabled")

    def test_parameters_without_effect(self) -> None:
        """What only a hoster's Exchange used is taken, kept, and said to do nothing."""
        typed = self.type("New-UMDialPlan", "Paris", *PLAN, "-SubscriberType", "Consumer")
        self.assertEqual(typed.code, DONE)
        self.assertIn("warning: -SubscriberType has no effect: only a hoster's", typed.err)
        self.good("Set-UMDialPlan", "Demo", "-AudioCodec", "G711", "-DomainController", "dc1",
                  "-ForceUpgrade")  # fmt: skip

    def test_beginnings(self) -> None:
        """A parameter is named by any beginning that fits one only."""
        self.good("Set-UMDialPlan", "Demo", "-MaxC", "45")
        told = self.bad(WRONG_USE, "Set-UMDialPlan", "Demo", "-Max", "45")
        self.assertIn("may be MaxCallDuration, MaxRecordingDuration", told)
        self.assertIn("is given twice", self.bad(
            WRONG_USE, "Set-UMDialPlan", "Demo", "-MaxC", "45", "--max-call-duration", "46"
        ))  # fmt: skip

    def test_asking_when_it_is_wanted(self) -> None:
        """-Confirm asks before any change."""
        words = ("Set-UMDialPlan", "Demo", "-AudioCodec", "G711", "-Confirm")
        typed = self.type(*words, input=Terminal("n\n"))
        self.assertEqual(typed.code, FAILED)
        self.assertEqual(self.one("Get-UMDialPlan", "Demo")["audio_codec"], "Mp3")
        self.assertEqual(self.type(*words, input=Terminal("y\n")).code, DONE)
        self.assertEqual(self.one("Get-UMDialPlan", "Demo")["audio_codec"], "G711")

    def test_the_change_log_says_which_command(self) -> None:
        """Search-AdminAuditLog shows who changed what with which command, from what to what."""
        self.good("Set-UMDialPlan", "Demo", "-AudioCodec", "G711")
        (change,) = self.rows("Search-AdminAuditLog", "-Cmdlets", "Set-UMDialPlan")
        self.assertEqual(change["object"], "dial plan Demo")
        self.assertEqual(sorted(change["parameters"]), ["AudioCodec=G711", "Identity=Demo"])
        self.assertEqual(change["properties"], ["audio_codec: (default) → G711"])
        self.assertTrue(change["who"])
        self.assertEqual(self.rows("Search-AdminAuditLog", "-EndDate", "2001-01-01"), [])
        self.assertIn("needs a moment", self.bad(
            WRONG_USE, "Search-AdminAuditLog", "-StartDate", "yesterday"
        ))  # fmt: skip

    def test_what_waits_for_a_restart(self) -> None:
        """Ports and startup modes say that they act after a restart (feature 19)."""
        for words, late in (
            (("Set-UMCallRouterSettings", "-SipTcpListeningPort", "5077"), "SipTcpListeningPort"),
            (("Set-UMCallRouterSettings", "-UMStartupMode", "Dual"), "UMStartupMode"),
            (("Set-UMService", "-UMStartupMode", "TLS"), "UMStartupMode"),
        ):
            self.assertIn(f"; {late} acts after a restart", self.good(*words))
            self.assertNotIn("restart", self.good(*words), "it is so already")
        both = ("-UMStartupMode", "TCP", "-SipTcpListeningPort", "5060")
        told = self.good("Set-UMCallRouterSettings", *both)
        self.assertIn("SipTcpListeningPort and UMStartupMode act after a restart", told)
        told = self.good("Set-UMServer", "-UMStartupMode", "Dual")
        self.assertEqual(told.count("UMStartupMode acts after a restart"), 2)
        self.assertNotIn("restart", self.good("Set-UMService", "-MaxCallsAllowed", "50"))

    def test_a_status_that_is_gone(self) -> None:
        """-Status of a server's settings names the component state that took its place."""
        told = self.bad(WRONG_USE, "Set-UMService", "-Status", "Disabled")
        self.assertIn("Set-ServerComponentState -Component UnifiedMessaging", told)
        told = self.bad(WRONG_USE, "Set-UMCallRouterSettings", "-Status", "Disabled")
        self.assertIn("Set-ServerComponentState -Component UMCallRouter", told)
        self.good("Set-UMServer", "-Status", "NoNewCalls")
        states = {row["component"]: row["state"] for row in self.rows("Get-ServerComponentState")}
        self.assertEqual((states["UMCallRouter"], states["UnifiedMessaging"]), ("Draining",) * 2)
        self.assertEqual(self.one("Get-UMServer")["status"], "NoNewCalls")
        self.good("Enable-UMServer")
        self.assertEqual(self.one("Get-UMServer")["status"], "Enabled")
