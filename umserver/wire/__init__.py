"""What stands on the wire, as pure values and machines: SIP, SDP, RTP, sound and traces.

Border: no Twisted, no clock, no input or output. Time is an argument, chance is injected, bytes
come in and bytes or values go out. Why so: everything here can be proved with published bytes and
a plain assertion, and one bad message can never block the server.
"""
