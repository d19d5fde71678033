"""What can go wrong on the other side of the door.

Knows: whose fault it is, and what may be done then. Must never know: how it came about.
"""

from __future__ import annotations


class HungUp(Exception):
    """The caller is gone; `args[0]` says how."""


class Unavailable(Exception):
    """A helper (store, speech, disk, mail server) cannot serve now; the flow decides what then."""


class NoSpace(Unavailable):
    """The disk that holds the spool is full or over its bound."""


class TemporaryFailure(Exception):
    """A mail could not be handed over now; trying again later may help."""


class PermanentFailure(Exception):
    """A mail was refused for good."""


class Gone(Exception):
    """This message is not in the mailbox any more: somebody removed it with another program."""


class Unplayable(Exception):
    """The sound of a message is damaged or of a foreign kind; the words are for a log."""
