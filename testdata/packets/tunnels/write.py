#!/usr/bin/env python3
"""Writes the captures of this folder that are not recorded: `python3 tunnels/write.py`.

Python's standard library only; running it again gives the same bytes. Every function writes one file,
named as the function with `-` for `_`. Inside a tunnel travels mostly a ping of two pods, or the begin of a connection.
"""

import struct
import sys
import zlib
from ipaddress import ip_address
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from wire import (AH, ARP, BACKBONE, ERSPAN, ERSPAN_III, ESP, GRE, IN6, IPIP, IPV4, IPV6, L2TP,
                  MACSEC, MPLS, NODE1, NODE1_6, NODE2, NODE2_6, NSH, POD1, POD1_6, POD2, POD2_6,
                  PPP_IN_GRE, PPPOE_DISCOVERY, PPPOE_SESSION, SCTP, SERVICE_VLAN, TEB, UDP, VLAN,
                  arp_request, checksum, crc32c, echo, ethernet, icmp, inner_ethernet, ip, mac, noise,
                  tcp, udp, write_pcap)

SYN = 0x02
PING = echo(POD1, POD2, 1, identification=0x2001)
PING_6 = echo(POD1_6, POD2_6, 1)
CONNECT = tcp(POD1, POD2, 40003, 443, 0x01020304, SYN, identification=0x2002)
FRAME = inner_ethernet(IPV4, PING)
FRAME_6 = inner_ethernet(IPV6, PING_6)
FRAME_TCP = inner_ethernet(IPV4, CONNECT)


def frames(name, *data):
    """Writes Ethernet frames; IP packets get a header first."""
    write_pcap(f"{name}.pcap", 1, [framed(packet) for packet in data])


def framed(packet):
    version = packet[0] >> 4
    if version == 4:
        return ethernet(IPV4, packet)
    return ethernet(IPV6, packet) if version == 6 else packet


def over_ip(protocol, data):
    """An IPv4 packet between the nodes."""
    return ip(NODE1, NODE2, protocol, data)


def over_udp(port, data, source_port=49152):
    """A datagram between the nodes."""
    return udp(NODE1, NODE2, source_port, port, data)


# Tags and labels

def tag(vlan, ether_type, data, priority=0, drop_eligible=0):
    """What follows the Ethernet type of an 802.1Q or 802.1ad tag."""
    return struct.pack("!HH", priority << 13 | drop_eligible << 12 | vlan, ether_type) + data


def vlan():
    """802.1Q: VLAN 5, VLAN 4094 with priority 6 and drop eligible, a priority tag (0)."""
    frames("vlan",
           ethernet(VLAN, tag(5, IPV4, PING)),
           ethernet(VLAN, tag(4094, IPV6, PING_6, priority=6, drop_eligible=1)),
           ethernet(VLAN, tag(0, IPV4, CONNECT, priority=3)))


def arp_padded():
    """ARP in frames that a card padded to 60 bytes, without and with a tag."""
    request = arp_request(POD1, POD2)
    frames("arp-padded", ethernet(ARP, request), ethernet(VLAN, tag(5, ARP, request)))


def qinq():
    """802.1ad service tag 100 around VLAN 5, the same with the old type 0x9100, three tags."""
    customer = tag(5, IPV4, PING)
    frames("qinq",
           ethernet(SERVICE_VLAN, tag(100, VLAN, customer, priority=1)),
           ethernet(0x9100, tag(100, VLAN, customer)),
           ethernet(SERVICE_VLAN, tag(100, SERVICE_VLAN, tag(200, VLAN, tag(5, IPV6, PING_6)))))


def backbone():
    """802.1ah: a whole frame behind a service instance tag, itself in a backbone VLAN."""
    service = struct.pack("!I", 0x00ABCDEF) + FRAME
    frames("backbone", ethernet(SERVICE_VLAN, tag(300, BACKBONE, service)))


def label(number, bottom, ttl=64, traffic_class=0):
    """One label stack entry."""
    return struct.pack("!I", number << 12 | traffic_class << 9 | bottom << 8 | ttl)


