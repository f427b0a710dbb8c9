//! L2TP: version 3 over IP and UDP (RFC 3931), version 2 over UDP (RFC 2661).
//!
//! ```text
//!  version 3 over IP: a session id of 4 bytes, 0 for control; over UDP 4 more bytes in front:
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |T|L|x x|S|x|O|P|x x x x|  ver  |     length (L); version 3: 0  |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   version 2: tunnel id        |          session id           |
//! |   version 3: session id, then a cookie of 0, 4 or 8 bytes     |
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |   version 2: next sequence numbers (S), offset and padding (O)
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! ```
//!
//! The length of a version 3 cookie and what follows it are agreed on elsewhere. The frame inside is
//! decoded only where one of the possible places holds a sound Ethernet frame.

use nom::Parser;
use nom::combinator::cond;
use nom::number::complete::{be_u16, be_u32};

use super::plausible::is_ethernet_frame;
use super::rest::{Decoded, Next, Parsed, Rest, Step};
use super::{LayerKind, Stop};

/// An L2TP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct L2tp {
    /// 2 or 3.
    pub version: u8,
    /// The tunnel, of version 2.
    pub tunnel: Option<u16>,
    /// The session; 0 for control messages.
    pub session: u32,
    /// A control message, not data.
    pub is_control: bool,
    /// Directly over IP, which version 3 may be.
    pub over_ip: bool,
}

const CONTROL: u16 = 0x8000;
const LENGTH: u16 = 0x4000;
const SEQUENCE: u16 = 0x0800;
const OFFSET: u16 = 0x0200;

/// Where a frame may begin behind a version 3 session id: a cookie of 0, 4 or 8 bytes, then 0 or 4
/// bytes of sublayer.
const FRAME_OFFSETS: [usize; 4] = [0, 4, 8, 12];

/// Decodes an L2TP version 3 header over IP.
pub(super) fn decode_l2tp_over_ip(rest: Rest<'_>) -> Decoded<'_, L2tp> {
    let (session, behind) = rest.split::<4>(LayerKind::L2tpOverIp)?;
    let session = u32::from_be_bytes(*session);
    let l2tp = L2tp {
        version: 3,
        tunnel: None,
        session,
        is_control: session == 0,
        over_ip: true,
    };
    Ok(l2tp.step_to_frame(behind))
}

/// Decodes an L2TP header of version 2 or 3 over UDP.
pub(super) fn decode_l2tp(rest: Rest<'_>) -> Decoded<'_, L2tp> {
    let kind = LayerKind::L2tp;
    let (bits, _) = rest.split::<2>(kind)?;
    let bits = u16::from_be_bytes(*bits);
    match bits & 0x0f {
        2 => {
            let ((l2tp, padding), behind) = rest.parse(kind, len_2(bits), parse_version_2)?;
            let behind = behind.skip(usize::from(padding));
            let next = if l2tp.is_control {
                Next::Payload
            } else {
                Next::Layer(LayerKind::Ppp)
            };
            Ok(Step::new(l2tp, behind, next))
        }
        3 => {
            let ((_, session), behind) = rest.parse(kind, 8, (be_u32, be_u32))?;
            let is_control = bits & CONTROL != 0;
            let l2tp = L2tp {
                version: 3,
                tunnel: None,
                // There, control messages have their connection's number (RFC 3931, section 4.1.2.1).
                session: if is_control { 0 } else { session },
                is_control,
                over_ip: false,
            };
            Ok(l2tp.step_to_frame(behind))
        }
        _ => Err(rest.malformed(kind, "l2tp.version")),
    }
}

/// The version 2 header and the bytes of padding behind it.
fn parse_version_2(input: &[u8]) -> Parsed<'_, (L2tp, u16)> {
    let (input, bits) = be_u16(input)?;
    let (input, (_, tunnel, session, _, padding)) = (
        cond(bits & LENGTH != 0, be_u16),
        be_u16,
        be_u16,
        cond(bits & SEQUENCE != 0, be_u32),
        cond(bits & OFFSET != 0, be_u16),
    )
        .parse(input)?;
    let l2tp = L2tp {
        version: 2,
        tunnel: Some(tunnel),
        session: u32::from(session),
        is_control: bits & CONTROL != 0,
        over_ip: false,
    };
    Ok((input, (l2tp, padding.unwrap_or(0))))
}

const fn len_2(bits: u16) -> usize {
    let mut len = 6;
    if bits & LENGTH != 0 {
        len += 2;
    }
    if bits & SEQUENCE != 0 {
        len += 4;
    }
    if bits & OFFSET != 0 {
        len += 2;
    }
    len
}

impl L2tp {
    fn step_to_frame(self, behind: Rest<'_>) -> Step<'_, Self> {
        let frames = FRAME_OFFSETS.iter().map(|&offset| behind.skip(offset));
        let frame = frames.into_iter().find(|&frame| is_ethernet_frame(frame));
        match frame.filter(|_| !self.is_control) {
            Some(frame) => Step::new(self, frame, Next::Layer(LayerKind::Ethernet)),
            None => Step::last(self, behind, Stop::Payload),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::tests::build::{ethernet, ipv4, join, udp};
    use crate::types::{EtherType, Protocol};

    fn rest(bytes: &[u8]) -> Rest<'_> {
        Rest::new(bytes, u32::try_from(bytes.len()).unwrap())
    }

    #[test]
    fn a_frame_is_found_behind_any_cookie() {
        let frame = ethernet(
            EtherType::IPV4,
            &ipv4(1, Protocol::UDP, &udp(1, 2, &[0; 60])),
        );
        for cookie in [0, 4, 8, 12] {
            let bytes = join(&[0, 0, 0, 9], &join(&vec![7; cookie], &frame));
            let step = decode_l2tp_over_ip(rest(&bytes)).unwrap();
            assert_eq!((step.layer.version, step.layer.session), (3, 9));
            assert_eq!(step.next, Next::Layer(LayerKind::Ethernet));
            let over_udp = join(&[0, 3, 0, 0], &bytes);
            let step = decode_l2tp(rest(&over_udp)).unwrap();
            assert_eq!(step.next, Next::Layer(LayerKind::Ethernet));
        }
    }

    #[test]
    fn control_messages_carry_no_frame() {
        let step = decode_l2tp_over_ip(rest(&[0; 12])).unwrap();
        assert!(step.layer.is_control);
        assert_eq!(step.next, Next::Payload);
    }

    #[test]
    fn version_2_carries_ppp() {
        let bytes = [0x4a, 2, 0, 20, 0, 5, 0, 6, 0, 1, 0, 2, 0, 1, 0xee, 0x21];
        let step = decode_l2tp(rest(&bytes)).unwrap();
        assert_eq!((step.layer.tunnel, step.layer.session), (Some(5), 6));
        assert_eq!(
            (step.rest.offset(), step.next),
            (15, Next::Layer(LayerKind::Ppp))
        );
        for len in 0..14 {
            assert!(decode_l2tp(Rest::new(&bytes[..len], 60)).is_err());
        }
    }

    #[test]
    fn another_version_is_malformed() {
        assert!(matches!(
            decode_l2tp(rest(&[0, 1, 0, 0])),
            Err(Stop::Malformed { .. })
        ));
    }
}
