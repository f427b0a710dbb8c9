//! Observations that no decoder made: any identities, times, places and tunnels, through correlation, rules and reports.
#![no_main]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use netdiff_core::correlate::{Folding, Ran, RoleBasis, SetPoint, StatedAddresses, correlate};
use netdiff_core::doors::profile_of_timelines;
use netdiff_core::identify::{
    ArpOperation, ArpSighting, Detail, Encapsulation, Evidence, Fingerprint, FragmentTrouble,
    MacAddr, Marks, Observation, Quote, Sighting, Subject, Tunnel, Unidentified,
};
use netdiff_core::types::{
    CapturePoint, FileId, FlowKey, LinkType, PacketNumber, PointId, Protocol, Role, Timestamp, Vni,
};

#[derive(Arbitrary, Debug)]
struct Input {
    points: [u8; 6],
    step: u8,
    stated: Vec<(u8, u8)>,
    translations: Vec<(u8, u8)>,
    seen: Vec<Seen>,
}

#[derive(Arbitrary, Debug)]
struct Seen {
    point: u8,
    time: Time,
    what: What,
    macs: Option<(u8, u8)>,
    sent: Option<bool>,
}

#[derive(Arbitrary, Debug)]
enum Time {
    Next(u8),
    Near(i16),
    At(i64),
}

#[derive(Arbitrary, Debug)]
enum What {
    Packet {
        from: u8,
        to: u8,
        ports: u8,
        print: u8,
        ttl: u8,
        kind: Kind,
        tunnel: Option<(u8, u8, u8)>,
        len: u16,
        marks: u8,
        cut: u8,
    },
    Fragment,
    Arp {
        sender: u8,
        target: u8,
        mac: u8,
        reply: bool,
    },
    Nothing(u8),
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Tcp {
        flags: u8,
        sequence: u32,
        acknowledgment: u32,
        segment: u32,
        header: Option<u8>,
        control: Option<u8>,
    },
    TcpNext {
        flags: u8,
        number: u8,
        len: u8,
    },
    Query {
        request: bool,
        sequence: u8,
    },
    Error {
        kind: u8,
        code: u8,
        mtu: Option<u32>,
        from: u8,
        to: u8,
        print: Option<u8>,
        tunnel: Option<(u8, u8, u8)>,
    },
    LinkLocal,
    Datagram,
}

fn address(number: u8) -> IpAddr {
    let last = number & 7;
    match number >> 5 {
        0..4 => Ipv4Addr::new(10, 244, last & 1, 2 + (last >> 1)).into(),
        4 => Ipv4Addr::new(192, 168, 0, 1 + last).into(),
        5 => Ipv4Addr::new(10, 96, 0, last).into(),
        6 => Ipv6Addr::new(0xfd00, 0, 0, last.into(), 0, 0, 0, 1).into(),
        _ => [
            IpAddr::V4(Ipv4Addr::BROADCAST),
            Ipv4Addr::UNSPECIFIED.into(),
            Ipv4Addr::LOCALHOST.into(),
            Ipv4Addr::new(224, 0, 0, 1).into(),
            Ipv6Addr::LOCALHOST.into(),
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv4Addr::new(169, 254, 0, 1).into(),
            Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1).into(),
        ][usize::from(last)],
    }
}

fn mac(number: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, number])
}

fn tunnel((from, to, kind): (u8, u8, u8)) -> Tunnel {
    use Encapsulation::*;
    Tunnel {
        encapsulation: [Vxlan, Vxlan, Vxlan, Geneve, Gre, IpInIp, Udp, Gue][usize::from(kind & 7)],
        vni: (kind & 8 == 0).then_some(Vni(u32::from(kind >> 6))),
        source: address(128 | from & 15),
        destination: address(128 | to & 15),
        destination_port: 8472,
        guessed: kind & 16 != 0,
    }
}

