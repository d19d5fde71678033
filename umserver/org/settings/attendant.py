"""The settings of an auto attendant: hours, holidays, menus (spec 3.5).

Knows: each setting by itself. Must never know: other objects, what answers at a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from attrs import frozen

from umserver.org.declare import Setting, ThreeState
from umserver.org.forms import file_name, language, mail_address, name, number
from umserver.org.holidays import day, tidy_date
from umserver.org.schedule import FORM, interval, intervals, tidy_interval
from umserver.org.settings.words import NO_TREE, ON_OR_OFF, Status, later
from umserver.org.zones import tidy_zone, time_zone


@frozen(kw_only=True)
class KeyMapping:
    """What one key of an auto attendant's menu does (spec 3.5)."""

    key: Annotated[str, Setting("The key, 1 to 9, or - for nothing pressed", "3.5", high=1)]
    description: Annotated[str, Setting("What is said about it", "3.5", high=64)]
    extension: Annotated[str, Setting("Number to transfer to", "3.5", check=number)] = ""
    auto_attendant: Annotated[
        str,
        Setting("Auto attendant that goes on", "3.5", refers_to="auto_attendants"),
    ] = ""
    prompt_file: Annotated[
        str, Setting("Imported prompt that is played first", "3.5", high=255, check=file_name)
    ] = ""
    asr_phrases: Annotated[
        str, Setting("What callers may say instead, with ; between", "3.5", high=512)
    ] = ""
    leave_voice_mail_for: Annotated[
        str, Setting("Extension to leave a message for", "3.5", check=number)
    ] = ""
    transfer_to_mailbox: Annotated[
        str, Setting("Extension of the user to ring", "3.5", check=number)
    ] = ""
    announce_business_location: Annotated[
        bool, Setting("Whether the location is spoken", "3.5, 6.3")
    ] = False
    announce_business_hours: Annotated[
        bool, Setting("Whether the hours are spoken", "3.5, 6.3")
    ] = False

    @property
    def actions(self) -> tuple[str, ...]:
        """Names of the things that this key does beside playing a file; one at most is sound."""
        return tuple(word for word in _ACTIONS if getattr(self, word))


_ACTIONS = (
    "extension",
    "auto_attendant",
    "leave_voice_mail_for",
    "transfer_to_mailbox",
    "announce_business_location",
    "announce_business_hours",
)


@frozen(kw_only=True)
class Holiday:
    """Whole days on which an auto attendant greets otherwise (spec 3.5)."""

    name: Annotated[str, Setting("Name of the holiday", "3.5", high=64)]
    file: Annotated[
        str, Setting("Imported prompt of the greeting", "3.5", high=255, check=file_name)
    ]
    start: Annotated[str, Setting("First day, month/day/year", "3.5", check=day, tidy=tidy_date)]
    end: Annotated[
        str, Setting("Last day; the first when empty", "3.5", check=day, tidy=tidy_date)
    ] = ""


