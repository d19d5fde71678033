"""Handing mails to a server by SMTP or LMTP.

Purpose: a mail is theirs, or it is known whose fault it is that it is not. Border: `mailer` makes
connections and knows TLS; `handover` is what is said, a core without I/O, with `replies`, `paths`
and `stuffing` for the forms of the RFCs. Nothing here decides when something is tried again.

Why so: whose fault a refusal is decides whether a message waits or becomes a dead letter, and
Twisted's client knows no LMTP and rewrites line ends.
"""
