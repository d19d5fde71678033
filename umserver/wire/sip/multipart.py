"""Where in the body of a SIP message the session description is: plain or inside multipart.

Knows: RFC 2046 §5.1 as SIP uses it, RFC 3261 §20.11 (Content-Disposition), RFC 3204 (ISUP beside
SDP), RFC 5621. Must never know: messages beyond the values handed in, what the description says.
"""

from __future__ import annotations

import binascii
import re

from attrs import field, frozen

SDP = "application/sdp"

MAX_DEPTH = 4
MAX_PARTS = 24
MAX_FIELDS_OCTETS = 8_192

_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?', re.DOTALL)
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_SLASH = re.compile(r"\s*/\s*")
_FOLD = re.compile(r"\r?\n[ \t]+")
_IDENTITY = ("", "binary", "8bit", "7bit")


class UnreadableBody(Exception):
    """A body that cannot be used: `status` says how a request with it is refused.

    415 for what we do not understand, 400 for what is broken; `headers` belong to the refusal.
    """

    def __init__(
        self, why: str, status: int = 415, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(why)
        self.why = why
        self.status = status
        self.headers = headers


@frozen
class _Labelled:
    """A value such as `session;handling=required`: the word in lower case and its parameters."""

    word: str
    parameters: dict[str, str] = field(factory=dict)


@frozen
class _Part:
    type: _Labelled
    disposition: _Labelled
    body: bytes
    encoding: str = ""

    @property
    def must_be_understood(self) -> bool:
        """RFC 3261 §20.11: handling is required if not said otherwise.

        Two mercies: a part without any disposition, and signalling (RFC 3204) without handling, are
        passed over, since calls with them are real and whole without them.
        """
        handling = self.disposition.parameters.get("handling", "").lower()
        if handling:
            return handling != "optional"
        return self.disposition.word not in ("", "signal")


def find_sdp(
    content_type: str | None, content_disposition: str | None, body: bytes
) -> bytes | None:
    """The session description in `body`; None where there is none and none is missed.

    The two texts are the values of the SIP fields, None where absent. Raises UnreadableBody for a
    body of another type, a required part nobody here understands, and broken or too deep multipart.
    """
    if not body.strip():
        return None
    kind = _labelled(content_type or "")
    if not kind.word and body.startswith(b"v="):
        kind = _Labelled(SDP)
    part = _Part(kind, _labelled(content_disposition or ""), body)
    if part.type.word != SDP and not part.type.word.startswith("multipart/"):
        if part.disposition.parameters.get("handling", "").lower() == "optional":
            return None
        raise UnreadableBody(f"a body of type {part.type.word or 'unknown'}")
    return _find(part, 0)


def _find(part: _Part, depth: int) -> bytes | None:
    if part.type.word == SDP:
        known = part.disposition.word in ("", "session")
    elif part.type.word.startswith("multipart/"):
        known = part.disposition.word in ("", "session", "render")
    else:
        known = False
    content = _decoded(part) if known else None
    if content is None:
        if part.must_be_understood:
            raise UnreadableBody(f"a required part of type {part.type.word or 'unknown'}")
        return None
    if part.type.word == SDP:
        return content
    if depth == MAX_DEPTH:
        raise UnreadableBody("multipart too deep")
    return _find_among(part, content, depth)


def _find_among(part: _Part, content: bytes, depth: int) -> bytes | None:
    parts = _split(content, part.type.parameters.get("boundary", ""))
    if part.type.word == "multipart/alternative":
        return _find_alternative(parts, depth)
    found = None
    for each in parts:
        candidate = _find(each, depth + 1)
        found = candidate if found is None else found
    return found


def _find_alternative(parts: list[_Part], depth: int) -> bytes | None:
    """The last part that is understood counts, the others are not missed (RFC 2046 §5.1.4)."""
    for each in reversed(parts):
        try:
            candidate = _find(each, depth + 1)
        except UnreadableBody:
            continue
        if candidate is not None:
            return candidate
    raise UnreadableBody("no alternative is understood")


def _split(content: bytes, boundary: str) -> list[_Part]:
    if _BOUNDARY.fullmatch(boundary) is None:
        raise UnreadableBody("multipart without a boundary", 400)
    mark = re.escape(boundary.encode("ascii"))
    delimiter = re.compile(rb"(?:^|\r?\n)--" + mark + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    marks = []
    for match in delimiter.finditer(content):
        marks.append(match)
        if match[1] is not None:
            break
        if len(marks) > MAX_PARTS:
            raise UnreadableBody("too many parts")
    if not marks or marks[0][1] is not None:
        raise UnreadableBody("multipart without parts", 400)
    ends = [match.start() for match in marks[1:]]
    if marks[-1][1] is None:
        ends.append(len(content))
    return [_part(content[match.end() : end]) for match, end in zip(marks, ends, strict=False)]


def _part(raw: bytes) -> _Part:
    """`raw` begins with its delimiter's line end, so a part without fields has a blank line."""
    blank = _BLANK_LINE.search(raw)
    head, body = (raw, b"") if blank is None else (raw[: blank.start()], raw[blank.end() :])
    if len(head) > MAX_FIELDS_OCTETS:
        raise UnreadableBody("a part with too long fields", 400)
    fields: dict[str, str] = {}
    for line in _FOLD.sub(" ", head.decode("utf-8", "replace")).splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    encoding = fields.get("content-transfer-encoding", "").lower()
    if fields.get("content-encoding", "identity").lower() != "identity":
        encoding = "unknown"
    return _Part(
        _labelled(fields.get("content-type") or fields.get("c") or "text/plain"),
        _labelled(fields.get("content-disposition", "")),
        body,
        encoding,
    )


def _decoded(part: _Part) -> bytes | None:
    if part.encoding in _IDENTITY:
        return part.body
    try:
        if part.encoding == "base64":
            return binascii.a2b_base64(part.body)
        if part.encoding == "quoted-printable":
            return binascii.a2b_qp(part.body)
    except binascii.Error:
        pass
    return None


def _labelled(text: str) -> _Labelled:
    word, semicolon, rest = text.partition(";")
    parameters: dict[str, str] = {}
    for match in _PARAMETER.finditer(semicolon + rest):
        quoted, plain = match[2], match[3]
        value = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain or ""
        parameters.setdefault(match[1].lower(), value)
    return _Labelled(_SLASH.sub("/", word.strip().lower()), parameters)
