#!/usr/bin/env python3
"""thin_capture.py EVERY RUN FILE: leave out RUN packets in a row of every EVERY, as a capture that cannot keep up.

Classic pcap files with microseconds, in either byte order. Fails if nothing is left out.
"""

import sys
from pathlib import Path

from shift_clock import FILE_HEADER, packets


def main() -> int:
    every, run, name = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    file = Path(name)
    content = file.read_bytes()
    kept = [
        content[at:to]
        for number, (at, to, _) in enumerate(packets(content))
        if number % every < every - run
    ]
    left = content[:FILE_HEADER] + b"".join(kept)
    if len(left) in (FILE_HEADER, len(content)):
        print("nothing was left out, or nothing was kept", file=sys.stderr)
        return 1
    file.write_bytes(left)
    return 0


if __name__ == "__main__":
    sys.exit(main())
