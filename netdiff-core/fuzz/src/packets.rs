//! Packets made of layers, most of them sound, so that tunnels nest as deep as they like.

use arbitrary::Arbitrary;

use crate::headers::{ether_type, head};

#[derive(Arbitrary, Clone, Debug)]
pub enum Layer {
    Ethernet,
    Vlan {
        id: u16,
        outer: bool,
    },
    Ipv4 {
        source: u8,
        destination: u8,
        ttl: u8,
        id: u8,
        fragment: u8,
        options: u8,
    },
    Ipv6 {
        source: u8,
        destination: u8,
        hops: u8,
    },
    HopByHop {
        kind: u8,
        len: u8,
    },
    Fragment6 {
        offset: u8,
        more: bool,
        id: u8,
    },
    Udp {
        from: u16,
        to: u16,
    },
    Vxlan {
        vni: u8,
        gpe: bool,
        flags: u8,
    },
    Geneve {
        vni: u8,
        options: u8,
        inner: bool,
    },
    Gre {
        flags: u8,
        key: u8,
    },
    Mpls {
        label: u8,
        bottom: bool,
    },
    Pppoe,
    Gtpu {
        flags: u8,
    },
    Gue {
        flags: u8,
    },
    L2tp {
        flags: u8,
    },
    Nsh {
        len: u8,
    },
    Teredo,
    Esp,
    Ah {
        len: u8,
    },
    Erspan,
    Macsec,
    Tcp {
        flags: u8,
        sequence: u16,
        options: Vec<u8>,
    },
    Icmp {
        kind: u8,
        code: u8,
    },
    Icmp6 {
        kind: u8,
        code: u8,
    },
    Sctp,
    Arp,
    Raw(Vec<u8>),
}

#[derive(Arbitrary, Clone, Debug)]
pub struct Stack {
    pub link: u8,
    pub layers: Vec<Layer>,
    pub damage: Vec<(u16, u8)>,
    pub cut: Option<u8>,
    pub more: u8,
}

/// Link types that the decoder knows, by an index.
pub const LINKS: &[u16] = &[
    1, 101, 113, 276, 0, 108, 109, 228, 229, 239, 9, 50, 51, 104, 12, 14, 107, 127,
];

impl Stack {
    pub fn link_type(&self) -> u16 {
        LINKS[usize::from(self.link) % LINKS.len()]
    }

    /// The packet's bytes, and its length on the wire.
    pub fn bytes(&self) -> (Vec<u8>, u32) {
        let mut bytes = Vec::new();
        for at in (0..self.layers.len()).rev() {
            let next = self.layers.get(at + 1);
            let mut packet = head(&self.layers[at], next, bytes.len());
            packet.append(&mut bytes);
            bytes = packet;
            if bytes.len() > 4000 {
                break;
            }
        }
        let mut bytes = [self.link_header(), bytes].concat();
        for (at, value) in &self.damage {
            let len = bytes.len();
            if let Some(byte) = bytes.get_mut(usize::from(*at) % len.max(1)) {
                *byte = *value;
            }
        }
        let original = bytes.len() as u32 + u32::from(self.more);
        if let Some(cut) = self.cut {
            bytes.truncate(bytes.len().saturating_sub(usize::from(cut)));
        }
        (bytes, original)
    }

    fn link_header(&self) -> Vec<u8> {
        let kind = ether_type(self.layers.first()).to_be_bytes();
        match self.link_type() {
            113 => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &kind].concat(),
            276 => [
                &kind[..],
                &[0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0],
            ]
            .concat(),
            _ => Vec::new(),
        }
    }
}
