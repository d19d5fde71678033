"""What the organisation has decided: settings, numbers, users, and what a call is because of them.

Pure values and pure functions: no clock (time is an argument), no I/O, no Twisted, nothing of SIP.
Every setting is declared once (`settings`, one module a noun, by the means of `declare`); checks,
help, command parameters and the TOML form (`parse`, `dump`) are read from the declarations. Texts
with a form of their own have a module that reads, checks and prints them: `schedule`, `holidays`,
`zones`, `spans`, `rule_forms`, `eum`, `dtmf`, `dialing`; lists of objects are lines of `columns`.
What holds between objects stands in `rules` and its neighbours, what is made, removed and refused
together in `consequences`. `resolve` decides which of the `routes` an offered call takes and why,
`claims` is what of that is carried along, `dialing` says who may dial what.
"""
