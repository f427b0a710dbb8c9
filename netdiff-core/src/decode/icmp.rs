//! ICMP (RFC 792) and ICMPv6 (RFC 4443).

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
    /// Bytes 4 to 7: identifier and sequence of queries, next-hop MTU or pointer of errors.
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
