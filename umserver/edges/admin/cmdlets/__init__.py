"""The cmdlets, a module for each kind of thing; each holds a constant `CMDLETS`.

To add a cmdlet, write a function `(given, desk) -> Outcome` and put a `Cmdlet` into the constant;
name, completion, help, both spellings and the checks of its parameters follow from that.
"""
