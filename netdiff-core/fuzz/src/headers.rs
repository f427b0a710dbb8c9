//! The bytes of each layer's header.

use crate::packets::Layer;

pub(crate) fn ether_type(next: Option<&Layer>) -> u16 {
    match next {
        Some(Layer::Ipv4 { .. }) => 0x0800,
        Some(Layer::Ipv6 { .. }) => 0x86dd,
        Some(Layer::Vlan { outer: true, .. }) => 0x88a8,
        Some(Layer::Vlan { .. }) => 0x8100,
        Some(Layer::Mpls { .. }) => 0x8847,
        Some(Layer::Pppoe) => 0x8864,
        Some(Layer::Nsh { .. }) => 0x894f,
        Some(Layer::Macsec) => 0x88e5,
        Some(Layer::Arp) => 0x0806,
        Some(Layer::Ethernet) => 0x6558,
        Some(Layer::Erspan) => 0x88be,
        _ => 0x88b5,
    }
}

fn protocol(next: Option<&Layer>) -> u8 {
    match next {
        Some(Layer::Ipv4 { .. }) => 4,
        Some(Layer::Ipv6 { .. }) => 41,
        Some(Layer::HopByHop { kind, .. }) => [0, 43, 60, 135][usize::from(kind % 4)],
        Some(Layer::Fragment6 { .. }) => 44,
        Some(Layer::Udp { .. }) => 17,
        Some(Layer::Tcp { .. }) => 6,
        Some(Layer::Icmp { .. }) => 1,
        Some(Layer::Icmp6 { .. }) => 58,
        Some(Layer::Gre { .. }) => 47,
        Some(Layer::Esp) => 50,
        Some(Layer::Ah { .. }) => 51,
        Some(Layer::L2tp { .. }) => 115,
        Some(Layer::Mpls { .. }) => 137,
        Some(Layer::Ethernet) => 143,
        Some(Layer::Sctp) => 132,
        _ => 253,
    }
}

fn port(next: Option<&Layer>, own: u16) -> u16 {
    match next {
        Some(Layer::Vxlan { gpe: true, .. }) => 4790,
        Some(Layer::Vxlan { .. }) => [8472, 4789][usize::from(own % 2)],
        Some(Layer::Geneve { .. }) => 6081,
        Some(Layer::Gtpu { .. }) => 2152,
        Some(Layer::Gue { .. }) => 6080,
        Some(Layer::L2tp { .. }) => 1701,
        Some(Layer::Teredo) => 3544,
        Some(Layer::Esp) => 4500,
        Some(Layer::Mpls { .. }) => 6635,
        Some(Layer::Ipv4 { .. } | Layer::Ipv6 { .. }) => 8285,
        _ => own,
    }
}

fn ppp(next: Option<&Layer>) -> u16 {
    match next {
        Some(Layer::Ipv6 { .. }) => 0x57,
        Some(Layer::Mpls { .. }) => 0x281,
        _ => 0x21,
    }
}

fn address6(last: u8) -> [u8; 16] {
    let mut address = [0; 16];
    address[0] = 0xfd;
    address[15] = last;
    address
}

