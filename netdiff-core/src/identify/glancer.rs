//! The short way of a usual packet: one straight pass over its headers, without layers between.
//!
//! Usual is TCP, UDP or an echo over IPv4 without options or IPv6 without extension headers, on Ethernet or in a Linux cooked capture, with a
//! VLAN tag or without, in VXLAN or not, with nothing cut, damaged, fragmented or odd. Whatever is not, is not looked at twice: it goes the
//! long way through [`decode`](crate::decode) and [`Observer`](super::Observer). Both ways say the same, and the long way says what a kind
//! of packets is: the short way recognizes only kinds that it was taught by it.

use super::fingerprint::{
    SHARED_FLAGS, acknowledged_of, base_of, control_of_words, full_of, headers_of, prefix_of,
};
use super::headers::{Ip, Segment, Udp, ip, link, macs, udp};
use super::known_kinds::{
    Class, DONT_FRAGMENT, IS_V6, KnownKinds, OUTER_V6, REPEATABLE, TELLING, TUNNELED, Words,
};
use super::sums::{Sums, has_none, transport_state};
use super::{CHECKED_LEN, Glance, Observation, PacketKind, PrefixLimit, Subject, TcpFlags};
use crate::decode::DecodeOptions;
use crate::read::RawPacket;
use crate::types::Protocol;

/// UDP ports that carry something else than payload, whatever the options say.
const PORTS: [u16; 8] = [1701, 2152, 3544, 4500, 4790, 6080, 6081, 6635];

/// Recognizes the packets of one file whose kind the long way has told.
pub struct Glancer {
    ways: Ways,
    kinds: KnownKinds,
    /// The packet that is looked at.
    outline: Outline,
    /// Whether it is a usual one whose kind is not known.
    asked: bool,
}

/// What the set and its user say of packets.
struct Ways {
    limit: PrefixLimit,
    vxlan_ports: Vec<u16>,
    /// A bit for each UDP port that carries something else than payload.
    other_ports: Vec<u64>,
    guess_vxlan: bool,
}

/// A usual packet.
#[derive(Clone, Copy, Debug, Default)]
struct Outline {
    words: Words,
    glance: Glance,
    sums: Sums,
}

/// What a packet of a known kind tells.
#[derive(Clone, Copy, Debug)]
pub struct Glanced {
    /// All of it; its kind is counted among [`Glancer::kinds`].
    pub glance: Glance,
    /// Whether a tunnel carries it.
    pub tunneled: bool,
    /// What its checksums say.
    pub sums: Sums,
}

impl Glancer {
    /// For a file whose set allows fingerprints of this many payload bytes.
    #[must_use]
    pub fn new(limit: PrefixLimit, options: &DecodeOptions) -> Self {
        let mut ways = Ways {
            limit,
            vxlan_ports: options.vxlan_ports.clone(),
            other_ports: vec![0; 1 << 10],
            guess_vxlan: options.guess_vxlan,
        };
        let lists = [&options.geneve_ports, &options.bare_ip_ports];
        let listed = lists
            .into_iter()
            .chain([&options.wireguard_ports])
            .flatten();
        let fou = options.fou_ports.iter().map(|(port, _)| port);
        for port in listed.chain(fou).chain(&PORTS) {
            if let Some(bits) = ways.other_ports.get_mut(usize::from(port >> 6)) {
                *bits |= 1 << (port & 63);
            }
        }
        Self {
            ways,
            kinds: KnownKinds::default(),
            outline: Outline::default(),
            asked: false,
        }
    }

    /// What a usual packet of a known kind tells. Of others, the long way must be asked; then [`Glancer::learn`] learns their kind.
    #[inline]
    pub fn glance(&mut self, raw: &RawPacket<'_>) -> Option<Glanced> {
        self.asked = false;
        let time = raw.time?;
        let number = u32::try_from(raw.packet_number.0).ok()?;
        let outline = &mut self.outline;
        outline.words.begin(raw.interface.0);
        outline.glance = Glance {
            time: time.0,
            packet_number: number,
            ..Glance::default()
        };
        outline.sums = Sums::default();
        self.ways.outline(raw, outline)?;
        let Some(kind) = self.kinds.find(&outline.words) else {
            self.asked = true;
            return None;
        };
        self.kinds.count(kind, number, outline.sums);
        Some(Glanced {
            glance: Glance {
                kind,
                ..outline.glance
            },
            tunneled: outline.words.is(TUNNELED),
            sums: outline.sums,
        })
    }

