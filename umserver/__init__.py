"""umserver: a unified messaging server behind any SIP peer, in front of any mail server.

Five floors, two wings, one door. `wire` and `org` are pure values; `calls` (one call, its scripts)
and `edges` (everything that touches the world) meet only in `interfaces`; `roles` says which flow
answers an offered call; `service` assembles it all and is the only module that sees everything.
"""

__version__ = "0.1.0"
