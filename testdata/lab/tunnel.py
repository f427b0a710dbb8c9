#!/usr/bin/env python3
"""Geneve and IP-in-IP tunnels for kernels that have neither, on TAP and TUN devices.

tunnel.py geneve DEVICE LOCAL VNI MAC=PEER…      Ethernet in Geneve, port 6081
tunnel.py ipip DEVICE LOCAL NETWORK=PEER…        IPv4 in IPv4, protocol 4

The device appears when the program runs and goes with it. Outer headers are as the kernel's own
modules make them: Geneve without options, source port from a hash of the flow, DF never set;
IP-in-IP as Calico's tunl0: TTL, TOS and DF from the inner packet.
"""

import fcntl
import ipaddress
import os
import select
import socket
import struct
import sys
import zlib

TUNSETIFF = 0x400454CA
IFF_TUN, IFF_TAP, IFF_NO_PI = 1, 2, 0x1000
IP_MTU_DISCOVER, IP_PMTUDISC_DONT = 10, 0
GENEVE_PORT = 6081
ETHERNET = 0x6558
LARGEST = 65_536


def open_device(name: str, kind: int) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), kind | IFF_NO_PI))
    return device


class Geneve:
    """Sends from many ports, as the flow says; receives on one."""

    kind = IFF_TAP

    def __init__(self, local: str, vni: str, *peers: str) -> None:
        self.local = local
        self.header = struct.pack("!BBHI", 0, 0, ETHERNET, int(vni) << 8)
        pairs = (peer.split("=") for peer in peers)
        self.peers = {bytes.fromhex(mac.replace(":", "")): address for mac, address in pairs}
        self.senders: dict[int, socket.socket] = {}
        self.receiver = self.bound(GENEVE_PORT)

    def bound(self, port: int) -> socket.socket:
        new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        new.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT)
        new.bind((self.local, port))
        return new

    def send(self, frame: bytes) -> None:
        if peer := self.peers.get(frame[:6]):
            # Both MACs, and of IPv4 the protocol, the addresses and the ports.
            port = 32_768 + zlib.crc32(frame[:14] + frame[23:24] + frame[26:38]) % 28_232
            if port not in self.senders:
                self.senders[port] = self.bound(port)
            self.senders[port].sendto(self.header + frame, (peer, GENEVE_PORT))

    def receive(self) -> bytes | None:
        data = self.receiver.recv(LARGEST)
        return data[8:] if data[:8] == self.header else None


class IpInIp:
    """Writes the outer header itself; the kernel fills in its ID and checksum."""

    kind = IFF_TUN

    def __init__(self, local: str, *peers: str) -> None:
        self.local = socket.inet_aton(local)
        pairs = (peer.split("=") for peer in peers)
        self.peers = {ipaddress.ip_network(network): address for network, address in pairs}
        self.sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_IPIP)

    def send(self, packet: bytes) -> None:
        if packet[0] >> 4 != 4:
            return
        destination = ipaddress.ip_address(packet[16:20])
        for network, peer in self.peers.items():
            if destination in network:
                dont_fragment = struct.unpack_from("!H", packet, 6)[0] & 0x4000
                header = struct.pack(
                    "!BBHHHBBH4s4s", 0x45, packet[1], 0, 0, dont_fragment, packet[8],
                    socket.IPPROTO_IPIP, 0, self.local, socket.inet_aton(peer),
                )  # fmt: skip
                self.sender.sendto(header + packet, (peer, 0))

    def receive(self) -> bytes | None:
        data = self.receiver.recv(LARGEST)
        return data[(data[0] & 15) * 4 :]


def main() -> int:
    kinds = {"geneve": Geneve, "ipip": IpInIp}
    kind, name, *rest = sys.argv[1:]
    tunnel = kinds[kind](*rest)
    device = open_device(name, tunnel.kind)
    while True:
        ready, _, _ = select.select([device, tunnel.receiver], [], [])
        if device in ready:
            tunnel.send(os.read(device, LARGEST))
        if tunnel.receiver in ready and (inner := tunnel.receive()):
            os.write(device, inner)


if __name__ == "__main__":
    sys.exit(main())
