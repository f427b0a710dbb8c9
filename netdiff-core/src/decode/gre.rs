//! GRE (RFC 2784) with key and sequence number (RFC 2890), routing (RFC 1701), NVGRE (RFC 7637), and
//! version 1 of PPTP (RFC 2637).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |C|R|K|S|s|recur|A| flags | ver |         protocol type         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |      checksum (C or R)        |        offset (C or R)        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |       key (K); version 1: payload length, call id             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                     sequence number (S)                       |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              acknowledgment number (A, version 1)             |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | routing (R): entries of family (2), offset (1), length (1), address; a length of 0 ends them
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use nom::Parser;
use nom::combinator::cond;
use nom::number::complete::{be_u16, be_u32};

use super::rest::{Decoded, Parsed, Rest, Step};
use super::{LayerKind, Stop, dispatch};
use crate::types::{EtherType, Vni};

/// A GRE header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gre {
    /// 0, or 1 for PPTP.
    pub version: u8,
    /// What follows, mostly an Ethernet type.
    pub protocol: EtherType,
    /// The key. Of version 1 the upper half is the payload's length, the lower the call id.
    pub key: Option<u32>,
    /// The sequence number.
    pub sequence: Option<u32>,
}

impl Gre {
    /// NVGRE's virtual subnet: the upper 24 bits of the key of an Ethernet tunnel.
    ///
    /// Nothing tells NVGRE from another keyed Ethernet tunnel; a caller must know.
    #[must_use]
    pub fn virtual_subnet(self) -> Option<Vni> {
        let key = self
            .key
            .filter(|_| self.protocol == EtherType::TRANSPARENT_ETHERNET);
        key.map(|key| Vni(key >> 8))
    }
}

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGMENT: u16 = 0x0080;

/// The most routing entries that are followed.
const MAX_ROUTES: usize = 16;

/// Decodes a GRE header with its optional fields.
pub(super) fn decode_gre(rest: Rest<'_>) -> Decoded<'_, Gre> {
    let kind = LayerKind::Gre;
    let (flags, _) = rest.split::<2>(kind)?;
    let flags = u16::from_be_bytes(*flags);
    let (gre, mut behind) = rest.parse(kind, header_len(flags), |input| parse_gre(input, flags))?;
    match gre.version {
        0 if flags & ROUTING != 0 => behind = skip_routes(behind)?,
        0 => {}
        1 => behind = behind.limit(gre.key.unwrap_or(0) >> 16),
        _ => return Err(rest.malformed(kind, "gre.version")),
    }
    if behind.wire_len() == 0 {
        // PPTP acknowledges without data, and a keep-alive carries none.
        return Ok(Step::last(gre, behind, Stop::Payload));
    }
    Ok(Step::new(gre, behind, dispatch::gre(gre)))
}

fn parse_gre(input: &[u8], flags: u16) -> Parsed<'_, Gre> {
    let has = |bits| flags & bits != 0;
    let (input, (_, protocol, _, key, sequence, _)) = (
        be_u16,
        be_u16,
        cond(has(CHECKSUM | ROUTING), be_u32),
        cond(has(KEY), be_u32),
        cond(has(SEQUENCE), be_u32),
        cond(has_acknowledgment(flags), be_u32),
    )
        .parse(input)?;
    let gre = Gre {
        version: version(flags),
        protocol: EtherType(protocol),
        key,
        sequence,
    };
    Ok((input, gre))
}

/// Bytes of a header with these flags, without routing entries.
fn header_len(flags: u16) -> usize {
    let fields = [CHECKSUM | ROUTING, KEY, SEQUENCE];
    let present = fields.iter().filter(|&bits| flags & bits != 0).count();
    4 + 4 * (present + usize::from(has_acknowledgment(flags)))
}

/// Only version 1 has the field; version 0 reserves the bit.
const fn has_acknowledgment(flags: u16) -> bool {
    version(flags) == 1 && flags & ACKNOWLEDGMENT != 0
}

const fn version(flags: u16) -> u8 {
    flags.to_be_bytes()[1] & 7
}

fn skip_routes(mut rest: Rest<'_>) -> Result<Rest<'_>, Stop> {
    for _ in 0..MAX_ROUTES {
        let (&[_, _, _, len], behind) = rest.split::<4>(LayerKind::Gre)?;
        if len == 0 {
            return Ok(behind);
        }
        rest = behind.skip(usize::from(len));
    }
    Err(rest.malformed(LayerKind::Gre, "gre.too-many-routes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::rest::Next;

    fn decode(bytes: &[u8]) -> Step<'_, Gre> {
        decode_gre(Rest::new(bytes, u32::try_from(bytes.len()).unwrap())).unwrap()
    }

    #[test]
    fn the_optional_fields_have_an_order() {
        let bytes = [
            0xb0, 0, 0x65, 0x58, 0xaa, 0xaa, 0, 0, 0, 0, 5, 1, 0, 0, 0, 9, 0xff,
        ];
        let step = decode(&bytes);
        assert_eq!(
            (step.layer.key, step.layer.sequence),
            (Some(0x501), Some(9))
        );
        assert_eq!(step.layer.virtual_subnet(), Some(Vni(5)));
        assert_eq!(
            (step.rest.offset(), step.next),
            (16, Next::Layer(LayerKind::Ethernet))
        );
    }

    #[test]
    fn a_bare_header() {
        let step = decode(&[0, 0, 8, 0, 0x45]);
        assert_eq!((step.layer.key, step.layer.sequence), (None, None));
        assert_eq!(
            (step.rest.offset(), step.next),
            (4, Next::Layer(LayerKind::Ipv4))
        );
    }

    #[test]
    fn routing_entries_are_skipped() {
        let bytes = [
            0x40, 0, 8, 0, 0, 0, 0, 0, 8, 0, 0, 4, 10, 0, 0, 1, 0, 0, 0, 0, 0x45,
        ];
        assert_eq!(decode(&bytes).rest.offset(), 20);
    }

    #[test]
    fn pptp_bounds_its_payload() {
        let bytes = [
            0x30, 0x81, 0x88, 0x0b, 0, 2, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0x21, 9,
        ];
        let step = decode(&bytes);
        assert_eq!((step.layer.version, step.layer.key), (1, Some(0x0002_0007)));
        assert_eq!((step.rest.offset(), step.rest.captured_len()), (16, 2));
        assert_eq!(step.next, Next::Layer(LayerKind::Ppp));
    }

    #[test]
    fn another_version_is_malformed_and_a_cut_header_none() {
        assert!(decode_gre(Rest::new(&[0, 2, 8, 0], 4)).is_err());
        let bytes = [0xb0, 0, 0x65, 0x58, 0, 0, 0, 0, 0, 0, 5, 1, 0, 0, 0, 9];
        for len in 0..16 {
            let stop = decode_gre(Rest::new(&bytes[..len], 60)).unwrap_err();
            assert!(matches!(stop, Stop::Truncated { .. }));
        }
    }
}
