#!/usr/bin/env python3
"""shift_clock.py SECONDS FILE…: add SECONDS to every packet's time, as if that clock ran ahead.

Classic pcap files with microseconds, in either byte order; nothing but the times changes.
"""

import struct
import sys
from decimal import Decimal
from pathlib import Path

FILE_HEADER = 24
PACKET_HEADER = 16
ORDERS = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}


def shifted(content: bytes, microseconds: int) -> bytes:
    header = struct.Struct(ORDERS[content[:4]] + "4I")
    out = bytearray(content)
    at = FILE_HEADER
    while at < len(out):
        seconds, micros, kept, length = header.unpack_from(out, at)
        time = seconds * 1_000_000 + micros + microseconds
        header.pack_into(out, at, time // 1_000_000, time % 1_000_000, kept, length)
        at += PACKET_HEADER + kept
    return bytes(out)


def main() -> int:
    microseconds = int(Decimal(sys.argv[1]) * 1_000_000)
    for name in sys.argv[2:]:
        file = Path(name)
        file.write_bytes(shifted(file.read_bytes(), microseconds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
