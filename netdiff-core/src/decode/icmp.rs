//! ICMP (RFC 792) and ICMPv6 (RFC 4443).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     type      |     code      |           checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | query: identifier             | sequence                      |
//! | error: quote length, next-hop MTU, pointer … by type          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | query: data, error: the quoted packet, then extensions (RFC 4884)
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcmpFamily {
    /// ICMP for IPv4.
    V4,
    /// ICMPv6.
    V6,
}

/// An ICMP or ICMPv6 message header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icmp {
    /// ICMP or ICMPv6.
    pub family: IcmpFamily,
    /// Type.
    pub icmp_type: u8,
    /// Code.
    pub code: u8,
    /// Bytes 4 to 7: identifier and sequence of queries, next-hop MTU or pointer of errors; 0 where
    /// the capture cut them.
    pub rest: u32,
}

impl Icmp {
    /// An echo request?
    #[must_use]
    pub const fn is_echo_request(self) -> bool {
        matches!(
            (self.family, self.icmp_type),
            (IcmpFamily::V4, 8) | (IcmpFamily::V6, 128)
        )
    }

    /// An echo reply?
    #[must_use]
    pub const fn is_echo_reply(self) -> bool {
        matches!(
            (self.family, self.icmp_type),
            (IcmpFamily::V4, 0) | (IcmpFamily::V6, 129)
        )
    }

    /// A query or its answer, whose `rest` is an identifier and a sequence number.
    #[must_use]
    pub const fn is_query(self) -> bool {
        self.is_echo_request()
            || self.is_echo_reply()
            || matches!((self.family, self.icmp_type), (IcmpFamily::V4, 13..=18))
    }

    /// An error message, which quotes the packet that caused it.
    #[must_use]
    pub const fn is_error(self) -> bool {
        match self.family {
            IcmpFamily::V4 => matches!(self.icmp_type, 3 | 4 | 5 | 11 | 12),
            IcmpFamily::V6 => self.icmp_type < 128,
        }
    }

    /// Neighbor and router discovery and multicast listener discovery of ICMPv6 (RFC 4861, RFC 2710, RFC 3810).
    #[must_use]
    pub const fn stays_on_link(self) -> bool {
        matches!(
            (self.family, self.icmp_type),
            (IcmpFamily::V6, 130..=137 | 143)
        )
    }

    /// The largest packet that fits, in bytes, of an error that says a packet is too big (RFC 1191, RFC 4443, section 3.2); `None` where
    /// it names none, as routers older than RFC 1191 do.
    #[must_use]
    pub const fn next_hop_mtu(self) -> Option<u32> {
        let mtu = match (self.family, self.icmp_type, self.code) {
            (IcmpFamily::V4, 3, 4) => self.rest & 0xffff,
            (IcmpFamily::V6, 2, _) => self.rest,
            _ => 0,
        };
        if mtu == 0 { None } else { Some(mtu) }
    }

    /// The identifier of a query.
    #[must_use]
    pub const fn identifier(self) -> u16 {
        (self.rest >> 16) as u16
    }

    /// The sequence number of a query.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    pub const fn sequence(self) -> u16 {
        self.rest as u16
    }
}

impl Icmp {
    /// Bytes of the header.
    pub const LEN: usize = 8;

    /// Bounds the quote by its length, where an error states one because extensions follow (RFC 4884).
    pub(super) fn bound_quote(self, quote: Rest<'_>) -> Rest<'_> {
        let [first, second, ..] = self.rest.to_be_bytes();
        let len = match (self.family, self.icmp_type) {
            (IcmpFamily::V4, 3 | 11 | 12) => u32::from(second) * 4,
            (IcmpFamily::V6, 1 | 3) => u32::from(first) * 8,
            _ => 0,
        };
        if len == 0 { quote } else { quote.limit(len) }
    }
}

/// Decodes an ICMP or ICMPv6 header; of one that is cut, type and code.
///
/// The packet that an error quotes is decoded apart, into `Packet::quoted`.
pub(super) fn decode_icmp(rest: Rest<'_>, family: IcmpFamily) -> Decoded<'_, Icmp> {
    let kind = match family {
        IcmpFamily::V4 => LayerKind::Icmp,
        IcmpFamily::V6 => LayerKind::Icmpv6,
    };
    let (&[icmp_type, code, _, _], behind) = rest.split::<4>(kind)?;
    let (field, behind, stop) = match behind.split::<4>(kind) {
        Ok((field, behind)) => (u32::from_be_bytes(*field), behind, Stop::Payload),
        Err(_) => (0, behind.skip(4), rest.truncated(kind, Icmp::LEN)),
    };
    let icmp = Icmp {
        family,
        icmp_type,
        code,
        rest: field,
    };
    Ok(Step::last(icmp, behind, stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECHO: [u8; 8] = [8, 0, 0xaa, 0xbb, 0x12, 0x34, 0, 9];

    #[test]
    fn an_echo_request() {
        let icmp = decode_icmp(Rest::new(&ECHO, 8), IcmpFamily::V4)
            .unwrap()
            .layer;
        assert!(icmp.is_echo_request() && icmp.is_query() && !icmp.is_error());
        assert_eq!((icmp.identifier(), icmp.sequence()), (0x1234, 9));
    }

    #[test]
    fn a_quote_ends_where_its_length_says() {
        let unreachable = Icmp {
            family: IcmpFamily::V4,
            icmp_type: 3,
            code: 1,
            rest: 32 << 16,
        };
        let quote = unreachable.bound_quote(Rest::new(&[0; 200], 200));
        assert_eq!(quote.captured_len(), 128);
        let without = Icmp {
            rest: 1400,
            ..unreachable
        };
        assert_eq!(
            without
                .bound_quote(Rest::new(&[0; 200], 200))
                .captured_len(),
            200
        );
    }

    #[test]
    fn a_cut_header_keeps_type_and_code() {
        for len in 0..8 {
            let decoded = decode_icmp(Rest::new(&ECHO[..len], 8), IcmpFamily::V4);
            assert_eq!(decoded.is_ok(), len >= 4);
        }
    }
}
