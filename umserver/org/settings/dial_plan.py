"""The settings of a dial plan (spec 3.2), and its dialing rules (spec 4.9).

Knows: each setting by itself. Must never know: other objects, how numbers are dialled.
"""

from __future__ import annotations

from typing import Annotated, Literal

from attrs import frozen

from umserver.org.declare import Setting, ThreeState
from umserver.org.dialing import dialed_number, number_format, number_mask
from umserver.org.forms import country_code, digits, file_name, language, mask, name, number
from umserver.org.settings.words import (
    EXCHANGE_2007,
    HOSTING,
    NO_TREE,
    NO_WMA,
    ON_OR_OFF,
    AudioCodec,
    RoutingScheme,
    later,
)


@frozen(kw_only=True)
class DialingRule:
    """One line of a group of dialing rules; its columns are the CSV header of spec 4.9."""

    name: Annotated[str, Setting("The group that the rule belongs to", "4.9", high=32)]
    number_mask: Annotated[
        str,
        Setting(
            "Numbers that it fits: digits, x for one digit, * at the end for any",
            "4.9",
            high=64,
            check=number_mask,
        ),
    ]
    dialed_number: Annotated[
        str,
        Setting(
            "What is dialled, with the x and * of the mask", "4.9", high=64, check=dialed_number
        ),
    ]
    comment: Annotated[str, Setting("A note for administrators", "4.9", high=255)] = ""