    /// Learns the kind of the packet that was last looked at, from what the long way says of it.
    pub fn learn(&mut self, observation: &Observation) {
        let Subject::Packet(sighting) = &observation.subject else {
            return;
        };
        if !std::mem::take(&mut self.asked) {
            return;
        }
        let kind = PacketKind::of(observation, sighting);
        let long = Glance::of(observation, sighting, (0, &kind));
        if long == Some(self.outline.glance)
            && observation.checksums == self.outline.sums.checksums()
        {
            self.kinds.add(self.outline.words, kind);
        }
    }

    /// What it knows.
    #[must_use]
    pub const fn kinds(&self) -> &KnownKinds {
        &self.kinds
    }

    /// The same, to count anew or to forget.
    pub const fn kinds_mut(&mut self) -> &mut KnownKinds {
        &mut self.kinds
    }
}

impl Ways {
    #[inline]
    fn outline(&self, raw: &RawPacket<'_>, outline: &mut Outline) -> Option<()> {
        let captured = u32::try_from(raw.data.len()).ok()?;
        let wire = raw.original_len.max(captured);
        let (ether_type, link_len) = link(raw.link_type, raw.data, &mut outline.words)?;
        let rest = raw.data.get(link_len..)?;
        let wire = wire.checked_sub(u32::try_from(link_len).ok()?)?;
        let ip = ip(ether_type, rest, wire)?;
        if ip.protocol == Protocol::UDP {
            let udp = udp(&ip)?;
            if self.vxlan_ports.contains(&udp.destination) {
                return self.carried(&ip, &udp, captured, outline);
            }
        }
        self.transport(&ip, outline).map(|_| ())
    }

    /// What VXLAN carries.
    #[inline]
    fn carried(
        &self,
        outer: &Ip<'_>,
        udp: &Udp<'_>,
        captured: u32,
        to: &mut Outline,
    ) -> Option<()> {
        const VNI_IS_VALID: u8 = 8;
        const HEADERS: u32 = 8 + 14;
        let header = udp.data.first_chunk::<22>()?;
        let &[flags, _, _, _, v0, v1, v2, _, .., t0, t1] = header;
        if flags != VNI_IS_VALID {
            return None;
        }
        let rest = udp.data.get(header.len()..)?;
        let ip = ip(
            u16::from_be_bytes([t0, t1]),
            rest,
            udp.wire.checked_sub(HEADERS)?,
        )?;
        let [p0, p1] = udp.destination.to_be_bytes();
        to.words.set(TUNNELED);
        to.words
            .push(u64::from_be_bytes([0, p0, p1, 0, 0, v0, v1, v2]));
        let (destination, source) = macs(udp.data.get(8..22)?)?;
        to.words.push(destination);
        to.words.push(source);
        if outer.is_v6 {
            to.words.set(OUTER_V6);
        }
        to.words.push_addresses(outer);
        let transport = self.transport(&ip, to)?;
        if captured as usize <= CHECKED_LEN {
            let inner = transport_state(transport, &ip).filter(|_| has_none(udp))?;
            to.sums = Sums::of(inner);
        }
        Some(())
    }

