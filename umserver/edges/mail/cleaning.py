"""Text from strangers made fit for a mail: one line, bounded, harmless.

Knows: control characters, names that every file system takes, the HTML an administrator may write.
Must never know: mail headers.
"""

from __future__ import annotations

import html
import re
import unicodedata
from html.parser import HTMLParser

MOST_NAME = 100
"""Characters of a name or a number in a mail."""
MOST_HEADER = 900
"""Characters of a header's value that is kept whole."""
MOST_EXTRA = 2000
"""Characters of an administrator's text (spec 8.5 allows 512 to be entered)."""

_GAPS = re.compile(r"\s+")
_UNSAFE_IN_FILES = re.compile(r'[\\/:*?"<>|;%$`\'~^{}\[\]#&!=,@]+')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def one_line(text: str, most: int = MOST_NAME) -> str:
    """Without control, direction and other invisible characters, at most `most` characters."""
    seen = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in text[: 4 * most])
    closed = _GAPS.sub(" ", seen).strip()
    return closed if len(closed) <= most else closed[: most - 1].rstrip() + "…"


def token(text: str, most: int = MOST_HEADER) -> str:
    """Printable ASCII in one line; anything else becomes a question mark.

    For headers kept unencoded.
    """
    return one_line(text, most).encode("ascii", "replace").decode()[:most]


def file_stem(text: str, most: int = 40) -> str:
    """A part of a file's name that every mail program takes: ASCII, no reserved characters."""
    plain = unicodedata.normalize("NFKD", one_line(text)).encode("ascii", "ignore").decode()
    return _GAPS.sub(" ", _UNSAFE_IN_FILES.sub(" ", plain))[:most].strip(" .-")


_KEPT = {"b", "strong", "i", "em", "u", "p", "br", "ul", "ol", "li", "a"}
_LEFT_OUT = {"script", "style", "head", "title", "iframe", "object", "svg", "math", "template"}
_BREAKS = {"p", "br", "li", "ul", "ol", "div", "tr"}
_TAG = re.compile(r"<[a-zA-Z/!]")
_LINKS = re.compile(r"(https?://|mailto:|tel:)[^\s\"<>]+\Z", re.IGNORECASE)


class _Simple(HTMLParser):
    """Writes down the allowed elements and all text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.skipping = 0
        self.target = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _LEFT_OUT:
            self.skipping += 1
        if self.skipping:
            return
        if tag in _BREAKS:
            self.words.append("\n")
        if tag == "br":
            self.out.append("<br>")
        elif tag in _KEPT:
            self.out.append(f"<{tag}{self._link(tag, attrs)}>")
            self.open.append(tag)

    def _link(self, tag: str, attrs: list[tuple[str, str | None]]) -> str:
        target = (dict(attrs).get("href") or "").strip()
        if tag != "a" or not _LINKS.match(target):
            return ""
        self.target = target
        return f' href="{html.escape(target)}"'

    def close_tag(self, tag: str) -> None:
        """A reader of plain text sees where a link leads."""
        self.out.append(f"</{tag}>")
        if tag == "a" and self.target and self.target not in self.words:
            self.words.append(f" ({self.target.removeprefix('mailto:').removeprefix('tel:')})")
        if tag == "a":
            self.target = ""

    def handle_endtag(self, tag: str) -> None:
        if tag in _LEFT_OUT and self.skipping:
            self.skipping -= 1
        elif not self.skipping and tag in self.open:
            if tag == "p":
                self.words.append("\n")
            while self.open:
                last = self.open.pop()
                self.close_tag(last)
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.skipping:
            clean = "".join(c for c in data if c.isprintable() or c in "\n\t ")
            self.out.append(html.escape(clean))
            self.words.append(clean)


def simple_html(text: str) -> tuple[str, str]:
    """An administrator's text as safe HTML and as plain text; paragraphs, lists, links stay."""
    text = text[:MOST_EXTRA].strip()
    if not _TAG.search(text):
        text = text.replace("\n", "<br>")
    parser = _Simple()
    parser.feed(text)
    parser.close()
    while parser.open:
        parser.close_tag(parser.open.pop())
    lines = [_GAPS.sub(" ", line).strip() for line in "".join(parser.words).splitlines()]
    return "".join(parser.out).strip(), re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
