//! Recognizes what a file is by its first bytes, never by its name.

use super::looks_like::LooksLike;

/// Bytes that [`Format::recognize`] wants to see; fewer only where the file is shorter.
pub(super) const SNIFF_LEN: usize = 512;

/// A format whose contents this room reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pcap,
    Pcapng,
    Compressed(Compression),
    Tar,
    Zip,
    /// No bytes at all.
    Empty,
    Other(LooksLike),
}

/// A stream compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    Gzip,
    Zstd,
    Xz,
    Lz4,
    Bzip2,
}

const EDITCAP: &str = "editcap -F pcapng IN OUT.pcapng";

/// Formats told by bytes at a fixed place.
const SIGNATURES: &[(usize, &[u8], Format)] = &[
    (0, b"\xd4\xc3\xb2\xa1", Format::Pcap),
    (0, b"\xa1\xb2\xc3\xd4", Format::Pcap),
    (0, b"\x4d\x3c\xb2\xa1", Format::Pcap),
    (0, b"\xa1\xb2\x3c\x4d", Format::Pcap),
    (0, b"\x34\xcd\xb2\xa1", Format::Pcap),
    (0, b"\xa1\xb2\xcd\x34", Format::Pcap),
    (0, b"\x0a\x0d\x0d\x0a", Format::Pcapng),
    (0, b"\x1f\x8b", Format::Compressed(Compression::Gzip)),
    (
        0,
        b"\x28\xb5\x2f\xfd",
        Format::Compressed(Compression::Zstd),
    ),
    (0, b"\xfd7zXZ\x00", Format::Compressed(Compression::Xz)),
    (0, b"\x04\x22\x4d\x18", Format::Compressed(Compression::Lz4)),
    (0, b"BZh", Format::Compressed(Compression::Bzip2)),
    (257, b"ustar", Format::Tar),
    (0, b"PK\x03\x04", Format::Zip),
    (0, b"PK\x05\x06", Format::Zip),
    (0, b"snoop\0\0\0", convertible("snoop", EDITCAP)),
    (
        0,
        b"RTSS",
        convertible("Microsoft Network Monitor 1", EDITCAP),
    ),
    (
        0,
        b"GMBU",
        convertible("Microsoft Network Monitor 2", EDITCAP),
    ),
    (
        0,
        b"TRSNIFF data    \x1a",
        convertible("NetXray Sniffer", EDITCAP),
    ),
    (
        0,
        b"XCP\0",
        convertible("NetXray or Windows Sniffer", EDITCAP),
    ),
    (
        0,
        b"\x1c\x00\x01\xac",
        convertible("Ixia lcapture", EDITCAP),
    ),
    (
        0,
        b"\xac\x01\x00\x1c",
        convertible("Ixia lcapture", EDITCAP),
    ),
    (
        0,
        b"\x1c\x00\x01\xab",
        convertible("Ixia lcapture", EDITCAP),
    ),
    (
        0,
        b"\xab\x01\x00\x1c",
        convertible("Ixia lcapture", EDITCAP),
    ),
    (0, b"\x7fver", convertible("WildPackets EtherPeek", EDITCAP)),
    (0, b"5View", convertible("InfoVista 5View", EDITCAP)),
    (0, b"iptrace 1.0", convertible("AIX iptrace", EDITCAP)),
    (0, b"iptrace 2.0", convertible("AIX iptrace", EDITCAP)),
    (0, b"btsnoop\0", convertible("Bluetooth snoop", EDITCAP)),
    (
        0,
        b"\x13\x20\x00\x00",
        convertible(
            "Windows packet monitor (ETL)",
            "pktmon etl2pcap IN --out OUT.pcapng",
        ),
    ),
    (0, b"\x7fELF", known("a program (ELF)")),
    (0, b"MZ", known("a Windows program")),
    (0, b"SQLite format 3\0", known("an SQLite database")),
    (0, b"%PDF", known("a PDF document")),
    (0, b"\x89PNG", known("a picture (PNG)")),
    (
        0,
        b"7z\xbc\xaf\x27\x1c",
        known("a 7-Zip archive; unpack it first"),
    ),
    (0, b"Rar!", known("a RAR archive; unpack it first")),
    (
        0,
        b"\x1f\x9d",
        known("a file packed by compress; unpack it with uncompress first"),
    ),
];

const fn convertible(name: &'static str, command: &'static str) -> Format {
    Format::Other(LooksLike::Convertible { name, command })
}

const fn known(description: &'static str) -> Format {
    Format::Other(LooksLike::Known(description))
}

