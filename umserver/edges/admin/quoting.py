"""A line of the shell as words, quoted as PowerShell users quote.

    Set-UMDialPlan "Head Office" -AccessTelephoneNumbers @{Add="5000","5001"; Remove="5002"} # why

Knows: quotes, brackets, commas, comments. Must never know: commands. A word that is one quoted text
loses its quotes; in a list or in brackets they stay, since they say where an entry ends.
"""

from __future__ import annotations

from attrs import define, field

from umserver.edges.admin.line import Mistyped

QUOTES = "\"'"
OPENING, CLOSING = "({[", ")}]"
MOST_LINE = 20_000
"""Characters of a line."""


@define
class _Reading:
    """Where reading is; see `read`."""

    text: str
    words: list[str] = field(factory=list)
    starts: list[int] = field(factory=list)
    word: str = ""
    start: int = -1
    quote: str = ""
    depth: int = 0
    comma: bool = False
    """Whether a list goes on behind blanks."""


def words_of(text: str) -> list[str]:
    """The words of a whole line. Raises Mistyped for quotes and brackets that do not close."""
    if len(text) > MOST_LINE:
        raise Mistyped(f"a line has at most {MOST_LINE} characters")
    reading = read(text)
    if reading.quote:
        raise Mistyped(f"the quote {reading.quote} is not closed")
    if reading.depth > 0:
        raise Mistyped("a bracket is not closed")
    return [bare(word) for word in reading.words]


def begun(text: str) -> tuple[list[str], int]:
    """The words of a line that is being typed, and where the last of them starts.

    The last word is what is being typed, perhaps nothing.
    """
    reading = read(text)
    words = [bare(word) for word in reading.words]
    open_word = reading.start >= 0 and (not text[-1:].isspace() or reading.quote or reading.depth)
    if not open_word and not (reading.words and not text[-1:].isspace()):
        return [*words, ""], len(text)
    return [*words[:-1], reading.words[-1].lstrip(QUOTES)], reading.starts[-1]


def read(text: str) -> _Reading:
    """Read it character by character."""
    reading = _Reading(text)
    for place, letter in enumerate(text):
        if not _inside(reading, place, letter) and not _between(reading, place, letter):
            break
    if reading.start >= 0:
        _end(reading)
        reading.start = reading.starts[-1]
    return reading


def _inside(reading: _Reading, place: int, letter: str) -> bool:
    """Take a letter that belongs to a quoted or bracketed text, or begins one."""
    if reading.quote:
        reading.word += letter
        if letter == reading.quote:
            reading.quote = ""
        return True
    if letter in QUOTES:
        reading.quote = letter
    elif letter in OPENING and (reading.depth or reading.word in ("", "@")):
        reading.depth += 1
    elif letter in CLOSING and reading.depth:
        reading.depth -= 1
    elif not reading.depth:
        return False
    _add(reading, place, letter)
    return True


def _between(reading: _Reading, place: int, letter: str) -> bool:
    """Take any other letter; False where a comment begins."""
    if letter == "#" and reading.start < 0:
        return False
    if not letter.isspace():
        reading.comma = letter == ","
        if letter == "," and reading.start < 0 and reading.words:
            reading.word, reading.start = reading.words.pop(), reading.starts.pop()
        _add(reading, place, letter)
        reading.comma = letter == ","
    elif reading.start >= 0 and not reading.comma:
        _end(reading)
    return True


def _add(reading: _Reading, place: int, letter: str) -> None:
    if reading.start < 0:
        reading.start = place
    reading.comma = False
    reading.word += letter


def _end(reading: _Reading) -> None:
    reading.words.append(reading.word)
    reading.starts.append(reading.start)
    reading.word, reading.start, reading.comma = "", -1, False


def bare(word: str) -> str:
    """A word without quotes where it is one quoted text, or `-Name:"one quoted text"`."""
    for mark in QUOTES:
        head, found, rest = word.partition(mark)
        if not found or mark not in rest:
            continue
        inner, _, after = rest.partition(mark)
        whole = head == "" or (head.startswith("-") and head[-1:] in (":", "="))
        if whole and not after:
            return head + inner
    return word


def quoted(text: str) -> str:
    """A text as it has to be typed."""
    if text and not any(letter.isspace() or letter in "\"'(){};,#@$" for letter in text):
        return text
    return f"'{text}'" if '"' in text else f'"{text}"'