@frozen(kw_only=True)
class DialPlan:
    """Numbers of one length and the rules that hold for their owners and callers (spec 3.2)."""

    name: Annotated[str, Setting("Name of the dial plan", "3.2", high=64, check=name)]
    number_of_digits_in_extension: Annotated[
        int, Setting("Length of every extension", "3.2", "digits", low=1, high=20, fixed=True)
    ]
    country_or_region_code: Annotated[
        str, Setting("Own country code, without +", "3.2", high=4, check=country_code)
    ]
    uri_type: Annotated[
        Literal["TelExtn", "E164", "SipName"],
        Setting("What called numbers look like", "2.3", parameter="URIType", fixed=True),
    ] = "TelExtn"
    voip_security: Annotated[
        Literal["Unsecured", "SIPSecured", "Secured"],
        Setting("Whether SIP and sound are encrypted", "2.4", parameter="VoIPSecurity"),
    ] = "Unsecured"
    default_language: Annotated[
        str, Setting("Language that callers hear", "3.2", check=language)
    ] = "en-US"
    fax_enabled: Annotated[
        bool, Setting("Whether faxes are accepted at all; outweighs the user's setting", "3.2, 4.7")
    ] = True
    access_telephone_numbers: Annotated[
        tuple[str, ...], Setting("Numbers of Outlook Voice Access", "3.2", check=number)
    ] = ()
    pilot_identifier_list: Annotated[
        tuple[str, ...], later("Pilot numbers of the plan", "3.2", check=number)
    ] = ()
    sip_resource_identifier_required: Annotated[
        bool,
        Setting(
            "Whether users of an E164 plan need a SIP address or number too", "3.2", fixed=True
        ),
    ] = False
    global_call_routing_scheme: Annotated[
        RoutingScheme,
        Setting("How a hoster routed calls", "3.2", fixed=True, without_effect=HOSTING),
    ] = "None"
    subscriber_type: Annotated[
        Literal["", "Enterprise", "Consumer"],
        Setting("Whose users they are", "3.2", fixed=True, without_effect=HOSTING),
    ] = ""
    default_outbound_calling_line_id: Annotated[
        str,
        Setting(
            "Number shown by placed calls; the user's extension when empty", "3.2", check=number
        ),
    ] = ""

    # the coding and the length of calls

    audio_codec: Annotated[
        AudioCodec, later("Coding of recorded messages", "3.2, 8.3", refused=NO_WMA)
    ] = "Mp3"
    max_call_duration: Annotated[int, later("Longest call", "3.2", "minutes", low=10, high=120)] = (
        30
    )
    max_recording_duration: Annotated[
        int,
        later("Longest recording, less than the call", "3.2", "minutes", low=1, high=100),
    ] = 20
    recording_idle_timeout: Annotated[
        int, later("Silence that ends a recording", "3.2", "seconds", low=2, high=10)
    ] = 5
    input_failures_before_disconnect: Annotated[
        int, later("Wrong inputs in a row that end a call", "3.2", low=1, high=20)
    ] = 3
    logon_failures_before_disconnect: Annotated[
        int, later("Wrong PINs in one call that end it", "3.2", low=1, high=20)
    ] = 3
    operator_extension: Annotated[
        str, later("Number of the operator; none when empty", "3.2", check=number)
    ] = ""

    # greetings

    welcome_greeting_enabled: Annotated[
        bool, later("Whether the plan's own welcome greeting is played", "3.2")
    ] = False
    welcome_greeting_filename: Annotated[
        str, later("Imported prompt that welcomes", "3.2", high=255, check=file_name)
    ] = ""
    info_announcement_enabled: Annotated[
        ThreeState,
        later("Whether news are played after the welcome", "3.2", spellings=ON_OR_OFF),
    ] = "False"
    info_announcement_filename: Annotated[
        str, later("Imported prompt with the news", "3.2", high=255, check=file_name)
    ] = ""
    tui_prompt_editing_enabled: Annotated[
        bool,
        later(
            "Whether prompts can be recorded by telephone",
            "3.2, 6.4",
            parameter="TUIPromptEditingEnabled",
        ),
    ] = False
    legacy_prompt_publishing_point: Annotated[
        str,
        later("Share for prompts of old servers", "3.2", high=255, without_effect=EXCHANGE_2007),
    ] = ""

    # what callers and users may

    automatic_speech_recognition_enabled: Annotated[
        bool, later("Whether users can speak commands", "3.2")
    ] = True
    call_answering_rules_enabled: Annotated[
        bool, later("Whether rules of users are followed", "3.2, 7")
    ] = True
    call_someone_enabled: Annotated[
        bool, later("Whether callers of voice access can be put through to users", "3.2")
    ] = True
    send_voice_msg_enabled: Annotated[
        bool, later("Whether callers can leave a message without ringing", "3.2")
    ] = True
    um_auto_attendant: Annotated[
        str,
        later(
            "Auto attendant behind the star key at the number of voice access",
            "3.2",
            refers_to="auto_attendants",
            parameter="UMAutoAttendant",
        ),
    ] = ""

    # whom callers find

    contact_scope: Annotated[
        Literal["DialPlan", "GlobalAddressList", "Extension", "AutoAttendantLink", "AddressList"],
        later("Who can be searched from the number of voice access", "3.2"),
    ] = "DialPlan"
    contact_address_list: Annotated[
        str,
        later(
            "Distribution group whose members are found with the scope AddressList",
            "3.2",
            high=255,
            refers_to="distribution_groups",
        ),
    ] = ""
    contact_recipient_container: Annotated[
        str,
        later("The part of a directory that is searched", "3.2", high=255, without_effect=NO_TREE),
    ] = ""
    extension: Annotated[
        str,
        later("The one extension with the scope Extension", "3.2", high=20, check=digits),
    ] = ""
    dial_by_name_primary: Annotated[
        Literal["LastFirst", "FirstLast", "SMTPAddress"],
        later("How callers spell names", "3.2, 6.2"),
    ] = "LastFirst"
    dial_by_name_secondary: Annotated[
        Literal["LastFirst", "FirstLast", "SMTPAddress", "None"],
        later("How callers may spell names too", "3.2, 6.2"),
    ] = "SMTPAddress"
    matched_name_selection_method: Annotated[
        Literal["Title", "Department", "Location", "None", "PromptForAlias"],
        later("What tells people of one name apart", "3.2, 6.2"),
    ] = "None"

    # who calls

    allow_heuristic_ad_calling_line_id_resolution: Annotated[
        bool,
        later(
            "Whether telephone numbers of the directory give callers a name",
            "3.2, 4.5",
            parameter="AllowHeuristicADCallingLineIdResolution",
        ),
    ] = True
    equivalent_dial_plan_phone_contexts: Annotated[
        tuple[str, ...],
        later("Dial plans whose users are looked for too", "3.2", refers_to="dial_plans"),
    ] = ()
    numbering_plan_formats: Annotated[
        tuple[str, ...],
        later(
            "Forms of numbers whose last digits are an extension, as 142570xxxxx", "3.2", check=mask
        ),
    ] = ()

    # dialling out

    allow_dial_plan_subscribers: Annotated[
        bool, later("Whether callers who did not log in may dial users of this plan", "3.2, 4.9")
    ] = True
    allow_extensions: Annotated[
        bool, later("Whether they may dial any number as long as an extension", "3.2, 4.9; 12 no 2")
    ] = False
    allowed_in_country_or_region_groups: Annotated[
        tuple[str, ...], later("Groups of rules for them, own country", "3.2, 4.9", check=name)
    ] = ()
    allowed_international_groups: Annotated[
        tuple[str, ...], later("Groups of rules for them, other countries", "3.2, 4.9", check=name)
    ] = ()
    configured_in_country_or_region_groups: Annotated[
        tuple[DialingRule, ...], later("Dialing rules for the own country", "3.2, 4.9", high=1000)
    ] = ()
    configured_international_groups: Annotated[
        tuple[DialingRule, ...], later("Dialing rules for other countries", "3.2, 4.9", high=1000)
    ] = ()
    outside_line_access_code: Annotated[
        str, later("Digits for an outside line", "3.2; 12 no 3", high=16, check=digits)
    ] = ""
    international_access_code: Annotated[
        str, later("Digits dialled before a country code", "3.2", high=4, check=digits)
    ] = ""
    national_number_prefix: Annotated[
        str, later("Digits dialled before an area code", "3.2", high=4, check=digits)
    ] = ""
    in_country_or_region_number_format: Annotated[
        str,
        later(
            "How other plans of the same country dial users of this one",
            "3.2, 4.9",
            high=32,
            check=number_format,
        ),
    ] = ""
    international_number_format: Annotated[
        str,
        later(
            "How plans of other countries dial users of this one",
            "3.2, 4.9",
            high=32,
            check=number_format,
        ),
    ] = ""