impl Format {
    /// What a file with these first bytes is. `start` holds [`SNIFF_LEN`] bytes or the whole file.
    pub(super) fn recognize(start: &[u8]) -> Self {
        if start.is_empty() {
            return Self::Empty;
        }
        SIGNATURES
            .iter()
            .find(|(at, bytes, _)| start.get(*at..).is_some_and(|rest| rest.starts_with(bytes)))
            .map(|(_, _, format)| *format)
            .unwrap_or_else(|| Self::recognize_by_shape(start))
    }

    fn recognize_by_shape(start: &[u8]) -> Self {
        if is_old_tar(start) {
            Self::Tar
        } else if is_erf(start) {
            convertible("Endace ERF", EDITCAP)
        } else if is_text(start) {
            Self::Other(LooksLike::Text)
        } else {
            let mut first = [0; 8];
            for (to, from) in first.iter_mut().zip(start) {
                *to = *from;
            }
            Self::Other(LooksLike::Unknown { first })
        }
    }

    /// What to call the format where a single capture was expected.
    pub(super) const fn looks_like(self) -> LooksLike {
        match self {
            Self::Other(looks_like) => looks_like,
            Self::Empty => LooksLike::Empty,
            Self::Pcap | Self::Pcapng => LooksLike::Known("a packet capture"),
            Self::Compressed(_) => LooksLike::Known("a compressed file"),
            Self::Tar | Self::Zip => LooksLike::Bundle,
        }
    }
}

/// A tar header from before POSIX has no magic, but its checksum is right.
fn is_old_tar(start: &[u8]) -> bool {
    let Some(header) = start.first_chunk::<512>() else {
        return false;
    };
    let field = header.get(148..156).unwrap_or(&[]);
    let digits: String = field
        .iter()
        .map(|byte| char::from(*byte))
        .filter(|c| c.is_digit(8))
        .collect();
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    let own: u32 = field.iter().map(|byte| u32::from(*byte)).sum();
    let blank = 8 * u32::from(b' ');
    u32::from_str_radix(&digits, 8).is_ok_and(|claimed| claimed == sum - own + blank)
}

/// Two ERF records in a row: an Ethernet type and a length that leads to the next such type.
fn is_erf(start: &[u8]) -> bool {
    const TYPE_AT: usize = 8;
    const LENGTH_AT: usize = 10;
    const ETHERNET: u8 = 2;
    let is_record = |at: usize| {
        start
            .get(at + TYPE_AT)
            .is_some_and(|kind| kind & 0x7f == ETHERNET)
    };
    let Some(length) = start.get(LENGTH_AT..LENGTH_AT + 2) else {
        return false;
    };
    let length = length
        .iter()
        .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
    length > 16 && is_record(0) && is_record(length)
}

fn is_text(start: &[u8]) -> bool {
    let valid = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The sniffed piece may end inside a character.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to()).unwrap_or(&[])).unwrap_or("")
        }
        Err(_) => return false,
    };
    !valid.is_empty()
        && valid
            .chars()
            .all(|c| !c.is_control() || c.is_ascii_whitespace())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_told_by_content() {
        let tar = [&[b'x'; 257][..], b"ustar\x0000", &[0; 200]].concat();
        for (start, format) in [
            (&b""[..], Format::Empty),
            (b"\xd4\xc3\xb2\xa1\x02\x00", Format::Pcap),
            (b"\x0a\x0d\x0d\x0a", Format::Pcapng),
            (b"\x1f\x8b\x08", Format::Compressed(Compression::Gzip)),
            (&tar, Format::Tar),
            (
                b"12:00:00.1 IP 10.0.0.1 > 10.0.0.2",
                Format::Other(LooksLike::Text),
            ),
            (
                "caf\u{e9}".as_bytes().split_last().unwrap().1,
                Format::Other(LooksLike::Text),
            ),
        ] {
            assert_eq!(Format::recognize(start), format, "{start:02x?}");
        }
    }

    #[test]
    fn foreign_captures_name_the_conversion() {
        let snoop = Format::recognize(b"snoop\0\0\0\0\0\0\x02")
            .looks_like()
            .to_string();
        assert_eq!(
            snoop,
            "it is a snoop file, convert it with: editcap -F pcapng IN OUT.pcapng"
        );
        let netmon = Format::recognize(b"GMBU\x00\x02").looks_like().to_string();
        assert!(netmon.contains("Network Monitor 2"), "{netmon}");
        let unknown = Format::recognize(&[0xff, 0, 1]).looks_like().to_string();
        assert_eq!(unknown, "its first bytes are ff 00 01 00 00 00 00 00");
    }
}
