//! The cluster: stations, addresses, and the ways between them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::frame::{Link, Tunneling};
use super::packet::{Body, Packet};
use super::spec::{Overlay, WorldSpec};

/// The MAC address of what leads out of the cluster.
pub const OUTSIDE: [u8; 6] = [0x52, 0x54, 0, 1, 2, 3];

/// Where on its node a station lies. The numbers index [`super::spec::NodeSpec::files`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Pod(u8),
    Bridge,
    Vtep,
    Uplink,
}

impl Place {
    pub const ALL: [Self; 5] = [
        Self::Pod(0),
        Self::Pod(1),
        Self::Bridge,
        Self::Vtep,
        Self::Uplink,
    ];

    pub fn index(self) -> usize {
        match self {
            Self::Pod(n) => usize::from(n),
            Self::Bridge => 2,
            Self::Vtep => 3,
            Self::Uplink => 4,
        }
    }
}

/// From here on, a number stands for a node's stations together.
const MERGED: u8 = 200;

/// A station of the cluster, whether it is captured or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Station(pub u8);

impl Station {
    pub fn new(node: u8, place: Place) -> Self {
        Self(node * 5 + place.index() as u8)
    }

    pub fn node(self) -> u8 {
        self.0 / 5
    }

    pub fn place(self) -> Place {
        Place::ALL[usize::from(self.0 % 5)]
    }

    /// All stations of a node, where the capture does not tell them apart.
    pub fn merged(node: u8) -> Self {
        Self(MERGED + node)
    }

    /// Whether this is, or is one of, the other.
    pub fn is_at(self, other: Self) -> bool {
        self == other || other.0 >= MERGED && self.node() == other.0 - MERGED
    }
}

/// One end of a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Pod(u8, u8),
    /// A node by its own address.
    Node(u8),
    /// A node by the address of its tunnel device.
    Tunnel(u8),
    /// Behind a node's uplink, outside the cluster.
    Outside(u8),
}

/// New addresses, and ports or ping identifiers, from a place of the way on.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite {
    pub source: (IpAddr, u16),
    pub destination: (IpAddr, u16),
}

/// A station on a way, and what happens to packets just before it.
#[derive(Clone, Copy, Debug)]
pub struct Hop {
    pub station: Station,
    pub link: Link,
    /// The kernel routes: TTL falls by one.
    pub routed: bool,
    /// The frame carries the stamp of the station before.
    pub ties: bool,
    /// The underlay lies before it.
    pub crossing: bool,
    /// The nodes at the tunnel's ends.
    pub wrap: Option<(u8, u8)>,
    /// The tunnel's headers were just taken off.
    pub unwraps: bool,
    pub rewrite: Option<Rewrite>,
}

impl Hop {
    /// Whether the node sends it there, rather than that it comes in; `place` is the hop's place on the way.
    pub fn is_outgoing(&self, place: usize) -> bool {
        match self.station.place() {
            Place::Pod(_) => place > 0,
            Place::Bridge => !self.ties,
            Place::Vtep => !self.unwraps,
            Place::Uplink => {
                !self.crossing && self.link.is_none_or(|(source, _)| source != OUTSIDE)
            }
        }
    }
}

pub fn tunneling(overlay: Overlay) -> Option<Tunneling> {
    match overlay {
        Overlay::HostGateway => None,
        Overlay::Vxlan => Some(Tunneling::Vxlan),
        Overlay::Geneve => Some(Tunneling::Geneve),
        Overlay::IpInIp => Some(Tunneling::IpInIp),
    }
}

/// The kernel's index of an interface.
pub fn interface_index(place: Place) -> u32 {
    2 + place.index() as u32
}

pub fn node_name(node: u8) -> String {
    match node {
        0 => "master".to_owned(),
        n => format!("worker-{n}"),
    }
}

pub fn interface_name(overlay: Overlay, station: Station) -> String {
    let node = station.node();
    match (station.place(), overlay) {
        (Place::Pod(pod), Overlay::IpInIp) => format!("cali4f{node:02x}9a7b{pod:02x}c"),
        (Place::Pod(pod), _) => format!("veth3e{node:02x}c1{pod:02x}"),
        (Place::Bridge, _) => "cni0".to_owned(),
        (Place::Vtep, Overlay::Geneve) => "genev_sys_6081".to_owned(),
        (Place::Vtep, Overlay::IpInIp) => "tunl0".to_owned(),
        (Place::Vtep, _) => "flannel.1".to_owned(),
        (Place::Uplink, _) => "eth0".to_owned(),
    }
}

