//! Headers of usual packets, read in place.

use crate::types::{EtherType, LinkType, Protocol};

use super::known_kinds::Words;

/// An IPv4 header without options or an IPv6 header without extensions, of a packet that is no fragment.
#[derive(Clone, Copy)]
pub(super) struct Ip<'a> {
    pub(super) is_v6: bool,
    pub(super) protocol: Protocol,
    pub(super) ttl: u8,
    pub(super) traffic_class: u8,
    pub(super) dont_fragment: bool,
    pub(super) identification: u16,
    pub(super) header_len: u16,
    /// As captured, without what follows the packet.
    pub(super) payload: &'a [u8],
    /// As the header says.
    pub(super) payload_len: u32,
    addresses: &'a [u8],
}

impl<'a> Ip<'a> {
    /// Source and destination, as they stand there.
    pub(super) const fn address_bytes(&self) -> &'a [u8] {
        self.addresses
    }
}

/// A UDP header.
#[derive(Clone, Copy)]
pub(super) struct Udp<'a> {
    pub(super) source: u16,
    pub(super) destination: u16,
    pub(super) checksum: u16,
    /// With the header, as captured.
    pub(super) segment: &'a [u8],
    /// Behind it.
    pub(super) data: &'a [u8],
    /// How much of that there was on the wire.
    pub(super) wire: u32,
}

/// The transport's bytes.
#[derive(Clone, Copy)]
pub(super) struct Segment<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) wire: u32,
    /// Where its checksum stands.
    pub(super) field: usize,
}

/// The type of what follows the link's header, and where it begins.
#[inline]
pub(super) fn link(link_type: LinkType, data: &[u8], words: &mut Words) -> Option<(u16, usize)> {
    match link_type {
        LinkType::ETHERNET => ethernet(data, words),
        LinkType::LINUX_SLL => cooked(data, words),
        _ => None,
    }
}

#[inline]
fn ethernet(data: &[u8], words: &mut Words) -> Option<(u16, usize)> {
    let header: &[u8; 14] = data.first_chunk()?;
    let [.., t0, t1] = *header;
    let mut found = (u16::from_be_bytes([t0, t1]), 14);
    let mut tag = 0;
    if matches!(
        EtherType(found.0),
        EtherType::VLAN | EtherType::SERVICE_VLAN | EtherType::OLD_QINQ
    ) {
        let &[i0, i1, t0, t1] = data.get(14..)?.first_chunk()?;
        // Tag 0 is a tag as well.
        tag = u16::from_be_bytes([i0, i1]) & 0xfff | 0x8000;
        found = (u16::from_be_bytes([t0, t1]), 18);
    }
    let (destination, source) = macs(header)?;
    words.push(u64::from(tag) << 48 | destination);
    words.push(source);
    Some(found)
}

/// Destination and source of an Ethernet header, in 48 bits each.
#[inline]
pub(super) fn macs(header: &[u8]) -> Option<(u64, u64)> {
    const MAC: u64 = 0xffff_ffff_ffff;
    let destination = u64::from_le_bytes(*header.first_chunk()?);
    let source = u64::from_le_bytes(*header.get(6..)?.first_chunk()?);
    Some((destination & MAC, source & MAC))
}

#[inline]
fn cooked(data: &[u8], words: &mut Words) -> Option<(u16, usize)> {
    const NETLINK: u16 = 824;
    let &[p0, p1, h0, h1, _, _, _, _, _, _, _, _, _, _, t0, t1] = data.first_chunk()?;
    if u16::from_be_bytes([h0, h1]) == NETLINK {
        return None;
    }
    // No Ethernet header gives such words.
    words.push(u64::from_be_bytes([0xff, 0xff, 0, 0, 0, 0, p0, p1]));
    words.push(u64::MAX);
    Some((u16::from_be_bytes([t0, t1]), 16))
}

/// `wire` is how many bytes there were on the wire from here on.
#[inline]
pub(super) fn ip(ether_type: u16, bytes: &[u8], wire: u32) -> Option<Ip<'_>> {
    match EtherType(ether_type) {
        EtherType::IPV4 => ipv4(bytes, wire),
        EtherType::IPV6 => ipv6(bytes, wire),
        _ => None,
    }
}

#[inline]
fn ipv4(bytes: &[u8], wire: u32) -> Option<Ip<'_>> {
    const LEN: u16 = 20;
    let &[
        0x45,
        traffic_class,
        l0,
        l1,
        i0,
        i1,
        f0,
        f1,
        ttl,
        protocol,
        ..,
    ] = bytes.first_chunk::<20>()?
    else {
        return None;
    };
    let total_len = u32::from(u16::from_be_bytes([l0, l1]));
    let payload_len = total_len.checked_sub(u32::from(LEN))?;
    if total_len > wire || f0 & 0x3f != 0 || f1 != 0 {
        return None;
    }
    let behind = bytes.get(usize::from(LEN)..)?;
    Some(Ip {
        is_v6: false,
        protocol: Protocol(protocol),
        ttl,
        traffic_class,
        dont_fragment: f0 & 0x40 != 0,
        identification: u16::from_be_bytes([i0, i1]),
        header_len: LEN,
        payload: behind.get(..payload_len as usize).unwrap_or(behind),
        payload_len,
        addresses: bytes.get(12..20)?,
    })
}

#[inline]
fn ipv6(bytes: &[u8], wire: u32) -> Option<Ip<'_>> {
    const LEN: u16 = 40;
    let &[v, c, _, _, l0, l1, protocol, ttl, ..] = bytes.first_chunk::<40>()?;
    let payload_len = u32::from(u16::from_be_bytes([l0, l1]));
    if v >> 4 != 6 || payload_len == 0 || payload_len > wire.checked_sub(u32::from(LEN))? {
        return None;
    }
    let behind = bytes.get(usize::from(LEN)..)?;
    Some(Ip {
        is_v6: true,
        protocol: Protocol(protocol),
        ttl,
        traffic_class: v << 4 | c >> 4,
        dont_fragment: true,
        identification: 0,
        header_len: LEN,
        payload: behind.get(..payload_len as usize).unwrap_or(behind),
        payload_len,
        addresses: bytes.get(8..40)?,
    })
}

#[inline]
pub(super) fn udp<'a>(ip: &Ip<'a>) -> Option<Udp<'a>> {
    const LEN: u32 = 8;
    let &[s0, s1, d0, d1, l0, l1, c0, c1] = ip.payload.first_chunk()?;
    let len = u32::from(u16::from_be_bytes([l0, l1]));
    let wire = len.checked_sub(LEN)?;
    if len > ip.payload_len {
        return None;
    }
    let segment = ip.payload.get(..len as usize).unwrap_or(ip.payload);
    Some(Udp {
        source: u16::from_be_bytes([s0, s1]),
        destination: u16::from_be_bytes([d0, d1]),
        checksum: u16::from_be_bytes([c0, c1]),
        segment,
        data: segment.get(LEN as usize..)?,
        wire,
    })
}
