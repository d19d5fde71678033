"""What texts in settings have to look like."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twisted.trial.unittest import SynchronousTestCase

from umserver.org import forms


class FormTests(SynchronousTestCase):
    """Good and bad examples of every form."""

    def check(
        self, form: Callable[[str], str | None], good: Iterable[str], bad: Iterable[str]
    ) -> None:
        for text in good:
            self.assertIsNone(form(text), text)
        for text in bad:
            self.assertIsNotNone(form(text), text)

    def test_names(self) -> None:
        """Names have spaces inside, none of the characters that commands need (feature 173)."""
        self.check(
            forms.name,
            ["Boston", "Boston Default Policy", "Été (2)", "O'Hara & Co"],
            [*'"/\\[]:;|=,+*?<>', " a", "a ", "a\tb\n"],
        )
        self.assertEqual(forms.name("a/b:c"), "must not contain / :")

    def test_digits_and_codes(self) -> None:
        """Digits are ASCII digits; country codes do not begin with 0."""
        self.check(forms.digits, ["0", "1001"], ["", "1x", "١", "+1"])
        self.check(forms.country_code, ["1", "33", "998"], ["01", "+1", ""])

    def test_numbers(self) -> None:
        """Numbers are written in many ways; SIP addresses have user and host."""
        self.check(
            forms.number,
            ["1001", "+1 (212) 555-0100", "tel:+12125550100", "*97", "sip:ada@example.com"],
            ["", "ada", "1" * 33, "@example.com", "a b@example.com", "ada@", "ada@-x.example.com"],
        )

    def test_masks(self) -> None:
        """Masks are digits followed by x's."""
        self.check(
            forms.mask,
            ["142570xxxxx", "xxxx", "1XXX"],
            ["", "1425", "14x25", "x1", "1" * 30 + "xxx"],
        )

    def test_mail_addresses(self) -> None:
        """Mail addresses can be delivered to."""
        self.check(
            forms.mail_address,
            ["ada@example.com", "o'hara+vm@mail.example.com"],
            [
                "ada",
                "@example.com",
                "ada@",
                "ada@@example.com",
                "a da@example.com",
                ".ada@example.com",
                "a..b@example.com",
                "ada@exa mple.com",
                "ada@example..com",
                "../../etc@example.com/x",
                "a" * 300 + "@example.com",
            ],
        )

    def test_addresses_of_peers(self) -> None:
        """Peers have IP addresses or host names; a mistyped IP address is neither."""
        self.check(
            forms.address_of_peer,
            ["192.0.2.10", "::1", "[2001:db8::1]", "pbx.example.com", "pbx", "3com.example.com"],
            ["", "300.1.1.1", "192.0.2", "-pbx", "pbx_1", "a b", "a" * 64, "x." * 150, "pbx..de"],
        )

    def test_languages(self) -> None:
        """Languages have a country; time zones exist."""
        self.check(forms.language, ["en-US", "fr-FR"], ["en", "EN-us", "english", ""])

    def test_plain_addresses(self) -> None:
        """An IP address has one spelling."""
        for text, plain in (
            ("192.0.2.10", "192.0.2.10"),
            ("::ffff:192.0.2.10", "192.0.2.10"),
            ("[2001:DB8:0:0::1]", "2001:db8::1"),
            ("PBX.Example.com", "pbx.example.com"),
            ("no:address", "no:address"),
        ):
            self.assertEqual(forms.plain_address(text), plain)