#[allow(clippy::too_many_lines)]
pub(crate) fn head(layer: &Layer, next: Option<&Layer>, rest: usize) -> Vec<u8> {
    let ether = ether_type(next).to_be_bytes();
    let len16 = |own: usize| ((rest + own) as u16).to_be_bytes();
    match layer {
        Layer::Ethernet => [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &ether].concat(),
        Layer::Vlan { id, .. } => [id.to_be_bytes(), ether].concat(),
        Layer::Ipv4 {
            source,
            destination,
            ttl,
            id,
            fragment,
            options,
        } => {
            let options = usize::from(options % 11);
            let own = 20 + 4 * options;
            let total = len16(own);
            let fragment: u16 = match fragment % 8 {
                0..4 => 0x4000,
                4 => 0x2000,
                5 => 0x2000 | (u16::from(*fragment) >> 3),
                6 => u16::from(*fragment) >> 3,
                _ => 0,
            };
            let fragment = fragment.to_be_bytes();
            let mut bytes = vec![
                0x45 + options as u8,
                0,
                total[0],
                total[1],
                0,
                *id,
                fragment[0],
                fragment[1],
                *ttl,
                protocol(next),
                0,
                0,
            ];
            bytes.extend([10, 244, 0, *source, 10, 244, 1, *destination]);
            bytes.resize(own, 1);
            bytes
        }
        Layer::Ipv6 {
            source,
            destination,
            hops,
        } => {
            let len = len16(0);
            let fixed = [0x60, 0, 0, 0, len[0], len[1], protocol(next), *hops];
            [&fixed[..], &address6(*source), &address6(*destination)].concat()
        }
        Layer::HopByHop { len, .. } => {
            let mut bytes = vec![protocol(next), *len % 4];
            bytes.resize(8 + 8 * usize::from(*len % 4), 0);
            bytes
        }
        Layer::Fragment6 { offset, more, id } => {
            let field = (u16::from(*offset) << 3 | u16::from(*more)).to_be_bytes();
            vec![protocol(next), 0, field[0], field[1], 0, 0, 0, *id]
        }
        Layer::Udp { from, to } => {
            let to = port(next, *to).to_be_bytes();
            [from.to_be_bytes(), to, len16(8), [0, 0]].concat()
        }
        Layer::Vxlan { vni, flags, gpe } => {
            let kind = match next {
                Some(Layer::Ipv4 { .. }) => 1,
                Some(Layer::Ipv6 { .. }) => 2,
                Some(Layer::Nsh { .. }) => 4,
                _ => 3,
            };
            vec![
                if *gpe { 0x0c } else { 0x08 | flags & 0x80 },
                0,
                0,
                if *gpe { kind } else { 0 },
                0,
                0,
                *vni,
                0,
            ]
        }
        Layer::Geneve { vni, options, .. } => {
            let mut bytes = vec![options % 64, 0, ether[0], ether[1], 0, 0, *vni, 0];
            bytes.resize(8 + 4 * usize::from(options % 64), 0);
            bytes
        }
        Layer::Gre { flags, key } => {
            let flags = flags & 0xb1;
            let mut bytes = vec![flags & 0xb0, flags & 1, ether[0], ether[1]];
            for bit in [0x80, 0x20, 0x10] {
                if flags & bit != 0 {
                    bytes.extend([0, 0, 0, *key]);
                }
            }
            bytes
        }
        Layer::Mpls { label, bottom } => vec![0, *label, u8::from(*bottom), 64],
        Layer::Pppoe => {
            let kind = ppp(next).to_be_bytes();
            let len = len16(2);
            vec![0x11, 0, 0, 1, len[0], len[1], kind[0], kind[1]]
        }
        Layer::Gtpu { flags } => {
            let len = len16(if flags & 7 != 0 { 4 } else { 0 });
            let mut bytes = vec![0x30 | flags & 7, 0xff, len[0], len[1], 0, 0, 0, 1];
            if flags & 7 != 0 {
                bytes.extend([0, 0, 0, 0]);
            }
            bytes
        }
        Layer::Gue { flags } => {
            let len = flags & 0x1f;
            let mut bytes = vec![len, protocol(next), 0, 0];
            bytes.resize(4 + 4 * usize::from(len), 0);
            bytes
        }
        Layer::L2tp { flags } => {
            let kind = ppp(next).to_be_bytes();
            match flags % 3 {
                0 => vec![0, 2, 0, 1, 0, 1, kind[0], kind[1]],
                1 => vec![2, 2, 0, 1, 0, 1, 0, 0, kind[0], kind[1]],
                _ => vec![0, 3, 0, 0, 0, 0, 0, 1],
            }
        }
        Layer::Nsh { len } => {
            let words = 2 + len % 8;
            let kind = match next {
                Some(Layer::Ipv4 { .. }) => 1,
                Some(Layer::Ipv6 { .. }) => 2,
                Some(Layer::Mpls { .. }) => 5,
                _ => 3,
            };
            let mut bytes = vec![0x0f, 0xc0 | words, 1, kind, 0, 0, 1, 255];
            bytes.resize(4 * usize::from(words), 0);
            bytes
        }
        Layer::Teredo => vec![0, 0, 0, 0, 0, 0, 0, 0],
        Layer::Esp => vec![0, 0, 0, 1, 0, 0, 0, 1],
        Layer::Ah { len } => {
            let words = 1 + len % 8;
            let mut bytes = vec![protocol(next), words, 0, 0, 0, 0, 0, 1];
            bytes.resize(4 * (usize::from(words) + 2), 0);
            bytes
        }
        Layer::Erspan => vec![0x10, 1, 0, 1, 0, 0, 0, 0],
        Layer::Macsec => [&[0x20, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0, 1][..], &ether].concat(),
        Layer::Tcp {
            flags,
            sequence,
            options,
        } => {
            let words = options.len().min(40).div_ceil(4);
            let sequence = sequence.to_be_bytes();
            let mut bytes = vec![
                0x9c,
                0x40,
                0,
                80,
                0,
                0,
                sequence[0],
                sequence[1],
                0,
                0,
                0,
                1,
            ];
            bytes.extend([((5 + words) << 4) as u8, *flags, 0xff, 0xff, 0, 0, 0, 0]);
            bytes.extend(options.iter().take(40));
            bytes.resize(20 + 4 * words, 0);
            bytes
        }
        Layer::Icmp { kind, code } => vec![*kind % 20, *code, 0, 0, 0, 7, 0, 1],
        Layer::Icmp6 { kind, code } => vec![*kind, *code, 0, 0, 0, 7, 0, 1],
        Layer::Sctp => vec![0x9c, 0x40, 0, 80, 0, 0, 0, 1, 0, 0, 0, 0],
        Layer::Arp => vec![
            0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 244, 0, 1, 0, 0, 0, 0, 0, 0, 10, 244, 0,
            2,
        ],
        Layer::Raw(bytes) => bytes.clone(),
    }
}
