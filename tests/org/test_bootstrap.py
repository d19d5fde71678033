"""The bootstrap file: what an installer writes before the first start."""

from __future__ import annotations

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from umserver.discover import shipped
from umserver.org.bootstrap import MOST_TEXT, Bootstrap, parse_bootstrap, sample
from umserver.org.declare import declared
from umserver.org.faults import SettingsFaults


class BootstrapTests(SynchronousTestCase):
    """Reading the file."""

    def faults(self, text: str, **overrides: object) -> str:
        """The complaints about a text."""
        given = {name.replace("__", "."): value for name, value in overrides.items()}
        return str(self.assertRaises(SettingsFaults, parse_bootstrap, text, given))

    def test_nothing_is_needed(self) -> None:
        """A server starts without any file."""
        self.assertEqual(parse_bootstrap(""), Bootstrap())

    def test_what_is_written_holds(self) -> None:
        """Values of the file take the place of defaults, section by section."""
        read = parse_bootstrap(
            '[listen]\nhosts = ["127.0.0.1", "::1"]\nsip = 5070\n'
            '[mail]\ndelivery = "smtp"\nhost = "mail.example.com"\nport = 2525\n'
        )
        self.assertEqual(read.listen.hosts, ("127.0.0.1", "::1"))
        self.assertEqual((read.listen.sip, read.listen.mbx), (5070, 5062))
        self.assertEqual((read.mail.delivery, read.mail.port), ("smtp", 2525))

    def test_the_command_line_wins(self) -> None:
        """An option of the command line replaces what the file says, and is checked like it."""
        read = parse_bootstrap("[listen]\nsip = 5070\n", {"listen.sip": 5080, "server.state": "x"})
        self.assertEqual((read.listen.sip, read.server.state), (5080, "x"))
        self.assertIn("listen.sip: must be from 0 to 65535", self.faults("", listen__sip=70000))

    def test_every_fault_at_once(self) -> None:
        """All mistakes are told together, each with its place and the nearest right word."""
        told = self.faults(
            '[mail]\ndelivry = "smtp"\nport = 70000\n[lsten]\n[server]\npoll_seconds = "often"\n'
        )
        self.assertEqual(
            told.splitlines(),
            [
                "mail.delivry: there is no setting 'delivry'; did you mean 'delivery'?",
                "mail.port: must be from 0 to 65535, not 70000",
                "lsten: there is no section 'lsten'; did you mean 'listen'?",
                "server.poll_seconds: must be a whole number",
            ],
        )

    def test_what_only_goes_together(self) -> None:
        """Settings that contradict each other are found before anything is started."""
        for text, word in (
            ("[listen]\nsip = 5062\n", "listen.mbx: must differ"),
            ("[listen]\nmbx_tls = 8060\n", "listen.http: must differ"),
            ("[media]\nfirst_rtp_port = 30000\n", "media.last_rtp_port: must be above"),
            ("[listen]\nmbx = 20500\n", "listen.mbx: lies in the range"),
            ('[mail]\ndelivery = "smtp"\n', "mail.host: is needed"),
            ('[mail]\ndelivery = "lmtp"\n', "or mail.socket is needed"),
            ('[mail]\ndelivery = "lmtp"\nhost = "a"\nsocket = "/b"\n', "one of them"),
            ('[mail]\nuser = "a"\n', "are needed together"),
            ('[mail]\nuser = "a"\npassword = "b"\ntoken_file = "c"\n', "exclude each other"),
            ('[mailboxes]\nstorage = "imap"\n', "mailboxes.host: is needed"),
            ('[mailboxes]\nstorage = "imap"\nhost = "a"\n', "mailboxes.user: and password"),
            ('[mailboxes]\npassword = "b"\ntoken_file = "c"\n', "exclude each other"),
        ):
            self.assertIn(word, self.faults(text))
        self.assertEqual(parse_bootstrap("[listen]\nsip = 0\nmbx = 0\n").listen.sip, 0)

    def test_no_port_is_not_port_0(self) -> None:
        """Without a port the organisation's settings decide (feature 20); 0 is any free one."""
        self.assertIsNone(parse_bootstrap("").listen.sip)
        self.assertIsNone(parse_bootstrap("[listen]\nmbx = 5072\n").listen.sip)
        self.assertEqual(parse_bootstrap("", {"listen.sip": 0}).listen.sip, 0)
        self.assertEqual(parse_bootstrap("[listen]\nsip = 5060\n").listen.sip, 5060)

    def test_nonsense(self) -> None:
        """A file that is no TOML, or endless, is refused with a word."""
        self.assertIn("this is not TOML", self.faults("[server\n"))
        self.assertIn("more than", self.faults("#" * (MOST_TEXT + 1)))
        self.assertIn("must be a section", self.faults("listen = 5060\n"))
        for text in ('hosts = ["pbx"]', 'http_host = ""'):
            self.assertIn("listen.", self.faults(f"[listen]\n{text}\n"))
        for text in ('store = "umserver.db"', 'host_name = "a b"', 'external_address = "-"'):
            self.assertIn("server.", self.faults(f"[server]\n{text}\n"))

    def test_a_password_is_not_shown(self) -> None:
        """Whoever prints the settings does not print the mail password."""
        read = parse_bootstrap('[mail]\nuser = "um"\npassword = "hush"\n')
        self.assertNotIn("hush", repr(read))

    def test_the_sample_says_the_defaults(self) -> None:
        """The sample file can be used as it is, and shows every setting with its meaning."""
        text = shipped("umserver.toml").read_text("utf-8")
        self.assertEqual(text, sample())
        self.assertEqual(parse_bootstrap(text), Bootstrap())
        for section in fields(Bootstrap):
            self.assertIn(f"[{section.name}]", text)
            for setting in declared(type(getattr(Bootstrap(), section.name))):
                mark = "# " if setting.default is None else ""
                self.assertIn(f"\n{mark}{setting.name} = ", text)
