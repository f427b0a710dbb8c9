//! Turns the packets of one file into observations.

use foldhash::{HashMap, HashMapExt as _};

use super::fingerprint::{Parts, Transport, control_of};
use super::fragments::{Content, FragmentJoiner, FragmentTrouble, Leftover, Opening};
use super::inner::{Contents, Inner, inner_of, quote_of};
use super::link::{checksums_of, frame_of, inner_frame_of, sent_by_node};
use super::observed_point::ObservedPoint;
use super::{
    Bare, Detail, Evidence, Marks, Observation, PrefixLimit, Quote, Sighting, Subject, Tunnel,
    Unidentified,
};
use crate::decode::{Fragment, Icmp, Ip, Layer, Packet, Stop, Tcp};
use crate::read::{FileInterface, RawPacket};
use crate::types::{FileId, LinkType, PointId, Timestamp};

/// Capture points that are told apart in one file. A node of a large cluster has some hundreds of interfaces.
const MAX_POINTS: u32 = 4_096;

/// Observes the packets of one file, in file order.
///
/// The points that it meets are numbered in the order of their first packet; whoever joins several files gives
/// them their final numbers.
pub struct Observer {
    file: FileId,
    limit: PrefixLimit,
    points: Vec<ObservedPoint>,
    by_interface: HashMap<(FileInterface, Option<u32>), PointId>,
    /// Most packets are of the point of the one before.
    recent: Option<((FileInterface, Option<u32>), PointId)>,
    fragments: FragmentJoiner,
}

impl Observer {
    /// An observer for `file`, whose set allows fingerprints of this many payload bytes.
    #[must_use]
    pub fn new(file: FileId, limit: PrefixLimit) -> Self {
        Self {
            file,
            limit,
            points: Vec::new(),
            by_interface: HashMap::new(),
            recent: None,
            fragments: FragmentJoiner::default(),
        }
    }

    /// The points that were met, and the datagrams that are incomplete; both with the file's own numbers of points.
    #[must_use]
    pub fn finish(self) -> (Vec<ObservedPoint>, Vec<Leftover>) {
        let (leftovers, trouble) = self.fragments.finish();
        let mut points = self.points;
        for (point, trouble) in trouble {
            if let Some(point) = points.get_mut(point.index()) {
                point.fragment_trouble = trouble;
            }
        }
        (points, leftovers)
    }

    /// What this packet tells. `packet` is `raw` decoded.
    pub fn observe(&mut self, raw: &RawPacket<'_>, packet: &Packet) -> Observation {
        let known = self.point_of(raw, packet);
        // Of further points, nothing is claimed: their packets count at the last one, without an identity.
        let point = known.unwrap_or(PointId(MAX_POINTS - 1));
        if let Some(seen) = self.points.get_mut(point.index()) {
            seen.packets += 1;
            if let Some(time) = raw.time.filter(|_| known.is_some()) {
                let first = seen.first_time.get_or_insert(time);
                *first = time.min(*first);
                seen.last_time = seen.last_time.max(Some(time));
            }
        }
        let evidence = Evidence {
            point,
            file: self.file,
            packet_number: raw.packet_number,
        };
        let subject = match raw.time {
            _ if known.is_none() => Subject::Unidentified(Unidentified::Beyond),
            None => Subject::Unidentified(Unidentified::NoTime),
            Some(time) => self.subject_of((evidence, time), raw.data, packet),
        };
        if let (
            Subject::Packet(Sighting {
                tunnel: Some(_), ..
            }),
            Some(seen),
        ) = (&subject, self.points.get_mut(point.index()))
        {
            seen.tunneled += 1;
        }
        Observation {
            evidence,
            time: raw.time.unwrap_or(Timestamp(0)),
            frame: frame_of(packet),
            inner_frame: inner_frame_of(packet, &subject),
            checksums: checksums_of(packet, &subject, raw.data),
            sent: sent_by_node(packet),
            quote: quoted_by(&subject, packet),
            subject,
        }
    }

    /// Whether the last packet came from this interface of the file, which is one point: then the next one is of that point, too, and
    /// somebody else may tell its identity.
    #[inline]
    #[must_use]
    pub fn goes_on(&self, interface: FileInterface) -> bool {
        self.recent
            .is_some_and(|(known, _)| known == (interface, None))
    }

    /// Counts a packet of the point of the last one, whose identity somebody else has told.
    #[inline]
    pub fn count(&mut self, time: Timestamp, tunneled: bool) {
        let recent = self.recent.map_or(usize::MAX, |(_, point)| point.index());
        let Some(seen) = self.points.get_mut(recent) else {
            return;
        };
        seen.packets += 1;
        seen.tunneled += u64::from(tunneled);
        let first = seen.first_time.get_or_insert(time);
        *first = time.min(*first);
        seen.last_time = seen.last_time.max(Some(time));
    }

