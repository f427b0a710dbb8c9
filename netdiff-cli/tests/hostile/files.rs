//! Captures and archives made by hand, some of which lie.

use std::io::Write;
use std::net::Ipv4Addr;

/// The header of a pcap file of Ethernet.
pub fn pcap_header() -> Vec<u8> {
    let mut file = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0]);
    for field in [0_u32, 0, 262_144, 1] {
        file.extend(field.to_le_bytes());
    }
    file
}

/// A pcap file with these packets, a millisecond apart.
pub fn pcap(packets: &[Vec<u8>]) -> Vec<u8> {
    let mut file = pcap_header();
    for (number, packet) in (0_u32..).zip(packets) {
        let len = packet.len() as u32;
        for field in [1_780_000_000, number * 1_000, len, len] {
            file.extend(field.to_le_bytes());
        }
        file.extend(packet);
    }
    file
}

/// An echo request from 10.244.0.4 to 10.244.1.5.
pub fn ping(sequence: u16) -> Vec<u8> {
    let [high, low] = sequence.to_be_bytes();
    let icmp = [8, 0, 0, 0, 0, 7, high, low, 1, 2, 3, 4];
    let mut packet = vec![2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0];
    packet.extend([0x45, 0, 0, 20 + icmp.len() as u8, 0, low, 0, 0, 64, 1, 0, 0]);
    packet.extend([10, 244, 0, 4, 10, 244, 1, 5]);
    packet.extend(icmp);
    packet
}

/// A packet of so many IP headers, one inside the other.
pub fn nested_tunnels(depth: usize) -> Vec<u8> {
    let mut packet = Vec::new();
    for level in (0..depth).rev() {
        let len = ((depth - level) * 20) as u16;
        let [high, low] = len.to_be_bytes();
        packet.extend([0x45, 0, high, low, 0, 0, 0, 0, 64, 4, 0, 0]);
        packet.extend([10, 0, 0, 1, 10, 0, 0, 2]);
    }
    // The outermost header has the whole length, and so on inwards.
    let headers: Vec<&[u8]> = packet.chunks(20).collect();
    let inner: Vec<u8> = headers.into_iter().rev().flatten().copied().collect();
    [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0][..], &inner].concat()
}

/// An interface of a pcapng file.
#[derive(Clone, Copy, Default)]
pub struct Interface<'a> {
    pub name: Option<&'a str>,
    pub comment: Option<&'a str>,
}

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = body.len() as u32 + 12;
    [
        &kind.to_le_bytes()[..],
        &len.to_le_bytes(),
        &body,
        &len.to_le_bytes(),
    ]
    .concat()
}

fn option(code: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = code.to_le_bytes().to_vec();
    bytes.extend((value.len() as u16).to_le_bytes());
    bytes.extend(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A pcapng file that describes these interfaces.
pub fn pcapng(interfaces: &[Interface<'_>]) -> Vec<u8> {
    pcapng_of(interfaces, &[], &[])
}

/// A pcapng file with these interfaces, names of addresses, and packets of the first interface, each with its comment.
pub fn pcapng_of(
    interfaces: &[Interface<'_>],
    names: &[(&str, &str)],
    packets: &[Vec<u8>],
) -> Vec<u8> {
    let mut section = 0x1a2b_3c4d_u32.to_le_bytes().to_vec();
    section.extend([1, 0, 0, 0]);
    section.extend([0xff; 8]);
    let mut file = block(0x0a0d_0d0a, &section);
    for interface in interfaces {
        let mut body = vec![1, 0, 0, 0, 0, 0, 4, 0];
        let options = [(1, interface.comment), (2, interface.name)];
        for (code, text) in options {
            body.extend(text.map_or_else(Vec::new, |text| option(code, text.as_bytes())));
        }
        body.extend([0; 4]);
        file.extend(block(1, &body));
    }
    let mut records = Vec::new();
    for (address, name) in names {
        let address: Ipv4Addr = address.parse().unwrap();
        let value = [&address.octets()[..], name.as_bytes(), &[0]].concat();
        records.extend(option(1, &value));
    }
    records.extend([0; 4]);
    file.extend(block(4, &records));
    let comment = interfaces.first().and_then(|interface| interface.comment);
    for (number, packet) in (0_u64..).zip(packets) {
        let micros = 1_780_000_000_000_000_u64 + number * 1_000;
        let len = packet.len() as u32;
        let mut body = Vec::new();
        for field in [0, (micros >> 32) as u32, micros as u32, len, len] {
            body.extend(field.to_le_bytes());
        }
        body.extend(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(comment.map_or_else(Vec::new, |text| option(1, text.as_bytes())));
        body.extend([0; 4]);
        file.extend(block(6, &body));
    }
    file
}

/// Headers of plain files in a tar archive, without their contents.
pub fn tar(entries: &[(&str, u64)]) -> Vec<u8> {
    let entries = entries.iter();
    entries
        .flat_map(|(name, len)| tar_entry(name, *len, b'0', ""))
        .collect()
}

/// The header of an entry of any kind.
pub fn tar_entry(name: &str, len: u64, kind: u8, link: &str) -> Vec<u8> {
    let mut header = vec![0; 512];
    let mut put = |at: usize, text: &[u8]| header[at..at + text.len()].copy_from_slice(text);
    put(0, name.as_bytes());
    put(100, b"0000644\0");
    put(124, format!("{len:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, &[kind]);
    put(157, link.as_bytes());
    put(257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}

/// Compressed as gzip does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// So many zeros, as small as gzip makes them.
pub fn gzip_of_zeros(len: usize) -> Vec<u8> {
    gzip(&vec![0; len])
}
