//! IPv4 (RFC 791).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   4   |  IHL  | traffic class |         total length          |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |        identification         |R|D|M|     fragment offset     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |      TTL      |   protocol    |        header checksum        |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                        source address                         |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |                      destination address                      |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | options: up to 40 bytes
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::net::IpAddr;

use etherparse::Ipv4HeaderSlice;
use etherparse::err::ipv4::{HeaderError, HeaderSliceError};

use super::rest::{Decoded, Next, Rest, Step};
use super::{Fragment, Ip, LayerKind, Stop};
use crate::types::Protocol;

/// Decodes an IPv4 header with its options; of one whose options are cut, the fixed part.
#[inline(always)]
pub(super) fn decode_ipv4(rest: Rest<'_>) -> Decoded<'_, Ip> {
    let header = match Ipv4HeaderSlice::from_slice(rest.bytes()) {
        Ok(header) => header,
        Err(error) => return salvage(rest, stop(rest, &error)),
    };
    let header_len = u32::from(header.ihl()) * 4;
    let (total_len, anomaly) = match u32::from(header.total_len()) {
        // TSO and BIG TCP: the kernel fills it in later, or cannot.
        0 => (rest.wire_len(), Some("ipv4.total-length-zero")),
        len if len > rest.wire_len() && !rest.in_fragment() => {
            (len, Some("ipv4.total-length-exceeds-frame"))
        }
        len => (len, None),
    };
    let payload_len = total_len.saturating_sub(header_len);
    let ip = ip_layer(&header, payload_len);
    let next = if total_len < header_len {
        Next::Stop(rest.malformed(LayerKind::Ipv4, "ipv4.total-length-below-header"))
    } else {
        ip.next(LayerKind::Ipv4)
    };
    let behind = rest.skip(header.slice().len()).limit(payload_len);
    Ok(Step::new(ip, ip.mark_fragment(behind), next).noting(anomaly))
}

#[inline(always)]
fn ip_layer(header: &Ipv4HeaderSlice<'_>, payload_len: u32) -> Ip {
    let offset = u32::from(header.fragments_offset().value()) * 8;
    let more = header.more_fragments();
    Ip {
        source: IpAddr::V4(header.source_addr()),
        destination: IpAddr::V4(header.destination_addr()),
        protocol: Protocol(header.protocol().0),
        ttl: header.ttl(),
        traffic_class: header.dcp().value() << 2 | header.ecn().value(),
        identification: Some(u32::from(header.identification())),
        dont_fragment: header.dont_fragment(),
        fragment: (offset != 0 || more).then_some(Fragment { offset, more }),
        header_len: u16::from(header.ihl()) * 4,
        payload_len,
    }
}

#[inline(always)]
fn salvage(rest: Rest<'_>, stop: Stop) -> Decoded<'_, Ip> {
    let Some(mut fixed) = rest.bytes().first_chunk::<20>().copied() else {
        return Err(stop);
    };
    let header_len = (fixed[0] & 0x0f) * 4;
    // A header that claims to have no options is whole.
    fixed[0] = 0x45;
    let Stop::Truncated { .. } = stop else {
        return Err(stop);
    };
    let Ok(header) = Ipv4HeaderSlice::from_slice(&fixed) else {
        return Err(stop);
    };
    let total_len = u32::from(header.total_len());
    let mut ip = ip_layer(&header, total_len.saturating_sub(u32::from(header_len)));
    ip.header_len = u16::from(header_len);
    Ok(Step::last(ip, rest.skip(usize::from(header_len)), stop))
}

#[inline(always)]
fn stop(rest: Rest<'_>, error: &HeaderSliceError) -> Stop {
    let anomaly = match error {
        HeaderSliceError::Len(error) => return rest.truncated(LayerKind::Ipv4, error.required_len),
        HeaderSliceError::Content(HeaderError::UnexpectedVersion { .. }) => "ipv4.version",
        HeaderSliceError::Content(HeaderError::HeaderLengthSmallerThanHeader { .. }) => {
            "ipv4.header-length"
        }
    };
    rest.malformed(LayerKind::Ipv4, anomaly)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Limit;

    /// 10.244.1.5 > 10.244.2.7, TTL 63, identification 0x7b81, DF, ICMP, 8 bytes of payload.
    const HEADER: [u8; 20] = [
        0x45, 0x03, 0, 28, 0x7b, 0x81, 0x40, 0, 63, 1, 0, 0, 10, 244, 1, 5, 10, 244, 2, 7,
    ];

    fn header_with(changes: &[(usize, u8)]) -> Vec<u8> {
        let mut header = HEADER.to_vec();
        header.resize(60, 0);
        for &(index, byte) in changes {
            header[index] = byte;
        }
        header
    }

    fn decode(bytes: &[u8]) -> Decoded<'_, Ip> {
        decode_ipv4(Rest::new(bytes, u32::try_from(bytes.len()).unwrap()))
    }

    #[test]
    fn the_fields() {
        let ip = decode(&header_with(&[])).unwrap().layer;
        assert_eq!(ip.source.to_string(), "10.244.1.5");
        assert_eq!(ip.destination.to_string(), "10.244.2.7");
        assert_eq!(
            (ip.ttl, ip.traffic_class, ip.protocol),
            (63, 3, Protocol::ICMP)
        );
        assert_eq!((ip.identification, ip.dont_fragment), (Some(0x7b81), true));
        assert_eq!((ip.header_len, ip.payload_len, ip.fragment), (20, 8, None));
    }

    #[test]
    fn ethernet_padding_is_not_payload() {
        let bytes = header_with(&[]);
        let rest = decode(&bytes).unwrap().rest;
        assert_eq!((rest.captured_len(), rest.wire_len()), (8, 8));
    }

    #[test]
    fn a_total_length_of_zero_means_all_that_there_is() {
        let bytes = header_with(&[(3, 0)]);
        let step = decode(&bytes).unwrap();
        assert_eq!((step.rest.wire_len(), step.layer.payload_len), (40, 40));
        assert_eq!(step.anomaly.unwrap().0, "ipv4.total-length-zero");
    }

    #[test]
    fn a_total_length_beyond_the_frame_is_odd() {
        let bytes = header_with(&[(2, 1)]);
        let step = decode(&bytes).unwrap();
        assert_eq!((step.rest.wire_len(), step.layer.payload_len), (40, 264));
        assert_eq!(step.anomaly.unwrap().0, "ipv4.total-length-exceeds-frame");
    }

    #[test]
    fn lengths_below_the_header_are_malformed() {
        let bytes = header_with(&[(3, 19)]);
        let step = decode(&bytes).unwrap();
        assert!(matches!(step.next, Next::Stop(Stop::Malformed { .. })));
        for first in [0x44, 0x55] {
            let bytes = header_with(&[(0, first)]);
            assert!(matches!(decode(&bytes), Err(Stop::Malformed { .. })));
        }
    }

    #[test]
    fn options_belong_to_the_header() {
        let bytes = header_with(&[(0, 0x47), (3, 36)]);
        let step = decode(&bytes).unwrap();
        assert_eq!((step.layer.header_len, step.rest.offset()), (28, 28));
        assert_eq!(step.rest.wire_len(), 8);
    }

    #[test]
    fn addresses_survive_cut_options() {
        let bytes = header_with(&[(0, 0x4f), (3, 100)]);
        let step = decode_ipv4(Rest::new(&bytes[..40], 114)).unwrap();
        assert_eq!(step.layer.destination.to_string(), "10.244.2.7");
        assert_eq!((step.layer.header_len, step.layer.payload_len), (60, 40));
        assert!(matches!(
            step.next,
            Next::Stop(Stop::Truncated { needed: 60, .. })
        ));
    }

    #[test]
    fn only_the_first_fragment_has_a_next_layer() {
        let bytes = header_with(&[(6, 0x20)]);
        let step = decode(&bytes).unwrap();
        assert_eq!(step.next, Next::Layer(LayerKind::Icmp));
        assert!(step.rest.in_fragment());
        let bytes = header_with(&[(6, 0), (7, 185)]);
        let step = decode(&bytes).unwrap();
        assert_eq!(step.next, Next::Stop(Stop::Fragment));
        let (offset, more) = (1480, false);
        assert_eq!(step.layer.fragment, Some(Fragment { offset, more }));
    }

    #[test]
    fn a_cut_header_is_told() {
        for len in 0..20 {
            let stop = decode_ipv4(Rest::new(&HEADER[..len], 60)).unwrap_err();
            assert!(matches!(
                stop,
                Stop::Truncated {
                    limit: Limit::Capture,
                    needed: 20,
                    ..
                }
            ));
        }
    }
}
