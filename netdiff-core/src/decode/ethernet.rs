//! Ethernet II and IEEE 802.3.
//!
//! ```text
//!         6 bytes              6 bytes        2 bytes
//! +--------------------+------------------+-------------+
//! | destination        | source           | type/length | data, padding
//! +--------------------+------------------+-------------+
//! ```
//!
//! Up to 1500 the third field is the length of the data, from 1536 (0x0600) on its type.

use std::fmt;

use etherparse::Ethernet2HeaderSlice;

use super::rest::{Decoded, Parsed, Rest, Short, Step};
use super::{LayerKind, dispatch};
use crate::types::EtherType;

/// A 48-bit MAC address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// Whether the group bit is set: broadcast or multicast.
    #[must_use]
    pub const fn is_group(self) -> bool {
        self.0[0] & 1 != 0
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

/// An Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Destination address.
    pub destination: MacAddr,
    /// Source address.
    pub source: MacAddr,
    /// The type field; values below 0x0600 are an IEEE 802.3 length.
    pub ether_type: EtherType,
}

impl Ethernet {
    /// Bytes of the header.
    pub const LEN: usize = 14;
}

/// Decodes an Ethernet header.
#[inline(always)]
pub(super) fn decode_ethernet(rest: Rest<'_>) -> Decoded<'_, Ethernet> {
    let Ok(header) = Ethernet2HeaderSlice::from_slice(rest.bytes()) else {
        return Err(rest.truncated(LayerKind::Ethernet, Ethernet::LEN));
    };
    let ethernet = Ethernet {
        destination: MacAddr(header.destination()),
        source: MacAddr(header.source()),
        ether_type: EtherType(header.ether_type().0),
    };
    let rest = limit_by_length_field(rest.skip(Ethernet::LEN), ethernet.ether_type);
    let next = dispatch::ether_type_or_length(ethernet.ether_type, LayerKind::Ethernet);
    Ok(Step::new(ethernet, rest, next))
}

/// Parses a MAC address of any header.
pub(super) fn parse_mac(input: &[u8]) -> Parsed<'_, MacAddr> {
    let Some((bytes, input)) = input.split_first_chunk() else {
        return Err(nom::Err::Error(Short));
    };
    Ok((input, MacAddr(*bytes)))
}

/// Takes an IEEE 802.3 length in the place of an Ethernet type at its word.
#[inline(always)]
pub(super) fn limit_by_length_field(rest: Rest<'_>, field: EtherType) -> Rest<'_> {
    if field.0 <= EtherType::MAX_LENGTH {
        rest.limit(u32::from(field.0))
    } else {
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;
    use crate::decode::{Limit, Stop};

    const IPV4: [u8; 14] = [1, 2, 3, 4, 5, 6, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 8, 0];

    #[test]
    fn addresses_and_type() {
        let step = decode_ethernet(Rest::new(&IPV4, 60)).unwrap();
        assert_eq!(step.layer.destination.to_string(), "01:02:03:04:05:06");
        assert_eq!(step.layer.source.to_string(), "10:20:30:40:50:60");
        assert_eq!(step.next, Next::Layer(LayerKind::Ipv4));
        assert_eq!(step.rest.wire_len(), 46);
    }

    #[test]
    fn a_length_field_excludes_the_padding() {
        let mut frame = [0; 60];
        frame[13] = 3;
        let step = decode_ethernet(Rest::new(&frame, 60)).unwrap();
        assert_eq!(step.rest.captured_len(), 3);
    }

    #[test]
    fn every_cut_is_told() {
        for len in 0..14 {
            let stop = decode_ethernet(Rest::new(&IPV4[..len], 60)).unwrap_err();
            let available = u32::try_from(len).unwrap();
            let (layer, offset, needed) = (LayerKind::Ethernet, 0, 14);
            let limit = Limit::Capture;
            let told = Stop::Truncated {
                layer,
                offset,
                needed,
                available,
                limit,
            };
            assert_eq!(stop, told);
        }
    }
}
