#!/usr/bin/env python3
"""cut_capture.py FROM TO FILE: leave out what was captured from FROM to TO, as if tcpdump had paused.

Both in seconds from the file's first packet, or, below zero, from its last one; TO may be "end".
@SECONDS is a time of day, in seconds since 1970.
Classic pcap files with microseconds, in either byte order. Fails if nothing is left out.
"""

import sys
from decimal import Decimal
from pathlib import Path

from shift_clock import FILE_HEADER, packets


def cut(content: bytes, begin: str, end: str) -> bytes:
    times = [time for _, _, time in packets(content)]

    def moment(word: str) -> int:
        if word == "end":
            return times[-1] + 1
        if word.startswith("@"):
            return int(Decimal(word[1:]) * 1_000_000)
        offset = int(Decimal(word) * 1_000_000)
        return offset + (times[0] if offset >= 0 else times[-1])

    span = range(moment(begin), moment(end))
    kept = (content[at:to] for at, to, time in packets(content) if time not in span)
    return content[:FILE_HEADER] + b"".join(kept)


def main() -> int:
    begin, end, name = sys.argv[1:]
    file = Path(name)
    content = file.read_bytes()
    left = cut(content, begin, end)
    if len(left) in (FILE_HEADER, len(content)):
        print("nothing was left out, or nothing was kept", file=sys.stderr)
        return 1
    file.write_bytes(left)
    return 0


if __name__ == "__main__":
    sys.exit(main())
