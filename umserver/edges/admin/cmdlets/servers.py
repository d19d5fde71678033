"""The settings of servers: UMService, UMCallRouterSettings, and the old UMServer for both.

Knows: the two single sections, and what became of -Status (spec 3.10). Must never know: component
states themselves; they stand beside this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve

from umserver.edges.admin.cmdlet import Cmdlet
from umserver.edges.admin.desk import Desk
from umserver.edges.admin.given import Given
from umserver.edges.admin.keeping import changed, some_of
from umserver.edges.admin.line import Mistyped
from umserver.edges.admin.nouns import NAMED, Noun
from umserver.edges.admin.outcome import Outcome, Property
from umserver.edges.admin.parameter import Parameter, flag
from umserver.edges.admin.parameters import settings_of
from umserver.edges.admin.records import record_of

AFTER_RESTART = ("um_startup_mode", "sip_tcp_listening_port", "sip_tls_listening_port")
"""Settings that a running server does not follow (spec 1.3, 3.10)."""
SERVICE, ROUTER = NAMED["UMService"], NAMED["UMCallRouterSettings"]


def get(noun: Noun) -> Any:
    """Show the settings of one role."""

    def run(given: Given, desk: Desk) -> Outcome:
        thing = desk.archive.get(noun.section).thing
        return Outcome((record_of(noun, thing, desk.archive.load()),), in_full=True)

    return run


def set_(noun: Noun) -> Any:
    """Change settings of one role."""

    def run(given: Given, desk: Desk) -> Outcome:
        if given.has("Status"):
            component = "UMCallRouter" if noun is ROUTER else "UnifiedMessaging"
            raise Mistyped(
                "-Status is no setting any more; use Set-ServerComponentState "
                f"-Component {component} -Requester Maintenance -State Active | Inactive | Draining"
            )

        def changes(thing: Any) -> dict[str, Any]:
            found = given.settings(thing)
            if not found:
                raise Mistyped(f"say what to set: {some_of(noun)}")
            return found

        before = desk.archive.get(noun.section).thing
        if changed(noun, desk.archive, "", changes) == before:
            return Outcome(done=f"{noun.cmdlet} is like that already")
        done = f"{noun.cmdlet} is changed{_later(noun, before, changes(before))}"
        return Outcome(done=done, changed=True)

    return run


def _later(noun: Noun, before: Any, changes: Mapping[str, Any]) -> str:
    """Which of these changes wait for a restart, in words; empty without any."""
    late = [
        setting.parameter
        for setting in noun.settings
        if setting.name in AFTER_RESTART
        and changes.get(setting.name, getattr(before, setting.name))
        != getattr(before, setting.name)
    ]
    if not late:
        return ""
    return f"; {' and '.join(late)} {'acts' if len(late) == 1 else 'act'} after a restart"


WHICH = Parameter("Identity", "Name of the server; the settings hold for every one")
SERVER = Parameter("Server", "Name of the server; the settings hold for every one")
STATUSES = ("Enabled", "Disabled", "NoNewCalls")
STATUS = Parameter(
    "Status",
    "Refused with a word about component states",
    form=" | ".join(STATUSES),
    choices=STATUSES,
)
COMPONENTS = ("UMCallRouter", "UnifiedMessaging")
STATES = {"Enabled": "Active", "Disabled": "Inactive", "NoNewCalls": "Draining"}
"""What became of -Status: a component state that Functional asks for."""


def get_server(given: Given, desk: Desk) -> Outcome:
    """Both roles in the words of Exchange 2010."""
    service, router = (desk.archive.get(noun.section).thing for noun in (SERVICE, ROUTER))
    states = {str(row["component"]): row["state"] for row in desk.states(given.identity(), "")}
    words = {state: status for status, state in STATES.items()}
    worst = [
        status for status in STATES if status in {words.get(states.get(c, "")) for c in COMPONENTS}
    ]
    shown = record_of(SERVICE, service)
    more = (
        found for found in record_of(ROUTER, router) if found.name not in {p.name for p in shown}
    )
    status = "NoNewCalls" if "NoNewCalls" in worst else worst[-1] if worst else "Enabled"
    name = given.identity() or desk.server
    head = (Property("Name", name, "name"), Property("Status", status, "status"))
    return Outcome(((*head, *shown, *more),), in_full=True)


def set_server(given: Given, desk: Desk) -> Outcome:
    """Settings go to both roles, -Status to the components."""
    parts = []
    status = given.choice("Status")
    changed_any = False
    for noun in (SERVICE, ROUTER):
        names = {setting.name for setting in noun.settings}

        def changes(thing: Any, names: set[str] = names) -> dict[str, Any]:
            return {key: value for key, value in given.settings(thing).items() if key in names}

        if changes(desk.archive.get(noun.section).thing):
            before = desk.archive.get(noun.section).thing
            changed(noun, desk.archive, "", changes)
            parts.append(f"{noun.cmdlet} is changed{_later(noun, before, changes(before))}")
            changed_any = True
    if status:
        parts.append(_switched(desk, given.identity(), status))
    if not parts:
        raise Mistyped("say what to set: -Status or a setting of Set-UMService")
    return Outcome(done=", ".join(parts), changed=changed_any)


def _switched(desk: Desk, server: str, status: str) -> str:
    """Both components in the state that a status of Exchange 2010 stands for."""
    for component in COMPONENTS:
        desk.set_state(server, (component, "Functional", STATES[status]), local=True, remote=True)
    return f"server {server or desk.server} is {status}: its components are {STATES[status]}"


def switch(on: bool) -> Any:
    """Enable or disable a server."""

    def run(given: Given, desk: Desk) -> Outcome:
        server = given.identity()
        if on:
            return Outcome(done=_switched(desk, server, "Enabled"))
        if not desk.sure(f"Disable {server or desk.server}?"):
            return Outcome()
        at_once = given.flag("Immediate")
        done = _switched(desk, server, "Disabled" if at_once else "NoNewCalls")
        return Outcome(done=done)

    return run


_BOTH = {p.name: p for noun in (ROUTER, SERVICE) for p in settings_of(noun)}
_ON = Parameter("Identity", "Name of the server; this one when it is not given")
_AT_ONCE = flag("Immediate", "Do not let running calls end by themselves", False)


def _legacy(noun: str, unix: str) -> tuple[Cmdlet, ...]:
    """Enable and Disable under one of their two old names."""
    return (
        Cmdlet(
            "Enable",
            noun,
            "Lets a server take calls (old name; Set-ServerComponentState does more)",
            switch(True),
            (_ON,),
            unix=f"{unix} enable",
            examples=(f"Enable-{noun}", f"Enable-{noun} -WhatIf"),
        ),
        Cmdlet(
            "Disable",
            noun,
            "Lets a server take no new calls (old name; Set-ServerComponentState does more)",
            switch(False),
            (_ON, _AT_ONCE),
            unix=f"{unix} disable",
            asks=True,
            examples=(
                f"Disable-{noun} -Confirm:$false",
                f"Disable-{noun} -Immediate $true -Confirm:$false",
            ),
        ),
    )


CMDLETS = (
    Cmdlet(
        "Get",
        "UMService",
        "Shows the settings of the answering desks (mbx)",
        get(SERVICE),
        (WHICH,),
        unix="service get",
    ),
    Cmdlet(
        "Set",
        "UMService",
        "Changes the settings of the answering desks (mbx)",
        set_(SERVICE),
        (WHICH, *settings_of(SERVICE), STATUS),
        unix="service set",
    ),
    Cmdlet(
        "Get",
        "UMCallRouterSettings",
        "Shows the settings of the call routers (cas)",
        get(ROUTER),
        (SERVER,),
        unix="router get",
        first="Server",
    ),
    Cmdlet(
        "Set",
        "UMCallRouterSettings",
        "Changes the settings of the call routers (cas)",
        set_(ROUTER),
        (SERVER, *settings_of(ROUTER), STATUS),
        unix="router set",
        first="Server",
    ),
    Cmdlet(
        "Get",
        "UMServer",
        "Shows the settings of both roles, and a status made of their states (old name)",
        get_server,
        (WHICH,),
        unix="server get",
        examples=("Get-UMServer", "Get-UMServer --json"),
    ),
    Cmdlet(
        "Set",
        "UMServer",
        "Changes the settings of both roles, and with -Status their states (old name)",
        set_server,
        (WHICH, *_BOTH.values(), evolve(STATUS, help="Becomes the state of both components")),
        unix="server set",
        examples=("Set-UMServer -MaxCallsAllowed 50", "Set-UMServer -Status NoNewCalls"),
    ),
    *_legacy("UMService", "service"),
    *_legacy("UMServer", "server"),
)
