"""What can be done with a message, by which keys, and how it is offered (spec 5.3, 5.4).

Knows: keys, prompts. Must never know: what an act does. With 00 and without it most keys mean the
same, since the published pages disagree.
"""

from __future__ import annotations

from collections.abc import Container
from enum import Enum

from umserver.calls.dialogs import KEY_SECONDS, MOST_REPEATS
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.sequences import sequence


class Act(Enum):
    """What can be done with a message."""

    NEXT = "next"
    PREVIOUS = "previous"
    REPLAY = "replay"
    DELETE = "delete"
    DELETE_ALL = "delete conversation"
    HIDE = "hide conversation"
    REPLY = "reply"
    REPLY_ALL = "reply all"
    FORWARD = "forward"
    KEEP_NEW = "keep new"
    FLAG = "flag"
    CALL = "call sender"
    ENVELOPE = "envelope"
    LANGUAGE = "language"
    MORE = "more options"
    REPEAT = "repeat"
    MAIN = "main menu"
    SLOWER = "slower"
    FASTER = "faster"


_MORE = {
    "11": Act.PREVIOUS,
    "1": Act.REPLAY,
    "6": Act.FORWARD,
    "44": Act.FLAG,
    "2": Act.CALL,
    "5": Act.ENVELOPE,
    "55": Act.LANGUAGE,
    "7": Act.DELETE,
    "77": Act.DELETE_ALL,
    "8": Act.REPLY,
    "88": Act.REPLY_ALL,
    "9": Act.KEEP_NEW,
    "99": Act.HIDE,
    "##": Act.NEXT,
}
WITH_00 = {"00" + keys: act for keys, act in _MORE.items()}
ACTS = {
    **{keys: act for keys, act in _MORE.items() if keys != "77"},
    **WITH_00,
    "#": Act.NEXT,
    "33": Act.REPEAT,
    "00": Act.MORE,
    "0": Act.REPEAT,
    "*": Act.MAIN,
}
"""After a message. 77 wants the 00: pressed by mistake it would delete more than one message."""
WHILE_PLAYING = {
    **ACTS,
    "4": Act.SLOWER,
    "6": Act.FASTER,
}
"""While it is heard; 1, 2, 3, 33 and 0 are moves within it."""
_OFFERED = (
    (Act.REPLY, "message-acts-reply"),
    (Act.REPLY_ALL, "message-acts-reply-all"),
    (Act.FORWARD, "message-acts-forward"),
)
_OFFERED_MORE = (
    (Act.CALL, "message-acts-call"),
    (Act.HIDE, "message-acts-conversation"),
    (Act.LANGUAGE, "message-acts-language"),
)


async def asked(owner: Owner, possible: Container[Act], *, more: bool = False) -> Act | None:
    """The menu after a message; None when nobody answers. Raises HungUp, TimeUp.

    `possible`: what is spoken of beside what can always be done. `more`: 00 was pressed already.
    """
    failures = repeats = 0
    spoken = ["message-acts-next", *_names(_OFFERED, possible), "message-acts"]
    spoken_more = [*_names(_OFFERED_MORE, possible), "message-acts-more"]
    while failures < owner.tries:
        keys: str = "00"
        act: Act | None = Act.MORE
        if not more:
            await owner.say(*spoken)
            keys, act = await sequence(owner.call, ACTS, KEY_SECONDS)
        more = False
        if act is Act.MORE:
            await owner.say(*spoken_more)
            keys, act = await sequence(owner.call, ACTS, KEY_SECONDS, begun="00")
            if act is Act.MORE or not keys:
                act = None
        if act is Act.REPEAT:
            repeats += 1
            failures += repeats > MOST_REPEATS
        elif act is not None:
            return act
        else:
            failures += 1
            if failures < owner.tries:
                await owner.say("invalid-key" if keys else "are-you-there")
    return None


def _names(offered: tuple[tuple[Act, str], ...], possible: Container[Act]) -> list[str]:
    return [name for act, name in offered if act in possible]
