"""The pages over HTTP, asked the way monitoring systems and browsers ask."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from attrs import define, field
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.web.page import MOST_ROWS, page
from umserver.edges.web.site import open_site

STATUS = {
    "version": "0.1.0",
    "uptime": 61.5,
    "roles": ["cas", "mbx"],
    "calls": {"active": 3, "refused": 0},
    "gateways": [{"name": "loopback", "reachable": True}],
}


@define
class Asked:
    """What came back."""

    code: int
    headers: dict[str, str]
    body: str


@define
class Browser:
    """Asks a site with given values, over a connection in memory."""

    status: Callable[[], Mapping[str, object]] = lambda: STATUS
    reasons: Callable[[], Sequence[str]] = tuple
    clock: Clock = field(factory=Clock)

    def ask(self, path: str, method: str = "GET") -> Asked:
        """One request and its answer."""
        site = open_site(self.clock, self.status, self.reasons)
        protocol = site.buildProtocol(None)
        assert protocol is not None
        transport = StringTransport()
        protocol.makeConnection(transport)
        protocol.dataReceived(
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        )
        head, _, body = transport.value().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}
        return Asked(int(first.split()[1]), headers, body.decode())


class SiteTests(SynchronousTestCase):
    """What the pages say."""

    def test_short_names_are_written_in_capitals(self) -> None:
        """TLS and TCP look like names, not like words; every other name begins with a capital."""
        text = page({"mbx": {"tls_port": 5063, "tcp_refused": 0, "startup_mode": "TCP"}}, ())
        for shown in ("<h2>MBX</h2>", ">TLS port<", ">TCP refused<", ">Startup mode<"):
            self.assertIn(shown, text)

    def test_alive(self) -> None:
        """A supervisor that asks whether the process lives hears yes."""
        self.assertEqual(Browser().ask("/livez").code, 200)

    def test_ready(self) -> None:
        """A load balancer hears that calls can come."""
        asked = Browser().ask("/readyz")
        self.assertEqual(asked.code, 200)
        self.assertEqual(json.loads(asked.body), {"ready": True, "reasons": []})

    def test_not_ready_says_why(self) -> None:
        """Whoever asks a server that cannot take calls gets 503 and every reason."""
        asked = Browser(reasons=lambda: ["the store is down", "no voice"]).ask("/readyz")
        self.assertEqual(asked.code, 503)
        self.assertEqual(
            json.loads(asked.body), {"ready": False, "reasons": ["the store is down", "no voice"]}
        )

    def test_alive_while_not_ready(self) -> None:
        """A server that waits for its store is not restarted for it."""
        self.assertEqual(Browser(reasons=lambda: ["no store"]).ask("/livez").code, 200)

    def test_status(self) -> None:
        """A monitoring system reads the figures as JSON."""
        asked = Browser().ask("/status")
        self.assertEqual(json.loads(asked.body), STATUS)
        self.assertEqual(asked.headers["content-type"], "application/json; charset=utf-8")

    def test_a_page_to_look_at(self) -> None:
        """A person sees the state, every figure, and loads nothing from elsewhere."""
        asked = Browser().ask("/")
        self.assertEqual(asked.headers["content-type"], "text/html; charset=utf-8")
        for word in ("Takes calls", "61.5", "cas, mbx", "Active", "loopback", "yes"):
            self.assertIn(word, asked.body)
        self.assertNotIn("http://", asked.body)
        self.assertNotIn("<script", asked.body)

    def test_the_page_shows_trouble(self) -> None:
        """A person sees at once that no calls are taken, and why."""
        body = Browser(reasons=lambda: ["<no voice>"]).ask("/").body
        self.assertIn("Takes no calls", body)
        self.assertIn("&lt;no voice&gt;", body)
        self.assertNotIn("<no voice>", body)

    def test_values_cannot_become_markup(self) -> None:
        """A gateway with an odd name does no harm to the page."""
        evil = "<b onclick='x'>"
        body = page({evil: evil, "group": {evil: evil}, "rows": [{evil: evil}]}, ())
        self.assertNotIn("<b ", body)

    def test_long_tables_are_cut(self) -> None:
        """Thousands of gateways make a page that still opens."""
        rows = [{"name": f"gateway-{n}"} for n in range(MOST_ROWS + 5)]
        body = page({"gateways": rows}, ())
        self.assertIn("… and 5 more", body)
        self.assertNotIn(f"gateway-{MOST_ROWS}<", body)

    def test_empty_values_show_a_dash(self) -> None:
        """Nothing to say is shown as a dash, not as a hole."""
        body = page({"problem": "", "list": [], "none": None, "map": {"a": {"b": 1}}}, ())
        self.assertEqual(body.count("<dd>–</dd>"), 3)
        self.assertIn("B: 1", body)

    def test_moments(self) -> None:
        """When a gateway fell silent stands there as a date and time, not as seconds since 1970."""
        moment = datetime(2026, 3, 1, 14, 5, 9)
        row = {"since": moment.timestamp(), "seen_at": moment.timestamp(), "seen_last": 5.25}
        for status in ({"gateways": [row]}, {"gateway": row}, {"gateways": {"west": row}}):
            body = page(status, ())
            self.assertEqual(body.count("2026-03-01 14:05:09"), 2)
            self.assertIn("5.25", body)
        self.assertIn("<td>–</td>", page({"gateways": [{"since": None}]}, ()))
        certificate = page({"certificate": {"ends": moment.timestamp()}}, ())
        self.assertIn(f"<dt>Ends</dt><dd>{moment:%Y-%m-%d %H:%M:%S}</dd>", certificate)
        self.assertIn("<td>1000000000000000</td>", page({"gateways": [{"since": 1e15}]}, ()))

    def test_unknown_page(self) -> None:
        """A mistyped address gets 404."""
        for path in ("/nothing", "/status/deeper", "/../etc/passwd"):
            self.assertEqual(Browser().ask(path).code, 404)

    def test_nothing_can_be_changed(self) -> None:
        """The pages only show; other methods are refused."""
        for method in ("POST", "PUT", "DELETE"):
            self.assertEqual(Browser().ask("/status", method).code, 405)

    def test_head(self) -> None:
        """A probe that asks for the head alone gets no body."""
        asked = Browser(reasons=lambda: ["x"]).ask("/readyz", "HEAD")
        self.assertEqual((asked.code, asked.body), (503, ""))

    def test_a_fault_is_told_without_details(self) -> None:
        """When the figures cannot be had, the page says so and shows no traceback."""

        def broken() -> Mapping[str, object]:
            raise ValueError("secret detail")

        asked = Browser(status=broken).ask("/status")
        self.assertEqual(asked.code, 500)
        self.assertNotIn("secret detail", asked.body)
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)

    def test_browsers_are_told_to_be_careful(self) -> None:
        """No answer is cached, framed or allowed to load anything."""
        for path in ("/", "/status", "/nothing"):
            headers = Browser().ask(path).headers
            self.assertEqual(headers["cache-control"], "no-store")
            self.assertIn("default-src 'none'", headers["content-security-policy"])
