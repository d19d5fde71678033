"""Prompts that are not there when the server starts, told by their files (spec 6.3; feature 202).

Knows: the shelf, which recordings the settings name. Must never know: calls.
"""

from __future__ import annotations

from collections.abc import Sequence

from twisted.logger import Logger

from umserver.edges.speech.shelf import PromptShelf
from umserver.org.named_prompts import named_prompts
from umserver.org.prompt_files import folder_name
from umserver.org.settings import Organisation

log = Logger()

MOST_TOLD = 50
"""Files that are named; of more the number is told."""
MOST_LOOKED_FOR = 2_000
"""Recordings that are looked for, so that a start takes no time."""


async def missing_prompts(shelf: PromptShelf, org: Organisation) -> Sequence[str]:
    """Files below the state folder that would have to be there, no more than `MOST_TOLD`.

    System prompts that neither a recording nor the voice gives come first; callers hear a tone in
    their place. Where a recording of an attendant or a plan is missing, they hear the standard one.
    """
    system = [
        f"prompts.d/{language}/{name}.wav"
        for language in shelf.catalogue.languages
        for name in shelf.missing(language)
    ]
    for file in system[:MOST_TOLD]:
        log.error("a system prompt is missing, callers hear a tone: {file}", file=file)
    named = await _absent(shelf, org)
    for file in named[:MOST_TOLD]:
        log.warn("a prompt is missing, callers hear the standard one: {file}", file=file)
    left = max(len(system) - MOST_TOLD, 0) + max(len(named) - MOST_TOLD, 0)
    if left:
        log.error("{count} more prompts are missing", count=left)
    return (*system, *named)[:MOST_TOLD]


async def _absent(shelf: PromptShelf, org: Organisation) -> list[str]:
    """Recordings that the settings name and that cannot be played."""
    found = []
    for owner, name, file in list(named_prompts(org))[:MOST_LOOKED_FOR]:
        if await shelf.imported(owner, name, file) is None:
            found.append(str(folder_name(owner, name) / file))
    return found