@frozen(kw_only=True)
class AutoAttendant:
    """Answers a number with a menu (spec 3.5)."""

    name: Annotated[str, Setting("Name of the auto attendant", "3.5", high=64, check=name)]
    dial_plan: Annotated[
        str,
        Setting(
            "The dial plan it belongs to",
            "3.5",
            refers_to="dial_plans",
            parameter="UMDialPlan",
            fixed=True,
        ),
    ]
    pilot_identifier_list: Annotated[
        tuple[str, ...], Setting("Its numbers", "3.5", check=number)
    ] = ()
    status: Annotated[Status, Setting("Whether it answers", "3.5")] = "Disabled"
    speech_enabled: Annotated[
        bool, Setting("Whether callers speak instead of pressing keys", "3.5; 12 no 18")
    ] = False
    dtmf_fallback_auto_attendant: Annotated[
        str,
        Setting(
            "Auto attendant with keys for callers who are not understood",
            "3.5",
            refers_to="auto_attendants",
            parameter="DTMFFallbackAutoAttendant",
        ),
    ] = ""
    language: Annotated[
        str, later("Language of its prompts; the plan's when empty", "3.5", check=language)
    ] = ""
    operator_extension: Annotated[
        str, later("Its operator; the plan's when empty", "3.5", check=number)
    ] = ""

    # who and when

    business_name: Annotated[
        str, later("Name of the business, spoken in the welcome", "3.5", high=64)
    ] = ""
    business_location: Annotated[str, later("Where it is, spoken on request", "3.5", high=512)] = ""
    time_zone: Annotated[
        str,
        later(
            "Time zone of its hours; the server's when empty",
            "3.5",
            check=time_zone,
            tidy=tidy_zone,
            parameter="Timezone",
            also=("TimeZoneName",),
        ),
    ] = ""
    week_start_day: Annotated[
        Literal["", "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"],
        later("Day with which spoken hours begin; the language's when empty", "3.5"),
    ] = ""
    business_hours_schedule: Annotated[
        tuple[str, ...],
        later(
            "Business hours; always open when empty",
            "3.5, 3.1",
            high=100,
            check=interval,
            check_all=intervals,
            tidy=tidy_interval,
            form=FORM,
        ),
    ] = ()
    holiday_schedule: Annotated[
        tuple[Holiday, ...], later("Holidays; of several on one day the shortest", "3.5", high=500)
    ] = ()

    # greetings

    business_hours_welcome_greeting_enabled: Annotated[
        bool, later("Whether its own greeting is played in business hours", "3.5")
    ] = False
    business_hours_welcome_greeting_filename: Annotated[
        str, later("Imported prompt of this greeting", "3.5", high=255, check=file_name)
    ] = ""
    after_hours_welcome_greeting_enabled: Annotated[
        bool, later("Whether its own greeting is played after hours", "3.5")
    ] = False
    after_hours_welcome_greeting_filename: Annotated[
        str, later("Imported prompt of this greeting", "3.5", high=255, check=file_name)
    ] = ""
    info_announcement_enabled: Annotated[
        ThreeState,
        later("Whether news follow the greeting", "3.5; 12 no 4", spellings=ON_OR_OFF),
    ] = "False"
    info_announcement_filename: Annotated[
        str, later("Imported prompt with the news", "3.5", high=255, check=file_name)
    ] = ""
    business_hours_main_menu_custom_prompt_enabled: Annotated[
        bool, later("Whether its own menu prompt is played in business hours", "3.5")
    ] = False
    business_hours_main_menu_custom_prompt_filename: Annotated[
        str, later("Imported prompt of this menu", "3.5", high=255, check=file_name)
    ] = ""
    after_hours_main_menu_custom_prompt_enabled: Annotated[
        bool, later("Whether its own menu prompt is played after hours", "3.5")
    ] = False
    after_hours_main_menu_custom_prompt_filename: Annotated[
        str, later("Imported prompt of this menu", "3.5", high=255, check=file_name)
    ] = ""

    # menus

    business_hours_key_mapping_enabled: Annotated[
        bool, later("Whether keys do something in business hours", "3.5")
    ] = False
    business_hours_key_mapping: Annotated[
        tuple[KeyMapping, ...], later("What the keys do", "3.5; 12 no 30", high=10)
    ] = ()
    after_hours_key_mapping_enabled: Annotated[
        bool, later("Whether keys do something after hours", "3.5")
    ] = False
    after_hours_key_mapping: Annotated[
        tuple[KeyMapping, ...], later("What the keys do after hours", "3.5; 12 no 30", high=10)
    ] = ()
    business_hours_transfer_to_operator_enabled: Annotated[
        bool, later("Whether 0 reaches the operator in business hours", "3.5")
    ] = False
    after_hours_transfer_to_operator_enabled: Annotated[
        bool, later("Whether 0 reaches the operator after hours", "3.5")
    ] = False

    # whom callers find

    name_lookup_enabled: Annotated[
        bool, later("Whether callers can search people by name", "3.5")
    ] = True
    call_someone_enabled: Annotated[
        bool, later("Whether callers can be put through to users", "3.5")
    ] = True
    send_voice_msg_enabled: Annotated[
        bool, later("Whether callers can leave messages for users", "3.5")
    ] = True
    contact_scope: Annotated[
        Literal["DialPlan", "GlobalAddressList", "AddressList"],
        later("Who can be searched", "3.5"),
    ] = "DialPlan"
    contact_address_list: Annotated[
        str,
        later(
            "Distribution group whose members are found with the scope AddressList",
            "3.5",
            high=255,
            refers_to="distribution_groups",
        ),
    ] = ""
    contact_recipient_container: Annotated[
        str,
        later("The part of a directory that is searched", "3.5", high=255, without_effect=NO_TREE),
    ] = ""
    matched_name_selection_method: Annotated[
        Literal["Title", "Department", "Location", "None", "PromptForAlias", "InheritFromDialPlan"],
        later("What tells people of one name apart", "3.5, 6.2"),
    ] = "InheritFromDialPlan"
    allow_dial_plan_subscribers: Annotated[
        bool, later("Whether callers may dial users of the plan", "3.5, 4.9")
    ] = True
    allow_extensions: Annotated[
        bool, later("Whether they may dial any number as long as an extension", "3.5; 12 no 2")
    ] = False
    allowed_in_country_or_region_groups: Annotated[
        tuple[str, ...],
        later("Groups of rules of the plan for callers, own country", "3.5, 4.9", check=name),
    ] = ()
    allowed_international_groups: Annotated[
        tuple[str, ...],
        later("Groups of rules of the plan for callers, other countries", "3.5, 4.9", check=name),
    ] = ()
    star_out_to_dial_plan_enabled: Annotated[
        bool, later("Whether * leads to Outlook Voice Access", "3.5")
    ] = False
    forward_calls_to_default_mailbox: Annotated[
        bool, later("Whether every call goes straight to one mailbox", "3.5")
    ] = False
    default_mailbox: Annotated[
        str, later("Mail address of this mailbox, of the same dial plan", "3.5", check=mail_address)
    ] = ""

    @property
    def menus(self) -> Iterator[tuple[str, tuple[KeyMapping, ...]]]:
        """Both menus, each with the name of its setting."""
        yield "business_hours_key_mapping", self.business_hours_key_mapping
        yield "after_hours_key_mapping", self.after_hours_key_mapping
