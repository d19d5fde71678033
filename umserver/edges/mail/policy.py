"""How the library writes the fields of our mails.

Knows: the email package of the standard library. Must never know: what a mail says.
"""

from __future__ import annotations

from email.headerregistry import HeaderRegistry
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from functools import cache
from typing import Any


@cache
def _kind_of_field(kind: type, base: type) -> type:
    return type(f"_{kind.__name__}", (kind, base), {})


class _Fields(HeaderRegistry):
    """Makes each kind of field once.

    The library makes a class for every field of every mail, and only the garbage collector finds
    those again.
    """

    def __getitem__(self, name: str) -> Any:
        return _kind_of_field(self.registry.get(name.lower(), self.default_class), self.base_class)


class Policy(EmailPolicy):
    """The standard's policy, but long identifiers stay whole instead of becoming encoded words."""

    whole = frozenset({"message-id", "x-callid", "references", "in-reply-to"})

    def fold(self, name: str, value: str) -> str:
        if name.lower() in self.whole:
            return f"{name}: {value}{self.linesep}"
        return str(super().fold(name, value))

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in self.whole:
            return self.fold(name, value).encode("ascii", "replace")
        return bytes(super().fold_binary(name, value))


_FIELDS = _Fields()


def policy(*, utf8: bool) -> Policy:
    """For a mail with CRLF line ends; `utf8`: its addresses need it (RFC 6532)."""
    model = SMTPUTF8 if utf8 else SMTP
    return Policy(linesep=model.linesep, utf8=utf8, cte_type="7bit", header_factory=_FIELDS)
