"""Text from strangers and from administrators, made fit for a mail."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from umserver.edges.mail.cleaning import file_stem, one_line, simple_html, token


class CleaningTests(SynchronousTestCase):
    """Names and numbers."""

    def test_one_line(self) -> None:
        """Line ends and invisible characters become one space; length is bounded."""
        self.assertEqual(one_line(" a\r\n\tb\x00\u2028\u202ec  d "), "a b c d")
        self.assertEqual(len(one_line("x" * 10_000_000)), 100)
        self.assertTrue(one_line("x" * 101).endswith("…"))

    def test_token(self) -> None:
        """Headers that stay unencoded are ASCII."""
        self.assertEqual(token("é\r\nx"), "? x")

    def test_file_stem(self) -> None:
        """No path, no reserved character, no leading dot."""
        self.assertEqual(file_stem('../a\\b:c*d?"<e>|.txt '), "a b c d e .txt")
        self.assertEqual(file_stem("日本"), "")


class SimpleHtmlTests(SynchronousTestCase):
    """What an administrator may write (spec 8.5)."""

    def test_kept(self) -> None:
        """Emphasis, paragraphs, lists and links stay."""
        text = "<p>a <b>b</b> <i>c</i></p><ul><li>d</li></ul>"
        self.assertEqual(simple_html(text)[0], text)
        link = '<a href="https://example.com/?a=1&amp;b=2">x</a>'
        self.assertEqual(simple_html(link)[0], link)

    def test_left_out(self) -> None:
        """Scripts, styles, frames, handlers, pictures and odd links go."""
        for text in (
            "<script>alert(1)</script>",
            "<style>p{}</style>",
            "<iframe src=x></iframe>",
            "<img src=x onerror=alert(1)>",
            "<svg><script>alert(1)</script></svg>",
            "<!-- x -->",
        ):
            self.assertEqual(simple_html(text), ("", ""), text)
        for href in ("javascript:alert(1)", "data:text/html,x", " JAVASCRIPT:x", "//x", ""):
            self.assertEqual(simple_html(f'<a href="{href}" onclick="x">y</a>')[0], "<a>y</a>")
        self.assertEqual(simple_html('<p style="x" class=y>z</p>')[0], "<p>z</p>")

    def test_broken(self) -> None:
        """What was not closed is closed; what was not opened is passed over."""
        self.assertEqual(simple_html("<b>a<i>b")[0], "<b>a<i>b</i></b>")
        self.assertEqual(simple_html("a</b></div>")[0], "a")
        self.assertEqual(simple_html("1 < 2 & 3")[0], "1 &lt; 2 &amp; 3")

    def test_plain_text(self) -> None:
        """Text without tags keeps its lines in both bodies."""
        self.assertEqual(simple_html("a\nb"), ("a<br>b", "a\nb"))

    def test_links_in_plain_text(self) -> None:
        """A reader of plain text sees where a link leads, once."""
        self.assertEqual(
            simple_html('<a href="https://x.example.com">Help</a>')[1],
            "Help (https://x.example.com)",
        )
        link = '<a href="https://x.example.com">https://x.example.com</a>'
        self.assertEqual(simple_html(link)[1], "https://x.example.com")
        self.assertEqual(
            simple_html('<a href="mailto:a@example.com">M</a>')[1], "M (a@example.com)"
        )

    def test_bounded(self) -> None:
        """However much is written, the mail stays small."""
        self.assertLess(len(simple_html("<b>" * 100_000)[0]), 20_000)
