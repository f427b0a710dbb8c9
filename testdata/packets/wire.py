"""Headers as bytes: what links/write.py and tunnels/write.py build their packets from.

Everything is fixed (addresses, identifications, times), so writing again gives the same bytes.
"""

import struct
import zlib
from ipaddress import ip_address
from pathlib import Path

# Ethernet types.
IPV4, ARP, TEB, VLAN, SERVICE_VLAN, IPV6 = 0x0800, 0x0806, 0x6558, 0x8100, 0x88A8, 0x86DD
MPLS, PPPOE_DISCOVERY, PPPOE_SESSION, MACSEC, BACKBONE = 0x8847, 0x8863, 0x8864, 0x88E5, 0x88E7
ERSPAN, ERSPAN_III, NSH, PPP_IN_GRE = 0x88BE, 0x22EB, 0x894F, 0x880B

# IP protocols.
ICMP, IPIP, TCP, UDP, IN6, GRE, ESP, AH, ICMPV6, L2TP, SCTP = 1, 4, 6, 17, 41, 47, 50, 51, 58, 115, 132

# Two nodes and their pods: the outer and the inner ends of most packets here.
NODE1, NODE2 = "192.0.2.1", "192.0.2.2"
NODE1_6, NODE2_6 = "2001:db8::1", "2001:db8::2"
POD1, POD2 = "10.244.1.5", "10.244.2.7"
POD1_6, POD2_6 = "fd00:1::5", "fd00:2::7"


def mac(last):
    """A locally administered MAC address."""
    return bytes([2, 0, 0, 0, 0, last])


def checksum(data):
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def crc32c(data):
    """The checksum of SCTP (RFC 9260, appendix A)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def ethernet(ether_type, data, source=1, destination=2):
    """An Ethernet frame between two of our MAC addresses, padded to 60 bytes as a card pads it."""
    frame = mac(destination) + mac(source) + struct.pack("!H", ether_type) + data
    return frame.ljust(60, b"\0")


def inner_ethernet(ether_type, data, source=0xA, destination=0xB):
    """A frame inside a tunnel: other addresses, no padding."""
    return mac(destination) + mac(source) + struct.pack("!H", ether_type) + data


def ip(source, destination, protocol, data, ttl=64, identification=0x1001, fragment=0):
    """An IP packet of the version of its addresses. `fragment`: the flags and offset field of IPv4."""
    ends = ip_address(source).packed + ip_address(destination).packed
    if len(ends) == 32:
        return struct.pack("!IHBB", 6 << 28, len(data), protocol, ttl) + ends + data
    fields = (0x45, 0, 20 + len(data), identification, fragment, ttl, protocol)
    front = struct.pack("!BBHHHBB", *fields)
    return front + struct.pack("!H", checksum(front + b"\0\0" + ends)) + ends + data


def pseudo_header(source, destination, protocol, length):
    """What the checksums of UDP, TCP and ICMPv6 cover of the IP header."""
    ends = ip_address(source).packed + ip_address(destination).packed
    return ends + struct.pack("!II", length, protocol)


def udp(source, destination, source_port, destination_port, data, **of_ip):
    """An IP packet with a UDP datagram."""
    length = 8 + len(data)
    header = struct.pack("!HHH", source_port, destination_port, length)
    covered = pseudo_header(source, destination, UDP, length) + header + b"\0\0" + data
    total = checksum(covered) or 0xFFFF
    return ip(source, destination, UDP, header + struct.pack("!H", total) + data, **of_ip)


def tcp(source, destination, source_port, destination_port, sequence, flags, data=b"", **of_ip):
    """An IP packet with a TCP segment without options."""
    acknowledgment = 0x0A0B0C0D if flags & 0x10 else 0
    fields = (source_port, destination_port, sequence, acknowledgment, 0x50, flags, 64000)
    front = struct.pack("!HHIIBBH", *fields)
    length = 20 + len(data)
    covered = pseudo_header(source, destination, TCP, length) + front + b"\0\0\0\0" + data
    return ip(source, destination, TCP, front + struct.pack("!HH", checksum(covered), 0) + data, **of_ip)


def echo(source, destination, sequence, reply=False, identifier=0x0BAD, **of_ip):
    """An IP packet with an echo request or reply of ICMP or ICMPv6."""
    is_6 = ":" in source
    kind = {(False, False): 8, (False, True): 0, (True, False): 128, (True, True): 129}[is_6, reply]
    tail = struct.pack("!HH", identifier, sequence) + b"netdiff!"
    return icmp(source, destination, kind, 0, tail, **of_ip)


def icmp(source, destination, kind, code, tail, **of_ip):
    """An IP packet with an ICMP or ICMPv6 message; `tail` is everything behind its checksum."""
    protocol = ICMPV6 if ":" in source else ICMP
    front = struct.pack("!BB", kind, code)
    covered = front + b"\0\0" + tail
    if protocol == ICMPV6:
        covered = pseudo_header(source, destination, ICMPV6, len(covered)) + covered
    message = front + struct.pack("!H", checksum(covered)) + tail
    return ip(source, destination, protocol, message, **of_ip)


def arp_request(sender, target, source=1):
    """An ARP request for IPv4 over Ethernet."""
    ends = mac(source) + ip_address(sender).packed + bytes(6) + ip_address(target).packed
    return struct.pack("!HHBBH", 1, IPV4, 6, 4, 1) + ends


def noise(length, seed=0):
    """Bytes that look encrypted."""
    out, state = b"", seed
    while len(out) < length:
        state = zlib.crc32(struct.pack("!I", state), 0xFFFFFFFF)
        out += struct.pack("!I", state)
    return out[:length]


def write_pcap(name, link_type, packets, order="<", snap_length=65535):
    """Writes a pcap file into the folder of the running script: one packet a millisecond."""
    out = struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, snap_length, link_type)
    for n, packet in enumerate(packets):
        kept = packet[:snap_length]
        out += struct.pack(order + "IIII", 1767225600, n * 1000, len(kept), len(packet)) + kept
    import __main__
    (Path(__main__.__file__).parent / name).write_bytes(out)
