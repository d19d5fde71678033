"""Help: what there is, what each cmdlet and parameter means, and a page for each topic.

Knows: cmdlets and their parameters, pages. Must never know: how a command is carried out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import takewhile

from umserver.edges.admin import pages
from umserver.edges.admin.catalogue import by_name, by_word, cmdlets
from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.examples import examples_of
from umserver.edges.admin.given import CHANGING, VIEWING
from umserver.edges.admin.line import Line, Mistyped, choose, fold
from umserver.edges.admin.parameter import Parameter
from umserver.org.faults import nearest

OVERVIEW = """umctl [--state DIR | --config FILE] [--json | --csv] COMMAND    umctl alone is a shell

  status                        how the server is: calls, queue, gateways, problems
  explain-route --to NUMBER [--from NUMBER] [--diversion NUMBER[;reason=WORD]] [--source IP]
    [--transport udp|tcp|tls] [--certificate NAME]
                                what a call would be, and why
  queue [retry ID|all] [drop ID]
                                messages on their way: see them, try now, delete a dead one
  export                        the organisation as TOML, without PINs
  import FILE [--merge]         put an organisation in its place (or into it)
  import-mailboxes FILE.csv [--make-pins FILE] [--welcome]
                                users from a table: extension,name,address,pin,language; PINs
                                that are made go into FILE, and to users by mail
  backup FILE, restore FILE     copy the store to one file, while the server runs; put it back
  poll                          let the running server read its settings now
  drain, resume                 take no new calls; take calls again
  help [COMMAND|TOPIC|SETTING]  more about one of them; the topics stand at the end

Settings and servers, in the words of Exchange or of Unix:"""
ENDING = """
For example:
  umctl Set-UMDialPlan Demo -AudioCodec G711        umctl dialplan set Demo --audio-codec G711
  umctl Get-UMMailbox -Filter "Extension -like '10*'" -SortBy DisplayName
  umctl help Set-UMDialPlan                         umctl help dialplan
Changes take -WhatIf (--dry-run); Remove and Disable ask first unless '-Confirm:$false' (--yes).
In a Unix shell $true and $false stand in quotes; true and false mean the same.

