"""What the organisation has decided: settings, numbers, users, and what a call is because of them.

Pure values and pure functions: no clock (time is an argument), no I/O, no Twisted, nothing of SIP.
Every setting is declared once (`settings`, by the means of `declare`); checks, help, command
parameters and the TOML form (`parse`, `dump`) are read from the declarations. `resolve` decides
what an offered call is and says why.
"""
