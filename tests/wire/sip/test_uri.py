"""Addresses: read, written again, and made by hand."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.uri import MAX_URI, Uri, host_text, parse_uri

DETERMINISTIC = settings(derandomize=True, database=None, deadline=None, max_examples=150)

NAMES = st.from_regex(r"[a-z][a-z0-9\-]{0,8}", fullmatch=True)
HOSTS = st.one_of(
    st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){0,2}", fullmatch=True),
    st.ip_addresses(v=6).map(str),
)
NO_SURROGATES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SIP_URIS = st.builds(
    Uri,
    scheme=st.sampled_from(["sip", "sips"]),
    user=NO_SURROGATES.filter(bool),
    host=HOSTS,
    port=st.none() | st.integers(0, 65535),
    params=st.lists(st.tuples(NAMES, st.none() | NO_SURROGATES), max_size=3).map(tuple),
    headers=st.sampled_from(["", "Subject=lunch", "Reason=SIP%3Bcause%3D302&x=y"]),
    password=st.none() | NO_SURROGATES,
)
TEL_URIS = st.builds(
    Uri,
    scheme=st.just("tel"),
    user=st.from_regex(r"\+?[0-9*#.()\-]{1,12}", fullmatch=True),
    params=st.lists(st.tuples(NAMES, st.none() | NO_SURROGATES), max_size=3).map(tuple),
)


class ReadTests(SynchronousTestCase):
    def refused(self, *texts: str) -> None:
        for text in texts:
            with self.assertRaises(SipSyntaxError, msg=text):
                parse_uri(text)

    def test_all_parts(self) -> None:
        """Every part of an address is told apart, escapes are resolved once."""
        uri = parse_uri("SIPS:al%69ce%2525:se%40cret@Example.COM:5071;Transport=tcp;lr;x=%3b?a=%3b")
        self.assertEqual(
            uri,
            Uri(
                "sips",
                "alice%25",
                "Example.COM",
                5071,
                (("transport", "tcp"), ("lr", None), ("x", ";")),
                "a=%3b",
                "se@cret",
            ),
        )
        self.assertTrue(uri.is_sip)
        self.assertEqual(uri.param("TRANSPORT"), "tcp")
        self.assertEqual(uri.param("lr"), "")
        self.assertIsNone(uri.param("maddr"))

    def test_semicolons_and_at_signs_in_the_user_part(self) -> None:
        """A mailbox called user;par=u@example.net can be reached (RFC 4475 §3.1.1.9)."""
        uri = parse_uri("sip:user;par=u%40example.net@example.com")
        self.assertEqual((uri.user, uri.host), ("user;par=u@example.net", "example.com"))

    def test_unusual_users(self) -> None:
        """Question marks, slashes, passwords and null octets in a user part are taken."""
        odd = parse_uri(
            "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1@example.com"
        )
        self.assertEqual(odd.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*")
        self.assertEqual(odd.password, "&it+has=1")
        self.assertEqual(parse_uri("sip:null-%00-null@example.com").user, "null-\0-null")
        self.assertEqual(parse_uri("sip:*98#@example.com").user, "*98#")
        self.assertEqual(parse_uri("sip:@192.0.2.1").user, "")

    def test_ipv6(self) -> None:
        """IPv6 addresses come without brackets; the three colons of an old grammar mean two."""
        for text, host, port in (
            ("sip:[2001:db8::10]", "2001:db8::10", None),
            ("sip:u@[2001:db8::10]:5070", "2001:db8::10", 5070),
            ("sip:[2001:db8::10:5070]", "2001:db8::10:5070", None),
            ("sip:[::ffff:192.0.2.10]:19823", "::ffff:192.0.2.10", 19823),
            ("sip:u@[2001:db8::192.0.2.1];lr", "2001:db8::192.0.2.1", None),
            ("sip:u@[2001:db8:::192.0.2.1]", "2001:db8::192.0.2.1", None),
        ):
            uri = parse_uri(text)
            self.assertEqual((uri.host, uri.port), (host, port), text)
            self.assertEqual(str(uri), text)
        self.refused(
            "sip:2001:db8::10", "sip:[2001:db8::10", "sip:[]", "sip:[fe80::1%25eth0]", "sip:[::g]"
        )

    def test_telephone_numbers(self) -> None:
        """A tel URI is its number and its parameters (RFC 3966)."""
        uri = parse_uri("tel:+1-201-555-0123;ext=12;phone-context=example.com")
        self.assertEqual(uri.user, "+1-201-555-0123")
        self.assertEqual(uri.host, "")
        self.assertEqual(uri.param("ext"), "12")
        self.assertEqual(parse_uri("tel:7042;phone-context=example.com").user, "7042")
        self.assertEqual(parse_uri("tel:*98%23").user, "*98#")
        self.assertFalse(uri.is_sip)
        self.refused("tel:", "tel:;ext=1", "tel:+1?x=y", "tel:+1;;x", "tel:+1;")

    def test_unknown_schemes(self) -> None:
        """Addresses that are none of ours are kept as they stand (RFC 4475 §3.3.2–3.3.4)."""
        for text in (
            "nobodyKnowsThisScheme:totallyopaquecontent",
            "soap.beep://192.0.2.103:3002",
            "isbn:2983792873",
            "http://www.example.com/%zz?q=1",
            "urn:service:sos",
        ):
            uri = parse_uri(text)
            self.assertEqual(str(uri), text)
            self.assertEqual(uri.scheme, text.partition(":")[0].lower())
            self.assertEqual((uri.user, uri.host), (text.partition(":")[2], ""))

    def test_quoted_notes(self) -> None:
        """Border controllers keep notes in quotes in their Contact: they get them back as they are.

        The shape is that of public bug reports of two SIP libraries.
        """
        text = 'sip:u@192.0.2.9:5060;transport=tcp;x-note="VGhdczoaJVQ+/Hw=="'
        uri = parse_uri(text)
        self.assertEqual((uri.host, uri.port, uri.param("transport")), ("192.0.2.9", 5060, "tcp"))
        self.assertEqual(str(uri), text)

    def test_what_is_refused(self) -> None:
        """Nothing is guessed: what is no address is refused."""
        self.refused(
            "",
            "example.com",
            ":x",
            "sip:",
            "1sip:x",
            "<sip:u@example.com>",
            "sip:u@example.com; lr",
            " sip:u@example.com",
            "sip:u@example.com ",
            'sip:"u"@example.com',
            'sip:u:"p"@example.com',
            'sip:u@"example.com',
            'sip:u@example.com?subject="x"',
            'tel:+1;x="y"',
            'x:"y"',
            "sip:u@exa\x00mple.com",
            "sip:u@exämple.com",
            "sip:u@",
            "sip:u@h@example.com",
            "sip:u@example.com:",
            "sip:u@example.com:70000",
            "sip:u@example.com:5060x",
            "sip:u@example.com;;lr",
            "sip:u@example.com;",
            "sip:u@example.com;=x",
            "sip:%@example.com",
            "sip:%4@example.com",
            "sip:u:%gg@example.com",
            "sip:u@example.com;a=%x",
            "sip:u@example%2ecom",
        )

    def test_bounds(self) -> None:
        """An address of any length is dealt with at once."""
        fits = "sip:" + "u" * (MAX_URI - 16) + "@example.com"
        self.assertEqual(len(fits), MAX_URI)
        self.assertEqual(str(parse_uri(fits)), fits)
        self.refused(fits + "m", "sip:" + "h" * 256)
        self.assertEqual(len(parse_uri("sip:" + "h" * 255).host), 255)


class WriteTests(SynchronousTestCase):
    def test_as_it_was(self) -> None:
        """What was read is written in the same spelling, what was changed is spelled anew."""
        uri = parse_uri("sip:%61lice@EXAMPLE.com;LR")
        self.assertEqual(str(uri), "sip:%61lice@EXAMPLE.com;LR")
        self.assertEqual(str(uri.with_param("x", "a b")), "sip:alice@EXAMPLE.com;lr;x=a%20b")
        self.assertEqual(str(uri.with_param("lr", "on")), "sip:alice@EXAMPLE.com;lr=on")
        self.assertEqual(str(uri), "sip:%61lice@EXAMPLE.com;LR")

    def test_made_by_hand(self) -> None:
        """No user name can break out of its address."""
        uri = Uri("sip", "a@b>;c\r\nd%", "::1", 5060, (("x", None),), "q=1", "p:w")
        self.assertEqual(str(uri), "sip:a%40b%3E;c%0D%0Ad%25:p%3Aw@[::1]:5060;x?q=1")
        self.assertEqual(str(Uri("sip", host="example.com")), "sip:example.com")
        self.assertEqual(str(Uri("tel", "*98#", params=(("ext", "1"),))), "tel:*98#;ext=1")
        self.assertEqual(str(Uri("urn", "service:sos")), "urn:service:sos")

    def test_hosts(self) -> None:
        """An IPv6 address gets brackets exactly once, and no zone."""
        self.assertEqual(host_text("fe80::1%eth0", 5060), "[fe80::1]:5060")
        self.assertEqual(host_text("[::1]", None), "[::1]")
        self.assertEqual(host_text("example.com", 1), "example.com:1")

    @DETERMINISTIC
    @given(SIP_URIS | TEL_URIS)
    def test_round_trip(self, uri: Uri) -> None:
        """Whatever an address is made of, it arrives the same."""
        read = parse_uri(str(uri))
        self.assertEqual(read, uri)
        self.assertEqual(hash(read), hash(uri))
        self.assertEqual(str(read), str(uri))

    @DETERMINISTIC
    @given(st.text(max_size=40) | st.from_regex(r"(sips?|tel):[ -~]{0,30}"))
    def test_anything(self, text: str) -> None:
        """Any text is an address, or refused; nothing else happens."""
        try:
            read = parse_uri(text)
        except SipSyntaxError:
            return
        self.assertEqual(str(read), text)
        self.assertEqual(parse_uri(str(read.with_param("z", "1"))).scheme, read.scheme)
