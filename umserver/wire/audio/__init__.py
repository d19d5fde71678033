"""Sound as values: codings, files, tones made and heard, loud or silent, concealment, level.

Purpose: everything that turns octets of sound into other octets of sound or into a decision about
them. Border: no socket, no file, no clock, no Twisted; callers bring bytes or arrays and take bytes
or arrays. Why so: whole buffers go through numpy, single frames through 256-octet tables
(`bytes.translate`), since the standard library's `audioop` is gone from Python 3.13 and a packet
must cost microseconds.

Everywhere: 8000 samples a second, mono, int16 arrays (`pcm.Pcm`); levels in dBm0 (ITU-T G.711: a
full-scale µ-law sine is +3.17 dBm0) or in dBFS (decibels below a square wave at full scale), as
each docstring says.
"""
