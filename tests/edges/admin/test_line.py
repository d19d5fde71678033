"""Command lines, taken apart."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.admin.line import Mistyped, Option, choose, take_apart
from umserver.edges.admin.values import value_of
from umserver.org.declare import Declared, declared
from umserver.org.settings import AutoAttendant, DialPlan, KeyMapping


def setting(owner: type, name: str) -> Declared:
    """One declaration."""
    return next(s for s in declared(owner) if s.name == name)


class LineTests(SynchronousTestCase):
    """Words and options."""

    def test_both_spellings_are_one(self) -> None:
        """PowerShell's and Unix's way to write an option mean the same."""
        for text in (
            "-AudioCodec G711",
            "--audio-codec G711",
            "-AudioCodec:G711",
            "--audio-codec=G711",
        ):
            line = take_apart(["Set-UMDialPlan", "Demo", *text.split()])
            self.assertEqual(line.words, ["Set-UMDialPlan", "Demo"])
            self.assertEqual(
                (line.options[0].key, line.options[0].values), ("audiocodec", ("G711",))
            )

    def test_values_that_look_like_nothing_else(self) -> None:
        """Numbers with a sign, times and addresses are values, not options."""
        line = take_apart(["x", "-To", "+1-212", "-5", "-", "sip:a@b", "-12:30"])
        self.assertEqual(line.options, [Option("-To", ("+1-212", "-5", "-", "sip:a@b", "-12:30"))])

    def test_switches(self) -> None:
        """A switch is on when it is there, off with $false, and eats no word."""
        for words, on, rest in (
            (["-WhatIf", "Demo"], True, ["Demo"]),
            (["-WhatIf:$false"], False, []),
            (["-WhatIf", "$true", "Demo"], True, ["Demo"]),
            (["Demo"], False, ["Demo"]),
        ):
            line = take_apart(words)
            self.assertEqual((line.flag("WhatIf"), line.words, line.options), (on, rest, []))

    def test_the_right_word(self) -> None:
        """A beginning is enough when it is unmistakable; a mistake is explained."""
        known = ["AudioCodec", "MaxCallDuration", "MaxRecordingDuration"]
        self.assertEqual(choose("-audiocodec", known, "parameter"), "AudioCodec")
        self.assertEqual(choose("--max-c", known, "parameter"), "MaxCallDuration")
        with self.assertRaisesRegex(Mistyped, "MaxCallDuration, MaxRecordingDuration"):
            choose("-max", known, "parameter")
        with self.assertRaisesRegex(Mistyped, "did you mean AudioCodec"):
            choose("-AudioKodek", known, "parameter")
        with self.assertRaisesRegex(Mistyped, "there are AudioCodec, "):
            choose("-zzz", known, "parameter")


class ValueTests(SynchronousTestCase):
    """From words to values."""

    def test_truth(self) -> None:
        """PowerShell's and everybody else's yes and no."""
        flag = setting(AutoAttendant, "business_hours_key_mapping_enabled")
        for text in ("$true", "TRUE", "yes", "1"):
            self.assertIs(value_of(flag, [text], False), True)
        for text in ("$false", "off", "0"):
            self.assertIs(value_of(flag, [text], True), False)
        with self.assertRaisesRegex(Mistyped, r"needs \$true or \$false, not maybe"):
            value_of(flag, ["maybe"], False)

    def test_numbers(self) -> None:
        """A number is a number, with its unit in the complaint."""
        number = setting(DialPlan, "max_call_duration")
        self.assertEqual(value_of(number, ["20"], 30), 20)
        with self.assertRaisesRegex(Mistyped, r"number \(minutes\), not long"):
            value_of(number, ["long"], 30)
        for typed in ([], ["1", "2"]):
            with self.assertRaisesRegex(Mistyped, "needs one value"):
                value_of(number, typed, 30)

    def test_words_of_a_list(self) -> None:
        """Capitals do not matter; what is unknown goes to the declaration's check."""
        codec = setting(DialPlan, "audio_codec")
        self.assertEqual(value_of(codec, ["g711"], ""), "G711")
        self.assertEqual(value_of(codec, ["Wma"], ""), "Wma")
        self.assertEqual(value_of(setting(DialPlan, "operator_extension"), ["$null"], "1"), "")

    def test_lists(self) -> None:
        """A list is replaced, changed or emptied, as in PowerShell (spec 3.1)."""
        numbers = setting(DialPlan, "access_telephone_numbers")
        before = ("5000", "5001")
        for typed, after in (
            (["5002,5003"], ["5002", "5003"]),
            (["5002,", "5003"], ["5002", "5003"]),
            (["$null"], []),
            (['@{Add="5002","5000"; Remove="5001"}'], ["5000", "5002"]),
            (["@{Remove=5000}"], ["5001"]),
        ):
            self.assertEqual(value_of(numbers, typed, before), after)
        with self.assertRaisesRegex(Mistyped, "Add and Remove, not Swap"):
            value_of(numbers, ['@{Swap="1"}'], before)

    def test_key_mappings(self) -> None:
        """A menu is given line by line, as several words or in PowerShell's quotes (spec 3.5)."""
        keys = setting(AutoAttendant, "business_hours_key_mapping")
        lines = ["1,Sales,1001", "3,Leave a message,,,,,1001"]
        self.assertEqual(value_of(keys, lines, ()), lines)
        self.assertEqual(value_of(keys, [",".join(f'"{line}"' for line in lines)], ()), lines)
        self.assertEqual(value_of(keys, ["$null"], ()), [])
        before = (KeyMapping(key="1", description="Sales", extension="1001"),)
        added = ['@{Add="2,Tea,1002"}']
        self.assertEqual(value_of(keys, added, before), ["1,Sales,1001", "2,Tea,1002"])
        self.assertEqual(value_of(keys, ['@{Remove="1,Sales,1001"}'], before), [])
