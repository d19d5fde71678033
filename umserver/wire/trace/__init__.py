"""What went over the wire, kept so that a person can look at it.

Purpose: a bounded memory of SIP messages by call, drawn as a ladder or written as a capture file.
Border: pure values and bytes in, text and bytes out; it parses just as much of a message as a
drawing needs and never fails on rubbish. Why so: a trace must show exactly the messages that the
parsers could not read.
"""

from umserver.wire.trace.ladder import ladder
from umserver.wire.trace.memory import TraceMemory
from umserver.wire.trace.message import Address, TracedMessage
from umserver.wire.trace.pcap import CaptureError, read_capture, write_capture

__all__ = [
    "Address",
    "CaptureError",
    "TraceMemory",
    "TracedMessage",
    "ladder",
    "read_capture",
    "write_capture",
]
