"""SIP over TLS: who we are, whom we believe, and connections on top of that.

Purpose: `credentials` reads our certificate and the authorities that we trust, `names` says what a
certificate proves, `contexts` makes OpenSSL do as we want, `connections` is the transport,
`complaints` tells trouble once, `self_signed` makes a certificate for a first try. Border: knows
neither gateways nor dial plans; whoever makes the transport says which names live at an address,
and learns which names a peer has proved. Why so: a peer that shows no certificate may still speak
(a plan that is not secured takes its call), a peer that shows a bad one may not, and which names
open which plan is a matter of the organisation (`umserver.org.security`). Sources: RFC 3261 §26.3,
RFC 5922, RFC 6125, RFC 9325. Cost (scripts/bench_tls.py, busy machine of two cores, RSA key of 2048
bits): a full handshake takes about 2.1 ms of a core, mostly OpenSSL's; a redirect over a standing
connection 0.22 ms with its ACK.
"""
