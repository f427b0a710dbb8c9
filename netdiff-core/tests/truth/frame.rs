//! Packets on a link: Ethernet, tunnels, ARP.

use std::net::Ipv4Addr;

use super::packet::{Encoded, Packet, Piece, ipv4_header};

/// The two ends of an Ethernet frame; `None` where a capture begins with the IP header.
pub type Link = Option<([u8; 6], [u8; 6])>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tunneling {
    Vxlan,
    Geneve,
    IpInIp,
}

/// The outer headers of a packet in a tunnel.
#[derive(Clone, Copy, Debug)]
pub struct Wrap {
    pub tunneling: Tunneling,
    pub source: Ipv4Addr,
    pub destination: Ipv4Addr,
    pub entropy_port: u16,
    pub id: u16,
    pub inner: ([u8; 6], [u8; 6]),
}

/// A frame on a link: the packet or a fragment of it, with a tunnel around it or without.
pub fn frame(packet: &Packet, piece: Option<Piece>, link: Link, wrap: Option<Wrap>) -> Encoded {
    match wrap {
        Some(wrap) => wrap.frame(packet, piece, None, link),
        None => {
            let ether = if packet.is_ipv4() { 0x0800 } else { 0x86dd };
            on_link(link, ether, packet.ip_bytes(piece))
        }
    }
}

impl Wrap {
    /// What the outer IP header carries.
    pub fn payload(&self, packet: &Packet, piece: Option<Piece>) -> Encoded {
        let inner = packet.ip_bytes(piece);
        if self.tunneling == Tunneling::IpInIp {
            return inner;
        }
        let ether: u16 = if packet.is_ipv4() { 0x0800 } else { 0x86dd };
        let inner = on_link(Some(self.inner), ether, inner);
        let (port, header): (u16, [u8; 8]) = match self.tunneling {
            Tunneling::Vxlan => (8472, [0x08, 0, 0, 0, 0, 0, 1, 0]),
            _ => (6081, [0, 0, 0x65, 0x58, 0, 0, 1, 0]),
        };
        let mut bytes = self.entropy_port.to_be_bytes().to_vec();
        bytes.extend(port.to_be_bytes());
        bytes.extend(((inner.bytes.len() + 16) as u16).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(header);
        bytes.extend(inner.bytes);
        Encoded {
            bytes,
            headers: inner.headers + 16,
        }
    }

    /// The frame, or one fragment of the outer packet.
    pub fn frame(
        &self,
        packet: &Packet,
        piece: Option<Piece>,
        outer: Option<Piece>,
        link: Link,
    ) -> Encoded {
        let whole = self.payload(packet, piece);
        let part = outer.map_or(whole.bytes.as_slice(), |p| {
            &whole.bytes[p.start..p.start + p.len]
        });
        let fragment = outer.map_or(0x4000, |p| {
            (p.start / 8) as u16 | if p.more() { 0x2000 } else { 0 }
        });
        let protocol = if self.tunneling == Tunneling::IpInIp {
            4
        } else {
            17
        };
        let fields = (self.id, fragment, 64, protocol);
        let mut bytes = ipv4_header(self.source, self.destination, fields, part.len());
        bytes.extend_from_slice(part);
        let headers = match outer {
            Some(p) if p.start > 0 => 20,
            _ => 20 + whole.headers,
        };
        on_link(link, 0x0800, Encoded { bytes, headers })
    }
}

/// An ARP request (`operation` 1) or its answer (2).
pub fn arp(operation: u8, sender: ([u8; 6], Ipv4Addr), target: ([u8; 6], Ipv4Addr)) -> Vec<u8> {
    let to = if operation == 1 { [0xff; 6] } else { target.0 };
    let mut bytes = [to, sender.0].concat();
    bytes.extend([8, 6, 0, 1, 8, 0, 6, 4, 0, operation]);
    bytes.extend(sender.0);
    bytes.extend(sender.1.octets());
    bytes.extend(if operation == 1 { [0; 6] } else { target.0 });
    bytes.extend(target.1.octets());
    bytes
}

fn on_link(link: Link, ether: u16, content: Encoded) -> Encoded {
    let Some((source, destination)) = link else {
        return content;
    };
    let mut bytes = [destination, source].concat();
    bytes.extend(ether.to_be_bytes());
    bytes.extend(content.bytes);
    Encoded {
        bytes,
        headers: content.headers + 14,
    }
}
