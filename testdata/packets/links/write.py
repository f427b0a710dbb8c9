#!/usr/bin/env python3
"""Writes the captures of this folder that are not recorded: `python3 links/write.py`.

Python's standard library only; running it again gives the same bytes.
"""

import struct
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wire import (IPV4, IPV6, NODE1, NODE1_6, NODE2, NODE2_6, arp_request, echo, mac, tcp, udp,
                  write_pcap)

SYN = 0x02
# What every file carries: a ping over IPv4, a datagram over IPv6, the begin of a connection.
PING = echo(NODE1, NODE2, 1)
PONG = echo(NODE2, NODE1, 1, reply=True)
DATAGRAM_6 = udp(NODE1_6, NODE2_6, 40001, 40002, b"datagram")
CONNECT = tcp(NODE1, NODE2, 40003, 443, 0x01020304, SYN)


def raw():
    """IP without a link layer, under the two numbers that DLT_RAW has on BSDs."""
    write_pcap("raw-12.pcap", 12, [PING, PONG, DATAGRAM_6, CONNECT])
    write_pcap("raw-14.pcap", 14, [PING, PONG, DATAGRAM_6, CONNECT])


def ip_of_one_version():
    """IP of one version without a link layer."""
    write_pcap("ipv4.pcap", 228, [PING, PONG, CONNECT])
    write_pcap("ipv6.pcap", 229, [DATAGRAM_6, echo(NODE1_6, NODE2_6, 1)])


def loopback():
    """An address family of 4 bytes: of NULL in the recording machine's order, of LOOP in network order.

    The number of IPv6 differs: 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS. 7 is OSI, not decoded.
    """
    for name, order in (("null.pcap", "<"), ("null-big-endian.pcap", ">")):
        families = ((2, PING), (2, PONG), (24, DATAGRAM_6), (28, DATAGRAM_6), (30, DATAGRAM_6), (7, b"?"))
        write_pcap(name, 0, [struct.pack(order + "I", n) + data for n, data in families], order)
    families = ((2, PING), (2, PONG), (24, DATAGRAM_6))
    write_pcap("loop.pcap", 108, [struct.pack("!I", n) + data for n, data in families])


PPP_IPV4, PPP_IPV6, PPP_LCP = b"\x00\x21", b"\x00\x57", b"\xc0\x21"
ADDRESS_AND_CONTROL = b"\xff\x03"
ECHO_REQUEST_OF_LCP = PPP_LCP + struct.pack("!BBHI", 9, 1, 8, 0xCAFE)


def ppp():
    """PPP: with address and control, without them, with the protocol cut to a byte; LCP ends decoding."""
    write_pcap("ppp.pcap", 9, [
        ADDRESS_AND_CONTROL + PPP_IPV4 + PING,
        ADDRESS_AND_CONTROL + PPP_IPV6 + DATAGRAM_6,
        PPP_IPV4 + PONG,
        PPP_IPV4[1:] + CONNECT,
        ADDRESS_AND_CONTROL + ECHO_REQUEST_OF_LCP,
    ])


def ppp_with_direction():
    """PPP behind a byte: 0 received, 1 sent."""
    write_pcap("ppp-with-dir.pcap", 204, [
        b"\x01" + ADDRESS_AND_CONTROL + PPP_IPV4 + PING,
        b"\x00" + ADDRESS_AND_CONTROL + PPP_IPV4 + PONG,
        b"\x01" + PPP_IPV6 + DATAGRAM_6,
    ])


def ppp_hdlc():
    """PPP in HDLC-like framing, or Cisco HDLC where the address is 0x0f or 0x8f."""
    write_pcap("ppp-hdlc.pcap", 50, [
        ADDRESS_AND_CONTROL + PPP_IPV4 + PING,
        ADDRESS_AND_CONTROL + PPP_IPV6 + DATAGRAM_6,
        b"\x0f\x00" + struct.pack("!H", IPV4) + PONG,
        b"\x8f\x00" + struct.pack("!H", IPV6) + DATAGRAM_6,
    ])