def mpls():
    """One label, two labels, IPv6 below explicit null, pseudowires with and without control word,
    MPLS directly in IP (RFC 4023)."""
    frames("mpls",
           ethernet(MPLS, label(1000, 1, traffic_class=5) + PING),
           ethernet(MPLS, label(1000, 0) + label(2000, 1, ttl=63) + CONNECT),
           ethernet(MPLS, label(2, 1) + PING_6),
           ethernet(MPLS, label(3000, 1) + bytes(4) + FRAME_TCP),
           ethernet(MPLS, label(3001, 1) + FRAME_TCP),
           over_ip(137, label(4000, 1) + PING))


def mpls_over_udp():
    """MPLS over UDP (RFC 7510), port 6635."""
    frames("mpls-over-udp",
           over_udp(6635, label(1000, 1) + PING),
           over_udp(6635, label(1000, 0) + label(2000, 1) + PING_6))


def pppoe():
    """Discovery (PADI, PADS), then session 0x0042 with LCP, IPv4 and IPv6; padding behind the LCP."""
    def packet(code, session, data):
        return struct.pack("!BBHH", 0x11, code, session, len(data)) + data
    service_name = struct.pack("!HH", 0x0101, 0)
    echo_request = b"\xc0\x21" + struct.pack("!BBHI", 9, 1, 8, 0xCAFE)
    frames("pppoe",
           ethernet(PPPOE_DISCOVERY, packet(0x09, 0, service_name)),
           ethernet(PPPOE_DISCOVERY, packet(0x65, 0x42, service_name)),
           ethernet(PPPOE_SESSION, packet(0, 0x42, echo_request)),
           ethernet(PPPOE_SESSION, packet(0, 0x42, b"\x00\x21" + CONNECT)),
           ethernet(PPPOE_SESSION, packet(0, 0x42, b"\x00\x57" + PING_6)))


def ieee(data):
    """An IEEE 802.3 frame: a length in the place of a type."""
    return ethernet(len(data), data)


def llc_bridged():
    """A whole frame behind SNAP (RFC 2684, section 5.2): without and with its checksum, 2 bytes of
    padding in front."""
    def bridged(kind, frame):
        return ieee(b"\xaa\xaa\x03\x00\x80\xc2" + struct.pack("!HH", kind, 0) + frame)
    frames("llc-bridged",
           bridged(7, FRAME_TCP), bridged(1, FRAME_TCP + struct.pack("<I", zlib.crc32(FRAME_TCP))))


def llc():
    """IEEE 802.3 frames: SNAP with IPv4 and ARP, the same behind a VLAN tag, IPv4's own access point
    (0x06), spanning tree and Cisco's CDP, which are not decoded."""
    snap = b"\xaa\xaa\x03"
    ipv4, arp = snap + struct.pack("!xxxH", IPV4) + PING, snap + struct.pack("!xxxH", ARP)
    frames("llc",
           ieee(ipv4),
           ieee(arp + arp_request(POD1, POD2)),
           ethernet(VLAN, tag(5, len(ipv4), ipv4)),
           ieee(b"\x06\x06\x03" + PING),
           ieee(b"\x42\x42\x03" + bytes(5) + b"\x80\x01" + mac(9) + bytes(4) + b"\x80\x01" + mac(9)
                + struct.pack("!HHHHH", 0x8001, 0, 0x1400, 0x0200, 0x0F00)),
           ieee(snap + b"\x00\x00\x0c\x20\x00" + b"\x02\xb4\xfd\x4b"))


def macsec_frame(bits, data, channel=b""):
    """A frame with a MACsec tag of packet number 7; check value and ciphertext are noise."""
    short_length = len(data) if len(data) < 48 else 0
    tagged = struct.pack("!BBI", bits, short_length, 7) + channel + data + noise(16, 1)
    return ethernet(MACSEC, tagged)


def macsec():
    """MACsec: encrypted with and without channel identifier, and authenticated only, short and long."""
    channel = mac(1) + b"\0\1"
    arp = struct.pack("!H", ARP) + arp_request(POD1, POD2)
    frames("macsec",
           macsec_frame(0x2C, noise(64), channel),
           macsec_frame(0x0D, noise(96)),
           macsec_frame(0x20, arp, channel),
           macsec_frame(0x20, struct.pack("!H", IPV4) + PING, channel),
           macsec_frame(0x00, struct.pack("!H", IPV6) + PING_6))


