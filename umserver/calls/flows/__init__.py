"""The call scripts: one module (or folder) each, with `FLOW = Flow(name=…, run=…)`.

Purpose: a route of the resolver names its flow. Border: every script answers the call itself and
returns its outcome in one word; the role hangs up after it. Why so: a script is added by adding a
module here and a number that leads to it; nobody keeps a list.
"""
