"""Every parser against octets by chance: what it promises for any input at all.

`targets` has one function for each wire format; `scripts/fuzz` drives them by coverage for as long
as wanted, the tests here with seeds and with what hypothesis finds.
"""
