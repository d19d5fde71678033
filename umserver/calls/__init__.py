"""The left wing: one call and the scripts that talk to it.

Purpose: a script is a coroutine over a `Call`, whose verbs each return a value; what else it may
reach stands in its `Office`. Border: nothing here knows a SIP header, a packet, a path or the
reactor. Why so: scripts are tested with a fake phone and read like the conversation they hold.
"""
