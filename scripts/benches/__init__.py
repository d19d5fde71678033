"""Measurements of umserver: a server pinned to one core, a load generator of our own on the other.

Knows: sockets, processes, figures. Must never know: the inside of the server, except where a bench
says so (`resolve`, `media`). `scripts/bench NAME` runs one; every figure comes with the machine and
the conditions it was taken under.
"""
