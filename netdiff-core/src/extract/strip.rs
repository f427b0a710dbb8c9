//! Headers without payload.

use crate::decode::{DecodeOptions, Layer, Packet, PlacedLayer, decode_packet};
use crate::types::LinkType;

/// Bytes that are kept of the last header that an ICMP error quotes: what RFC 792 has errors quote, the ports among them.
const QUOTED_LEN: usize = 8;

/// Cuts payload off packets. Reuses one packet's memory.
#[derive(Debug)]
pub(super) struct Stripper {
    options: DecodeOptions,
    packet: Packet,
}

impl Stripper {
    pub(super) fn new(options: DecodeOptions) -> Self {
        Self {
            options,
            packet: Packet::new(),
        }
    }

    /// The headers of all layers, outer and inner; of what an ICMP error quotes, the headers up to the ports.
    ///
    /// Whatever could not be decoded counts as payload: of a packet of which nothing can be told, nothing is left.
    pub(super) fn headers<'a>(
        &mut self,
        link_type: LinkType,
        data: &'a [u8],
        original_len: u32,
    ) -> &'a [u8] {
        let packet = &mut self.packet;
        decode_packet(link_type, data, original_len, &self.options, packet);
        let behind = packet.payload().offset as usize;
        let quoted = packet.quoted().last().map_or(0, end_of_quote);
        data.get(..behind.max(quoted)).unwrap_or(data)
    }
}

fn end_of_quote(last: &PlacedLayer) -> usize {
    let len = match last.layer {
        Layer::Ip(ip) => usize::from(ip.header_len),
        _ => QUOTED_LEN,
    };
    last.offset as usize + len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let len = u8::try_from(20 + payload.len()).unwrap();
        let mut bytes = vec![0x45, 0, 0, len, 0, 1, 0x40, 0, 64, protocol, 0, 0];
        bytes.extend([10, 244, 0, 4, 10, 244, 1, 5]);
        bytes.extend(payload);
        bytes
    }

    fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
        let len = u16::try_from(8 + payload.len()).unwrap();
        let mut bytes = vec![0x30, 0x39];
        bytes.extend(port.to_be_bytes());
        bytes.extend(len.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(payload);
        bytes
    }

    fn stripped(link_type: LinkType, data: &[u8]) -> usize {
        let len = u32::try_from(data.len()).unwrap();
        let mut stripper = Stripper::new(DecodeOptions::default());
        stripper.headers(link_type, data, len).len()
    }

    #[test]
    fn inner_headers_stay_and_payload_goes() {
        let secret = [0x73; 40];
        let inner = ipv4(17, &udp(53, &secret));
        assert_eq!(stripped(LinkType::IPV4, &inner), 28);
        let mut tunneled = vec![8, 0, 0, 0, 0, 0, 1, 0];
        tunneled.extend([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]);
        tunneled.extend(&inner);
        let outer = ipv4(17, &udp(8472, &tunneled));
        assert_eq!(stripped(LinkType::IPV4, &outer), 28 + 8 + 14 + 28);
    }

    #[test]
    fn quotes_stay_up_to_the_ports() {
        let quoted = ipv4(17, &udp(53, &[0x73; 40]));
        let mut error = vec![3, 3, 0, 0, 0, 0, 0, 0];
        error.extend(&quoted);
        assert_eq!(stripped(LinkType::IPV4, &ipv4(1, &error)), 20 + 8 + 28);
    }

    #[test]
    fn what_cannot_be_told_goes() {
        assert_eq!(stripped(LinkType(147), &[0x73; 40]), 0);
        assert_eq!(stripped(LinkType::IPV4, &ipv4(253, &[0x73; 40])), 20);
    }
}