pub fn mac(station: Station) -> [u8; 6] {
    [0x0a, 0x58, 0x0a, 0xf4, station.node(), station.0 % 5 + 0x10]
}

/// The pod's own end of its link; the station is the node's end.
fn pod_mac(node: u8, pod: u8) -> [u8; 6] {
    [0x0a, 0x58, 0x0a, 0xf4, node, 2 + pod]
}

pub fn underlay(node: u8) -> Ipv4Addr {
    Ipv4Addr::new(192, 168, 10, 10 + node)
}

/// The address of an end in one family.
pub fn address(overlay: Overlay, end: End, ipv6: bool) -> IpAddr {
    let six = |node: u8, host: u16| {
        IpAddr::V6(Ipv6Addr::new(
            0xfd00,
            0x10,
            0x244,
            u16::from(node),
            0,
            0,
            0,
            host,
        ))
    };
    match end {
        End::Pod(node, pod) if ipv6 => six(node, 2 + u16::from(pod)),
        End::Pod(node, pod) => IpAddr::V4(Ipv4Addr::new(10, 244, node, 2 + pod)),
        End::Tunnel(node) if overlay != Overlay::HostGateway => {
            IpAddr::V4(Ipv4Addr::new(10, 244, node, 0))
        }
        End::Node(node) | End::Tunnel(node) => IpAddr::V4(underlay(node)),
        End::Outside(_) => IpAddr::V4(Ipv4Addr::new(203, 0, 113, 77)),
    }
}

/// The bridge's own address, which a node uses towards its own pods.
pub fn bridge_address(node: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 244, node, 1))
}

/// Builds ways through the cluster.
pub struct Map<'a> {
    spec: &'a WorldSpec,
}

impl<'a> Map<'a> {
    pub fn new(spec: &'a WorldSpec) -> Self {
        Self { spec }
    }

    fn bridged(&self) -> bool {
        self.spec.overlay != Overlay::IpInIp
    }

    /// The way from one end to the other, without translation.
    pub fn way(&self, from: End, to: End) -> Vec<Hop> {
        let mut way = Vec::new();
        let (here, there) = (node_of(from), node_of(to));
        if here == there && !matches!((from, to), (End::Outside(_), _) | (_, End::Outside(_))) {
            self.inside(from, to, &mut way);
            return way;
        }
        self.leave(from, to, &mut way);
        if here != there {
            self.enter(to, &mut way);
        } else if let (End::Outside(_), End::Pod(..)) = (from, to) {
            self.deliver(to, &mut way);
        }
        way
    }

    fn inside(&self, from: End, to: End, way: &mut Vec<Hop>) {
        let node = node_of(from);
        let bridge = Station::new(node, Place::Bridge);
        if let End::Pod(_, pod) = from {
            let gateway = self.bridged().then_some(bridge);
            let there = match to {
                End::Pod(_, other) if self.bridged() => pod_mac(node, other),
                _ => mac(gateway.unwrap_or(Station::new(node, Place::Pod(pod)))),
            };
            let link = Some((pod_mac(node, pod), there));
            way.push(hop(Station::new(node, Place::Pod(pod)), link));
            way.extend(gateway.map(|bridge| Hop {
                ties: true,
                ..hop(bridge, link)
            }));
        }
        if let End::Pod(_, pod) = to {
            let station = Station::new(node, Place::Pod(pod));
            if matches!(from, End::Pod(..)) {
                let before = way[0].link;
                let link = if self.bridged() {
                    before
                } else {
                    Some((mac(station), pod_mac(node, pod)))
                };
                way.push(Hop {
                    routed: !self.bridged(),
                    ..hop(station, link)
                });
                return;
            }
            let own = if self.bridged() { bridge } else { station };
            let link = Some((mac(own), pod_mac(node, pod)));
            if self.bridged() {
                way.push(hop(bridge, link));
            }
            way.push(hop(station, link));
        }
    }

