"""The command `ladder`: the SIP messages of a capture file as a drawing.

Knows: arguments and files. Must never know: what the messages mean. Exit codes: 0 drawn, 1 nothing
found, 2 wrong usage or no capture file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from umserver.wire.trace import CaptureError, ladder, read_capture


def main(argv: Sequence[str] | None = None) -> None:
    """The command; leaves by SystemExit."""
    p = argparse.ArgumentParser(prog="ladder", description="Draw the SIP messages of a pcap file.")
    p.add_argument("file", help="a capture file in pcap form")
    p.add_argument("--call", metavar="CALL-ID", help="only this call")
    options = p.parse_args(argv)
    try:
        messages = read_capture(Path(options.file).read_bytes())
    except (OSError, CaptureError) as fault:
        print(f"ladder: {options.file}: {fault}", file=sys.stderr)
        raise SystemExit(2) from None
    if options.call:
        messages = [message for message in messages if message.call_id == options.call]
    print(ladder(messages), end="")
    raise SystemExit(0 if messages else 1)


if __name__ == "__main__":
    main()