def ppp_ether():
    """PPPoE without its Ethernet header: two packets of session 0x0042, then LCP."""
    write_pcap("ppp-ether.pcap", 51, [
        struct.pack("!BBHH", 0x11, 0, 0x42, len(ppp)) + ppp
        for ppp in (PPP_IPV4 + PING, PPP_IPV6 + DATAGRAM_6, ECHO_REQUEST_OF_LCP)
    ])


def cisco_hdlc():
    """Cisco HDLC: IPv4, IPv6, and the keep-alive of SLARP (0x8035), which is not decoded."""
    keep_alive = struct.pack("!IIIHI", 2, 1, 0, 0xFFFF, 1000)
    write_pcap("c-hdlc.pcap", 104, [
        b"\x0f\x00" + struct.pack("!H", IPV4) + PING,
        b"\x0f\x00" + struct.pack("!H", IPV6) + DATAGRAM_6,
        b"\x8f\x00" + struct.pack("!H", 0x8035) + keep_alive,
    ])


def cooked():
    """Linux cooked headers that our recordings do not hold.

    Version 1 and 2: a broadcast, a frame for another host, a device without address (ARPHRD_NONE),
    an 8-byte address (InfiniBand's, cut), 802.2 frames (0x0004) and a netlink message (ARPHRD_NETLINK).
    """
    snap_ping = b"\xaa\xaa\x03\0\0\0\x08\0" + PING
    rows = (  # packet type, hardware type, address, protocol, interface, data
        (1, 1, mac(1), 0x0806, 2, arp_request(NODE1, NODE2)),
        (3, 1, mac(1), IPV4, 2, PING),
        (4, 0xFFFE, b"", IPV6, 7, DATAGRAM_6),
        (0, 32, bytes(range(8)), IPV4, 9, PONG),
        (0, 1, mac(2), 0x0004, 2, snap_ping),
        (4, 824, b"", 0, 11, struct.pack("<IHHII", 16, 3, 0, 1, 0)),
    )
    write_pcap("sll-written.pcap", 113, [
        struct.pack("!HHH8sH", kind, hardware, len(address), address, protocol) + data
        for kind, hardware, address, protocol, _, data in rows])
    write_pcap("sll2-written.pcap", 276, [
        struct.pack("!HHIHBB8s", protocol, 0, interface, hardware, kind, len(address), address) + data
        for kind, hardware, address, protocol, interface, data in rows])


def nflog_big_endian():
    """NFLOG as a big-endian machine writes it: prefix, interfaces in and out, then the packet."""
    def attribute(number, value):
        padding = b"\0" * (-len(value) % 4)
        return struct.pack("!HH", 4 + len(value), number) + value + padding
    prefix, into, out = attribute(10, b"drop\0"), attribute(4, b"\0\0\0\3"), attribute(5, b"\0\0\0\4")
    write_pcap("nflog-big-endian.pcap", 239, [
        struct.pack("!BBH", 2, 0, 5) + prefix + into + attribute(9, PING),
        struct.pack("!BBH", 10, 0, 5) + into + out + attribute(9, DATAGRAM_6),
    ], ">")


def wireless():
    """802.11, bare and behind Prism and radiotap headers: declined by name."""
    front = struct.pack("<HH", 0x0108, 0) + mac(2) + mac(1) + mac(3) + b"\x10\0"
    frame = front + b"\xaa\xaa\x03\0\0\0\x08\0" + PING
    write_pcap("ieee802-11.pcap", 105, [frame])
    prism = struct.pack("<II16s", 0x44, 144, b"wlan0").ljust(144, b"\0")
    write_pcap("ieee802-11-prism.pcap", 119, [prism + frame])
    write_pcap("ieee802-11-radiotap.pcap", 127, [struct.pack("<BBHI", 0, 0, 8, 0) + frame])


if __name__ == "__main__":
    for part in (raw, ip_of_one_version, loopback, ppp, ppp_with_direction, ppp_hdlc, ppp_ether,
                 cisco_hdlc, cooked, nflog_big_endian, wireless):
        part()