def macsec_short():
    """An encrypted frame with a short length: 20 bytes, 16 of check value, then 4 of padding."""
    frames("macsec-short", macsec_frame(0x0D, noise(20)))


# Tunnels over UDP

def service_path(next_protocol, data):
    """A network service header of type 2 without context: path 0x000102, index 255."""
    return struct.pack("!BBBBI", 0x0F, 0xC2, 2, next_protocol, 0x000102FF) + data


def vxlan_gpe():
    """VXLAN-GPE, VNI 7700: Ethernet, IPv4, IPv6, NSH with IPv4 and with Ethernet, MPLS."""
    def gpe(next_protocol, data):
        return over_udp(4790, struct.pack("!BxxBI", 0x0C, next_protocol, 7700 << 8) + data)
    frames("vxlan-gpe",
           gpe(3, FRAME), gpe(1, PING), gpe(2, PING_6), gpe(4, service_path(1, PING)),
           gpe(4, service_path(3, FRAME_TCP)), gpe(5, label(1000, 1) + PING))


def nsh():
    """A network service header directly behind Ethernet, type 1 with its 16 bytes of context."""
    header = struct.pack("!BBBBI", 0x0F, 0xC6, 1, 1, 0x000102FF) + noise(16)
    frames("nsh", ethernet(NSH, header + PING))


def geneve():
    """Geneve, VNI 0xabcdef: without options, with two (one critical), with IPv6 without Ethernet,
    over IPv6, a control packet."""
    def packet(ether_type, data, options=b"", bits=0):
        words = len(options) // 4
        return struct.pack("!BBHI", words, bits, ether_type, 0xABCDEF << 8) + options + data
    critical = struct.pack("!HBBI", 0x0102, 0x80, 1, 0x11223344)
    ordinary = struct.pack("!HBBII", 0x0103, 0x01, 2, 1, 2)
    frames("geneve",
           over_udp(6081, packet(TEB, FRAME)),
           over_udp(6081, packet(TEB, FRAME_TCP, critical + ordinary, bits=0x40)),
           over_udp(6081, packet(IPV6, PING_6)),
           udp(NODE1_6, NODE2_6, 49152, 6081, packet(TEB, FRAME_6, ordinary)),
           over_udp(6081, packet(TEB, FRAME, ordinary, bits=0x80)))


def flannel_udp():
    """flannel's udp backend: IPv4 bare in UDP port 8285."""
    frames("flannel-udp", over_udp(8285, PING, 8285), over_udp(8285, CONNECT, 8285))


