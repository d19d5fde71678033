"""The attendant's question and the caller's answer (spec 6.3).

Knows: the prompt of the menu, single keys and extensions that are dialled directly. Must never
know: what an answer leads to.
"""

from __future__ import annotations

from collections.abc import Sequence

from umserver.calls.dialogs import KEY_SECONDS
from umserver.calls.flows.attendant.desk import AttendantDesk, Phrase
from umserver.calls.grammar import Grammar
from umserver.interfaces import Clip
from umserver.org.reception import Reception

MAPPED_SECONDS = 1.0
"""How long after a key that means something a second digit may come, where one may dial."""
NEXT_SECONDS = 1.8
"""How long the next digit of an extension may take; then it is done."""
DONE = "#"


async def question(desk: AttendantDesk) -> Sequence[Clip]:
    """The menu: a recording, or a sentence for each thing that may be pressed.

    It may take its time, and is made while the welcome is heard.
    """
    recorded = await desk.loaded(desk.now.menu)
    return (
        [recorded]
        if recorded is not None
        else await desk.made(menu_phrases(desk.now, desk.grammar))
    )


def menu_phrases(now: Reception, grammar: Grammar) -> list[Phrase]:
    """The generated menu; what is switched off is not spoken of."""
    digit = grammar.digits
    said: list[Phrase] = [
        ("attendant-key", {"what": entry.description, "key": digit(entry.key)})
        for entry in now.keys
    ]
    if now.can_dial:
        said.append(("attendant-dial", {}))
    if now.can_search:
        said.append(("attendant-search", {}))
    if now.can_sign_in:
        said.append(("attendant-sign-in", {}))
    if now.operators:
        said.append(("attendant-operator", {}))
    return said


async def answer(desk: AttendantDesk, prompt: Sequence[Clip]) -> str:
    """What was pressed: one key, or the digits of an extension; empty for nothing (feature 126).

    A lone digit that means something is that key, also where extensions may be dialled.
    """
    await desk.call.play(*prompt)
    typed = await desk.call.key(KEY_SECONDS)
    if typed is None or typed not in "123456789" or not desk.now.can_dial:
        return typed or ""
    mapped = {entry.key for entry in desk.now.keys}
    while len(typed) < desk.plan.number_of_digits_in_extension:
        seconds = MAPPED_SECONDS if typed in mapped else NEXT_SECONDS
        key = await desk.call.key(desk.call.left_of(seconds))
        if key is None or not key.isdigit():
            break
        typed += key
    return typed
