"""The settings of a mailbox policy (spec 3.6).

Knows: each setting by itself. Must never know: other objects.
"""

from __future__ import annotations

from typing import Annotated

from attrs import frozen

from umserver.org.declare import Setting, Unlimited
from umserver.org.forms import fax_uri, mail_address, name
from umserver.org.settings.words import ONE_FOREST, Protection, later

ZERO_IS_NEVER = {"0": "Unlimited"}


@frozen(kw_only=True)
class MailboxPolicy:
    """What the users of a dial plan may and must (spec 3.6)."""

    name: Annotated[str, Setting("Name of the policy", "3.6", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan of its users",
            "3.6",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]

    # PINs

    min_pin_length: Annotated[
        int,
        later("Shortest PIN", "3.6", "digits", low=4, high=24, parameter="MinPINLength"),
    ] = 6
    pin_lifetime: Annotated[
        Unlimited,
        later(
            "Days after which a PIN has to be changed; 0 is Unlimited",
            "3.6; 12 no 9",
            "days",
            low=1,
            high=999,
            parameter="PINLifetime",
            spellings=ZERO_IS_NEVER,
        ),
    ] = 60
    pin_history_count: Annotated[
        int,
        later(
            "PINs that differ before one may come again, the first one counted too",
            "3.6",
            low=1,
            high=20,
            parameter="PINHistoryCount",
        ),
    ] = 5
    allow_common_patterns: Annotated[
        bool, later("Whether PINs such as 123456 and 111111 may be chosen", "3.6")
    ] = False
    logon_failures_before_pin_reset: Annotated[
        Unlimited,
        later(
            "Wrong PINs in a row after which a new one is mailed; 0 is Unlimited",
            "3.6; 12 no 7 and 8",
            low=1,
            high=998,
            parameter="LogonFailuresBeforePINReset",
            spellings=ZERO_IS_NEVER,
        ),
    ] = 5
    max_logon_attempts: Annotated[
        Unlimited,
        later("Wrong PINs in a row that lock the mailbox", "3.6", low=1, high=999),
    ] = 15

    # what users may

    allow_missed_call_notifications: Annotated[
        bool, later("Whether calls without a message become a mail", "3.6")
    ] = True
    allow_message_waiting_indicator: Annotated[
        bool, later("Whether lamps on telephones are lit", "3.6, 4.8")
    ] = True
    allow_sms_notification: Annotated[
        bool,
        later("Whether text messages tell of calls", "3.6, 4.8", parameter="AllowSMSNotification"),
    ] = True
    allow_voice_mail_preview: Annotated[
        bool, later("Whether mails show what was said", "3.6, 8.7")
    ] = True
    allow_play_on_phone: Annotated[
        bool, later("Whether messages can be played on a telephone", "3.6, 4.11")
    ] = True
    allow_call_answering_rules: Annotated[
        bool, later("Whether users can have call answering rules", "3.6, 7")
    ] = True
    allow_automatic_speech_recognition: Annotated[
        bool, later("Whether users can speak commands", "3.6")
    ] = True
    allow_subscriber_access: Annotated[
        bool, later("Whether users can call Outlook Voice Access", "3.6")
    ] = True
    allow_pinless_voice_mail_access: Annotated[
        bool, later("Whether voice mail can be heard without a PIN from an own telephone", "3.6")
    ] = False
    allow_tui_access_to_calendar: Annotated[
        bool,
        later(
            "Whether the telephone opens the calendar", "3.6", parameter="AllowTUIAccessToCalendar"
        ),
    ] = True
    allow_tui_access_to_directory: Annotated[
        bool,
        later(
            "Whether the telephone opens the directory",
            "3.6",
            parameter="AllowTUIAccessToDirectory",
        ),
    ] = True
    allow_tui_access_to_email: Annotated[
        bool, later("Whether the telephone reads mail", "3.6", parameter="AllowTUIAccessToEmail")
    ] = True
    allow_tui_access_to_personal_contacts: Annotated[
        bool,
        later(
            "Whether the telephone opens personal contacts",
            "3.6",
            parameter="AllowTUIAccessToPersonalContacts",
        ),
    ] = True
    allow_voice_response_to_other_message_types: Annotated[
        bool, later("Whether mails and meetings can be answered by voice", "3.6")
    ] = True
    allow_fax: Annotated[
        bool, later("Whether faxes are taken; needs FaxServerURI", "3.6, 4.7; 12 no 10")
    ] = True
    fax_server_uri: Annotated[
        tuple[str, ...],
        later(
            "Fax partners, as sip:fax.example.com:5060;transport=tcp",
            "3.6, 4.7",
            high=10,
            check=fax_uri,
            parameter="FaxServerURI",
        ),
    ] = ()

    # dialling out

    allow_dial_plan_subscribers: Annotated[
        bool, later("Whether users may dial users of their plan", "3.6, 4.9")
    ] = True
    allow_extensions: Annotated[
        bool, later("Whether they may dial any number as long as an extension", "3.6, 4.9; 12 no 2")
    ] = True
    allowed_in_country_or_region_groups: Annotated[
        tuple[str, ...],
        later("Groups of rules of the plan for them, own country", "3.6, 4.9", check=name),
    ] = ()
    allowed_international_groups: Annotated[
        tuple[str, ...],
        later("Groups of rules of the plan for them, other countries", "3.6, 4.9", check=name),
    ] = ()

    # messages

    max_greeting_duration: Annotated[
        int, later("Longest greeting", "3.6", "minutes", low=1, high=10)
    ] = 5
    protect_unauthenticated_voice_mail: Annotated[
        Protection,
        later("Which messages of callers are protected; Private lets callers mark them", "3.6"),
    ] = "None"
    protect_authenticated_voice_mail: Annotated[
        Protection, later("Which messages sent by telephone are protected", "3.6")
    ] = "None"
    require_protected_play_on_phone: Annotated[
        bool, later("Whether protected messages are heard by telephone only", "3.6; 12 no 11")
    ] = False
    protected_voice_mail_text: Annotated[
        str, later("Text around a protected message; built in when empty", "3.6, 8.6", high=512)
    ] = ""
    um_enabled_text: Annotated[
        str,
        later(
            "Text below the welcome mail, simple HTML allowed",
            "3.6, 8.5",
            high=512,
            parameter="UMEnabledText",
        ),
    ] = ""
    reset_pin_text: Annotated[
        str,
        later(
            "Text below the mail with a new PIN, simple HTML allowed",
            "3.6, 8.5",
            high=512,
            parameter="ResetPINText",
        ),
    ] = ""
    voice_mail_text: Annotated[
        str, later("Text below every voice mail, simple HTML allowed", "3.6", high=512)
    ] = ""
    fax_message_text: Annotated[
        str, later("Text below every fax, simple HTML allowed", "3.6", high=512)
    ] = ""

    # previews and analysis

    allow_voice_mail_analysis: Annotated[
        bool, later("Whether copies of messages may be sent for analysis", "3.6")
    ] = False
    inform_caller_of_voice_mail_analysis: Annotated[
        bool, later("Whether callers are told of it", "3.6")
    ] = False
    voice_mail_preview_partner_address: Annotated[
        str, later("Mail address of a partner who writes previews", "3.6, 8.7", check=mail_address)
    ] = ""
    voice_mail_preview_partner_assigned_id: Annotated[
        str,
        later(
            "What this partner calls us",
            "3.6, 8.7",
            high=255,
            parameter="VoiceMailPreviewPartnerAssignedID",
        ),
    ] = ""
    voice_mail_preview_partner_max_message_duration: Annotated[
        int, later("Longest message for the partner", "3.6, 8.7", "seconds", low=60)
    ] = 180
    voice_mail_preview_partner_max_delivery_delay: Annotated[
        int,
        later("Time after which a message goes without a preview", "3.6, 8.7", "seconds", low=300),
    ] = 1200
    source_forest_policy_names: Annotated[
        tuple[str, ...],
        later("Policies elsewhere that become this one", "3.6", without_effect=ONE_FOREST),
    ] = ()
