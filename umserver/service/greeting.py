"""What whoever started the server reads when it is ready.

Knows: ports, folders, how to try it. Must never know: how anything works.
"""

from __future__ import annotations

from twisted.logger import Logger

from umserver.service.process import Process

log = Logger()


def greet(um: Process) -> None:
    """A few lines."""
    say, reasons = um.machine.say, um.not_ready()
    seconds = um.machine.seconds() - um.started_at
    say(f"umserver is ready after {seconds:.1f} s ({', '.join(um.roles)}).")
    for reason in reasons:
        say(f"  BUT    {reason}")
        log.warn("no calls are taken: {reason}", reason=reason)
    org = um.poller.current if um.poller is not None else None
    for why in (*um.complaints(), *(um.waits_for_restart(org) if org is not None else ())):
        if why not in reasons:
            say(f"  NOTE   {why}")
    if um.desk is not None:
        say(f"  call   {_example(um)}, speak after the tone, hang up")
        if um.bootstrap.mail.delivery == "maildir":
            say(f"  mail   {um.state / 'mail'}/<address>/new/")
    if um.http_port:
        look = f"http://{um.bootstrap.listen.http_host}:{um.http_port}/"
        say(f"  look   {look}  (umctl status; umctl help)")


def _example(um: Process) -> str:
    """A URI that a person may call."""
    server = um.parts[0].server
    if server.bound_port or not server.bound_tls_port:
        port = "" if server.bound_port == 5060 else f":{server.bound_port}"
        return f"sip:1001@127.0.0.1{port}"
    return f"sip:1001@127.0.0.1:{server.bound_tls_port};transport=tls"
