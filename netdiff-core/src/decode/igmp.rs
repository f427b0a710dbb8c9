//! IGMP (RFC 2236, RFC 9776): which groups a host wants.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |     type      | max resp code |           checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |    group address (a count of group records in version 3)      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::net::Ipv4Addr;

use super::rest::{Decoded, Rest, Step};
use super::{LayerKind, Stop};

/// An IGMP message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Igmp {
    /// 0x11 is a query, 0x16 and 0x22 are reports, 0x17 leaves.
    pub igmp_type: u8,
    /// The group; unspecified for a general query, `None` for a version 3 report, which has many.
    pub group: Option<Ipv4Addr>,
}

/// The type of a version 3 report.
const REPORT_V3: u8 = 0x22;

/// Decodes an IGMP message.
pub(super) fn decode_igmp(rest: Rest<'_>) -> Decoded<'_, Igmp> {
    let (&[igmp_type, _, _, _, g0, g1, g2, g3], behind) = rest.split::<8>(LayerKind::Igmp)?;
    let group = (igmp_type != REPORT_V3).then_some(Ipv4Addr::new(g0, g1, g2, g3));
    Ok(Step::last(Igmp { igmp_type, group }, behind, Stop::Payload))
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: [u8; 8] = [0x16, 0, 0, 0, 239, 1, 2, 3];

    #[test]
    fn the_group_of_a_report() {
        let igmp = decode_igmp(Rest::new(&REPORT, 8)).unwrap().layer;
        assert_eq!(igmp.group, Some(Ipv4Addr::new(239, 1, 2, 3)));
        let mut version_3 = REPORT;
        version_3[0] = REPORT_V3;
        assert_eq!(
            decode_igmp(Rest::new(&version_3, 8)).unwrap().layer.group,
            None
        );
    }

    #[test]
    fn a_cut_message_is_none() {
        for len in 0..8 {
            assert!(decode_igmp(Rest::new(&REPORT[..len], 60)).is_err());
        }
    }
}