    /// The point that saw it; `None` where the file has too many.
    fn point_of(&mut self, raw: &RawPacket<'_>, packet: &Packet) -> Option<PointId> {
        let index = packet
            .layers()
            .first()
            .and_then(|placed| match placed.layer {
                Layer::LinuxCooked(cooked) => cooked.interface_index,
                _ => None,
            });
        let interface = (raw.interface, index);
        match self.recent {
            Some((recent, point)) if recent == interface => Some(point),
            _ => {
                let point = self.point_at(interface, raw.link_type)?;
                self.recent = Some((interface, point));
                Some(point)
            }
        }
    }

    fn point_at(
        &mut self,
        interface: (FileInterface, Option<u32>),
        link_type: LinkType,
    ) -> Option<PointId> {
        if self.points.len() >= MAX_POINTS as usize && !self.by_interface.contains_key(&interface) {
            return None;
        }
        let points = &mut self.points;
        let point = *self.by_interface.entry(interface).or_insert_with(|| {
            let id = PointId(u32::try_from(points.len()).unwrap_or(u32::MAX));
            points.push(ObservedPoint {
                interface: interface.0,
                interface_index: interface.1,
                link_type,
                packets: 0,
                tunneled: 0,
                first_time: None,
                last_time: None,
                fragment_trouble: FragmentTrouble::default(),
            });
            id
        });
        Some(point)
    }

    fn subject_of(&mut self, seen: (Evidence, Timestamp), data: &[u8], packet: &Packet) -> Subject {
        let inner = match inner_of(packet.layers()) {
            Contents::Ip(inner) => inner,
            Contents::Arp(arp) => return Subject::Arp(arp),
            Contents::Neither => {
                return Subject::Unidentified(why_unidentified(packet.stop()));
            }
        };
        let mut fragments = packet.ip_layers().filter_map(|(_, ip)| ip.fragment);
        let Some(fragment) = fragments.next() else {
            let opening = self.opening(&inner, data, packet);
            return opening.map_or(Subject::Unidentified(Unidentified::Cut), |opening| {
                Subject::Packet(opening.sighting(inner.ip.payload_len, 1))
            });
        };
        let seen = Bare::fragment(seen, frame_of(packet), sent_by_node(packet));
        let later = fragment.offset > 0 || fragments.any(|f| f.offset > 0);
        let opening = if later {
            None
        } else {
            self.opening(&inner, data, packet)
        };
        let carrier = cut_carrier(packet, inner.ip);
        let content = Content {
            ip: *inner.ip,
            tunnel: inner.tunnel,
            opening,
            carried: carrier.is_some(),
        };
        match carrier.or_else(|| Some((inner.ip, inner.ip.fragment?))) {
            Some((ip, fragment)) => {
                let tunnel = content.tunnel.filter(|_| !content.carried);
                self.join(seen, tunnel, ip, fragment, content, 0)
            }
            None => opening.map_or(Subject::Unidentified(Unidentified::Cut), |opening| {
                Subject::Packet(opening.sighting(inner.ip.payload_len, 1))
            }),
        }
    }

    /// Takes a fragment. `content` is what it begins with, `pieces` how many pieces it came in itself.
    ///
    /// What a tunnel carries was only seen once all of the tunnel's packet was; then it may be a fragment itself.
    fn join(
        &mut self,
        seen: Bare,
        tunnel: Option<Tunnel>,
        ip: &Ip,
        fragment: Fragment,
        content: Content,
        pieces: u16,
    ) -> Subject {
        let first = (fragment.offset == 0).then_some(content);
        let Some(joined) = self.fragments.join(seen, tunnel, ip, fragment, first) else {
            return Subject::FragmentPart;
        };
        let (whole, pieces) = (joined.first, joined.fragments.saturating_add(pieces));
        let inside = whole.ip.fragment.filter(|_| whole.carried);
        if let Some(fragment) = inside {
            let content = Content {
                carried: false,
                ..whole
            };
            return self.join(seen, whole.tunnel, &whole.ip, fragment, content, pieces);
        }
        let payload_len = if whole.carried {
            whole.ip.payload_len
        } else {
            joined.payload_len
        };
        whole
            .opening
            .map_or(Subject::Unidentified(Unidentified::Cut), |opening| {
                Subject::Packet(opening.sighting(payload_len, pieces))
            })
    }