    /// What the inner-most packet is; its transport's bytes, and how long it says that it is.
    #[inline]
    fn transport<'a>(&self, ip: &Ip<'a>, to: &mut Outline) -> Option<Segment<'a>> {
        to.words.push_addresses(ip);
        if ip.is_v6 {
            to.words.set(IS_V6);
        }
        if ip.dont_fragment {
            to.words.set(DONT_FRAGMENT);
        }
        to.glance.ip_len = ip.payload_len + u32::from(ip.header_len);
        to.glance.identification = ip.identification;
        match (ip.protocol, ip.is_v6) {
            (Protocol::TCP, _) => self.tcp(ip, to),
            (Protocol::UDP, _) => {
                let udp = udp(ip)?;
                if self.is_more_than_payload(&udp) {
                    return None;
                }
                let ports = u32::from(udp.source) << 16 | u32::from(udp.destination);
                to.words.class(Class::Udp, ports, ip);
                self.finish(ip, (udp.data, udp.wire), (0, [0, 0]), to)?;
                Some(Segment {
                    bytes: udp.segment,
                    wire: udp.wire + 8,
                    field: 6,
                })
            }
            (Protocol::ICMP, false) | (Protocol::ICMPV6, true) => self.echo(ip, to),
            _ => None,
        }
    }

    /// Whether a datagram may carry more than payload; vxlan ports are known not to be asked.
    #[inline]
    fn is_more_than_payload(&self, udp: &Udp<'_>) -> bool {
        let is_other = |port: u16| {
            let bits = self.other_ports.get(usize::from(port >> 6));
            bits.is_some_and(|bits| bits >> (port & 63) & 1 == 1)
        };
        is_other(udp.source)
            || is_other(udp.destination)
            || self.vxlan_ports.contains(&udp.destination)
            || (self.guess_vxlan && matches!(udp.data, [8, 0, 0, 0, _, _, _, 0, ..]))
    }

    #[inline]
    fn tcp<'a>(&self, ip: &Ip<'a>, to: &mut Outline) -> Option<Segment<'a>> {
        let header = ip.payload.first_chunk::<20>()?;
        let &[
            s0,
            s1,
            d0,
            d1,
            q0,
            q1,
            q2,
            q3,
            a0,
            a1,
            a2,
            a3,
            offset,
            flags,
            w0,
            w1,
            ..,
        ] = header;
        let header_len = (offset >> 4) * 4;
        let data = ip.payload.get(usize::from(header_len)..)?;
        let data_len = ip.payload_len.checked_sub(u32::from(header_len))?;
        let timestamps = match ip.payload.get(20..usize::from(header_len))? {
            [] => 0,
            &[1, 1, 8, 10, v0, v1, v2, v3, e0, e1, e2, e3] => {
                u64::from_be_bytes([v0, v1, v2, v3, e0, e1, e2, e3])
            }
            _ => return None,
        };
        if flags & TcpFlags::SYN != 0 {
            return None;
        }
        let window = u16::from_be_bytes([w0, w1]);
        let glance = &mut to.glance;
        glance.sequence = u32::from_be_bytes([q0, q1, q2, q3]);
        glance.acknowledgment = u32::from_be_bytes([a0, a1, a2, a3]);
        glance.flags = flags;
        glance.header_len = header_len;
        let shared = acknowledged_of(glance.acknowledgment, flags & SHARED_FLAGS, window);
        glance.control = control_of_words([shared, timestamps]);
        let first = acknowledged_of(glance.acknowledgment, flags, window);
        to.words
            .class(Class::Tcp, u32::from_be_bytes([s0, s1, d0, d1]), ip);
        let number = u64::from(to.glance.sequence);
        self.finish(ip, (data, data_len), (number, [first, timestamps]), to)?;
        Some(Segment {
            bytes: ip.payload,
            wire: ip.payload_len,
            field: 16,
        })
    }

    #[inline]
    fn echo<'a>(&self, ip: &Ip<'a>, to: &mut Outline) -> Option<Segment<'a>> {
        let (&[kind, 0, _, _, i0, i1, q0, q1], data) = ip.payload.split_first_chunk::<8>()? else {
            return None;
        };
        let class = match (kind, ip.is_v6) {
            (8, false) | (128, true) => Class::Request,
            (0, false) | (129, true) => Class::Reply,
            _ => return None,
        };
        to.glance.sequence = u32::from(u16::from_be_bytes([q0, q1]));
        to.words
            .class(class, u32::from_be_bytes([i0, i1, i0, i1]), ip);
        let number = u64::from(kind) << 40 | u64::from(to.glance.sequence);
        let data_len = ip.payload_len.checked_sub(8)?;
        self.finish(ip, (data, data_len), (number, [0, 0]), to)?;
        Some(Segment {
            bytes: ip.payload,
            wire: ip.payload_len,
            field: 2,
        })
    }

    /// The fingerprint, as [`Parts`](super::fingerprint) makes it.
    #[inline]
    fn finish(
        &self,
        ip: &Ip<'_>,
        (payload, payload_len): (&[u8], u32),
        (number, rest): (u64, [u64; 2]),
        to: &mut Outline,
    ) -> Option<()> {
        let prefix_len = self.limit.0.min(payload_len);
        let prefix = prefix_of(payload.get(..prefix_len as usize)?);
        let tcp = ip.protocol == Protocol::TCP;
        let identification = u64::from(ip.identification);
        let kept = if tcp && payload_len > 0 {
            0
        } else {
            identification
        };
        let base = base_of(ip.protocol, ip.payload_len);
        to.glance.headers = headers_of(base, kept, number, rest);
        to.glance.full = full_of(to.glance.headers, prefix);
        let numbered = tcp || ip.identification != 0;
        if numbered || prefix_len > 0 {
            to.words.set(TELLING);
        }
        if !numbered && ip.protocol == Protocol::UDP {
            to.words.set(REPEATABLE);
        }
        Some(())
    }
}