    fn leave(&self, from: End, to: End, way: &mut Vec<Hop>) {
        let (node, there) = (node_of(from), node_of(to));
        let uplink = Station::new(node, Place::Uplink);
        let outside = OUTSIDE;
        let far = match to {
            End::Outside(_) => outside,
            _ => mac(Station::new(there, Place::Uplink)),
        };
        if let End::Outside(_) = from {
            way.push(hop(uplink, Some((outside, mac(uplink)))));
            if node == there {
                return;
            }
        }
        if let End::Pod(_, pod) = from {
            let station = Station::new(node, Place::Pod(pod));
            let bridge = Station::new(node, Place::Bridge);
            let gateway = if self.bridged() { bridge } else { station };
            let link = Some((pod_mac(node, pod), mac(gateway)));
            way.push(hop(station, link));
            if self.bridged() {
                way.push(Hop {
                    ties: true,
                    ..hop(bridge, link)
                });
            }
        }
        let routed = !way.is_empty();
        let underlay = Some((mac(uplink), far));
        if self.tunneled(from, to) {
            let vtep = Station::new(node, Place::Vtep);
            let link = Some((mac(vtep), mac(Station::new(there, Place::Vtep))));
            let link = link.filter(|_| self.spec.overlay != Overlay::IpInIp);
            way.push(Hop {
                routed,
                ..hop(vtep, link)
            });
            way.push(Hop {
                wrap: Some((node, there)),
                ..hop(uplink, underlay)
            });
        } else {
            way.push(Hop {
                routed,
                ..hop(uplink, underlay)
            });
        }
    }

    fn tunneled(&self, from: End, to: End) -> bool {
        let inside = |end| matches!(end, End::Pod(..) | End::Tunnel(_));
        let calls_from_outside = matches!(from, End::Outside(_)) && matches!(to, End::Pod(..));
        self.spec.overlay != Overlay::HostGateway
            && ((inside(from) && inside(to)) || calls_from_outside)
    }

    fn enter(&self, to: End, way: &mut Vec<Hop>) {
        let node = node_of(to);
        let Some(last) = way.last().copied() else {
            return;
        };
        way.push(Hop {
            crossing: true,
            wrap: last.wrap,
            ..hop(Station::new(node, Place::Uplink), last.link)
        });
        if last.wrap.is_some() {
            let sent = way.iter().rev().nth(2).and_then(|hop| hop.link);
            way.push(Hop {
                ties: true,
                unwraps: true,
                ..hop(Station::new(node, Place::Vtep), sent)
            });
        }
        self.deliver(to, way);
    }

    fn deliver(&self, to: End, way: &mut Vec<Hop>) {
        let End::Pod(node, pod) = to else {
            return;
        };
        let station = Station::new(node, Place::Pod(pod));
        let bridge = Station::new(node, Place::Bridge);
        let own = if self.bridged() { bridge } else { station };
        let link = Some((mac(own), pod_mac(node, pod)));
        if self.bridged() {
            way.push(Hop {
                routed: true,
                ..hop(bridge, link)
            });
        }
        way.push(Hop {
            routed: !self.bridged(),
            ..hop(station, link)
        });
    }

    /// From one end to the other and to and fro between the two nodes, so long as `ttl` lasts.
    pub fn circle(&self, from: End, to: End, ttl: u8) -> Vec<Hop> {
        let mut way = Vec::new();
        self.leave(from, to, &mut way);
        let (mut here, mut there) = (node_of(from), node_of(to));
        let mut left = ttl.saturating_sub(1);
        while left > 1 {
            self.enter(End::Node(there), &mut way);
            (here, there) = (there, here);
            // A node that gets a pod's packet and has its route point back.
            let start = way.len();
            self.leave(End::Tunnel(here), End::Tunnel(there), &mut way);
            way[start].routed = true;
            left -= 1;
        }
        way
    }
}

pub fn node_of(end: End) -> u8 {
    match end {
        End::Pod(node, _) | End::Node(node) | End::Tunnel(node) | End::Outside(node) => node,
    }
}

fn hop(station: Station, link: Link) -> Hop {
    Hop {
        station,
        link,
        routed: false,
        ties: false,
        crossing: false,
        wrap: None,
        unwraps: false,
        rewrite: None,
    }
}

impl Rewrite {
    pub fn apply(&self, packet: &mut Packet) {
        packet.source = self.source.0;
        packet.destination = self.destination.0;
        match &mut packet.body {
            // The identifier is the pinging side's port.
            Body::Echo(echo) if echo.request => echo.id = self.source.1,
            Body::Echo(echo) => echo.id = self.destination.1,
            Body::Udp(udp) => {
                (udp.source_port, udp.destination_port) = (self.source.1, self.destination.1);
            }
            Body::Tcp(tcp) => {
                (tcp.source_port, tcp.destination_port) = (self.source.1, self.destination.1);
            }
            Body::Error { .. } => {}
        }
    }
}
