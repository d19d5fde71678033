"""Mailboxes on a server that speaks IMAP, and changes in them.

Purpose: the voice messages of a user where mail programs see them, too. Border: `mailboxes` opens
them, `mailbox` is one, through a `session` of its own; `watch` and `idle` tell of what others
change. Nothing here knows calls.

Why so: Twisted's client (`client`) is kept for the wire alone; what a server does that is slow, odd
or false ends in one command with a time limit, never in a call.
"""
