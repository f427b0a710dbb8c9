//! Unpacks compressed streams, recognized by their first bytes.

use std::io::{self, Cursor, Read};

use super::error::{MAX_COMPRESSION_LAYERS, ReadError};
use super::format::{Compression, Format, SNIFF_LEN};
use super::ratio::{Bounded, Packed};

/// Memory that an xz stream may ask for, in bytes; `xz -9` needs 65 MiB.
const MAX_XZ_MEMORY: u64 = 128 << 20;

/// Base-2 logarithm of the largest zstd window in bytes; `zstd --ultra -22` needs 27.
const MAX_ZSTD_WINDOW: u32 = 27;

/// A stream without compression, and what it is.
pub(super) struct Unpacked {
    pub(super) format: Format,
    /// The first bytes, up to [`SNIFF_LEN`]; `stream` gives them again.
    pub(super) start: Vec<u8>,
    pub(super) stream: Box<dyn Read + Send>,
    /// Whether there was any compression.
    pub(super) was_packed: bool,
}

/// Takes all layers of compression off `source`; `file` is used in messages.
pub(super) fn unpack(file: &str, source: Box<dyn Read + Send>) -> Result<Unpacked, ReadError> {
    let open_error = |reason| ReadError::Open {
        file: file.to_owned(),
        reason,
    };
    let packed = Packed::new(source);
    let count = packed.count();
    let mut source: Box<dyn Read + Send> = Box::new(packed);
    for layer in 0..=MAX_COMPRESSION_LAYERS {
        let sniffed = Sniffed::new(source).map_err(open_error)?;
        let format = Format::recognize(&sniffed.start);
        let Format::Compressed(compression) = format else {
            let was_packed = layer > 0;
            let start = sniffed.start.clone();
            let stream = sniffed.into_stream();
            let stream: Box<dyn Read + Send> = match was_packed {
                true => Box::new(Bounded::new(stream, count)),
                false => Box::new(stream),
            };
            return Ok(Unpacked {
                format,
                start,
                stream,
                was_packed,
            });
        };
        source = decoder(compression, Box::new(sniffed.into_stream())).map_err(open_error)?;
    }
    Err(ReadError::PackedTooDeep {
        file: file.to_owned(),
    })
}

fn decoder(
    compression: Compression,
    packed: Box<dyn Read + Send>,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match compression {
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        Compression::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(packed)),
        Compression::Lz4 => Box::new(Lz4Frames(lz4_flex::frame::FrameDecoder::new(packed))),
        Compression::Xz => {
            let stream = liblzma::stream::Stream::new_auto_decoder(
                MAX_XZ_MEMORY,
                liblzma::stream::CONCATENATED,
            )?;
            Box::new(liblzma::read::XzDecoder::new_stream(packed, stream))
        }
        Compression::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(packed)?;
            decoder.window_log_max(MAX_ZSTD_WINDOW)?;
            Box::new(decoder)
        }
    })
}

/// A stream whose first bytes have been looked at.
struct Sniffed {
    start: Vec<u8>,
    /// What went wrong behind them.
    failure: Option<io::Error>,
    rest: Box<dyn Read + Send>,
}

impl Sniffed {
    /// Reads the first bytes. An error counts only if nothing was read before it.
    fn new(mut source: Box<dyn Read + Send>) -> io::Result<Self> {
        let mut start = Vec::with_capacity(SNIFF_LEN);
        let read = source
            .by_ref()
            .take(SNIFF_LEN as u64)
            .read_to_end(&mut start);
        let failure = match read {
            Err(error) if start.is_empty() => return Err(error),
            read => read.err(),
        };
        Ok(Self {
            start,
            failure,
            rest: source,
        })
    }

    /// The whole stream, from its first byte on.
    fn into_stream(self) -> impl Read + Send {
        Cursor::new(self.start)
            .chain(Failing(self.failure))
            .chain(self.rest)
    }
}

/// Gives the error it holds, once.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// The decoder says 0 at the end of each frame, though another may follow.
struct Lz4Frames<R: Read>(lz4_flex::frame::FrameDecoder<R>);

impl<R: Read> Read for Lz4Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => self.0.read(buffer),
            read => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::read::testing::{pcap_of_lengths, read_all, sentences};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn xz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 1);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(bytes: &[u8]) -> Vec<u8> {
        let level = bzip2::Compression::fast();
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(bytes, 1).unwrap()
    }

    type Pack = fn(&[u8]) -> Vec<u8>;

    const PACKERS: &[Pack] = &[gzip, xz, bzip2, lz4, zstd];

    #[test]
    fn every_compression_and_two_at_once() {
        let file = pcap_of_lengths(&[60, 1500, 0, 9000]);
        let (plain, _) = read_all(&file);
        for pack in PACKERS {
            let (packets, report) = read_all(&pack(&file));
            assert_eq!((packets, report.damages.len()), (plain.clone(), 0));
            assert_eq!(read_all(&gzip(&pack(&file))).0, plain);
        }
    }

    #[test]
    fn streams_packed_in_pieces_are_one() {
        let file = pcap_of_lengths(&[60, 1500, 0, 9000]);
        let (plain, _) = read_all(&file);
        for pack in PACKERS {
            let pieces = [pack(&file[..700]), pack(&file[700..])].concat();
            assert_eq!(read_all(&pieces).0, plain);
        }
    }

    #[test]
    fn a_cut_stream_gives_what_came_before() {
        let file = pcap_of_lengths(&[1000; 4000]);
        let packed = gzip(&file);
        let (packets, report) = read_all(&packed[..packed.len() / 2]);
        assert!(!packets.is_empty() && packets.len() < 4000);
        assert!(
            sentences(&report)
                .iter()
                .any(|text| text.starts_with("reading stopped: "))
        );
    }

    #[test]
    fn layers_are_bounded() {
        let mut packed = pcap_of_lengths(&[60]);
        for _ in 0..=MAX_COMPRESSION_LAYERS {
            packed = gzip(&packed);
        }
        let error = unpack("deep.gz", Box::new(Cursor::new(packed)))
            .err()
            .unwrap();
        assert!(error.to_string().contains("unpack it once first"));
    }
}