fn key(from: u8, to: u8, ports: u8, protocol: Protocol) -> FlowKey {
    let (source_port, destination_port) = match protocol {
        Protocol::ICMP => (7, 7),
        _ if ports & 1 == 0 => (
            40_000 + u16::from(ports >> 4),
            80 + u16::from(ports >> 1 & 3),
        ),
        _ => (
            80 + u16::from(ports >> 1 & 3),
            40_000 + u16::from(ports >> 4),
        ),
    };
    FlowKey {
        source: address(from),
        destination: address(to),
        protocol,
        source_port,
        destination_port,
    }
}

fn sighting(what: &What) -> Subject {
    match what {
        What::Fragment => Subject::FragmentPart,
        What::Nothing(why) => Subject::Unidentified(
            [Unidentified::NotIp, Unidentified::Cut, Unidentified::NoTime][usize::from(why % 3)],
        ),
        What::Arp {
            sender,
            target,
            mac: hardware,
            reply,
        } => {
            let v4 = |number: u8| match address(number & 0x7f) {
                IpAddr::V4(address) => address,
                IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
            };
            let operation = if *reply {
                ArpOperation::Reply
            } else {
                ArpOperation::Request
            };
            Subject::Arp(ArpSighting {
                operation,
                sender: v4(*sender),
                sender_mac: mac(*hardware),
                target: v4(*target),
            })
        }
        What::Packet {
            from,
            to,
            ports,
            print,
            ttl,
            kind,
            tunnel: around,
            len,
            marks,
            cut,
        } => {
            let (protocol, detail) = detail(kind);
            let print = u64::from(*print);
            Subject::Packet(Sighting {
                key: key(*from, *to, *ports, protocol),
                fingerprint: Fingerprint {
                    short: print,
                    headers: (cut & 3 != 3).then_some(print),
                    full: (cut & 1 == 0).then_some(print),
                    telling: cut & 4 == 0,
                    repeatable: cut & 8 != 0,
                },
                ttl: *ttl,
                identification: print as u16,
                marks: Marks {
                    traffic_class: *marks,
                    dont_fragment: marks & 1 != 0,
                    vlan: None,
                    maximum_segment_size: (marks & 2 != 0).then_some(1460),
                },
                ip_len: u32::from(*len),
                detail,
                tunnel: around.map(tunnel),
                fragments: 1 + u16::from(cut >> 6),
            })
        }
    }
}

fn detail(kind: &Kind) -> (Protocol, Detail) {
    match kind {
        Kind::Tcp {
            flags,
            sequence,
            acknowledgment,
            segment,
            header,
            control,
        } => (
            Protocol::TCP,
            Detail::Tcp {
                flags: *flags,
                sequence: *sequence,
                acknowledgment: *acknowledgment,
                segment_len: *segment,
                header_len: *header,
                control: control.map(u64::from),
            },
        ),
        Kind::TcpNext { flags, number, len } => (
            Protocol::TCP,
            Detail::Tcp {
                flags: *flags,
                sequence: 1000 + 100 * u32::from(*number),
                acknowledgment: 1,
                segment_len: 20 + u32::from(*len),
                header_len: Some(20),
                control: Some(1),
            },
        ),
        Kind::Query { request, sequence } => (
            Protocol::ICMP,
            Detail::Query {
                request: *request,
                sequence: (*sequence).into(),
            },
        ),
        Kind::Error {
            kind,
            code,
            mtu,
            from,
            to,
            print,
            tunnel: around,
        } => {
            let quote = print.map(|print| Quote {
                key: key(*from, *to, 0, Protocol::UDP),
                tunnel: around.map(tunnel),
                ttl: 60,
                short: Some(print.into()),
            });
            (
                Protocol::ICMP,
                Detail::IcmpError {
                    icmp_type: *kind,
                    code: *code,
                    next_hop_mtu: *mtu,
                    quote,
                },
            )
        }
        Kind::LinkLocal => (Protocol::ICMPV6, Detail::LinkLocal),
        Kind::Datagram => (Protocol::UDP, Detail::Datagram),
    }
}