    /// What the first bytes of a datagram tell; `None` where the capture cut its transport header.
    fn opening(&self, inner: &Inner<'_>, data: &[u8], packet: &Packet) -> Option<Opening> {
        let ip = inner.ip;
        if lacks_numbers(inner, data, packet) {
            return None;
        }
        let place = packet.payload();
        let start = place.offset as usize;
        // Behind a header that the capture cut, there is nothing.
        let end = start.checked_add(place.captured_len as usize)?;
        let payload = data.get(start..end).unwrap_or_default();
        let (transport, detail) = match inner.transport {
            Some(Layer::Tcp(tcp)) => {
                let whole = !transport_was_cut(packet.stop());
                (Transport::Tcp(tcp, whole), tcp_detail(tcp, whole, ip)?)
            }
            Some(Layer::Icmp(icmp)) => (Transport::Icmp(icmp), icmp_detail(icmp)),
            Some(Layer::Esp(esp)) => (Transport::Esp(esp), Detail::Datagram),
            Some(_) => match inner.sealed {
                Some(Layer::WireGuard(message)) => {
                    (Transport::WireGuard(message), Detail::Datagram)
                }
                _ => (Transport::Other, Detail::Datagram),
            },
            None if transport_was_cut(packet.stop()) => return None,
            None => (Transport::Other, Detail::Datagram),
        };
        let parts = Parts::new(ip, transport, payload, place.wire_len, self.limit);
        Some(Opening {
            key: inner.key(),
            parts,
            detail,
            ttl: ip.ttl,
            identification: ipv4_identification(ip),
            marks: marks_of(inner, packet),
            tunnel: inner.tunnel,
            header_len: ip.header_len,
        })
    }
}

/// Whether the capture cut the first 8 bytes of a transport header, which number its packets.
fn lacks_numbers(inner: &Inner<'_>, data: &[u8], packet: &Packet) -> bool {
    const NUMBERS: usize = 8;
    let numbered = matches!(inner.transport, Some(Layer::Tcp(_) | Layer::Icmp(_)));
    let start = packet.layers().last().map_or(0, |placed| placed.offset);
    let captured = data.len().saturating_sub(start as usize);
    numbered && transport_was_cut(packet.stop()) && captured < NUMBERS
}

/// `None` where the header is longer than what the IP header says there is.
fn tcp_detail(tcp: &Tcp, whole: bool, ip: &Ip) -> Option<Detail> {
    if ip.payload_len < tcp.header_len.map_or(0, u32::from) {
        return None;
    }
    Some(Detail::Tcp {
        flags: tcp.flags.0,
        sequence: tcp.sequence,
        acknowledgment: tcp.acknowledgment,
        segment_len: ip.payload_len,
        header_len: tcp.header_len,
        control: whole.then(|| control_of(tcp)),
    })
}

/// IPv6 numbers fragments only.
fn ipv4_identification(ip: &Ip) -> u16 {
    let number = ip.identification.filter(|_| ip.source.is_ipv4());
    number.map_or(0, |n| u16::try_from(n).unwrap_or(0))
}

fn marks_of(inner: &Inner<'_>, packet: &Packet) -> Marks {
    let vlan = packet
        .layers()
        .iter()
        .find_map(|placed| match placed.layer {
            Layer::Vlan(tag) => Some(tag.id),
            _ => None,
        });
    let maximum_segment_size = match inner.transport {
        Some(Layer::Tcp(tcp)) => tcp.maximum_segment_size,
        _ => None,
    };
    Marks {
        traffic_class: inner.ip.traffic_class,
        dont_fragment: inner.ip.dont_fragment,
        vlan,
        maximum_segment_size,
    }
}

/// The outermost IP header around the inner-most one that is a fragment.
fn cut_carrier<'a>(packet: &'a Packet, innermost: &Ip) -> Option<(&'a Ip, Fragment)> {
    let carriers = packet
        .ip_layers()
        .map(|(_, ip)| ip)
        .filter(|ip| !std::ptr::eq(*ip, innermost));
    carriers.into_iter().find_map(|ip| Some((ip, ip.fragment?)))
}

fn icmp_detail(icmp: &Icmp) -> Detail {
    if icmp.is_query() {
        return Detail::Query {
            request: !icmp.is_echo_reply(),
            sequence: icmp.sequence(),
        };
    }
    if icmp.stays_on_link() {
        return Detail::LinkLocal;
    }
    if icmp.is_error() {
        return Detail::IcmpError {
            icmp_type: icmp.icmp_type,
            code: icmp.code,
            next_hop_mtu: icmp.next_hop_mtu(),
        };
    }
    Detail::Datagram
}

fn quoted_by(subject: &Subject, packet: &Packet) -> Option<Quote> {
    let Subject::Packet(sighting) = subject else {
        return None;
    };
    matches!(sighting.detail, Detail::IcmpError { .. })
        .then(|| quote_of(packet.quoted()))
        .flatten()
}

const fn transport_was_cut(stop: Stop) -> bool {
    matches!(stop, Stop::Truncated { .. } | Stop::Malformed { .. })
}

const fn why_unidentified(stop: Stop) -> Unidentified {
    match stop {
        Stop::Truncated { .. } => Unidentified::Cut,
        _ => Unidentified::NotIp,
    }
}