def gue():
    """GUE version 0 with IPv4, with private flags in front of IPv6 and GRE, version 1 with IPv4 and
    IPv6, a control message."""
    def packet(protocol, data, fields=b"", flags=0, control=0):
        return struct.pack("!BBH", control << 5 | len(fields) // 4, protocol, flags) + fields + data
    frames("gue",
           over_udp(6080, packet(IPIP, PING)),
           over_udp(6080, packet(IN6, PING_6, bytes(4), flags=1)),
           over_udp(6080, packet(GRE, struct.pack("!HH", 0, TEB) + FRAME, bytes(4), flags=1)),
           over_udp(6080, PING), over_udp(6080, PING_6),
           over_udp(6080, packet(1, b"oam!", control=1)))


def fou():
    """FOU: port 5555 means IPv4, 5556 GRE, by the agreement of both ends."""
    frames("fou",
           over_udp(5555, PING), over_udp(5555, CONNECT),
           over_udp(5556, struct.pack("!HHI", 0x2000, IPV4, 77) + PING))


def gtpu():
    """GTP-U: plain, with sequence number, with a PDU session container, IPv6 inside, an answer from
    port 2152, echo request and response, an error indication."""
    def message(kind, tunnel, data, flags=0x30):
        return struct.pack("!BBHI", flags, kind, len(data), tunnel) + data
    numbered = struct.pack("!HBB", 9, 0, 0)
    container = struct.pack("!HBB", 0, 0, 0x85) + b"\x01\x10\x09\x00"
    frames("gtpu",
           over_udp(2152, message(255, 0x11223344, PING), 2152),
           over_udp(2152, message(255, 0x11223344, numbered + CONNECT, 0x32), 2152),
           over_udp(2152, message(255, 0x11223344, container + PING, 0x34), 2152),
           over_udp(2152, message(255, 0x55667788, PING_6), 2152),
           over_udp(40000, message(255, 0x55667788, PING), 2152),
           over_udp(2152, message(1, 0, numbered, 0x32), 2152),
           over_udp(2152, message(2, 0, numbered + b"\x0e\0", 0x32), 2152),
           over_udp(2152, message(26, 0, bytes(4) + b"\x10\x11\x22\x33\x44", 0x32), 2152))


def l2tpv2():
    """L2TP version 2 carries PPP: tunnel 5, session 6; with length, sequence numbers and padding; a
    control message without contents."""
    ppp = b"\xff\x03\x00\x21" + PING
    frames("l2tpv2",
           over_udp(1701, struct.pack("!HHH", 0x0002, 5, 6) + ppp, 1701),
           over_udp(1701, struct.pack("!HHHHHHH", 0x4A02, 14 + 2 + len(ppp), 5, 6, 1, 2, 2) + b"\0\0" + ppp,
                    1701),
           over_udp(1701, struct.pack("!HHHHHH", 0xC802, 12, 5, 0, 3, 4), 1701))


def l2tpv3():
    """L2TP version 3, session 9: over IP without cookie, with Linux's sublayer, with a cookie of 4
    and of 8 bytes and sublayer; over UDP."""
    session, sublayer, cookie = struct.pack("!I", 9), bytes(4), noise(8)
    frames("l2tpv3",
           over_ip(L2TP, session + FRAME),
           over_ip(L2TP, session + sublayer + FRAME_6),
           over_ip(L2TP, session + cookie[:4] + FRAME_TCP),
           over_ip(L2TP, session + cookie + sublayer + FRAME_TCP),
           over_udp(1701, struct.pack("!HH", 3, 0) + session + FRAME_TCP, 1701))


def l2tpv3_control():
    """Control messages of L2TP version 3, over IP and UDP: control connection 5, no session."""
    control = struct.pack("!HHIHH", 0xC803, 12, 5, 1, 2)
    frames("l2tpv3-control", over_ip(L2TP, bytes(4) + control), over_udp(1701, control, 1701))


def teredo():
    """Teredo: an IPv6 packet, one behind an origin indication, a bubble (no next header)."""
    client, server = "2001:0:c000:201::1", "2001:0:c000:202::2"
    origin = b"\0\0" + struct.pack("!H4s", 40000 ^ 0xFFFF, bytes(0xFF ^ b for b in (192, 0, 2, 1)))
    packet = echo(client, server, 1)
    frames("teredo",
           over_udp(3544, packet), over_udp(40000, origin + packet, 3544),
           over_udp(3544, ip(client, server, 59, b"")))


def wireguard():
    """WireGuard's four messages with their lengths, and a keep-alive; contents are noise."""
    def message(kind, length, *numbers):
        front = struct.pack("<BxxxI" + "Q" * (len(numbers) - 1), kind, *numbers)
        return over_udp(51820, front + noise(length - len(front), kind), 51820)
    frames("wireguard",
           message(1, 148, 0x01020304), message(2, 92, 0x0A0B0C0D), message(3, 64, 0x01020304),
           message(4, 128, 0x0A0B0C0D, 0), message(4, 32, 0x0A0B0C0D, 1))


# Tunnels over IP

def gre():
    """GRE: plain, with checksum, key, sequence number, both, IPv6, Ethernet, MPLS; over IPv6."""
    def header(flags, protocol, *words):
        return struct.pack(f"!HH{len(words)}I", flags, protocol, *words)
    summed = checksum(header(0x8000, IPV4, 0) + PING)
    key, sequence = 0xC0FFEE01, 3
    frames("gre",
           over_ip(GRE, header(0, IPV4) + PING),
           over_ip(GRE, header(0x8000, IPV4, summed << 16) + PING),
           over_ip(GRE, header(0x2000, IPV4, key) + PING),
           over_ip(GRE, header(0x1000, IPV4, sequence) + PING),
           over_ip(GRE, header(0x3000, IPV6, key, sequence) + PING_6),
           over_ip(GRE, header(0, TEB) + FRAME_TCP),
           over_ip(GRE, header(0, MPLS) + label(1000, 1) + PING),
           ip(NODE1_6, NODE2_6, GRE, header(0x2000, TEB, key) + FRAME))


def nvgre():
    """NVGRE: virtual subnet 0x012345, flow 0x67."""
    front = struct.pack("!HHI", 0x2000, TEB, 0x01234567)
    frames("nvgre", over_ip(GRE, front + FRAME), over_ip(GRE, front + FRAME_TCP))


def gre_version_1():
    """PPTP: call 7 with data, an acknowledgment alone; MikroTik's EoIP, tunnel 12."""
    ppp = b"\xff\x03\x00\x21" + PING
    frames("gre-version-1",
           over_ip(GRE, struct.pack("!HHHHII", 0x3081, PPP_IN_GRE, len(ppp), 7, 1, 2) + ppp),
           over_ip(GRE, struct.pack("!HHHHI", 0x2081, PPP_IN_GRE, 0, 7, 3)),
           over_ip(GRE, struct.pack("!HHHBB", 0x2001, 0x6400, len(FRAME), 12, 0) + FRAME))


def erspan():
    """ERSPAN I; II with VLAN 7, session 42; III with session 43, with platform part, with bare IP."""
    def type_2(data):
        return struct.pack("!HHII", 0x1000, ERSPAN, 8, 0x1007042A) + struct.pack("!I", 5) + data
    def type_3(frame_type, options, data):
        tail = struct.pack("!IHH", 0x01020304, 0, frame_type << 10 | options)
        return struct.pack("!HHIHH", 0x1000, ERSPAN_III, 9, 0x2007, 43) + tail + data
    frames("erspan",
           over_ip(GRE, struct.pack("!HH", 0, ERSPAN) + FRAME),
           over_ip(GRE, type_2(FRAME_TCP)),
           over_ip(GRE, type_3(0, 0, FRAME)),
           over_ip(GRE, type_3(0, 1, bytes(8) + FRAME_TCP)),
           over_ip(GRE, type_3(2, 0, PING)))


def ip_in_ip():
    """IP in IP, all four ways."""
    frames("ip-in-ip",
           over_ip(IPIP, PING), over_ip(IPIP, CONNECT), over_ip(IN6, PING_6),
           ip(NODE1_6, NODE2_6, IPIP, PING), ip(NODE1_6, NODE2_6, IN6, PING_6))


def ah():
    """AH, SPI 0x1001: transport mode, tunnel mode, IPv6. The check value is noise."""
    def header(next_header, sequence):
        return struct.pack("!BBHII", next_header, 4, 0, 0x1001, sequence) + noise(12)
    segment = udp(NODE1, NODE2, 40001, 40002, b"datagram")[20:]
    segment_6 = udp(NODE1_6, NODE2_6, 40001, 40002, b"datagram")[40:]
    frames("ah",
           over_ip(AH, header(UDP, 1) + segment), over_ip(AH, header(IPIP, 2) + PING),
           ip(NODE1_6, NODE2_6, AH, header(UDP, 3) + segment_6))


def esp():
    """ESP, SPI 0x2002: over IPv4, IPv6 and UDP; on the same port a key exchange and a keep-alive."""
    def packet(sequence):
        return struct.pack("!II", 0x2002, sequence) + noise(48, sequence)
    key_exchange = bytes(4) + noise(8, 7) + bytes(8) + struct.pack("!BBBBII", 33, 0x20, 34, 8, 0, 28)
    frames("esp",
           over_ip(ESP, packet(1)), ip(NODE1_6, NODE2_6, ESP, packet(2)),
           over_udp(4500, packet(3), 4500), over_udp(4500, key_exchange, 4500),
           over_udp(4500, b"\xff", 4500))


def sctp():
    """SCTP: INIT, and DATA in an association; checksum by CRC-32C."""
    def packet(verification_tag, chunk):
        front = struct.pack("!HHI", 40005, 40006, verification_tag)
        summed = struct.pack("<I", crc32c(front + bytes(4) + chunk))
        return front + summed + chunk
    init = struct.pack("!BBHIIHHI", 1, 0, 20, 0x0A0B0C0D, 65536, 10, 10, 1)
    data = struct.pack("!BBHIHHI", 0, 3, 16 + 8, 1, 0, 0, 0) + b"netdiff!"
    frames("sctp",
           over_ip(SCTP, packet(0, init)), over_ip(SCTP, packet(0x01020304, data)),
           ip(NODE1_6, NODE2_6, SCTP, packet(0x01020304, data)))


def ipv6_extensions():
    """Hop-by-hop, destination and routing headers in front of UDP; an atomic fragment; three headers
    and then TCP; no next header."""
    padding = b"\x01\x04\0\0\0\0"
    def option(next_header):
        return bytes([next_header, 0]) + padding
    datagram = udp(POD1_6, POD2_6, 40001, 40002, b"datagram")[40:]
    segment = tcp(POD1_6, POD2_6, 40003, 443, 0x01020304, SYN)[40:]
    routing = bytes([UDP, 2, 4, 0, 0, 0, 0, 0]) + ip_address(POD2_6).packed
    atomic = struct.pack("!BBHI", UDP, 0, 0, 0x0F0E0D0C)
    def packet(first, data):
        return ip(POD1_6, POD2_6, first, data)
    frames("ipv6-extensions",
           packet(0, option(UDP) + datagram), packet(60, option(UDP) + datagram),
           packet(43, routing + datagram), packet(44, atomic + datagram),
           packet(0, option(60) + option(60) + option(6) + segment), packet(59, b""))


# Errors and depth

def icmp_errors():
    """Errors that our recordings do not hold: with an MPLS extension behind a bounded quote (RFC 4884),
    a redirect, ICMPv6 quoting VXLAN over IPv6, an ICMPv6 quote with extension bounds."""
    quote = CONNECT.ljust(128, b"\0")
    body = struct.pack("!HBB", 8, 1, 1) + label(1000, 1, ttl=1)
    extension = struct.pack("!BBH", 0x20, 0, checksum(b"\x20\0\0\0" + body)) + body
    inner = struct.pack("!BxxxI", 0x08, 42 << 8) + FRAME_TCP
    tunnel_6 = udp(NODE1_6, NODE2_6, 49152, 8472, inner)
    bounded_6 = PING_6.ljust(128, b"\0")
    frames("icmp-errors",
           icmp("10.244.1.1", POD1, 11, 0, struct.pack("!BBH", 0, 32, 0) + quote + extension),
           icmp("10.244.1.1", POD1, 5, 1, bytes([10, 244, 1, 2]) + PING),
           icmp(NODE2_6, NODE1_6, 1, 4, bytes(4) + tunnel_6),
           icmp("fd00:1::1", POD1_6, 3, 0, struct.pack("!BBH", 16, 0, 0) + bounded_6 + extension))


def nested():
    """Eleven layers: VLAN, IPv4, GRE with key, IPv6, VXLAN, VLAN, IPv4, TCP; then 40 IPv4 headers in
    each other, more than are followed."""
    frame = inner_ethernet(VLAN, tag(6, IPV4, CONNECT))
    vxlan = udp(NODE1_6, NODE2_6, 49152, 8472, struct.pack("!BxxxI", 0x08, 42 << 8) + frame)
    gre_packet = over_ip(GRE, struct.pack("!HHI", 0x2000, IPV6, 77) + vxlan)
    deep = PING
    for _ in range(40):
        deep = over_ip(IPIP, deep)
    frames("nested", ethernet(VLAN, tag(5, IPV4, gre_packet)), deep)


if __name__ == "__main__":
    for part in (vlan, arp_padded, qinq, backbone, mpls, mpls_over_udp, pppoe, llc, llc_bridged,
                 macsec, macsec_short, vxlan_gpe, nsh, geneve, flannel_udp, gue, fou, gtpu, l2tpv2,
                 l2tpv3, l2tpv3_control, teredo, wireguard, gre, nvgre, gre_version_1, erspan,
                 ip_in_ip, ah, esp, sctp, ipv6_extensions, icmp_errors, nested):
        part()
