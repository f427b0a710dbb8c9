//! ESP, encrypted IP payload (RFC 4303), also over UDP (RFC 3948): recognised, not opened.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                   security parameters index                   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        sequence number                        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop};

/// An ESP header: index and sequence number identify the packet on its whole way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Esp {
    /// Security parameters index.
    pub spi: u32,
    /// Sequence number; 0 where the capture cut it.
    pub sequence: u32,
}

/// Decodes an ESP header; of one that is cut, the index.
pub(super) fn decode_esp(rest: Rest<'_>) -> Decoded<'_, Esp> {
    let (spi, behind) = rest.split::<4>(LayerKind::Esp)?;
    let spi = u32::from_be_bytes(*spi);
    let Ok((sequence, behind)) = behind.split::<4>(LayerKind::Esp) else {
        let stop = rest.truncated(LayerKind::Esp, 8);
        return Ok(Step::last(Esp { spi, sequence: 0 }, behind.skip(4), stop));
    };
    let sequence = u32::from_be_bytes(*sequence);
    Ok(Step::last(Esp { spi, sequence }, behind, Stop::Encrypted))
}

/// What a datagram of port 4500 is: four zeros mark a key exchange, one byte keeps a mapping alive.
pub(super) fn over_udp(datagram: Rest<'_>) -> Next {
    match datagram.bytes() {
        [] | [_] | [0, 0, 0, 0, ..] => Next::Payload,
        _ => Next::Layer(LayerKind::Esp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: [u8; 9] = [0, 0, 0x10, 1, 0, 0, 0, 7, 0xee];

    #[test]
    fn index_and_sequence_then_nothing_readable() {
        let step = decode_esp(Rest::new(&HEADER, 9)).unwrap();
        assert_eq!((step.layer.spi, step.layer.sequence), (0x1001, 7));
        assert_eq!(step.next, Next::Stop(Stop::Encrypted));
    }

    #[test]
    fn key_exchange_and_keep_alive_are_not_esp() {
        for bytes in [&[0xff][..], &[0; 12], &[]] {
            assert_eq!(over_udp(Rest::new(bytes, 12)), Next::Payload);
        }
        assert_eq!(over_udp(Rest::new(&HEADER, 9)), Next::Layer(LayerKind::Esp));
    }

    #[test]
    fn a_cut_header_keeps_its_index() {
        for len in 0..8 {
            match decode_esp(Rest::new(&HEADER[..len], 60)) {
                Ok(step) => assert_eq!((len >= 4, step.layer.spi), (true, 0x1001)),
                Err(_) => assert!(len < 4),
            }
        }
    }
}
