"""Reading about one message in another language (spec 5.3, 5.10).

Knows: the languages that can be spoken; each introduces itself. Must never know: messages.
"""

from __future__ import annotations

from umserver.calls.dialogs import menu
from umserver.calls.flows.voice_access.owner import Owner
from umserver.calls.grammar import grammar_for


async def chosen_language(owner: Owner) -> str:
    """The language that the owner wants; empty for none. Raises HungUp, TimeUp."""
    choices, prompt = {"*": ""}, []
    for number, language in enumerate(owner.languages[:9], start=1):
        choices[str(number)] = language
        key = grammar_for(language).digits(str(number))
        prompt.append(await owner.speaking(language).clip("language-choice", key=key))
    prompt += await owner.speaker.clips("choice-back")
    return await menu(owner.call, owner.speaker, prompt, choices, tries=owner.tries) or ""
