"""Which messages belong together: what answers what (RFC 5322 §3.6.4).

Knows: Message-IDs. Must never know: mailboxes, subjects; a subject alone binds nothing together.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.org.messages import VoiceMail


def conversation_of(messages: Sequence[VoiceMail], one: VoiceMail) -> set[str]:
    """Ids of every message of the conversation of this one, itself included."""
    names, found = {*_names(one)}, {one.id}
    left = [message for message in messages if message.id != one.id]
    while True:
        joined = [message for message in left if names.intersection(_names(message))]
        if not joined:
            return found
        for message in joined:
            left.remove(message)
            found.add(message.id)
            names.update(_names(message))


def answering(message: VoiceMail) -> tuple[str, ...]:
    """The references of an answer to this message."""
    return (*message.references, *([message.message_id] if message.message_id else []))


def subject_after(word: str, subject: str) -> str:
    """`RE: Lunch` of Lunch, once; empty where there is no subject. `word`: RE or FW."""
    bare = subject
    while bare[:3].upper() in ("RE:", "FW:") or bare[:4].upper() == "FWD:":
        bare = bare.partition(":")[2].strip()
    return f"{word}: {bare}" if bare else ""


def _names(message: VoiceMail) -> tuple[str, ...]:
    own = (message.message_id,) if message.message_id else ()
    return (*own, *message.references)
