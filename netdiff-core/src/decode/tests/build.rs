//! Packets for tests, built from the inside out: each function wraps what it is given.

use crate::types::{EtherType, Protocol};

/// `header` and what follows it.
pub(in crate::decode) fn join(header: &[u8], data: &[u8]) -> Vec<u8> {
    [header, data].concat()
}

/// An Ethernet header in front of `data`.
pub(in crate::decode) fn ethernet(ether_type: EtherType, data: &[u8]) -> Vec<u8> {
    let [high, low] = ether_type.0.to_be_bytes();
    join(&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, high, low], data)
}

/// An IPv4 header, 10.0.`network`.1 > 10.0.`network`.2, with lengths and checksum filled in.
pub(in crate::decode) fn ipv4(network: u8, protocol: Protocol, data: &[u8]) -> Vec<u8> {
    let [high, low] = len16(20 + data.len());
    let p = protocol.0;
    let mut header = vec![0x45, 0, high, low, 0x12, 0x34, 0x40, 0, 64, p, 0, 0];
    header.extend([10, 0, network, 1, 10, 0, network, 2]);
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum);
    join(&header, data)
}

/// An IPv6 header, from `fd00:N::1` to `fd00:N::2` with N for `network`.
pub(in crate::decode) fn ipv6(network: u8, protocol: Protocol, data: &[u8]) -> Vec<u8> {
    let [high, low] = len16(data.len());
    let mut header = vec![0x60, 0, 0, 0, high, low, protocol.0, 64];
    for last in [1, 2] {
        header.extend([0xfd, 0, 0, network, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
    }
    join(&header, data)
}

/// A UDP header without a checksum.
pub(in crate::decode) fn udp(source: u16, destination: u16, data: &[u8]) -> Vec<u8> {
    let ports = join(&source.to_be_bytes(), &destination.to_be_bytes());
    let lengths = join(&len16(8 + data.len()), &[0, 0]);
    join(&join(&ports, &lengths), data)
}

/// A TCP header, port 40000 > 443, sequence 0x01020304, with a timestamps option.
pub(in crate::decode) fn tcp(data: &[u8]) -> Vec<u8> {
    let header = [
        0x9c, 0x40, 1, 187, 1, 2, 3, 4, 0, 0, 0, 5, 0x80, 0x18, 1, 0, 0, 0, 0, 0, //
        1, 1, 8, 10, 0, 0, 0, 7, 0, 0, 0, 9,
    ];
    join(&header, data)
}

/// A VXLAN header.
pub(in crate::decode) fn vxlan(vni: u8, data: &[u8]) -> Vec<u8> {
    join(&[8, 0, 0, 0, 0, 0, vni, 0], data)
}

/// TCP over IPv4 in a VXLAN over IPv4, as flannel sends it between two nodes.
pub(in crate::decode) fn flannel(data: &[u8]) -> Vec<u8> {
    let inner = ethernet(EtherType::IPV4, &ipv4(244, Protocol::TCP, &tcp(data)));
    let outer = udp(49_152, 8472, &vxlan(1, &inner));
    ethernet(EtherType::IPV4, &ipv4(1, Protocol::UDP, &outer))
}

/// The Internet checksum (RFC 1071).
pub(in crate::decode) fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes
        .chunks(2)
        .map(|w| u32::from(w[0]) << 8 | w.get(1).map_or(0, |&b| b.into()));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    (!u16::try_from(sum).unwrap()).to_be_bytes()
}

fn len16(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap().to_be_bytes()
}
