"""RTP and RTCP as values: what stands on the wire between two ends of a sound stream.

Purpose: headers (`packet`), reports (`rtcp`), keys (`telephone_event`), who is talking and in which
order (`sequence`), where a hidden peer is (`learning`), a recording put right (`tape`) and how good
it was (`quality`). Border: no socket, no clock, no chance of its own; time comes in as float
seconds, sound is 8000 octets a second (G.711). Why so: packets are too many for a value each, so
`sequence` and `tape` are small machines that the media engine calls with plain integers; everything
rarer is a frozen value. Sources: RFC 3550, RFC 3551, RFC 4733.
"""
