//! Observations that no decoder made: any identities, times, places and tunnels.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::Arbitrary;
use netdiff_core::identify::{
    ArpOperation, ArpSighting, Detail, Encapsulation, Fingerprint, MacAddr, Marks, Quote, Sighting,
    Subject, Tunnel, Unidentified,
};
use netdiff_core::types::{FlowKey, Protocol, Vni};

#[derive(Arbitrary, Debug)]
pub struct Seen {
    pub point: u8,
    pub time: Time,
    pub what: What,
    pub macs: Option<(u8, u8)>,
    pub sent: Option<bool>,
}

#[derive(Arbitrary, Debug)]
pub enum Time {
    Next(u8),
    Near(i16),
    At(i64),
}

#[derive(Arbitrary, Debug)]
pub enum What {
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
pub enum Kind {
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

pub fn address(number: u8) -> IpAddr {
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

pub fn mac(number: u8) -> MacAddr {
    MacAddr([2, 0, 0, 0, 0, number])
}

pub fn tunnel((from, to, kind): (u8, u8, u8)) -> Tunnel {
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

pub fn key(from: u8, to: u8, ports: u8, protocol: Protocol) -> FlowKey {
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

pub fn sighting(what: &What) -> Subject {
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

pub fn detail(kind: &Kind) -> (Protocol, Detail) {
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
            kind, code, mtu, ..
        } => (
            Protocol::ICMP,
            Detail::IcmpError {
                icmp_type: *kind,
                code: *code,
                next_hop_mtu: *mtu,
            },
        ),
        Kind::LinkLocal => (Protocol::ICMPV6, Detail::LinkLocal),
        Kind::Datagram => (Protocol::UDP, Detail::Datagram),
    }
}

/// What an error quotes.
pub fn quote(what: &What) -> Option<Quote> {
    let What::Packet {
        kind:
            Kind::Error {
                from,
                to,
                print,
                tunnel: around,
                ..
            },
        ..
    } = what
    else {
        return None;
    };
    print.map(|print| Quote {
        key: key(*from, *to, 0, Protocol::UDP),
        tunnel: around.map(tunnel),
        ttl: 60,
        short: Some(print.into()),
    })
}
