//! UDP (RFC 768).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |          source port          |       destination port        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |            length             |           checksum            |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use etherparse::UdpHeaderSlice;

use super::rest::{Decoded, Rest, Step};
use super::{DecodeOptions, LayerKind, dispatch};

/// A UDP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Length of header and data as the header states it; 0 where the capture cut it.
    pub length: u16,
    /// Checksum field as on the wire; 0 means none (IPv4), or that the capture cut it.
    pub checksum: u16,
}

impl Udp {
    /// Bytes of the header.
    pub const LEN: usize = 8;
}

/// Decodes a UDP header; of one that is cut, the ports.
#[inline(always)]
pub(super) fn decode_udp<'a>(rest: Rest<'a>, options: &DecodeOptions) -> Decoded<'a, Udp> {
    let Ok(header) = UdpHeaderSlice::from_slice(rest.bytes()) else {
        return salvage(rest);
    };
    let udp = Udp {
        source_port: header.source_port(),
        destination_port: header.destination_port(),
        length: header.length(),
        checksum: header.checksum(),
    };
    let behind = rest.skip(Udp::LEN);
    let (data_len, anomaly) = match u32::from(udp.length) {
        // A super-packet or jumbogram (RFC 2675) whose length does not fit.
        0 => (behind.wire_len(), Some("udp.length-zero")),
        1..8 => {
            let stop = rest.malformed(LayerKind::Udp, "udp.length-below-header");
            return Ok(Step::last(udp, behind, stop));
        }
        len if len > rest.wire_len() && !rest.in_fragment() => {
            (len - 8, Some("udp.length-exceeds-ip"))
        }
        len => (len - 8, None),
    };
    let behind = behind.limit(data_len);
    let next = dispatch::udp(udp, behind, options);
    Ok(Step::new(udp, behind, next).noting(anomaly))
}

#[inline(always)]
fn salvage(rest: Rest<'_>) -> Decoded<'_, Udp> {
    let stop = rest.truncated(LayerKind::Udp, Udp::LEN);
    let Some(&[s0, s1, d0, d1]) = rest.bytes().first_chunk() else {
        return Err(stop);
    };
    let udp = Udp {
        source_port: u16::from_be_bytes([s0, s1]),
        destination_port: u16::from_be_bytes([d0, d1]),
        length: 0,
        checksum: 0,
    };
    Ok(Step::last(udp, rest.skip(Udp::LEN), stop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Stop;
    use crate::decode::rest::Next;

    /// 5353 > 53, 4 bytes of data, and 2 bytes that are none.
    const DATAGRAM: [u8; 14] = [0x14, 0xe9, 0, 53, 0, 12, 0xab, 0xcd, 1, 2, 3, 4, 0, 0];

    fn decode(bytes: &[u8]) -> Step<'_, Udp> {
        let wire_len = u32::try_from(bytes.len()).unwrap();
        decode_udp(Rest::new(bytes, wire_len), &DecodeOptions::default()).unwrap()
    }

    fn with_length(length: u8) -> [u8; 14] {
        let mut bytes = DATAGRAM;
        bytes[5] = length;
        bytes
    }

    #[test]
    fn the_length_field_bounds_the_data() {
        let step = decode(&DATAGRAM);
        assert_eq!(
            (step.layer.source_port, step.layer.destination_port),
            (5353, 53)
        );
        assert_eq!((step.layer.length, step.layer.checksum), (12, 0xabcd));
        assert_eq!(step.rest.bytes(), [1, 2, 3, 4]);
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn odd_lengths_have_names() {
        for (length, anomaly) in [(0, "udp.length-zero"), (15, "udp.length-exceeds-ip")] {
            let bytes = with_length(length);
            let step = decode(&bytes);
            assert_eq!(step.anomaly.unwrap().0, anomaly);
            assert_eq!(step.rest.wire_len(), 6);
        }
        let bytes = with_length(7);
        assert!(matches!(
            decode(&bytes).next,
            Next::Stop(Stop::Malformed { .. })
        ));
    }

    #[test]
    fn a_first_fragment_may_be_shorter_than_its_datagram() {
        let bytes = with_length(200);
        let rest = Rest::new(&bytes, 14).begins_fragment();
        let step = decode_udp(rest, &DecodeOptions::default()).unwrap();
        assert_eq!(step.anomaly, None);
    }

    #[test]
    fn a_tunnel_is_known_by_its_destination_port() {
        let mut bytes = DATAGRAM;
        [bytes[2], bytes[3]] = 8472_u16.to_be_bytes();
        assert_eq!(decode(&bytes).next, Next::Layer(LayerKind::Vxlan));
        bytes.copy_within(2..4, 0);
        [bytes[2], bytes[3]] = 53_u16.to_be_bytes();
        assert_eq!(decode(&bytes).next, Next::Payload);
    }

    #[test]
    fn a_cut_header_keeps_its_ports() {
        for len in 0..8 {
            let rest = Rest::new(&DATAGRAM[..len], 40);
            let decoded = decode_udp(rest, &DecodeOptions::default());
            match decoded {
                Ok(step) => assert_eq!((len >= 4, step.layer.destination_port), (true, 53)),
                Err(_) => assert!(len < 4),
            }
        }
    }
}
