#!/usr/bin/env python3
"""user_switch.py PORT-A PORT-B UDP-PORT: carry UDP datagrams to UDP-PORT between two interfaces.

A switch in user space that reads frames with an AF_PACKET socket and writes them out on the other
side, as simple datapaths do. What the sender left for hardware to finish, a checksum, is not
known any more on the other side: nobody finishes it, and it is wrong there.
"""

import select
import socket
import struct
import sys

ETH_P_ALL = 3  # others do not see what a bridge takes
PACKET_OUTGOING = 4
LARGEST = 65_536


def is_tunnel(frame: bytes, port: int) -> bool:
    if len(frame) < 42 or frame[12:14] != b"\x08\x00" or frame[23] != socket.IPPROTO_UDP:
        return False
    header = 14 + (frame[14] & 15) * 4
    return len(frame) >= header + 4 and struct.unpack_from("!H", frame, header + 2)[0] == port


def main() -> int:
    first, second, port = sys.argv[1:]
    sides = []
    for name in (first, second):
        side = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        side.bind((name, ETH_P_ALL))
        sides.append(side)
    others = {sides[0]: sides[1], sides[1]: sides[0]}
    while True:
        ready, _, _ = select.select(sides, [], [])
        for side in ready:
            frame, address = side.recvfrom(LARGEST)
            if address[2] != PACKET_OUTGOING and is_tunnel(frame, int(port)):
                others[side].send(frame)


if __name__ == "__main__":
    sys.exit(main())
