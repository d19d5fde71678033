"""How this server proves to a mail server who it is (RFC 4954).

Knows: PLAIN (RFC 4616), LOGIN, XOAUTH2. Must never know: sockets, logs. Nothing secret shows in a
repr.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection

from attrs import field, frozen


@frozen
class Login:
    """A user with a password, or with a bearer token that somebody else keeps fresh."""

    user: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    acting_for: str = ""
    """Whose mailbox is opened, where that is not the user's own (the authorisation identity of RFC
    4616).
    """

    def script(self, offered: Collection[str]) -> Script | None:
        """What to say to a server that offers these (upper case); None when none fits."""
        if self.token:
            words = f"user={self.acting_for or self.user}\x01auth=Bearer {self.token}\x01\x01"
            return Script("XOAUTH2", _encoded(words), (b"",)) if "XOAUTH2" in offered else None
        if "PLAIN" in offered:
            return Script("PLAIN", _encoded(f"{self.acting_for}\0{self.user}\0{self.password}"))
        if "LOGIN" in offered and not self.acting_for:
            return Script("LOGIN", b"", (_encoded(self.user), _encoded(self.password)))
        return None


@frozen
class Script:
    """One mechanism's side of the talk."""

    mechanism: str
    first: bytes = field(repr=False)
    """Sent with AUTH; empty where the mechanism begins with the server's question."""
    answers: tuple[bytes, ...] = field(default=(), repr=False)
    """To the server's 334s, in order. XOAUTH2's tells with a 334 why it refuses, and wants an empty
    line.
    """


def _encoded(text: str) -> bytes:
    return b64encode(text.encode("utf-8"))
