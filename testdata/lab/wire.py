#!/usr/bin/env python3
"""A cable that does not keep to the rules, for kernels without netem.

wire.py PORT TAP [--hold-every N --behind K --udp PORT] [--arp-delay SECONDS]

Carries frames between PORT, a link whose other end is a node's eth0, and TAP, a device that this
program makes and the caller puts into the switch's bridge. With --hold-every, of the UDP packets
to that port that go to the node each Nth is held back until K later ones have passed, or for 50
ms. With --arp-delay ARP replies to the node come that much later. Nothing is lost or changed.
"""

import argparse
import os
import select
import socket
import struct
import sys
import time

from tunnel import IFF_TAP, LARGEST, open_device

PATIENCE = 0.05
IPV4, ARP, UDP, ARP_REPLY = 0x0800, 0x0806, 17, 2


class Wire:
    """The way to the node; the other one just copies."""

    def __init__(self, options: argparse.Namespace, node: socket.socket) -> None:
        self.options = options
        self.node = node
        self.seen = 0
        self.later: list[tuple[float, bytes]] = []
        self.held: list[tuple[float, int, bytes]] = []  # until when, behind how many, what

    def carry(self, frame: bytes) -> None:
        now = time.monotonic()
        if self.options.arp_delay and is_arp_reply(frame):
            self.later.append((now + self.options.arp_delay, frame))
        elif self.options.hold_every and is_udp_to(frame, self.options.udp):
            self.reorder(now, frame)
        else:
            self.node.send(frame)

    def reorder(self, now: float, frame: bytes) -> None:
        self.seen += 1
        if self.seen % self.options.hold_every == 0:
            self.held.append((now + PATIENCE, self.options.behind, frame))
            return
        self.node.send(frame)
        self.held = [(until, left - 1, held) for until, left, held in self.held]
        self.release(now)

    def release(self, now: float) -> None:
        for _, _, frame in [h for h in self.held if h[0] <= now or h[1] <= 0]:
            self.node.send(frame)
        self.held = [h for h in self.held if h[0] > now and h[1] > 0]
        for _, frame in [entry for entry in self.later if entry[0] <= now]:
            self.node.send(frame)
        self.later = [entry for entry in self.later if entry[0] > now]


def is_arp_reply(frame: bytes) -> bool:
    kind, operation = struct.unpack_from("!H", frame, 12), struct.unpack_from("!H", frame, 20)
    return kind == (ARP,) and operation == (ARP_REPLY,)


def is_udp_to(frame: bytes, port: int) -> bool:
    if struct.unpack_from("!H", frame, 12) != (IPV4,) or frame[23] != UDP:
        return False
    return struct.unpack_from("!H", frame, 14 + (frame[14] & 15) * 4 + 2) == (port,)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("tap")
    parser.add_argument("--hold-every", type=int, default=0)
    parser.add_argument("--behind", type=int, default=2)
    parser.add_argument("--udp", type=int, default=8472)
    parser.add_argument("--arp-delay", type=float, default=0)
    options = parser.parse_args()
    node = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    node.bind((options.port, 3))
    switch = open_device(options.tap, IFF_TAP)
    wire = Wire(options, node)
    while True:
        ready, _, _ = select.select([node, switch], [], [], 0.002)
        if switch in ready:
            wire.carry(os.read(switch, LARGEST))
        if node in ready:
            frame, sender = node.recvfrom(LARGEST)
            if sender[2] != socket.PACKET_OUTGOING:  # what this program itself sent
                os.write(switch, frame)
        wire.release(time.monotonic())


if __name__ == "__main__":
    sys.exit(main())
