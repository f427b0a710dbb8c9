//! Captures made in memory, for this room's tests.

use std::io::{self, Cursor, Read};

use super::PacketReader;
use super::byte_order::ByteOrder;
use super::packet_reader::FileReport;

/// Seconds of the first packet of every capture made here.
pub(super) const FIRST_SECOND: u32 = 1_780_000_000;

/// Appends integers in the byte order of a capture.
pub(super) struct Bytes {
    pub(super) order: ByteOrder,
    pub(super) bytes: Vec<u8>,
}

impl Bytes {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self {
            order,
            bytes: Vec::new(),
        }
    }

    pub(super) fn u16(mut self, number: u16) -> Self {
        self.bytes.extend_from_slice(&match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        });
        self
    }

    pub(super) fn u32(mut self, number: u32) -> Self {
        self.bytes.extend_from_slice(&match self.order {
            ByteOrder::Little => number.to_le_bytes(),
            ByteOrder::Big => number.to_be_bytes(),
        });
        self
    }

    pub(super) fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }
}

/// A pcap header of version 2.4 with snapshot length 262144 and the magic number's byte order.
pub(super) fn pcap_header(order: ByteOrder, magic: u32, link: u32) -> Vec<u8> {
    let start = Bytes::new(order).u32(magic).u16(2).u16(4);
    start.u32(0).u32(0).u32(262_144).u32(link).bytes
}

/// A pcap record, `n` seconds after the first.
pub(super) fn pcap_record(order: ByteOrder, n: u32, data: &[u8]) -> Vec<u8> {
    let len = u32::try_from(data.len()).unwrap();
    let head = Bytes::new(order).u32(FIRST_SECOND + n).u32(1000 + n);
    head.u32(len).u32(len).raw(data).bytes
}

/// A little-endian microsecond pcap of Ethernet frames of these lengths; frame n is full of n + 1.
pub(super) fn pcap_of_lengths(lengths: &[usize]) -> Vec<u8> {
    let mut file = pcap_header(ByteOrder::Little, 0xa1b2_c3d4, 1);
    for (n, len) in (0..).zip(lengths) {
        let filler = u8::try_from(n % 255 + 1).unwrap();
        file.extend(pcap_record(ByteOrder::Little, n, &vec![filler; *len]));
    }
    file
}

/// A packet with its bytes, to compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnedPacket {
    pub(super) number: u64,
    pub(super) interface: u32,
    pub(super) link_type: u16,
    pub(super) time: Option<i64>,
    pub(super) original_len: u32,
    pub(super) data: Vec<u8>,
}

/// Everything in the capture `file`, which must be one.
pub(super) fn read_all(file: &[u8]) -> (Vec<OwnedPacket>, FileReport) {
    read_stream(Box::new(Cursor::new(file.to_vec())))
}

/// Everything in the capture that `source` streams, which must be one.
pub(super) fn read_stream(source: Box<dyn Read + Send>) -> (Vec<OwnedPacket>, FileReport) {
    let mut reader = PacketReader::new("test.pcap", source).unwrap();
    let mut packets = Vec::new();
    while let Some(packet) = reader.next_packet() {
        packets.push(OwnedPacket {
            number: packet.packet_number.0,
            interface: packet.interface.0,
            link_type: packet.link_type.0,
            time: packet.time.map(|time| time.0),
            original_len: packet.original_len,
            data: packet.data.to_vec(),
        });
    }
    (packets, reader.finish())
}

/// The warnings of a report as sentences, without the file's name.
pub(super) fn sentences(report: &FileReport) -> Vec<String> {
    let sentence = |damage: &super::ReadWarning| {
        let text = damage.to_string();
        text.strip_prefix("test.pcap: ").unwrap().to_owned()
    };
    report.damages.iter().map(sentence).collect()
}

/// A stream that gives pieces of the given lengths, over and over.
pub(super) struct Pieces {
    bytes: Cursor<Vec<u8>>,
    lengths: Vec<usize>,
    next: usize,
}

impl Pieces {
    pub(super) fn new(bytes: Vec<u8>, lengths: Vec<usize>) -> Self {
        Self {
            bytes: Cursor::new(bytes),
            lengths,
            next: 0,
        }
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.lengths[self.next % self.lengths.len()].min(buffer.len());
        self.next += 1;
        self.bytes.read(&mut buffer[..len])
    }
}
