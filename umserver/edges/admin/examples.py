"""Two examples of every cmdlet, with the demo organisation's names.

Knows: what administrators type. Must never know: what comes of it; a test types them all.
"""

from __future__ import annotations

from umserver.edges.admin.cmdlet import Cmdlet

_EXAMPLES: dict[str, tuple[str, ...]] = {
    "New-UMDialPlan": (
        "New-UMDialPlan Lyon -NumberOfDigits 4 -CountryOrRegion 33 -GenerateUMMailboxPolicy $false",
        "New-UMDialPlan Paris -NumberOfDigitsInExtension 3 -CountryOrRegionCode 33",
    ),
    "Set-UMDialPlan": (
        "Set-UMDialPlan Demo -MaxCallDuration 45 -AudioCodec G711",
        "Set-UMDialPlan Demo -AccessTelephoneNumbers '@{Add=\"5050\"}'",
    ),
    "New-UMIPGateway": (
        "New-UMIPGateway PBX2 -Address 192.0.2.11",
        "New-UMIPGateway PBX -Address 192.0.2.10 -UMDialPlan Demo",
    ),
    "Set-UMIPGateway": (
        "Set-UMIPGateway loopback -Status NoNewCalls",
        "Set-UMIPGateway loopback -Port 5070",
    ),
    "Disable-UMIPGateway": (
        "Disable-UMIPGateway loopback -Confirm:$false",
        "Disable-UMIPGateway loopback -Immediate $true -Confirm:$false",
    ),
    "New-UMHuntGroup": (
        "New-UMHuntGroup Sales -UMDialPlan Demo -UMIPGateway loopback -PilotIdentifier 5100",
        "New-UMHuntGroup Two -UMDialPlan Demo -UMIPGateway loopback -PilotIdentifier 5101,5102",
    ),
    "Get-UMHuntGroup": (
        "Get-UMHuntGroup",
        "Get-UMHuntGroup 'loopback\\Pilot'",
    ),
    "Remove-UMHuntGroup": (
        "Remove-UMHuntGroup 'loopback\\Any number' -Confirm:$false",
        "Remove-UMHuntGroup 'loopback6\\Any number' -WhatIf",
    ),
    "New-UMAutoAttendant": (
        "New-UMAutoAttendant Night -UMDialPlan Demo -PilotIdentifierList 5002 -Status Enabled",
        "New-UMAutoAttendant Spare -UMDialPlan Demo",
    ),
    "Set-UMAutoAttendant": (
        "Set-UMAutoAttendant Reception -OperatorExtension 1002",
        "Set-UMAutoAttendant Reception -BusinessHoursKeyMapping 1,Sales,1001 2,Support,1002",
    ),
    "New-UMMailboxPolicy": (
        "New-UMMailboxPolicy Sales -UMDialPlan Demo",
        "New-UMMailboxPolicy Strict -UMDialPlan Demo -MinPINLength 8",
    ),
    "Set-UMMailboxPolicy": (
        "Set-UMMailboxPolicy 'Demo Default Policy' -MinPINLength 8",
        "Set-UMMailboxPolicy 'Demo Default Policy' -AllowMissedCallNotifications $false",
    ),
    "New-UMMailbox": (
        "New-UMMailbox dee@example.com -DisplayName Dee -Extension 1004 -UMDialPlan Demo "
        "-UMMailboxPolicy 'Demo Default Policy'",
        "New-UMMailbox eve@example.com -DisplayName Eve -Extension 1005 -UMDialPlan Demo "
        "-UMMailboxPolicy 'Demo Default Policy' -Language fr-FR",
    ),
    "Enable-UMMailbox": (
        "Enable-UMMailbox dee@example.com -UMMailboxPolicy 'Demo Default Policy' -Extensions 1004",
        "Enable-UMMailbox eve@example.com -Extensions 1005 -DisplayName Eve -ValidateOnly",
    ),
    "Set-UMMailbox": (
        "Set-UMMailbox ada@example.com -OperatorNumber 1002",
        "Set-UMMailbox 1002 -MissedCallNotificationEnabled $false",
    ),
    "Get-UMMailbox": (
        "Get-UMMailbox -Filter \"Extension -like '10*'\" -SortBy DisplayName",
        "Get-UMMailbox 1001",
    ),
    "Disable-UMMailbox": (
        "Disable-UMMailbox 1003 -Confirm:$false",
        "Disable-UMMailbox chloe@example.com -KeepProperties $false -Confirm:$false",
    ),
    "Set-Mailbox": (
        "Set-Mailbox 1001 -EmailAddresses '@{Add=\"eum:1010;phone-context=Demo\"}'",
        "Set-Mailbox 1001 -EmailAddresses EUM:1001 eum:ada@sip.example.com",
    ),
    "Set-UMMailboxPIN": (
        "Set-UMMailboxPIN 1001",
        "Set-UMMailboxPIN ada@example.com -Pin 975318",
    ),
    "New-UMTestNumber": (
        "New-UMTestNumber 5010 -UMDialPlan Demo -Script echo",
        "New-UMTestNumber 5011 -UMDialPlan Demo -Script announcement",
    ),
    "Set-UMTestNumber": (
        "Set-UMTestNumber 5008 -Script announcement",
        "Set-UMTestNumber 5009 -Script echo",
    ),
    "New-DistributionGroup": (
        "New-DistributionGroup Support -Members ben@example.com,chloe@example.com",
        "New-DistributionGroup Everybody -PrimarySmtpAddress everybody@example.com",
    ),
    "Set-DistributionGroup": (
        "Set-DistributionGroup Sales -PrimarySmtpAddress sales@example.com",
        "Set-DistributionGroup Sales -HiddenFromAddressListsEnabled $true",
    ),
    "Set-UMService": (
        "Set-UMService -MaxCallsAllowed 50",
        "Set-UMService -MaxCallsAllowed 0 -WhatIf",
    ),
    "Set-UMCallRouterSettings": (
        "Set-UMCallRouterSettings -MaxCallsAllowed 500",
        "Set-UMCallRouterSettings -MaxCallsAllowed 500 -WhatIf",
    ),
}
_REMOVABLE = {
    "UMDialPlan": "Lyon",
    "UMIPGateway": "PBX2",
    "UMAutoAttendant": "Night",
    "UMMailboxPolicy": "Sales",
    "UMTestNumber": "5010",
    "DistributionGroup": "Support",
}
"""What the first examples of New make, or could have made, and nothing needs."""
_NAMES = {
    "UMDialPlan": "Demo",
    "UMIPGateway": "loopback",
    "UMAutoAttendant": "Reception",
    "UMMailboxPolicy": "'Demo Default Policy'",
    "UMMailbox": "1003",
    "UMTestNumber": "5008",
    "DistributionGroup": "Sales",
}


def examples_of(cmdlet: Cmdlet) -> tuple[str, ...]:
    """Two lines to type, without `umctl`."""
    found = cmdlet.examples or _EXAMPLES.get(cmdlet.name)
    if found:
        return found
    names = {**_NAMES, **_REMOVABLE} if cmdlet.verb == "Remove" else _NAMES
    name = f" {names[cmdlet.noun]}" if cmdlet.noun in names else ""
    if cmdlet.shows:
        return (cmdlet.name, f"{cmdlet.name}{name} -Format List")
    sure = " -Confirm:$false" if cmdlet.asks else ""
    return (f"{cmdlet.name}{name}{sure}", f"{cmdlet.name}{name} -WhatIf")