Topics (umctl help TOPIC):"""
WIDTH = 100
NOT_YET = re.compile(
    "(Allow)?AutomaticSpeechRecognition(Enabled)?|(Allow)?CallAnsweringRules(Enabled)?"
    "|.*SMSNotification.*|.*VoiceMailPreview.*|FaxEnabled|AllowFax|FaxServerURI|FaxMessageText"
    "|(Allow)?PlayOnPhone(Enabled)?|RequireProtectedPlayOnPhone|(Allow)?TUIAccessTo(Calendar|Email|"
    "PersonalContacts)(Enabled)?|AllowVoiceResponseToOtherMessageTypes|GrammarGenerationSchedule"
    "|SIPAccessService|ProtectedVoiceMailText|AllowHeuristicADCallingLineIdResolution"
)
"""Names of settings that are kept for an organisation that moves, and that nothing follows."""
KEPT_ONLY = {"UMCallAnsweringRule": "Rules are kept, not followed yet."}
"""Nouns that are."""


def help_text(line: Line, width: int = WIDTH) -> str:
    """The help that was asked for. Raises Mistyped when there is none of that name."""
    words = [word for word in line.words if word]
    if not words:
        return "\n".join([OVERVIEW, *_overview(), ENDING, *pages.titles()])
    first, *more = words
    found = by_name().get(first.casefold())
    if found is None and more and first in by_word():
        found = by_word()[first].get(more[0].lower())
    if found is not None:
        return cmdlet_text(found)
    command = _paragraph(first)
    topic = pages.topic(first)
    if topic:
        page = pages.page(topic, width, more[0] if more else "")
        if not page:
            raise Mistyped(f"there is no setting {more[0]}; umctl help {topic} shows all")
        return f"{command}\n\n{page}" if command else page
    return command or _chosen(first, width)


def nouns() -> dict[str, str]:
    """The noun of everything that names one: itself, and its Unix word."""
    own = {cmdlet.noun: cmdlet.noun for cmdlet in cmdlets()}
    own.update({word: next(iter(verbs.values())).noun for word, verbs in by_word().items()})
    return own


def _chosen(word: str, width: int) -> str:
    """What a word may mean that is no command's or topic's whole name. Raises Mistyped."""
    known = [*nouns(), *(cmdlet.name for cmdlet in cmdlets())]
    if fold(word) not in map(fold, known):
        known += pages.names()
    if any(fold(name).startswith(fold(word)) for name in known):
        chosen = choose(word, known, "help about")
        if chosen in pages.names():
            return pages.page(chosen, width)
        return (
            _noun(nouns()[chosen])
            if chosen in nouns()
            else cmdlet_text(by_name()[chosen.casefold()])
        )
    told = _spoken_of(word, width)
    if told:
        return told
    near = nearest(word, known)
    hint = f"did you mean {near}?" if near else "umctl help shows what there is"
    raise Mistyped(f"there is no help about {word}; {hint}")


def _spoken_of(word: str, width: int) -> str:
    """Where a word stands that names no topic: parameters, bootstrap settings, texts."""
    wanted = fold(word)
    topics, settings = pages.speaking_of(word)
    found = {
        (cmdlet.noun, parameter.name): f"  {cmdlet.name} -{parameter.name}  {meaning(parameter)}"
        for cmdlet in sorted(cmdlets(), key=lambda cmdlet: cmdlet.verb == "Set")
        for parameter in cmdlet.parameters
        if len(wanted) >= pages.LEAST_LETTERS and wanted in fold(parameter.name)
    }
    lines = list(found.values())
    shown = [pages.page(pages.SETTINGS, width, path) for path in settings]
    if topics:
        lines.append(f"  Topics that speak of it: {', '.join(topics)}")
    return "\n\n".join([*shown, *(["\n".join(lines)] if lines else [])])


def _overview() -> Iterable[str]:
    """A line for each noun: its Unix word and its cmdlets."""
    verbs: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for cmdlet in cmdlets():
        verbs.setdefault(cmdlet.noun, []).append(cmdlet.verb)
        words.setdefault(cmdlet.noun, cmdlet.unix.partition(" ")[0])
    for noun, names in verbs.items():
        yield f"  {words[noun]:13} {'|'.join(names)}-{noun}"


def _paragraph(command: str) -> str:
    """The lines of the overview that speak of one command; empty when none does."""
    lines = OVERVIEW.splitlines()
    heads = re.compile(rf"  (?:[a-z]+ \w+, |[a-z]+, )?{re.escape(command.lower())}(?=[ ,]|$)")
    start = next((n for n, text in enumerate(lines) if heads.match(text)), None)
    if start is None:
        return ""
    more = takewhile(lambda text: text.startswith("    "), lines[start + 1 :])
    return "\n".join([lines[start], *more])


def _noun(noun: str) -> str:
    """One noun: its cmdlets in both spellings, and every parameter of any of them."""
    own = [cmdlet for cmdlet in cmdlets() if cmdlet.noun == noun]
    lines = [f"  {cmdlet.name:40} {cmdlet.unix}" for cmdlet in own]
    parameters = {p.name: p for cmdlet in own for p in cmdlet.parameters}
    return "\n".join([*lines, "", *_parameters(parameters.values())])


def cmdlet_text(cmdlet: Cmdlet) -> str:
    """One cmdlet: what it does, its parameters, examples."""
    common = VIEWING if cmdlet.shows else CHANGING
    kept = f" {KEPT_ONLY[cmdlet.noun]}" if cmdlet.noun in KEPT_ONLY else ""
    about = f"  {cmdlet.synopsis}.{kept}"
    lines = [f"{cmdlet.name}    {cmdlet.unix}", about, "", _usage(cmdlet), ""]
    lines += _parameters(cmdlet.parameters)
    lines += ["", "Common parameters:", *(_parameter(p, _width(common)) for p in common)]
    lines += [
        "",
        "For example:",
        *(f"  umctl {text}" for text in map(_pasted, examples_of(cmdlet))),
    ]
    return "\n".join(lines)


def _pasted(example: str) -> str:
    """An example as it can be put into a Unix shell, where $true and $false would be dropped."""
    return (
        example.replace("-Confirm:$false", "--yes")
        .replace("$true", "true")
        .replace("$false", "false")
    )


def _usage(cmdlet: Cmdlet) -> str:
    """The cmdlet with what it needs; the first word needs no name."""
    words = []
    for parameter in cmdlet.parameters:
        if parameter.name == cmdlet.first:
            text = f"[-{parameter.name}] <{parameter.form}>"
            words.append(text if parameter.required else f"[{text}]")
        elif parameter.required:
            words.append(f"-{parameter.name} <{parameter.form}>")
    more = ["[parameters]"] if len(cmdlet.parameters) > len(words) else []
    return " ".join([f"  {cmdlet.name}", *words, *more])


def _parameters(parameters: Iterable[Parameter]) -> list[str]:
    shown = list(parameters)
    if not shown:
        return []
    width = _width(shown)
    title = "Parameters (-AudioCodec or --audio-codec, or any beginning that fits one only):"
    return [title, *(_parameter(parameter, width) for parameter in shown)]


def _width(parameters: Iterable[Parameter]) -> int:
    return max(len(parameter.name) for parameter in parameters) + 1


def _parameter(parameter: Parameter, width: int) -> str:
    return f"  -{parameter.name:{width}} {meaning(parameter)}"


def meaning(parameter: Parameter) -> str:
    """Help, values, range and default in one line."""
    parts = [parameter.help]
    if parameter.form not in ("text", "number"):
        parts.append(parameter.form)
    if parameter.range:
        parts.append(parameter.range)
    if parameter.required:
        parts.append("needed")
    elif parameter.default:
        parts.append(f"default {parameter.default}")
    if parameter.setting is not None and parameter.setting.setting.fixed:
        parts.append("only when it is made")
    if parameter.without_effect:
        parts.append(f"without effect, {parameter.without_effect}")
    elif parameter.setting is not None and NOT_YET.fullmatch(parameter.name):
        parts.append("kept, not followed yet")
    return "; ".join(parts)
