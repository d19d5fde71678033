"""A telephone on our own stack, for people, tests and probes.

Purpose: places calls, follows redirects, speaks, presses keys and listens; `um-call` is its command
line, `probe` a health check made of it. Border: stands on `umserver.edges.net` as a client and
knows nothing of the server's roles. Why so: what a caller would notice is measured from where a
caller stands.
"""

from umserver.edges.net.softphone.ear import BeepSpotter, Ear
from umserver.edges.net.softphone.outgoing import CallFailed, Order, OutgoingCall
from umserver.edges.net.softphone.phone import Softphone

__all__ = ["BeepSpotter", "CallFailed", "Ear", "Order", "OutgoingCall", "Softphone"]
