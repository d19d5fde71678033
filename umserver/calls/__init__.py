"""The left wing: one call and the scripts that talk to it.

A script is a coroutine over a `Call`, whose verbs each return a value; what else it may reach
stands in its `Office`. Nothing here knows a SIP header, a packet, a path or the reactor: scripts
are tested with a fake phone and read like the conversation they hold.
"""