const NAMES: &[(&str, &str, Role)] = &[
    ("a", "cni0", Role::Bridge),
    ("a", "eth0", Role::Uplink),
    ("a", "flannel.1", Role::Vtep),
    ("a", "veth1", Role::Pod),
    ("a", "veth2", Role::Pod),
    ("b", "cni0", Role::Bridge),
    ("b", "eth0", Role::Uplink),
    ("b", "flannel.1", Role::Vtep),
    ("b", "veth3", Role::Pod),
    ("b", "x", Role::Unknown),
    ("c", "any", Role::Merged),
    ("c", "eth0", Role::Uplink),
];

fuzz_target!(|input: Input| {
    let mut chosen: Vec<usize> = input
        .points
        .iter()
        .map(|point| usize::from(*point) % NAMES.len())
        .collect();
    chosen.sort_unstable();
    chosen.dedup();
    let mut points: Vec<SetPoint> = chosen
        .iter()
        .zip(0..)
        .map(|(name, file)| SetPoint {
            point: CapturePoint::new(NAMES[*name].0, NAMES[*name].1),
            role: NAMES[*name].2,
            role_basis: RoleBasis::Name,
            files: vec![FileId(file)],
            link_type: Some(LinkType(1)),
            packets: 0,
            first_time: None,
            last_time: None,
            dropped: 0,
            filtered: false,
            fragments: FragmentTrouble::default(),
            ran: Ran::default(),
        })
        .collect();
    let start = 1_780_000_000_000_000_000_i64;
    let mut now = start;
    let mut observations: Vec<Observation> = Vec::new();
    for seen in input.seen.iter().take(400) {
        let at = usize::from(seen.point) % points.len();
        let time = match seen.time {
            Time::Next(by) => {
                now = now.saturating_add(i64::from(by) << (input.step % 32));
                now
            }
            Time::Near(by) => now.saturating_add(i64::from(by) << (input.step % 32)),
            Time::At(time) => time,
        };
        let time = Timestamp(time);
        let point = &mut points[at];
        point.packets += 1;
        point.first_time = point.first_time.into_iter().chain([time]).min();
        point.last_time = point.last_time.max(Some(time));
        let id = u32::try_from(at).unwrap();
        observations.push(Observation {
            evidence: Evidence {
                point: PointId(id),
                file: FileId(id),
                packet_number: PacketNumber(point.packets),
            },
            time,
            frame: seen.macs.map(|(from, to)| (mac(from), mac(to))),
            inner_frame: None,
            checksums: None,
            sent: seen.sent,
            subject: sighting(&seen.what),
        });
    }
    observations.sort_by_key(|observation| {
        (
            observation.evidence.file,
            observation.evidence.packet_number,
        )
    });
    let node = |number: u8| Box::from(["a", "b", "c", "d"][usize::from(number % 4)]);
    let stated = StatedAddresses {
        nodes: input
            .stated
            .iter()
            .filter(|(name, _)| name & 128 == 0)
            .map(|(name, own)| (node(*name), address(*own)))
            .collect(),
        pods: input
            .stated
            .iter()
            .filter(|(name, _)| name & 128 != 0)
            .map(|(name, own)| (node(*name), address(*own)))
            .collect(),
        translations: input
            .translations
            .iter()
            .map(|(from, to)| (address(*from), address(*to)))
            .collect(),
    };
    let count = observations.len() as u64;
    let files = points.iter().map(|point| point.point.to_string()).collect();
    let timelines = correlate(points, &stated, Folding::default(), observations);
    let accounted: u64 = timelines
        .accounting
        .iter()
        .map(|counts| counts.packets)
        .sum();
    assert_eq!(accounted, count);
    let profile = profile_of_timelines(timelines, files);
    netdiff_fuzz::check_profile(&profile);
    netdiff_fuzz::check_against_itself(&profile);
});
