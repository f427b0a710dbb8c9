//! ERSPAN, mirrored frames over GRE (draft-foschiano-erspan), types I to III.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |  ver  |         VLAN          | COS |enc|T|    session id     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//!  type II, version 1: 4 bytes with the port's index; type III, version 2: 8 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                           timestamp                           |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |              SGT              |P|   FT    |   HW id   |D|Gra|O|
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | platform specific (O): 8 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! Type I has no header of its own: GRE's missing sequence number tells it from type II.

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, Stop, dispatch};

/// An ERSPAN header of type II or III.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Erspan {
    /// 1 for type II, 2 for type III.
    pub version: u8,
    /// The VLAN of the mirrored frame, 12 bits; 0 where it had none.
    pub vlan: u16,
    /// The mirror session, 10 bits.
    pub session: u16,
    /// The mirrored frame was cut by the switch.
    pub truncated: bool,
}

/// Decodes an ERSPAN header of type II or III, told by its version.
pub(super) fn decode_erspan(rest: Rest<'_>) -> Decoded<'_, Erspan> {
    let kind = LayerKind::Erspan;
    let (&[v0, v1, s0, s1], _) = rest.split::<4>(kind)?;
    let erspan = Erspan {
        version: v0 >> 4,
        vlan: u16::from_be_bytes([v0, v1]) & 0x0fff,
        session: u16::from_be_bytes([s0, s1]) & 0x03ff,
        truncated: s0 & 0x04 != 0,
    };
    match erspan.version {
        1 => {
            let (_, behind) = rest.split::<8>(kind)?;
            Ok(Step::new(erspan, behind, Next::Layer(LayerKind::Ethernet)))
        }
        2 => {
            let (&[.., type_bits, option_bits], behind) = rest.split::<12>(kind)?;
            let has_platform_part = option_bits & 1 != 0;
            let behind = behind.skip(if has_platform_part { 8 } else { 0 });
            let next = after_type_3((type_bits >> 2) & 0x1f, behind);
            Ok(Step::new(erspan, behind, next))
        }
        _ => Err(rest.malformed(kind, "erspan.version")),
    }
}

/// What a type III header's frame type announces.
fn after_type_3(frame_type: u8, frame: Rest<'_>) -> Next {
    match frame_type {
        0 => Next::Layer(LayerKind::Ethernet),
        2 => dispatch::ip_version(frame),
        number => Next::Stop(Stop::Unsupported {
            after: Some(LayerKind::Erspan),
            number: u32::from(number),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE_2: [u8; 8] = [0x10, 0x07, 0x04, 0x2a, 0, 0, 0, 1];
    const TYPE_3: [u8; 20] = [
        0x20, 0x07, 0, 0x2a, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    #[test]
    fn type_2_has_8_bytes() {
        let step = decode_erspan(Rest::new(&TYPE_2, 8)).unwrap();
        let (version, vlan, session, truncated) = (1, 7, 42, true);
        assert_eq!(
            step.layer,
            Erspan {
                version,
                vlan,
                session,
                truncated
            }
        );
        assert_eq!(
            (step.rest.offset(), step.next),
            (8, Next::Layer(LayerKind::Ethernet))
        );
    }

    #[test]
    fn type_3_has_12_and_a_platform_part() {
        let step = decode_erspan(Rest::new(&TYPE_3, 20)).unwrap();
        assert_eq!((step.layer.version, step.rest.offset()), (2, 20));
        let mut without = TYPE_3;
        without[11] = 0;
        let step = decode_erspan(Rest::new(&without, 20)).unwrap();
        assert_eq!(
            (step.rest.offset(), step.next),
            (12, Next::Layer(LayerKind::Ethernet))
        );
    }

    #[test]
    fn another_version_is_malformed_and_a_cut_header_none() {
        assert!(decode_erspan(Rest::new(&[0x30; 12], 12)).is_err());
        for len in 0..8 {
            assert!(decode_erspan(Rest::new(&TYPE_2[..len], 60)).is_err());
        }
        for len in 0..12 {
            assert!(decode_erspan(Rest::new(&TYPE_3[..len], 60)).is_err());
        }
    }
}
