"""The call scripts: one module (or folder) each, with `FLOW = Flow(name=…, run=…)`.

A route of the resolver names its flow; adding a script is adding a module here and a number that
leads to it. Every script answers the call itself and returns its outcome in one word; the role
hangs up after it.
"""
