"""What the server does with calls and messages, one module a role; each can run by itself.

`cas` takes every call first and sends it on, `mbx` answers it with the script its route names,
`delivery` hands finished messages to the mail server, `poller` keeps the settings fresh. A role
gets everything it needs by constructor and is told the time; only `umserver.service` puts roles
together.
"""
