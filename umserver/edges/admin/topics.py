"""Help, made of the declarations: what there is, and what each parameter means.

Knows: nouns and their settings. Must never know: how a command is carried out.
"""

from __future__ import annotations

from itertools import takewhile

from umserver.edges.admin.line import Line, choose, fold
from umserver.edges.admin.nouns import NOUNS, Noun
from umserver.org.declare import Declared, Kind

OVERVIEW = """umctl [--state DIR | --config FILE] [--json] COMMAND

  status                        how the server is: calls, queue, gateways, problems
  explain-route --to NUMBER [--from NUMBER] [--diversion NUMBER[;reason=WORD]] [--source IP]
                                what a call would be, and why
  queue [retry ID|all] [drop ID]
                                messages on their way: see them, try now, delete a dead one
  export                        the organisation as TOML, without PINs
  import FILE [--merge]         put an organisation in its place (or into it)
  import-mailboxes FILE.csv     users from a table: extension,name,address,pin,language
  poll                          let the running server read its settings now
  drain, resume                 take no new calls; take calls again
  help [COMMAND]

Settings, in the words of Exchange or of Unix:"""
ENDING = """
For example:
  umctl Set-UMDialPlan Demo -AudioCodec G711        umctl dialplan set Demo --audio-codec G711
  umctl Get-UMMailbox                               umctl mailbox get
  umctl help Set-UMDialPlan                         umctl help dialplan
Changes take -WhatIf (--dry-run); Remove and Disable ask first unless -Confirm:$false (--yes)."""


def help_text(line: Line) -> str:
    """The help that was asked for. Raises Mistyped when there is none of that name."""
    words = [word for word in line.words if word]
    if not words:
        return "\n".join([OVERVIEW, *map(_overview, NOUNS), ENDING])
    typed = words[0].partition("-")[2] or words[0]
    if fold(typed) == "ummailboxpin":
        typed = "UMMailbox"
    names = {name: noun for noun in NOUNS for name in (noun.cmdlet, noun.unix)}
    if fold(typed) not in map(fold, names) and f"\n  {words[0]}" in OVERVIEW:
        return _paragraph(words[0])
    return _noun(names[choose(typed, names, "help about")])


def _overview(noun: Noun) -> str:
    return f"  {noun.unix:13} {'|'.join(noun.verbs)}-{noun.cmdlet}"


def _paragraph(command: str) -> str:
    """The lines of the overview that speak of one command."""
    lines = OVERVIEW.splitlines()
    start = next(n for n, text in enumerate(lines) if text.startswith(f"  {command}"))
    more = takewhile(lambda text: text.startswith("      "), lines[start + 1 :])
    return "\n".join([lines[start], *more])


def _noun(noun: Noun) -> str:
    """One noun: its commands in both spellings, and every parameter."""
    name = "" if noun.single else f" {noun.identity.upper()}"
    lines = []
    for verb in noun.verbs:
        cmdlet, unix = noun.words(verb)
        lines.append(f"  {cmdlet + name:40} {unix}{name}")
    width = max(len(setting.parameter) for setting in noun.settings) + 1
    lines += ["", "Parameters (-AudioCodec or --audio-codec):"]
    lines += [f"  -{setting.parameter:{width}} {_meaning(setting)}" for setting in noun.settings]
    return "\n".join(lines)


def _meaning(setting: Declared) -> str:
    """Help, values, range and default in one line."""
    about = setting.setting
    parts = [about.help]
    if setting.kind is Kind.CHOICE:
        parts.append(" | ".join(choice for choice in setting.choices if choice))
    elif setting.kind is Kind.FLAG:
        parts.append("$true | $false")
    elif setting.kind is Kind.NUMBER and about.high is not None:
        parts.append(f"{about.low} to {about.high} {about.unit}".rstrip())
    elif setting.kind in (Kind.TEXTS, Kind.OBJECTS):
        parts.append("several")
    if setting.required:
        parts.append("needed")
    elif setting.default not in ("", ()):
        parts.append(f"default {setting.default}")
    if about.fixed:
        parts.append("only when it is made")
    return "; ".join(parts)
