//! `MACsec` (IEEE 802.1AE): recognised; followed only where it authenticates without encrypting.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |V|I|S|B|E|C|AN | short length  |     packet number …           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   … packet number             | channel identifier (I): 8 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | not encrypted (E, C clear): Ethernet type, data; 16 bytes of check value at the end
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use nom::combinator::cond;
use nom::number::complete::{be_u8, be_u32, be_u64};

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop, dispatch};
use crate::types::EtherType;

/// A `MACsec` tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Macsec {
    /// Association number, 2 bits.
    pub association: u8,
    /// Packet number.
    pub packet_number: u32,
    /// Secure channel identifier: MAC address and port, where the tag has it.
    pub channel: Option<u64>,
    /// What follows is encrypted.
    pub is_encrypted: bool,
}

const VERSION: u8 = 0x80;
const CHANNEL: u8 = 0x20;
const ENCRYPTED: u8 = 0x08;
const CHANGED: u8 = 0x04;
/// Bytes of the check value behind the data.
const CHECK_VALUE_LEN: u32 = 16;

/// Decodes a `MACsec` tag.
pub(super) fn decode_macsec(rest: Rest<'_>) -> Decoded<'_, Macsec> {
    let kind = LayerKind::Macsec;
    let (&[bits, _], _) = rest.split::<2>(kind)?;
    if bits & VERSION != 0 {
        return Err(rest.malformed(kind, "macsec.version"));
    }
    let has_channel = bits & CHANNEL != 0;
    let fields = (be_u8, be_u8, be_u32, cond(has_channel, be_u64));
    let needed = if has_channel { 14 } else { 6 };
    let ((_, short_length, packet_number, channel), behind) = rest.parse(kind, needed, fields)?;
    let macsec = Macsec {
        association: bits & 3,
        packet_number,
        channel,
        is_encrypted: bits & (ENCRYPTED | CHANGED) != 0,
    };
    // A short length tells the data from the link's padding behind the check value.
    let short_length = u32::from(short_length & 0x3f);
    if macsec.is_encrypted {
        let sealed = match short_length {
            0 => behind,
            len => behind.limit(len + CHECK_VALUE_LEN),
        };
        return Ok(Step::last(macsec, sealed, Stop::Encrypted));
    }
    let data_len = match short_length {
        0 => behind.wire_len().saturating_sub(CHECK_VALUE_LEN),
        len => len,
    };
    let data = behind.limit(data_len);
    let Ok((ether_type, data)) = data.split::<2>(kind) else {
        return Ok(Step::last(macsec, data, rest.truncated(kind, needed + 2)));
    };
    let next = dispatch::ether_type(EtherType(u16::from_be_bytes(*ether_type)), kind);
    Ok(Step::new(macsec, data, next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    const ENCRYPTED_TAG: [u8; 14] = [0x2e, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, 0, 1];

    #[test]
    fn an_encrypted_frame_is_not_opened() {
        let step = decode_macsec(Rest::new(&ENCRYPTED_TAG, 90)).unwrap();
        assert_eq!((step.layer.packet_number, step.layer.association), (9, 2));
        assert_eq!(step.layer.channel, Some(0x0200_0000_0001_0001));
        assert_eq!(step.next, Next::Stop(Stop::Encrypted));
    }

    #[test]
    fn an_authenticated_frame_is_followed() {
        let mut bytes = vec![0, 0, 0, 0, 0, 9, 8, 0, 0x45];
        bytes.extend([0; 16]);
        let step = decode_macsec(Rest::new(&bytes, 25)).unwrap();
        assert_eq!(
            (step.rest.bytes(), step.next),
            (&[0x45][..], Next::Layer(LayerKind::Ipv4))
        );
    }

    #[test]
    fn a_cut_tag_is_none() {
        assert!(decode_macsec(Rest::new(&[0x80; 14], 14)).is_err());
        for len in 0..14 {
            assert!(decode_macsec(Rest::new(&ENCRYPTED_TAG[..len], 60)).is_err());
        }
    }
}
