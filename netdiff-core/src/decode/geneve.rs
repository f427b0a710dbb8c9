//! Geneve (RFC 8926): any Ethernet type over UDP, with options.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |ver| opt words |O|C|    rsvd   |         Ethernet type         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                      VNI                      |   reserved    |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | options: up to 63 words of 4 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use super::rest::{Decoded, Next, Rest, Step};
use super::{LayerKind, dispatch};
use crate::types::{EtherType, Vni};

/// A Geneve header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geneve {
    /// The virtual network identifier.
    pub vni: Vni,
    /// What follows.
    pub ether_type: EtherType,
    /// A control packet, not data of the overlay.
    pub is_control: bool,
    /// An option must be understood by who receives the packet.
    pub has_critical_options: bool,
    /// Bytes of the options, a multiple of 4 up to 252; they follow the 8 bytes of this header.
    pub options_len: u8,
}

impl Geneve {
    /// Bytes of the header without options.
    pub const LEN: usize = 8;
}

/// Decodes a Geneve header with its options.
pub(super) fn decode_geneve(rest: Rest<'_>) -> Decoded<'_, Geneve> {
    let (&[first, bits, t0, t1, v0, v1, v2, _], behind) = rest.split(LayerKind::Geneve)?;
    if first >> 6 != 0 {
        return Err(rest.malformed(LayerKind::Geneve, "geneve.version"));
    }
    let geneve = Geneve {
        vni: Vni(u32::from_be_bytes([0, v0, v1, v2])),
        ether_type: EtherType(u16::from_be_bytes([t0, t1])),
        is_control: bits & 0x80 != 0,
        has_critical_options: bits & 0x40 != 0,
        options_len: (first & 0x3f) * 4,
    };
    let options_len = usize::from(geneve.options_len);
    if behind.bytes().len() < options_len {
        let stop = rest.truncated(LayerKind::Geneve, Geneve::LEN + options_len);
        return Ok(Step::last(geneve, behind.skip(options_len), stop));
    }
    let next = if geneve.is_control {
        Next::Payload
    } else {
        dispatch::ether_type(geneve.ether_type, LayerKind::Geneve)
    };
    Ok(Step::new(geneve, behind.skip(options_len), next))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Stop;

    /// VNI 5, one option of 8 bytes, Ethernet.
    const HEADER: [u8; 16] = [2, 0x40, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 0x80, 1, 0, 10, 0, 20];

    #[test]
    fn options_are_skipped() {
        let step = decode_geneve(Rest::new(&HEADER, 16)).unwrap();
        assert_eq!((step.layer.vni, step.layer.options_len), (Vni(5), 8));
        assert!(step.layer.has_critical_options && !step.layer.is_control);
        assert_eq!(
            (step.rest.offset(), step.next),
            (16, Next::Layer(LayerKind::Ethernet))
        );
    }

    #[test]
    fn a_control_packet_carries_no_packet() {
        let mut control = HEADER;
        control[1] = 0x80;
        let step = decode_geneve(Rest::new(&control, 16)).unwrap();
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn cut_options_keep_the_vni() {
        for len in 0..16 {
            match decode_geneve(Rest::new(&HEADER[..len], 60)) {
                Ok(step) => assert!(matches!(step.next, Next::Stop(Stop::Truncated { .. }))),
                Err(_) => assert!(len < 8),
            }
        }
    }

    #[test]
    fn another_version_is_malformed() {
        let stop = decode_geneve(Rest::new(&[0x40; 8], 8)).unwrap_err();
        assert!(matches!(stop, Stop::Malformed { .. }));
    }
}
