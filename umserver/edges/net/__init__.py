"""SIP and sound on real sockets.

Purpose: gives the pure machines of `umserver.wire` transports, a clock and a media engine, and
shows each call to the left wing as an `IPhone`. Border: above it nobody sees a SIP header or a
packet; below it nobody sees a socket. `driver` performs effects, `udp` and `tcp` carry bytes,
`station` puts them together on a port, `facts` reads an offer, `conversation` is a call that talks,
`phone` a call that we were offered, `placed` one that we place, `bridge` both joined, `referral` a
caller whom the peer sends on, `sip_server` the station that offers calls, `softphone` the same
stack as a caller. Why so: one stack serves the server, the probes and the tests, so what we test is
what answers. `tls` stands beside `tcp` as a third transport.
"""
