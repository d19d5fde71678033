"""Addresses with names, Via and CSeq."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire.sip.test_uri import NAMES, NO_SURROGATES, SIP_URIS
from umserver.wire.sip.grammar import SipSyntaxError
from umserver.wire.sip.headers import (
    MAX_ADDRESSES,
    CSeq,
    NameAddr,
    Via,
    parse_cseq,
    parse_name_addr,
    parse_name_addrs,
    parse_via,
    take_via,
)
from umserver.wire.sip.uri import Uri

DETERMINISTIC = settings(derandomize=True, database=None, deadline=None, max_examples=150)
ONE_LINE = NO_SURROGATES.map(lambda text: text.replace("\r", "").replace("\n", ""))
PARAMS = st.lists(st.tuples(NAMES, st.none() | ONE_LINE), max_size=3).map(tuple)


class NameAddrTests(SynchronousTestCase):
    def refused(self, *texts: str) -> None:
        for text in texts:
            with self.assertRaises(SipSyntaxError, msg=text):
                parse_name_addr(text)

    def test_quoted_name(self) -> None:
        """A name with quotes and backslashes reads as its owner wrote it (RFC 4475 §3.1.1.1)."""
        read = parse_name_addr(
            '"J Rosenberg \\\\\\""       <sip:jdrosen@example.com>  ;  Tag = 98asjd8;q="a;b"'
        )
        self.assertEqual(read.name, 'J Rosenberg \\"')
        self.assertEqual(read.uri, Uri("sip", "jdrosen", "example.com"))
        self.assertEqual(read.params, (("tag", "98asjd8"), ("q", "a;b")))
        self.assertEqual(read.tag, "98asjd8")
        self.assertEqual(read.param("Q"), "a;b")
        self.assertIsNone(read.param("expires"))

    def test_other_forms(self) -> None:
        """Names without quotes, in any script, or none at all are read."""
        for text, name in (
            ("<sip:a@example.com>", ""),
            ('""<sip:a@example.com>', ""),
            ("caller<sip:a@example.com>", "caller"),
            (
                "token1~` token2'+_ token3*%!.-  <sip:a@example.com>",
                "token1~` token2'+_ token3*%!.-",
            ),
            ("Chloé Démo (Paris) <sip:a@example.com>", "Chloé Démo (Paris)"),
            ("\t 5551234@home: <sip:a@example.com>", "5551234@home:"),
            ('"a\\\x00b" <sip:a@example.com>', "a\0b"),
        ):
            read = parse_name_addr(text)
            self.assertEqual((read.name, read.uri.user), (name, "a"), text)
            self.assertEqual(str(read), text.strip())

    def test_parameters_without_brackets(self) -> None:
        """Without angle brackets every parameter belongs to the header field (RFC 3261 §20.10)."""
        read = parse_name_addr("sip:a@example.com;user=phone;tag=x")
        self.assertEqual(read.uri, Uri("sip", "a", "example.com"))
        self.assertEqual(read.params, (("user", "phone"), ("tag", "x")))
        inside = parse_name_addr("<sip:a@example.com;user=phone>;tag=")
        self.assertEqual(inside.uri.param("user"), "phone")
        self.assertIsNone(inside.tag)
        self.assertEqual(parse_name_addr("tel:+1-201-555-0123;tag=x").uri.user, "+1-201-555-0123")

    def test_what_is_refused(self) -> None:
        """A name or address that is broken is refused (RFC 4475 §3.1.2)."""
        self.refused(
            "",
            "Alice",
            '"Mr. J. User <sip:j.user@example.com>',
            '"Alice" sip:a@example.com',
            "Bell, Alexander <sip:a@example.com>",
            '"Watson, Thomas" < sip:a@example.com >',
            'A "quoted" word <sip:a@example.com>',
            "sip:a@example.com?Route=%3Csip:b@example.com%3E",
            "<sip:a@example.com",
            "<sip:a@example.com>x",
            "<sip:a@example.com>,",
            "<sip:a@example.com>;;",
            "<sip:a@example.com>;",
            "<sip:a@example.com>;=x",
            '<sip:a@example.com>;tag="x',
            "<sip:a@example.com>, <sip:b@example.com>",
        )

    def test_lists(self) -> None:
        """Several addresses in one line are told apart, whatever stands inside their quotes."""
        read = parse_name_addrs(
            '"A, <b>" <sip:a@example.com;x=1,2>;q=1 , sip:b@example.com,<tel:1>'
        )
        self.assertEqual([each.uri.user for each in read], ["a", "b", "1"])
        self.assertEqual([each.name for each in read], ["A, <b>", "", ""])
        self.assertEqual(str(read[0]), '"A, <b>" <sip:a@example.com;x=1,2>;q=1')
        for text in ("", "<sip:a@example.com>,", ",<sip:a@example.com>", "<sip:a@b> <sip:c@d>"):
            with self.assertRaises(SipSyntaxError, msg=text):
                parse_name_addrs(text)

    def test_longest_list(self) -> None:
        """A list is read up to a number that no honest peer reaches."""
        text = ",".join(["<sip:a@example.com>"] * MAX_ADDRESSES)
        self.assertEqual(len(parse_name_addrs(text)), MAX_ADDRESSES)
        with self.assertRaises(SipSyntaxError):
            parse_name_addrs(f"{text},<sip:a@example.com>")

    def test_changed(self) -> None:
        """An address with a new parameter is written anew, in quotes where they are needed."""
        read = parse_name_addr("Ada <sip:ada@example.com>;Tag=1")
        self.assertEqual(str(read.with_param("tag", "2")), '"Ada" <sip:ada@example.com>;tag=2')
        self.assertEqual(
            str(read.with_param("reason", "no answer").with_param("lr", None)),
            '"Ada" <sip:ada@example.com>;tag=1;reason="no answer";lr',
        )

    def test_no_way_out(self) -> None:
        """No display name can end its line and begin another header field."""
        made = NameAddr('x\r\nVia: "', Uri("sip", "a", "example.com"))
        self.assertEqual(str(made), '"x  Via: \\"" <sip:a@example.com>')

    @DETERMINISTIC
    @given(st.lists(st.builds(NameAddr, ONE_LINE, SIP_URIS, PARAMS), min_size=1, max_size=4))
    def test_round_trip(self, made: list[NameAddr]) -> None:
        """Whatever addresses are made of, they arrive the same, alone and in a list."""
        self.assertEqual(parse_name_addrs(", ".join(str(each) for each in made)), made)
        self.assertEqual(parse_name_addr(str(made[0])), made[0])

    @DETERMINISTIC
    @given(st.text('<>";:,@=\\ %sip[]?a\t', max_size=40))
    def test_anything(self, text: str) -> None:
        """Any text is an address, or refused; nothing else happens."""
        try:
            read = parse_name_addr(text)
        except SipSyntaxError:
            return
        self.assertEqual(str(read), text.strip(" \t"))


class ViaTests(SynchronousTestCase):
    def test_white_space(self) -> None:
        """White space wherever the grammar allows it changes nothing (RFC 4475 §3.1.1.1)."""
        text = "SIP  / 2.0  / tcp     spindle.example.com : 5061  ;  Branch  =   z9hG4bK9ikj8"
        via = parse_via(text)
        self.assertEqual((via.transport, via.host, via.port), ("TCP", "spindle.example.com", 5061))
        self.assertEqual(via.branch, "z9hG4bK9ikj8")
        self.assertEqual(str(via), text)

    def test_first_of_several(self) -> None:
        """The topmost hop is found where one line holds several."""
        line = 'SIP/2.0/UDP a.example.com;branch=x;c="1,2" , SIP/2.0/SCTP b.example.com;;'
        via, end = take_via(line)
        self.assertEqual((via.host, via.param("c")), ("a.example.com", "1,2"))
        self.assertEqual(line[end:], ", SIP/2.0/SCTP b.example.com;;")
        with self.assertRaises(SipSyntaxError):
            parse_via(line)

    def test_ipv6(self) -> None:
        """IPv6 stands in brackets, but in `received` also without (RFC 5118 §4.5)."""
        via = parse_via("SIP/2.0/UDP [2001:db8::9:1]:5070;received=2001:db8::9:255;branch=b")
        self.assertEqual((via.host, via.port), ("2001:db8::9:1", 5070))
        self.assertEqual(via.param("received"), "2001:db8::9:255")
        with_brackets = parse_via("SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255]")
        self.assertEqual(with_brackets.param("received"), "[2001:db8::9:255]")

    def test_old_peers(self) -> None:
        """A hop without branch, or with an empty one, is a hop (RFC 2543)."""
        self.assertIsNone(parse_via("SIP/2.0/UDP iftgw.example.com").branch)
        self.assertIsNone(parse_via("SIP/2.0/UDP iftgw.example.com;branch=").branch)
        self.assertEqual(parse_via("SIP/2.0/UNKNOWN a;branch=z9hG4bK").branch, "z9hG4bK")

    def test_what_is_refused(self) -> None:
        """A hop that cannot be read is refused."""
        for text in (
            "",
            "garbage",
            "SIP/2.0 a.example.com",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ;branch=x",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/2.0/UDP 192.0.2.15;",
            "SIP/2.0/UDP 192.0.2.15 x",
            "SIP/2.0/UDP 192.0.2.15:x",
            "SIP/2.0/UDP 192.0.2.15:506000",
            "SIP/2.0/UDP 192.0.2.15:65536",
            "SIP/2.0/UDP 2001:db8::1",
            "SIP/2.0/UDP [2001:db8::1",
            "SIP/2.0/UDP [2001:db8::x]",
        ):
            with self.assertRaises(SipSyntaxError, msg=text):
                parse_via(text)

    def test_source_is_noted(self) -> None:
        """Answers find their way back through address translators (RFC 3581 §4)."""
        plain = parse_via("SIP/2.0/UDP 192.0.2.1 ;branch=b")
        self.assertIs(plain.seen_from(("192.0.2.1", 5061)), plain)
        self.assertEqual(
            str(plain.seen_from(("192.0.2.9", 5061))),
            "SIP/2.0/UDP 192.0.2.1;branch=b;received=192.0.2.9",
        )
        wishing = parse_via("SIP/2.0/UDP 192.0.2.1;rport;branch=b;received=10.0.0.1")
        self.assertEqual(
            str(wishing.seen_from(("192.0.2.1", 5061))),
            "SIP/2.0/UDP 192.0.2.1;rport=5061;branch=b;received=192.0.2.1",
        )
        six = parse_via("SIP/2.0/UDP [fe80::1]")
        self.assertIs(six.seen_from(("fe80::1%eth0", 5060)), six)
        named = parse_via("SIP/2.0/UDP [::1]").seen_from(("2001:db8::1", 5060))
        self.assertEqual(str(named), "SIP/2.0/UDP [::1];received=2001:db8::1")

    @DETERMINISTIC
    @given(
        st.builds(
            Via,
            transport=st.sampled_from(["UDP", "TCP", "TLS"]),
            host=st.sampled_from(["192.0.2.1", "a.example.com", "2001:db8::1"]),
            port=st.none() | st.integers(0, 65535),
            params=PARAMS,
        )
    )
    def test_round_trip(self, made: Via) -> None:
        """Whatever a hop is made of, it arrives the same."""
        self.assertEqual(parse_via(str(made)), made)


class CSeqTests(SynchronousTestCase):
    def test_read(self) -> None:
        """Leading zeros do not count; 32 bits are the most (RFC 4475 §3.1.2.4)."""
        self.assertEqual(parse_cseq("0009   INVITE"), CSeq(9, "INVITE"))
        self.assertEqual(parse_cseq("4294967295 a%40"), CSeq(4294967295, "a%40"))
        self.assertEqual(str(CSeq(7, "BYE")), "7 BYE")

    def test_what_is_refused(self) -> None:
        """A number out of range or a broken method is refused."""
        for text in (
            "",
            "INVITE",
            "1",
            "1INVITE",
            "-1 INVITE",
            "4294967296 INVITE",
            "36893488147419103232 REGISTER",
            "1 IN VITE",
            "1 IN<VITE",
            "٣ INVITE",
            "9" * 40 + " INVITE",
        ):
            with self.assertRaises(SipSyntaxError, msg=text):
                parse_cseq(text)
