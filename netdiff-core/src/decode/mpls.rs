//! MPLS label stack entries (RFC 3032), each a layer; also over UDP (RFC 7510) and GRE (RFC 4023).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                 label                 | class |S|     TTL     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! Nothing says what follows the bottom of the stack. Its first four bits tell IP (4, 6) from a
//! pseudowire with a control word (0, RFC 4385); a pseudowire without one is recognised only where a
//! sound Ethernet frame begins.

use super::LayerKind;
use super::plausible::is_ethernet_frame;
use super::rest::{Decoded, Next, Rest, Step};

/// An MPLS label stack entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mpls {
    /// The label, 20 bits.
    pub label: u32,
    /// Traffic class, 3 bits.
    pub traffic_class: u8,
    /// The last entry of its stack.
    pub bottom: bool,
    /// Time to live.
    pub ttl: u8,
}

/// Bytes of a pseudowire's control word.
const CONTROL_WORD_LEN: usize = 4;

/// Decodes one label stack entry.
pub(super) fn decode_mpls(rest: Rest<'_>) -> Decoded<'_, Mpls> {
    let (&[l0, l1, l2, ttl], behind) = rest.split::<4>(LayerKind::Mpls)?;
    let mpls = Mpls {
        label: u32::from_be_bytes([0, l0, l1, l2]) >> 4,
        traffic_class: (l2 >> 1) & 7,
        bottom: l2 & 1 != 0,
        ttl,
    };
    if !mpls.bottom {
        return Ok(Step::new(mpls, behind, Next::Layer(LayerKind::Mpls)));
    }
    let (next, behind) = below_the_stack(behind);
    Ok(Step::new(mpls, behind, next))
}

fn below_the_stack(rest: Rest<'_>) -> (Next, Rest<'_>) {
    let behind_control_word = rest.skip(CONTROL_WORD_LEN);
    match rest.bytes().first().map(|first| first >> 4) {
        Some(4) => (Next::Layer(LayerKind::Ipv4), rest),
        Some(6) => (Next::Layer(LayerKind::Ipv6), rest),
        Some(0) if is_ethernet_frame(behind_control_word) => {
            (Next::Layer(LayerKind::Ethernet), behind_control_word)
        }
        _ if is_ethernet_frame(rest) => (Next::Layer(LayerKind::Ethernet), rest),
        _ => (Next::Payload, rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_an_entry() {
        let step = decode_mpls(Rest::new(&[0x12, 0x34, 0x5a, 64, 0], 5)).unwrap();
        let (label, traffic_class, bottom, ttl) = (0x12345, 5, false, 64);
        assert_eq!(
            step.layer,
            Mpls {
                label,
                traffic_class,
                bottom,
                ttl
            }
        );
        assert_eq!(step.next, Next::Layer(LayerKind::Mpls));
    }

    #[test]
    fn the_first_bits_tell_ip() {
        for (first, kind) in [(0x45, LayerKind::Ipv4), (0x60, LayerKind::Ipv6)] {
            let bytes = [0, 1, 1, 64, first];
            let step = decode_mpls(Rest::new(&bytes, 5)).unwrap();
            assert_eq!(step.next, Next::Layer(kind));
        }
    }

    #[test]
    fn a_pseudowire_is_followed_where_a_frame_begins() {
        let mut bytes = vec![
            0, 1, 1, 64, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 6,
        ];
        bytes.extend([0, 1, 8, 0, 6, 4, 0, 1]);
        bytes.resize(50, 0);
        let step = decode_mpls(Rest::new(&bytes, 50)).unwrap();
        assert_eq!(
            (step.next, step.rest.offset()),
            (Next::Layer(LayerKind::Ethernet), 8)
        );
        bytes.drain(4..8);
        let step = decode_mpls(Rest::new(&bytes, 46)).unwrap();
        assert_eq!(
            (step.next, step.rest.offset()),
            (Next::Layer(LayerKind::Ethernet), 4)
        );
        let step = decode_mpls(Rest::new(&bytes[..10], 46)).unwrap();
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn a_cut_entry_is_none() {
        for len in 0..4 {
            assert!(decode_mpls(Rest::new(&[0, 1, 1, 64][..len], 60)).is_err());
        }
    }
}
