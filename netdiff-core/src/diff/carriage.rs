//! How packets are carried between nodes: tunnels and their numbers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::difference::{Difference, DifferenceKind};
use super::side::Side;
use crate::identify::Tunnel;
use crate::types::{Message, Say};

/// What differs of the tunnels of a direction. Where the encapsulation itself does, the rest follows from it.
pub(super) fn compare_carriage(ours: Side<'_>, theirs: Side<'_>) -> Vec<Difference> {
    let (r, f) = (tunnels(ours), tunnels(theirs));
    let words = |tunnels: &[Tunnel], word: &dyn Fn(&Tunnel) -> Message| -> Message {
        let words: BTreeSet<Message> = tunnels.iter().map(word).collect();
        match words.len() {
            0 => message!("none"),
            _ => Message::join(words, text!(", ")),
        }
    };
    let differ = |kind, word: &dyn Fn(&Tunnel) -> Message| {
        let (before, after) = (words(&r, word), words(&f, word));
        (before != after).then(|| Difference {
            packets: (ours.packets(), theirs.packets()),
            reference_evidence: carrying(ours),
            failing_evidence: carrying(theirs),
            ..Difference::plain(kind, before, after)
        })
    };
    let name = |tunnel: &Tunnel| tunnel.encapsulation.name().said();
    if let Some(difference) = differ(DifferenceKind::Encapsulation, &name) {
        return vec![difference];
    }
    let vni = |t: &Tunnel| t.vni.map_or_else(|| message!("none"), |vni| vni.said());
    let port = |t: &Tunnel| Message::verbatim(format!("UDP {}", t.destination_port));
    [
        differ(DifferenceKind::Vni, &vni),
        differ(DifferenceKind::TunnelPort, &port),
        differ(DifferenceKind::OuterAddressing, &addressing),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tunnels(side: Side<'_>) -> Vec<Tunnel> {
    let hops = side.direction().hops.iter();
    hops.filter_map(|hop| hop.tunnel).collect()
}

fn carrying(side: Side<'_>) -> Vec<crate::identify::Evidence> {
    let carrying = side
        .direction()
        .hops
        .iter()
        .find(|hop| hop.tunnel.is_some());
    carrying.map(|hop| hop.first).into_iter().collect()
}

/// Whether a tunnel's two ends look like neighbors: the first 24 bits of IPv4 addresses are equal, the first 64 of IPv6.
fn addressing(tunnel: &Tunnel) -> Message {
    let near = match (tunnel.source, tunnel.destination) {
        (IpAddr::V4(a), IpAddr::V4(b)) => a.octets()[..3] == b.octets()[..3],
        (IpAddr::V6(a), IpAddr::V6(b)) => a.octets()[..8] == b.octets()[..8],
        _ => false,
    };
    if near {
        message!("ends in one subnet, by their addresses")
    } else {
        message!("ends in different subnets, by their addresses")
    }
}
