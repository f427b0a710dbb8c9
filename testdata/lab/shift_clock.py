#!/usr/bin/env python3
"""Change the times in captures, as if the clock they were taken with had been wrong.

shift_clock.py SECONDS [--after S] [--ppm N] FILE…

Every packet's time gets SECONDS more; with --after only what comes S seconds and more behind
the first packet of all files. With --ppm the clock also runs N millionths too fast from there.
Classic pcap files with microseconds, in either byte order; nothing but the times changes.
"""

import argparse
import struct
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

FILE_HEADER = 24
PACKET_HEADER = 16
ORDERS = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}


def packets(content: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Where each packet begins, where it ends, and its time in microseconds."""
    header = struct.Struct(ORDERS[bytes(content[:4])] + "4I")
    at = FILE_HEADER
    while at < len(content):
        seconds, micros, kept, _ = header.unpack_from(content, at)
        end = at + PACKET_HEADER + kept
        yield at, end, seconds * 1_000_000 + micros
        at = end


def with_times(content: bytes, changed: Callable[[int], int]) -> bytes:
    times = struct.Struct(ORDERS[content[:4]] + "2I")
    out = bytearray(content)
    for at, _, time in packets(content):
        times.pack_into(out, at, *divmod(changed(time), 1_000_000))
    return bytes(out)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("seconds", type=Decimal)
    parser.add_argument("--after", type=Decimal, default=Decimal(0))
    parser.add_argument("--ppm", type=int, default=0)
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_intermixed_args()
    contents = {file: file.read_bytes() for file in given.files}
    first = min(time for content in contents.values() for _, _, time in packets(content))
    begin = first + int(given.after * 1_000_000)
    step = int(given.seconds * 1_000_000)

    def changed(time: int) -> int:
        if time < begin:
            return time
        return time + step + (time - begin) * given.ppm // 1_000_000

    for file, content in contents.items():
        file.write_bytes(with_times(content, changed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
