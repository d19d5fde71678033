"""The settings of a user (spec 3.7, 2.6, 2.7).

Knows: each setting by itself. Must never know: other objects, how PINs are kept.
"""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import field, frozen

from umserver.org.declare import Setting, Unlimited
from umserver.org.dtmf import FORM as MAP_FORM
from umserver.org.dtmf import entry
from umserver.org.eum import FORM, eum_address, read_eum, tidy_eum
from umserver.org.forms import digits, language, mail_address, number
from umserver.org.numbers import key
from umserver.org.settings.rule import CallAnsweringRule
from umserver.org.settings.words import HOSTING, HYBRID, NO_WMA, later
from umserver.org.zones import tidy_zone, time_zone

EVERYWHERE = ""
"""In the place of a dial plan: a number that means somebody whatever plan a call came by."""


@frozen(kw_only=True)
class Mailbox:
    """A user whose calls are answered (spec 3.7). Not in the snapshot: found by number."""

    address: Annotated[str, Setting("Mail address, the user's identity", "3.7", check=mail_address)]
    display_name: Annotated[str, Setting("Name that callers hear and mails show", "3.7", high=64)]
    extension: Annotated[str, Setting("Primary extension", "2.6", check=digits)]
    dial_plan: Annotated[
        str,
        Setting(
            "The primary dial plan",
            "3.7",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]
    policy: Annotated[
        str,
        Setting(
            "The mailbox policy",
            "3.7",
            refers_to="mailbox_policies",
            parameter="UMMailboxPolicy",
        ),
    ]
    um_enabled: Annotated[
        bool, Setting("Whether calls are answered for this user", "3.7", parameter="UMEnabled")
    ] = True
    name: Annotated[str, later("Name in lists; the display name when empty", "3.7", high=64)] = ""
    first_name: Annotated[
        str,
        Setting("First name; the display name's first words when empty", "2.6", high=64, own=True),
    ] = ""
    last_name: Annotated[
        str, Setting("Last name; the display name's last word when empty", "2.6", high=64, own=True)
    ] = ""

    title: Annotated[
        str, Setting("Title, told to callers where names are the same", "6.2", high=64, own=True)
    ] = ""
    department: Annotated[
        str,
        Setting("Department, told where names are the same", "6.2", high=64, own=True),
    ] = ""
    location: Annotated[
        str,
        Setting(
            "Office, told to callers where names are the same",
            "6.2",
            high=128,
            own=True,
            also=("Office",),
        ),
    ] = ""
    prohibit_send_receive_quota: Annotated[
        Unlimited,
        Setting(
            "Size of the mailbox above which callers hear that it is full",
            "4.6",
            "MB",
            low=1,
            high=100_000_000,
            own=True,
        ),
    ] = "Unlimited"
    server_name: Annotated[
        str,
        Setting(
            "Server that holds the mailbox where storage is local; any when empty",
            "4.1",
            high=253,
            own=True,
        ),
    ] = ""

    # numbers

    sip_resource_identifier: Annotated[
        str,
        Setting(
            "SIP address on a SipName plan, + and number on an E164 plan",
            "3.7",
            check=number,
            parameter="SIPResourceIdentifier",
        ),
    ] = ""
    secondary_numbers: Annotated[
        tuple[str, ...],
        Setting(
            "Further extensions, E.164 numbers and SIP addresses", "2.6", check=number, own=True
        ),
    ] = ()
    secondary_addresses: Annotated[
        tuple[str, ...],
        Setting(
            "Numbers in further dial plans",
            "2.7",
            check=eum_address,
            tidy=tidy_eum,
            form=FORM,
            own=True,
        ),
    ] = ()
    um_calling_line_ids: Annotated[
        tuple[str, ...],
        Setting(
            "Further numbers by which a caller is known to be this user",
            "3.13, 4.5",
            check=number,
            parameter="UMCallingLineIds",
        ),
    ] = ()
    um_dtmf_map: Annotated[
        tuple[str, ...],
        Setting(
            "What callers press for the names; made when the user is enabled",
            "2.6",
            high=20,
            check=entry,
            form=MAP_FORM,
            parameter="UMDtmfMap",
        ),
    ] = ()

    # what is used

    automatic_speech_recognition_enabled: Annotated[
        bool, Setting("Whether the user can speak commands", "3.7")
    ] = True
    fax_enabled: Annotated[bool, later("Whether faxes are taken for this user", "3.7, 4.7")] = True
    subscriber_access_enabled: Annotated[
        bool, later("Whether this user can call Outlook Voice Access", "3.7")
    ] = True
    prompt_editing_enabled: Annotated[
        bool,
        Setting(
            "Whether this user may record prompts of attendants and dial plans by telephone",
            "6.4",
            own=True,
        ),
    ] = False
    pinless_access_to_voice_mail_enabled: Annotated[
        bool, later("Whether voice mail is heard without a PIN from an own telephone", "3.7")
    ] = False
    tui_access_to_calendar_enabled: Annotated[
        bool,
        later(
            "Whether the telephone opens the calendar",
            "3.7",
            parameter="TUIAccessToCalendarEnabled",
        ),
    ] = True
    tui_access_to_email_enabled: Annotated[
        bool,
        later("Whether the telephone reads mail", "3.7", parameter="TUIAccessToEmailEnabled"),
    ] = True
    play_on_phone_enabled: Annotated[
        bool, later("Whether messages can be played on a telephone", "3.7")
    ] = True
    call_answering_rules_enabled: Annotated[
        bool, later("Whether this user's rules are followed", "3.7, 7")
    ] = True
    call_answering_rules: Annotated[
        tuple[CallAnsweringRule, ...],
        Setting("Rules for calls", "3.8, 7", high=9, own=True),
    ] = ()
    allow_um_calls_from_non_users: Annotated[
        Literal["None", "SearchEnabled"],
        later(
            "Whether callers from outside find and reach this user",
            "3.7",
            parameter="AllowUMCallsFromNonUsers",
        ),
    ] = "SearchEnabled"
    um_sms_notification_option: Annotated[
        Literal["None", "VoiceMail", "VoiceMailAndMissedCalls"],
        later("What text messages tell of", "3.7, 4.8", parameter="UMSMSNotificationOption"),
    ] = "None"
    voice_mail_analysis_enabled: Annotated[
        bool, later("Whether copies of messages may be sent for analysis", "3.7")
    ] = False

    # what callers and mails say

    language: Annotated[
        str,
        Setting("Language of the mails; the plan's when empty", "5.10", check=language, own=True),
    ] = ""
    time_zone: Annotated[
        str,
        Setting(
            "Time zone in which mails show times",
            "8.4",
            check=time_zone,
            tidy=tidy_zone,
            own=True,
        ),
    ] = "UTC"
    hour_clock: Annotated[
        Literal["", "12", "24"],
        Setting(
            "Hours of the clock of spoken times; as the language likes when empty",
            "5.7",
            own=True,
        ),
    ] = ""
    voice_access_interface: Annotated[
        Literal["Touchtone", "Speech"],
        Setting("What voice access begins with; keys always work", "5, 5.7", own=True),
    ] = "Touchtone"
    operator_number: Annotated[
        str, later("Personal operator; the plan's when empty", "3.7", high=20, check=number)
    ] = ""
    anonymous_callers_can_leave_messages: Annotated[
        bool, later("Whether callers without a number can leave messages", "3.7")
    ] = True
    missed_call_notification_enabled: Annotated[
        bool, later("Whether calls without a message become a mail", "3.7")
    ] = True
    call_answering_audio_codec: Annotated[
        Literal["", "Mp3", "G711", "Gsm", "Pcm"],
        later("Coding of messages; the plan's when empty", "3.7, 8.3", refused=NO_WMA),
    ] = ""

    # what only others used

    im_list_migration_completed: Annotated[
        bool,
        later("Whether contacts moved to another program", "3.7", without_effect=HYBRID),
    ] = False
    air_sync_numbers: Annotated[
        tuple[str, ...],
        later("Numbers for synchronised telephones", "3.7", high=3, without_effect=HOSTING),
    ] = ()
    phone_number: Annotated[
        str, later("Number at a provider", "3.7", high=64, without_effect=HOSTING)
    ] = ""
    phone_provider_id: Annotated[
        str, later("The provider of this number", "3.7", high=255, without_effect=HOSTING)
    ] = ""
    verify_global_routing_entry: Annotated[
        bool, later("Whether the hoster's routing is checked", "3.7", without_effect=HOSTING)
    ] = False

    pin: Annotated[
        str,
        Setting(
            "PIN, at least as long as the policy wants",
            "3.7",
            high=24,
            check=digits,
            secret=True,
            parameter="PIN",
        ),
    ] = field(default="", repr=False)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Every key under which the dial plan knows this user (see `umserver.org.numbers.key`)."""
        texts = (self.extension, self.sip_resource_identifier, *self.secondary_numbers)
        return tuple(dict.fromkeys(key(text) for text in texts if text))

    @property
    def places(self) -> tuple[tuple[str, str], ...]:
        """Every dial plan and key under which this user is called, the primary one first."""
        other = (read_eum(text) for text in self.secondary_addresses)
        return (
            *((self.dial_plan, number) for number in self.numbers),
            *((address.dial_plan, address.number) for address in other),
        )

    @property
    def index(self) -> tuple[tuple[str, str], ...]:
        """The same, and the numbers from which this user calls, which have the plan EVERYWHERE.

        A store has to find the mailbox by each of them, and lets nobody else have one of them.
        """
        if not self.um_calling_line_ids and not self.secondary_addresses:
            return tuple((self.dial_plan, number) for number in self.numbers)
        lines = ((EVERYWHERE, key(text)) for text in self.um_calling_line_ids)
        return tuple(dict.fromkeys((*self.places, *lines)))
