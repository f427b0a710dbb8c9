//! IPv6 (RFC 8200); its extension headers are in `ipv6_extensions`.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   6   | traffic class |              flow label               |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |        payload length         |  next header  |   hop limit   |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! | source address, destination address: 16 bytes each
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```

use std::net::IpAddr;

use etherparse::Ipv6HeaderSlice;
use etherparse::err::ipv6::HeaderSliceError;

use super::ipv6_extensions::{Extensions, jumbo_payload_len, skip_extensions};
use super::rest::{Decoded, Next, Rest, Step};
use super::{Ip, LayerKind, Stop};
use crate::types::Protocol;

/// Bytes of the header without extension headers.
const LEN: u16 = 40;

/// Decodes an IPv6 header with its extension headers.
pub(super) fn decode_ipv6(rest: Rest<'_>) -> Decoded<'_, Ip> {
    let header = Ipv6HeaderSlice::from_slice(rest.bytes()).map_err(|error| stop(rest, &error))?;
    let first = Protocol(header.next_header().0);
    let behind = rest.skip(usize::from(LEN));
    let (payload_len, anomaly) = payload_len(header.payload_length(), first, behind);
    let extensions = skip_extensions(first, behind.limit(payload_len));
    let ip = ip_layer(&header, &extensions, payload_len);
    let next = match extensions.stop {
        Some(stop) => Next::Stop(stop),
        None => ip.next(LayerKind::Ipv6),
    };
    Ok(Step::new(ip, ip.mark_fragment(extensions.rest), next).noting(anomaly))
}

/// Bytes behind the fixed header, and what is odd about them.
fn payload_len(stated: u16, first: Protocol, behind: Rest<'_>) -> (u32, Option<&'static str>) {
    let len = match stated {
        0 if first == Protocol::IPV6_HOP_BY_HOP => jumbo_payload_len(behind.bytes()).unwrap_or(0),
        stated => u32::from(stated),
    };
    if len == 0 && first != Protocol::NO_NEXT_HEADER {
        // TSO and BIG TCP: the kernel fills it in later, or leaves the jumbo option out.
        (behind.wire_len(), Some("ipv6.payload-length-zero"))
    } else if len > behind.wire_len() && !behind.in_fragment() {
        (len, Some("ipv6.payload-length-exceeds-frame"))
    } else {
        (len, None)
    }
}

fn ip_layer(header: &Ipv6HeaderSlice<'_>, extensions: &Extensions<'_>, payload_len: u32) -> Ip {
    Ip {
        source: IpAddr::V6(header.source_addr()),
        destination: IpAddr::V6(header.destination_addr()),
        protocol: extensions.protocol,
        ttl: header.hop_limit(),
        traffic_class: header.traffic_class(),
        identification: extensions.identification,
        dont_fragment: true,
        fragment: extensions.fragment,
        header_len: LEN.saturating_add(extensions.len),
        payload_len: payload_len.saturating_sub(u32::from(extensions.len)),
    }
}

fn stop(rest: Rest<'_>, error: &HeaderSliceError) -> Stop {
    match error {
        HeaderSliceError::Len(error) => rest.truncated(LayerKind::Ipv6, error.required_len),
        HeaderSliceError::Content(_) => rest.malformed(LayerKind::Ipv6, "ipv6.version"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Fragment;

    /// `fd00::1` > `fd00::2`, hop limit 64, traffic class 3, `behind` in the payload.
    fn packet(next_header: Protocol, payload_len: u16, behind: &[u8]) -> Vec<u8> {
        let [high, low] = payload_len.to_be_bytes();
        let mut bytes = vec![0x60, 0x30, 0, 0, high, low, next_header.0, 64];
        for last in [1, 2] {
            bytes.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        bytes.extend(behind);
        bytes
    }

    fn decode(bytes: &[u8]) -> Step<'_, Ip> {
        decode_ipv6(Rest::new(bytes, u32::try_from(bytes.len()).unwrap())).unwrap()
    }

    #[test]
    fn the_fields() {
        let bytes = packet(Protocol::ICMPV6, 8, &[0; 20]);
        let step = decode(&bytes);
        assert_eq!(step.layer.source.to_string(), "fd00::1");
        assert_eq!(step.layer.destination.to_string(), "fd00::2");
        assert_eq!((step.layer.ttl, step.layer.traffic_class), (64, 3));
        assert_eq!((step.layer.header_len, step.layer.payload_len), (40, 8));
        assert_eq!(
            (step.rest.captured_len(), step.next),
            (8, Next::Layer(LayerKind::Icmpv6))
        );
    }

    #[test]
    fn extension_headers_belong_to_the_header() {
        let bytes = packet(
            Protocol::IPV6_DESTINATION,
            16,
            &[6, 0, 1, 4, 0, 0, 0, 0, 1, 1],
        );
        let step = decode(&bytes);
        assert_eq!((step.layer.header_len, step.layer.payload_len), (48, 8));
        assert_eq!(step.next, Next::Layer(LayerKind::Tcp));
    }

    #[test]
    fn a_later_fragment_ends_the_walk() {
        let bytes = packet(
            Protocol::IPV6_FRAGMENT,
            10,
            &[17, 0, 5, 0xa9, 0, 0, 0, 9, 1, 1],
        );
        let step = decode(&bytes);
        let (offset, more) = (1448, true);
        assert_eq!(step.layer.fragment, Some(Fragment { offset, more }));
        assert_eq!(
            (step.layer.identification, step.layer.protocol),
            (Some(9), Protocol::UDP)
        );
        assert_eq!(step.next, Next::Stop(Stop::Fragment));
    }

    #[test]
    fn a_payload_length_of_zero_means_all_that_there_is() {
        let bytes = packet(Protocol::TCP, 0, &[0; 30]);
        let step = decode(&bytes);
        assert_eq!((step.layer.payload_len, step.rest.wire_len()), (30, 30));
        let bytes = packet(Protocol::NO_NEXT_HEADER, 0, &[0; 6]);
        assert_eq!(decode(&bytes).rest.captured_len(), 0);
    }

    #[test]
    fn a_jumbogram_tells_its_length_in_an_option() {
        let mut behind = vec![6, 0, 0xc2, 4, 0, 0, 0, 28];
        behind.resize(40, 0);
        let bytes = packet(Protocol::IPV6_HOP_BY_HOP, 0, &behind);
        let step = decode(&bytes);
        assert_eq!((step.layer.payload_len, step.rest.wire_len()), (20, 20));
        assert_eq!(step.anomaly, None);
    }

    #[test]
    fn addresses_survive_a_cut_extension_header() {
        let bytes = packet(Protocol::IPV6_DESTINATION, 16, &[6, 0, 1]);
        let step = decode(&bytes);
        assert!(matches!(
            step.next,
            Next::Stop(Stop::Truncated { needed: 8, .. })
        ));
    }

    #[test]
    fn a_cut_header_is_told() {
        let bytes = packet(Protocol::TCP, 0, &[]);
        for len in 0..40 {
            assert!(decode_ipv6(Rest::new(&bytes[..len], 60)).is_err());
        }
    }
}
