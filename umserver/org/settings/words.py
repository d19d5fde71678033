"""Words that several nouns share: codecs, statuses, scopes, and why some settings do nothing.

Knows: types of settings. Must never know: the nouns.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias

from umserver.org.declare import Setting

AudioCodec: TypeAlias = Literal["Mp3", "G711", "Gsm", "Pcm"]
Status: TypeAlias = Literal["Enabled", "Disabled"]
AddressFamily: TypeAlias = Literal["IPv4Only", "IPv6Only", "Any"]
StartupMode: TypeAlias = Literal["TCP", "TLS", "Dual"]
Protection: TypeAlias = Literal["None", "Private", "All"]
RoutingScheme: TypeAlias = Literal[
    "None", "E164", "GatewayGuid", "Reserved1", "Reserved2", "Reserved3"
]

NO_WMA = {"Wma": "Windows Media sound is not written here; take Mp3, G711, Gsm or Pcm"}
ON_OR_OFF = {
    "$true": "True",
    "true": "True",
    "$false": "False",
    "false": "False",
    "uninterruptible": "Uninterruptible",
}
"""Other words for the three states; true and false of TOML are understood anyway."""

HOSTING = "only a hoster's Exchange used it"
EXCHANGE_2007 = "only a mixed organisation with Exchange 2007 used it"
EXCHANGE_2010 = "only servers of Exchange 2010 used it"
HYBRID = "only an organisation half in the cloud used it"
ONE_FOREST = "there are no forests between which users move"
NO_TREE = "users are in dial plans, and in no tree of a directory"
NO_RIGHTS_SERVER = "rights management has no log of its own here"

later = partial(Setting, at_new=False)
"""A setting that the Set command knew and the New command did not."""
